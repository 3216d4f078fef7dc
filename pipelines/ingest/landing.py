"""Which landed files are ready to read, and what to say about the others."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from stat import S_ISREG

import pyarrow as pa

from pipelines.errors import MissingInputError, SettingsError
from pipelines.ingest.batch import modified_at
from pipelines.ingest.decode import plain_name
from pipelines.ingest.options import ReadOptions

SETTLE_SECONDS = 5
TEMPORARY_SUFFIXES = (".tmp", ".part", ".partial", ".crdownload", ".download", ".filepart", "~")
TEMPORARY_PREFIXES = (".", "_", "~")


@dataclass(frozen=True)
class Route:
    """Which files one mapping reads, and how."""

    mapping: str
    source: str
    globs: tuple[str, ...]
    read: ReadOptions = field(default_factory=ReadOptions)


@dataclass(frozen=True)
class Look:
    """One file as it was at one look."""

    file: str
    bytes: int
    modified_at: datetime


@dataclass(frozen=True)
class Ready:
    """A file to read now."""

    file: str
    route: Route


@dataclass(frozen=True)
class Problem:
    """A file that is not read, and the sentence that says why and what to do."""

    file: str
    sentence: str
    is_brief: bool = False  # time alone will mend it


class Repeat(Problem):
    """A file whose bytes were read before, under another name or at another time."""


@dataclass
class Scan:
    """Every landed file is in exactly one of these, in order of names.

    `looks` may be given to the next scan, which then waits for files that have changed since.
    """

    ready: list[Ready] = field(default_factory=list)
    waiting: list[Problem] = field(default_factory=list)
    unknown: list[Problem] = field(default_factory=list)
    failed: list[Problem] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)


def scan(
    landing: Path,
    routes: Mapping[str, Route],
    known: Collection[Look],
    now: datetime,
    before: Iterable[Look] = (),
    settle_seconds: float = SETTLE_SECONDS,
) -> Scan:
    """Look at the landing folder and sort out its files.

    `known` is `known_looks` of the table `batches`: a file of the same path, size and
    modification time is not read again, nor hashed.
    """
    looks, failed = look(landing)
    return replace(sort_out(looks, routes, known, now, before, settle_seconds), failed=failed)


def known_looks(batches: pa.Table) -> frozenset[Look]:
    """The look `batches` keeps of each file it was made of."""
    rows = batches.select(["file", "bytes", "received_at"]).to_pylist()
    return frozenset(Look(row["file"], row["bytes"], row["received_at"]) for row in rows)


def look(landing: Path) -> tuple[list[Look], list[Problem]]:
    """Every file below `landing`, and those that cannot even be looked at."""
    if not landing.is_dir():
        raise MissingInputError(
            f"There is no landing folder {landing}; `touchstone init` makes one, or set "
            "`landing` in touchstone.toml."
        )
    looks: list[Look] = []
    failed: list[Problem] = []
    for path in sorted(_files(landing, failed)):
        file = path.relative_to(landing).as_posix()
        shown = file.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        try:
            looks.append(_look(path, file))
        except (MissingInputError, OSError) as error:
            why = getattr(error, "strerror", None) or error
            failed.append(Problem(shown, f"{shown} is not read: {why}."))
    return looks, failed


def _look(path: Path, file: str) -> Look:
    if not file.isprintable():
        raise MissingInputError("its name is not valid UTF-8 text; rename it")
    stat = path.stat()
    if not S_ISREG(stat.st_mode):  # opening a pipe would wait for ever
        raise MissingInputError("it is no regular file; land a file instead")
    return Look(file, stat.st_size, modified_at(stat.st_mtime_ns))


def _files(landing: Path, failed: list[Problem]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        folder = Path(error.filename).relative_to(landing).as_posix()
        what = f"Folder {folder} cannot be listed ({error.strerror}); give it read permission."
        failed.append(Problem(folder, what))

    for folder, _, names in os.walk(landing, onerror=unreadable):
        yield from (Path(folder, name) for name in names)


def sort_out(
    looks: Iterable[Look],
    routes: Mapping[str, Route],
    known: Collection[Look],
    now: datetime,
    before: Iterable[Look] = (),
    settle_seconds: float = SETTLE_SECONDS,
) -> Scan:
    """Decide for every file whether it is ready, known, still being written, or nobody's."""
    claims = Claims(routes)
    earlier = {old.file: old for old in before}
    found = Scan(looks=list(looks))
    for one in sorted(looks, key=lambda one: one.file):
        if wait := _wait(one, earlier.get(one.file), now, settle_seconds):
            found.waiting.append(wait)
        elif one in known:
            found.known.append(one.file)
        elif route := claims.route(one.file):
            found.ready.append(Ready(one.file, route))
        else:
            found.unknown.append(Problem(one.file, claims.nobodys(one.file)))
    return found


