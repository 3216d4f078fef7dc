"""Reading a batch: its records, and the row `batches` keeps about it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from expectations.arrow import arrow_schema
from expectations.tables import BATCHES
from pipelines.errors import MissingInputError
from pipelines.ingest.batch import Batch, check_unchanged, identify
from pipelines.ingest.decode import decode
from pipelines.ingest.landing import Problem, Ready, Repeat, Route
from pipelines.ingest.options import ReadOptions


@dataclass
class Reading:
    """One batch being read. `batches` counts as it goes; `row` exists once all have come."""

    batch: Batch
    path: Path
    options: ReadOptions
    records: int = 0
    bad_records: int = 0
    is_complete: bool = False

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Arrow batches of `records`. MissingInputError if the file fails or changes meanwhile."""
        self.records = self.bad_records = 0
        self.is_complete = False
        for records in decode(self.path, self.batch, self.options):
            self.records += records.num_rows
            self.bad_records += records.num_rows - records["error"].null_count
            yield records
        check_unchanged(self.path, self.batch)
        self.is_complete = True

    def row(self) -> pa.RecordBatch:
        """The batch's row of `batches`."""
        if not self.is_complete:
            raise RuntimeError(f"{self.batch.file} was not read to its end, so it has no row yet.")
        values = {**vars(self.batch), "records": self.records, "bad_records": self.bad_records}
        return pa.RecordBatch.from_pylist([values], schema=arrow_schema(BATCHES))


def read_batch(path: Path, route: Route, landing: Path) -> Reading:
    """Identify the file at `path` and make it ready to read."""
    file = path.relative_to(landing).as_posix()
    return Reading(identify(path, file, route.source, route.mapping), path, route.read)


def new_batches(
    ready: Collection[Ready], landing: Path, known: Mapping[str, str]
) -> Iterator[Reading | Problem]:
    """Files whose bytes are not known yet, in order of their names, hashed one at a time.

    `known` is the file of each batch. Of equal files the first comes, and the others as a Repeat.
    A file that cannot be read comes as a Problem.
    """
    seen = dict(known)
    for found in ready:
        try:
            reading = read_batch(landing / found.file, found.route, landing)
        except MissingInputError as error:
            yield Problem(found.file, str(error))
            continue
        if first := seen.get(reading.batch.batch_id):
            yield Repeat(found.file, f"{found.file} has the bytes of {first}, which was read.")
            continue
        seen[reading.batch.batch_id] = found.file
        yield reading
