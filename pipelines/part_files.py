"""Rows to Parquet files, a file per day, written where Spark computes the rows.

Spark's own writer starts a process (`chmod`) for every folder and every file it makes on a local
disk: for a table of 90 days that costs more than the rows do. Names are new each time and only
finished tasks tell theirs, so a task may fail and be tried again.
"""

from __future__ import annotations

import os
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

Batches = Iterable[pa.RecordBatch]
Finish = Callable[[Batches], Batches]
TOLD = "path string"
HELD_ROWS = 200_000  # a task keeps no more in memory; this many make a row group
NO_DAY = "__HIVE_DEFAULT_PARTITION__"  # what readers of Hive's layout call null


def file_system(root: str) -> tuple[FileSystem, str]:
    """The file system of a folder's path or an object store's address, and the path in it."""
    found: tuple[FileSystem, str] = pafs.FileSystem.from_uri(
        root if "://" in root else Path(root).as_uri()
    )
    return found


def open_file(fs: FileSystem, path: str, schema: pa.Schema) -> pq.ParquetWriter:
    """A new Parquet file, in a folder that is made if it is missing."""
    fs.create_dir(os.path.dirname(path), recursive=True)
    return pq.ParquetWriter(path, schema, compression="zstd", filesystem=fs, store_schema=False)


def writer(
    root: str, schema: pa.Schema, column: str | None, finish: Finish
) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """What a Spark task does with its batches: `finish` and write them below `root`.

    `column` has the day of a row; without it there is one file. Gives one row per file: its path
    below `root`.
    """

    def write(batches: Batches) -> Iterator[pa.RecordBatch]:
        parts = Parts(root, schema, column)
        for batch in finish(batches):
            parts.add(batch)
        yield pa.RecordBatch.from_pydict({"path": pa.array(parts.close(), pa.string())})

    return write


class Parts:
    """The open files of one task, one per day."""

    def __init__(self, root: str, schema: pa.Schema, column: str | None) -> None:
        self._fs, self._base = file_system(root)
        self._schema = schema
        self._stored = pa.schema([field for field in schema if field.name != column])
        self._column = column
        self._files: dict[str, pq.ParquetWriter] = {}
        self._held: dict[str, list[pa.RecordBatch]] = defaultdict(list)
        self._rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take some rows."""
        for folder, rows in by_folder(batch, self._column):
            self._held[folder].append(rows)
        self._rows += batch.num_rows
        if self._rows >= HELD_ROWS:
            self._flush()

    def close(self) -> list[str]:
        """End all files; their paths below the root."""
        self._flush()
        for file in self._files.values():
            file.close()
        return sorted(self._files)

    def _flush(self) -> None:
        paths = {path.rpartition("/")[0]: path for path in self._files}
        for folder, batches in self._held.items():
            path = paths.get(folder) or f"{folder}/{uuid.uuid4().hex}.parquet".removeprefix("/")
            if path not in self._files:
                self._files[path] = open_file(self._fs, f"{self._base}/{path}", self._stored)
            rows = pa.Table.from_batches(batches).select(self._stored.names)
            self._files[path].write_table(rows.cast(self._stored))
        self._held.clear()
        self._rows = 0


def by_folder(batch: pa.RecordBatch, column: str | None) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Rows by the folder of their day, as Hive has it; '' without a column.

    >>> rows = pa.RecordBatch.from_pydict({"day": ["2026-01-02", None, "2026-01-02"]})
    >>> [(folder, part.num_rows) for folder, part in by_folder(rows, "day")]
    [('day=2026-01-02', 2), ('day=__HIVE_DEFAULT_PARTITION__', 1)]
    """
    if column is None or not batch.num_rows:
        yield from [("", batch)] if batch.num_rows else []
        return
    codes = batch.column(column).dictionary_encode(null_encoding="encode")
    order = np.argsort(codes.indices.to_numpy(), kind="stable")
    if len(codes.dictionary) > 1:
        batch = batch.take(pa.array(order))
    ends = np.cumsum(np.bincount(codes.indices.to_numpy(), minlength=len(codes.dictionary)))
    for day, end, start in zip(codes.dictionary, ends, [0, *ends], strict=False):
        name = NO_DAY if day.as_py() is None else str(pc.cast(day, pa.string()))
        yield f"{column}={name}", batch.slice(start, end - start)
