"""Landing files into `records` and `batches`, each exactly once. No Spark.

Records are committed first, with the rows that `batches` will get in the commit's metadata. A run
killed between the two commits is completed by the next one, before it looks at the landing folder.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from expectations.arrow import arrow_schema
from expectations.tables import BATCHES, RECORDS
from pipelines.errors import ConflictError, MissingInputError
from pipelines.ingest.landing import Problem, Repeat, Route, Scan, known_looks, scan
from pipelines.ingest.reading import Reading, new_batches
from pipelines.lake import OFTEN, Lake, retry
from pipelines.lake_files import Snapshot, file_path

LARGE_BYTES = 64 * 2**20  # a batch beyond gets a file of its own instead of waiting in memory
FILES_PER_COMMIT = 256


@dataclass
class Collected:
    """What an ingest found and kept."""

    batches: int = 0
    records: int = 0
    bad_records: int = 0
    days: set[str] = field(default_factory=set)  # UTC days on which the new files landed
    waiting: list[Problem] = field(default_factory=list)
    unknown: list[Problem] = field(default_factory=list)
    failed: list[Problem] = field(default_factory=list)
    repeated: list[Problem] = field(default_factory=list)  # the same bytes were read before

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        problems = {
            name: [{"file": p.file, "why": p.sentence} for p in getattr(self, name)]
            for name in ("waiting", "unknown", "failed", "repeated")
        }
        counts = {name: getattr(self, name) for name in ("batches", "records", "bad_records")}
        return {**counts, "days": sorted(self.days), **problems}


def collect(
    lake: Lake,
    landing: Path,
    routes: Mapping[str, Route],
    run_id: str,
    now: datetime,
    settle_seconds: float = 5.0,
    collected: Collected | None = None,
) -> Collected:
    """Read every file that is ready and was not read before; adds to `collected` if given."""
    collected = collected or Collected()
    retry(lambda: _collect(lake, landing, routes, run_id, now, settle_seconds, collected))
    return collected


def _collect(
    lake: Lake, landing: Path, routes: Mapping[str, Route], run_id: str, now: datetime,
    settle_seconds: float, collected: Collected,
) -> int:  # fmt: skip
    """All files, a commit for every few of them; returns the last version of `records`."""
    base = lake.snapshot(RECORDS)
    _complete(lake, base)
    ledger = lake.arrow(lake.snapshot(BATCHES))
    found = scan(landing, routes, known_looks(ledger), now, settle_seconds=settle_seconds)
    _report(found, collected)
    known = dict(zip(*(ledger[name].to_pylist() for name in ("batch_id", "file")), strict=True))
    readings = new_batches(found.ready, landing, known)
    while True:
        # another try of this run begins again, beside what it committed already
        with_rows = Commit(lake, f"{run_id}-{base.version + 1}")
        for reading in readings:
            with_rows.take(reading, collected)
            if len(with_rows.rows) >= FILES_PER_COMMIT:
                break
        with_rows.close()
        if not with_rows.rows:
            return base.version
        state = {"run": run_id, "batches": [_plain(row) for row in with_rows.rows]}
        lake.add(base, with_rows.paths, state)
        base = lake.snapshot(RECORDS)
        _complete(lake, base)
        _count(with_rows, collected)
        if base.state["run"] != run_id:  # and may have taken in what is left here
            raise ConflictError("records was committed by another run right after this one.")


class Commit:
    """Files of `records` being written for one commit: small batches of a mapping share one."""

    def __init__(self, lake: Lake, name: str) -> None:
        self.lake, self.name = lake, name
        self.rows: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.shared: dict[tuple[str, str], Any] = {}

    def take(self, reading: Reading | Problem, collected: Collected) -> None:
        """Write a batch; if it turns out unreadable, write nothing of it and report it."""
        if isinstance(reading, Problem):
            is_repeat = isinstance(reading, Repeat)
            (collected.repeated if is_repeat else collected.failed).append(reading)
            return
        try:
            self._write(reading)
        except MissingInputError as error:
            collected.failed.append(Problem(reading.batch.file, str(error)))
            return
        self.rows += reading.row().to_pylist()

    def _write(self, reading: Reading) -> None:
        held: list[pa.RecordBatch] = []
        parts = reading.batches()
        for part in parts:
            held.append(part)
            if sum(p.nbytes for p in held) > LARGE_BYTES:
                self._write_alone(reading, held, parts)
                return
        if held:
            writer = self._writer(reading.batch.mapping, _day(reading))
            for part in held:
                writer.write_batch(part.select(writer.schema.names))

    def _write_alone(
        self, reading: Reading, held: list[pa.RecordBatch], parts: Iterator[pa.RecordBatch]
    ) -> None:
        """A large batch, streamed; its file is deleted if the batch fails."""
        name = f"{reading.batch.mapping}-{self.name}-{reading.batch.batch_id[:16]}"
        path = file_path(RECORDS, _day(reading), name)
        try:
            with self.lake.writer(RECORDS, _day(reading), name) as writer:
                for group in (held, parts):
                    for part in group:
                        writer.write_batch(part.select(writer.schema.names))
        except MissingInputError:
            self.lake.remove_file(RECORDS, path)
            raise
        self.paths.append(path)

    def _writer(self, mapping: str, day: str) -> Any:
        if (mapping, day) not in self.shared:
            name = f"{mapping}-{self.name}"
            self.shared[mapping, day] = self.lake.writer(RECORDS, day, name)
            self.paths.append(file_path(RECORDS, day, name))
        return self.shared[mapping, day]

    def close(self) -> None:
        """Finish the shared files."""
        for writer in self.shared.values():
            writer.close()


def _day(reading: Reading) -> str:
    return reading.batch.received_at.date().isoformat()


def _report(found: Scan, collected: Collected) -> None:
    collected.waiting, collected.unknown = found.waiting, found.unknown
    collected.failed, collected.repeated = list(found.failed), []


def _count(commit: Commit, collected: Collected) -> None:
    collected.batches += len(commit.rows)
    collected.records += sum(row["records"] for row in commit.rows)
    collected.bad_records += sum(row["bad_records"] for row in commit.rows)
    collected.days |= {row["received_at"].date().isoformat() for row in commit.rows}


def _complete(lake: Lake, records: Snapshot) -> None:
    """Give `batches` the rows that the newest commit of `records` promised, if it lacks them."""
    promised = [_row(plain) for plain in records.state.get("batches", ())]
    if not promised:
        return

    def attempt() -> int:
        ledger = lake.snapshot(BATCHES)
        known = set(lake.arrow(ledger)["batch_id"].to_pylist())
        missing = [row for row in promised if row["batch_id"] not in known]
        if not missing:
            return ledger.version
        rows = pa.Table.from_pylist(missing, schema=arrow_schema(BATCHES))
        name = f"{records.version}-{uuid.uuid4().hex}"  # others may be completing it too
        return lake.append(ledger, [(name, rows)], {})

    retry(attempt, OFTEN)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "received_at": row["received_at"].isoformat()}


def _row(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {**plain, "received_at": datetime.fromisoformat(plain["received_at"])}
