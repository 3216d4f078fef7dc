"""Keeps a lake small and quick: deletes what nobody needs, merges small files, checkpoints logs.

Kept are the files of the newest version of every table, of the versions these were made of (the
next run compares with them), of every kept publication, of whatever may be published next, and
whatever was young when the retention began: a file written since, or let go by its table since,
may be in the hands of a run or a reader. So it may run beside both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from expectations.contract import Table
from expectations.tables import PUBLICATIONS, TABLES
from pipelines.errors import ConflictError
from pipelines.lake import OFTEN, retry
from pipelines.lake_upkeep import LOG, Upkeep
from pipelines.publish import all_publications, deleted_to, fitting, forget
from pipelines.settings import Settings

SCRATCH = "(scratch)"  # what runs keep for themselves, beside the tables
Versions = dict[str, set[int]]


@dataclass
class Done:
    """What was done to one table. Files and bytes are deleted ones."""

    files: int = 0
    bytes: int = 0
    left_by_runs: int = 0  # folders
    left_bytes: int = 0
    log_files: int = 0
    log_bytes: int = 0
    merged_files: int = 0
    checkpoints: int = 0

    @property
    def is_nothing(self) -> bool:
        """Whether there was nothing to do."""
        return self == Done()


@dataclass
class Maintained:
    """What a maintenance did or, if `is_dry`, would do."""

    is_dry: bool
    kept_from: int  # the oldest publication that can be read
    newest: int  # 0 if there is none
    tables: dict[str, Done] = field(default_factory=lambda: defaultdict(Done))

    @property
    def total(self) -> Done:
        """Of all tables."""
        sums = {f.name: sum(getattr(d, f.name) for d in self.tables.values()) for f in fields(Done)}
        return Done(**sums)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        done = {name: vars(one) for name, one in self.tables.items() if not one.is_nothing}
        kept = {"from": self.kept_from, "to": self.newest} if self.newest else None
        return {"dry_run": self.is_dry, "kept_publications": kept, "total": vars(self.total),
                "tables": done}  # fmt: skip


def maintain(settings: Settings, now: datetime, is_dry: bool = False) -> Maintained:
    """Put a lake in order; what is younger than the retention at `now` stays.

    Killed half-way, it leaves less to do for the next one. ConflictError if others commit all
    the time.
    """
    lake = Upkeep(settings.lake_uri)
    before = now - timedelta(days=settings.maintain.retention_days)
    base = lake.snapshot(PUBLICATIONS)
    rows = all_publications(lake, base)
    kept = kept_publications(rows, settings.maintain.keep_publications, before, deleted_to(base))
    newest = rows[-1]["publication_id"] if rows else 0
    done = Maintained(is_dry, kept[0]["publication_id"] if kept else 1, newest)
    if not is_dry and kept:
        forget(lake, kept[0]["publication_id"] - 1)
    tables = [table for table in TABLES.values() if lake.snapshot(table).version >= 0]
    for table in tables:
        _merge(lake, table, done.tables[table.name], is_dry)
    versions = needed_versions(lake, kept)
    for table in tables:
        one = done.tables[table.name]
        _delete_files(lake, table, versions[table.name], before, one, is_dry)
        _sweep(lake, table, before, one, is_dry)
        _checkpoint(lake, table, one, is_dry)
    _sweep(lake, None, before, done.tables[SCRATCH], is_dry)
    return done


def kept_publications(
    rows: list[dict[str, Any]], newest: int, since: datetime, deleted_to: int
) -> list[dict[str, Any]]:
    """The newest publications, from the first published since an instant if that is more.

    None that was once let go comes back.
    """
    young = [place for place, row in enumerate(rows) if row["published_at"] >= since]
    first = min([max(len(rows) - newest, 0), *young])
    return [row for row in rows[first:] if row["publication_id"] > deleted_to]


def needed_versions(lake: Upkeep, publications: Iterable[Mapping[str, Any]]) -> Versions:
    """Versions of each table that must stay readable, as names of tables to their numbers."""
    found: Versions = defaultdict(set)
    heads = {name: lake.snapshot(table) for name, table in TABLES.items()}
    named: list[Mapping[str, Any]] = [{name: head.version for name, head in heads.items()}]
    named += [head.state.get("inputs", {}) for head in heads.values()]
    named += [dict(row["versions"]) for row in publications]
    with suppress(ConflictError):  # then nothing can be published before a run goes on from heads
        named.append({name: fits.version for name, fits in fitting(lake).items()})
    for versions in named:
        for name, version in versions.items():
            found[name].add(int(version))
    return found


def _delete_files(
    lake: Upkeep, table: Table, versions: Collection[int], before: datetime, one: Done, is_dry: bool
) -> None:
    """Data files that no needed version names, and entries of the log that none is read from."""
    window = lake.window(table, before)
    held = [lake.snapshot(table), *(lake.snapshot(table, version) for version in versions)]
    needed = {file.path for snapshot in held for file in snapshot.files} | window.removed
    unneeded = [
        file for file in lake.files(table) if file.modified_at < before and file.path not in needed
    ]
    for file in unneeded:
        one.files, one.bytes = one.files + 1, one.bytes + file.size
        if not is_dry:
            lake.remove(table, file.path)
    first = min({window.first, *(v for v in versions if v >= 0)})
    for file in lake.old_log(table, first, before):
        one.log_files, one.log_bytes = one.log_files + 1, one.log_bytes + file.size
        if not is_dry:
            lake.remove(table, f"{LOG}/{file.path}")


def _sweep(lake: Upkeep, place: Table | None, before: datetime, one: Done, is_dry: bool) -> None:
    """What runs left that must have ended long ago."""
    for folder in lake.left(place):
        if folder.modified_at < before:
            one.left_by_runs, one.left_bytes = one.left_by_runs + 1, one.left_bytes + folder.size
            if not is_dry:
                lake.remove_left(folder)


def _merge(lake: Upkeep, table: Table, one: Done, is_dry: bool) -> None:
    # no step looks at the names of their files; those of other tables tell what is in them
    if table.is_appended and not table.partitioned_by and lake.is_scattered(table):
        files = len(lake.snapshot(table).files)
        one.merged_files = files if is_dry else retry(lambda: lake.merge(table), OFTEN)


def _checkpoint(lake: Upkeep, table: Table, one: Done, is_dry: bool) -> None:
    if lake.wants_checkpoint(table):
        one.checkpoints = 1
        if not is_dry:
            lake.checkpoint(table)