def _wait(one: Look, before: Look | None, now: datetime, settle_seconds: float) -> Problem | None:
    if is_temporary(one.file):
        why = f"{one.file} has the name of an unfinished file; rename it when it is whole."
        return Problem(one.file, why)
    if abs(now - one.modified_at) < timedelta(seconds=settle_seconds):
        why = f"{one.file} was written to in the last {settle_seconds:g} seconds; it waits."
        return Problem(one.file, why, is_brief=True)
    if before is not None and before != one:
        return Problem(one.file, f"{one.file} changed since the last look.", is_brief=True)
    return None


def is_temporary(file: str) -> bool:
    """Whether a name, or a folder on the way to it, marks an unfinished or hidden file.

    >>> is_temporary("ga4/a.json.part"), is_temporary("ga4/_tmp/a.json"), is_temporary("ga4/a.json")
    (True, True, False)
    """
    parts = file.split("/")
    is_hidden = any(part.startswith(TEMPORARY_PREFIXES) for part in parts)
    return is_hidden or parts[-1].lower().endswith(TEMPORARY_SUFFIXES)


class Claims:
    """Which mapping reads which file."""

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self.routes = sorted(routes.values(), key=lambda route: (route.mapping, route.globs))
        self.patterns = [[glob_pattern(glob) for glob in route.globs] for route in self.routes]

    def route(self, file: str) -> Route | None:
        """The one mapping that reads `file`; the suffix of its compression does not matter."""
        names = {file, plain_name(file)}
        found = [
            route
            for route, patterns in zip(self.routes, self.patterns, strict=True)
            if any(pattern.fullmatch(name) for pattern in patterns for name in names)
        ]
        if len(found) > 1:
            raise SettingsError(
                f"{file} is claimed {len(found)} times, by "
                f"{' and '.join(route.mapping for route in found)}; change read.files so that "
                "each file is read once."
            )
        return found[0] if found else None

    def nobodys(self, file: str) -> str:
        """What to do about a file that no mapping reads."""
        folder = file.split("/")[0] if "/" in file else ""
        near = [r for r in self.routes if any(g.split("/")[0] == folder for g in r.globs)]
        if near:
            globs = ", ".join(f"{glob} ({r.mapping})" for r in near for glob in r.globs)
            return (
                f"No mapping reads {file}. Files of folder {folder} that are read: {globs}. "
                "Rename the file, or add its name to read.files of a mapping."
            )
        folders = sorted({glob.split("/")[0] for r in self.routes for glob in r.globs})
        where = f"folder {folder}" if folder else "the landing folder itself"
        return (
            f"No mapping reads {file}, nor anything in {where}. Folders that are read: "
            f"{', '.join(folders) or 'none'}. Move the file to one of them, or add a mapping."
        )


def glob_pattern(glob: str) -> re.Pattern[str]:
    """Regular expression of a glob: `*` stays within a folder, `**/` is any folders.

    >>> bool(glob_pattern("ga4/**/*.json").fullmatch("ga4/dt=1/a.json"))
    True
    >>> bool(glob_pattern("ga4/*.json").fullmatch("ga4/dt=1/a.json"))
    False
    """
    tokens = re.findall(r"\*\*/|\*\*|\*|\?|\[[^\]/]+\]|.", glob, re.DOTALL)
    known = {"**/": "(?:.+/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = [known.get(token) or _class_or_text(token) for token in tokens]
    return re.compile("".join(parts), re.DOTALL)


def _class_or_text(token: str) -> str:
    if len(token) == 1:
        return re.escape(token)
    inner = token[1:-1].replace("\\", "\\\\")
    return f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"
