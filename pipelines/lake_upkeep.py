"""What lies in the folders of a lake, whether or not anything names it: looked at, deleted, merged.

Delta's own tools are not used. Theirs go by time alone and know nothing of publications, whose
files and log entries must stay however old they are.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pyarrow.fs as pafs

from expectations.contract import Table
from pipelines.lake import LOOK_BACK, Lake
from pipelines.lake_files import STAGING, WHOLE, file_path

LOG = "_delta_log"
ENTRY = re.compile(r"(\d{20})\.")
CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\.parquet")
UNFINISHED = re.compile(r"_commit_.*\.tmp")  # what a killed writer leaves in the log
MANY_FILES = 100  # of a table that grows by appends: beyond, they are merged
MANY_COMMITS = 10  # since the last checkpoint: beyond, opening the table is worth another


@dataclass(frozen=True)
class Stored:
    """A file or folder as the file system has it."""

    path: str
    size: int
    modified_at: datetime


@dataclass(frozen=True)
class Window:
    """A table's last days: its version when they began, and the files it has let go since."""

    first: int
    removed: frozenset[str]


class Upkeep(Lake):
    """A lake, for who keeps it in order."""

    def files(self, table: Table) -> list[Stored]:
        """Every data file in a table's folder, committed or not; none that is still staged."""
        found = self._below(self._path(table))
        return [f for f in found if f.path.endswith(".parquet") and not f.path.startswith("_")]

    def left(self, place: Table | None) -> list[Stored]:
        """Folders of staged rows of a table, or of scratch files of runs, each as one.

        Their time is that of the newest thing in them.
        """
        base = self._path(place, STAGING) if place else f"{self._base}/{STAGING}"
        folders = self.fs.get_file_info(pafs.FileSelector(base, allow_not_found=True))
        whole = map(self._whole, folders)
        return [one for one in whole if one]

    def _whole(self, folder: pafs.FileInfo) -> Stored | None:
        within = self._below(folder.path) if folder.type == pafs.FileType.Directory else []
        times = [folder.mtime, *(file.modified_at for file in within)]
        known = [time for time in times if time]  # a folder of an object store has none
        size = folder.size or sum(file.size for file in within)
        return Stored(folder.path, size, max(known)) if known else None

    def _below(self, folder: str) -> list[Stored]:
        chosen = pafs.FileSelector(folder, recursive=True, allow_not_found=True)
        return [
            Stored(info.path.removeprefix(f"{folder}/"), info.size, info.mtime)
            for info in self.fs.get_file_info(chosen)
            if info.type == pafs.FileType.File
        ]

    def log(self, table: Table) -> list[Stored]:
        """Everything in a table's log."""
        return self._below(self._path(table, LOG))

    def window(self, table: Table, since: datetime) -> Window:
        """What a table has been since an instant, by its log."""
        removed: set[str] = set()
        version = self.snapshot(table).version
        while version > 0 and (actions := self._actions(table, version)):
            told = [a["commitInfo"]["timestamp"] for a in actions if "commitInfo" in a]
            if told and datetime.fromtimestamp(told[0] / 1000, UTC) < since:
                break
            removed |= {unquote(a["remove"]["path"]) for a in actions if "remove" in a}
            version -= 1
        return Window(max(version, 0), frozenset(removed))

    def _actions(self, table: Table, version: int) -> list[dict[str, Any]]:
        """What a commit did; nothing if the log no longer tells: then nobody reads it either."""
        try:
            with self.fs.open_input_stream(self._path(table, LOG, f"{version:020d}.json")) as file:
                return [json.loads(line) for line in file.read().splitlines()]
        except FileNotFoundError:
            return []

    def old_log(self, table: Table, needed: int, before: datetime) -> list[Stored]:
        """Files of the log that no version from `needed` on is read from, of before an instant.

        A reader may be at what an older checkpoint was made of, so that counts only when it is
        older than the instant.
        """
        log = self.log(table)
        lowest = needed - LOOK_BACK  # state is looked for so far back
        made = [
            int(found[1])
            for file in log
            if (found := CHECKPOINT.fullmatch(file.path)) and file.modified_at < before
        ]
        base = max((version for version in made if version <= lowest), default=0)
        return [f for f in log if f.modified_at < before and _is_past(f.path, base)]

    def remove(self, table: Table, path: str) -> None:
        """Delete a file of a table, unless somebody else just did."""
        self._gone(self.fs.delete_file, self._path(table, path))

    def remove_left(self, left: Stored) -> None:
        """Delete what `left` told, unless somebody else just did."""
        is_folder = self.fs.get_file_info(left.path).type == pafs.FileType.Directory
        self._gone(self.fs.delete_dir if is_folder else self.fs.delete_file, left.path)

    def _gone(self, delete: Any, path: str) -> None:
        try:
            delete(path)
        except FileNotFoundError:
            return  # another maintain, or the run whose it was

    def wants_checkpoint(self, table: Table) -> bool:
        """Whether a table has been committed often since its last checkpoint."""
        found = [CHECKPOINT.fullmatch(file.path) for file in self.log(table)]
        last = max((int(one[1]) for one in found if one), default=0)
        return self.snapshot(table).version - last >= MANY_COMMITS

    def checkpoint(self, table: Table) -> None:
        """Write a table's present state to its log, so that opening it reads one file."""
        self.snapshot(table).handle.create_checkpoint()

    def is_scattered(self, table: Table) -> bool:
        """Whether a table that grows by appends has many files."""
        return len(self.snapshot(table).files) > MANY_FILES

    def merge(self, table: Table) -> int:
        """Make one file of a table without days; return how many there were.

        ConflictError if somebody committed meanwhile. The state goes on as it was.
        """
        base = self.snapshot(table)
        name = f"merged-{uuid.uuid4().hex}"
        with self.writer(table, WHOLE, name) as writer:
            writer.write_table(self.arrow(base))
        added = self._added(table, file_path(table, WHOLE, name))
        self._write(base, table, [added], {WHOLE}, base.state)
        return len(base.files)


def _is_past(name: str, base: int) -> bool:
    """Whether a file of the log is of a version before `base`, or of a commit that never was.

    >>> names = f"{4:020}.json", f"{5:020}.json", f"{4:020}.checkpoint.parquet", "_last_checkpoint"
    >>> [_is_past(name, 5) for name in names]
    [True, False, True, False]
    """
    entry = ENTRY.match(name)
    return int(entry[1]) < base if entry else bool(UNFINISHED.fullmatch(name))
