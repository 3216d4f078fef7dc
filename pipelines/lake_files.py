"""Files of tables in a folder or object store: written, listed, moved. Knows nothing of commits."""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.fs as pafs

from expectations.arrow import arrow_schema
from expectations.contract import Table
from pipelines.part_files import TOLD, Finish, file_system, open_file, writer

if TYPE_CHECKING:
    import pyarrow.parquet as pq
    from pyspark.sql import DataFrame, SparkSession

STAGING = "_staging"
HASH_DIGITS = 16
NOTHING = "0" * HASH_DIGITS + "0"  # digest of no rows
_DIGEST = re.compile(rf"[0-9a-f]{{{HASH_DIGITS + 1},}}")
WHOLE = ""  # the "day" of a table that has no partition


@dataclass(frozen=True)
class File:
    """One committed Parquet file: path below the table, its day ('' if none), number of rows."""

    path: str
    day: str
    rows: int

    @property
    def digest(self) -> str:
        """Its part in its day's digest, as written in its name."""
        return PurePosixPath(self.path).name.split("-")[0]


@dataclass(frozen=True)
class Snapshot:
    """One version of a table: its files and the state its last run left. Version -1: not made."""

    table: Table
    version: int
    files: tuple[File, ...] = ()
    state: Mapping[str, Any] = field(default_factory=dict)
    handle: Any = field(default=None, compare=False, repr=False)

    @cached_property
    def digests(self) -> dict[str, str]:
        """Day to digest of its rows."""
        found: dict[str, list[str]] = defaultdict(list)
        for file in self.files:
            found[file.day].append(file.digest)
        return {day: together(parts) for day, parts in found.items()}

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(file.rows for file in self.files)


@dataclass(frozen=True)
class Staged:
    """Files written for a table but not committed."""

    table: Table
    run_id: str
    folder: str
    paths: tuple[str, ...] = ()  # below the folder


class Kept(NamedTuple):
    """Rows in scratch files: as Spark reads them, and their folder."""

    frame: DataFrame
    path: str


class Folder:
    """Where tables live, and the files in it that no reader sees yet."""

    def __init__(self, root: str) -> None:
        self.root = root if "://" in root else str(Path(root).resolve())
        self.fs, self._base = file_system(self.root)

    def uri(self, table: Table) -> str:
        """Where a table lives."""
        return f"{self.root}/{table.name}"

    def _path(self, table: Table, *parts: str) -> str:
        return "/".join((self._base, table.name, *parts))

    def stage(
        self, frame: DataFrame, table: Table, run_id: str, finish: Finish | None = None
    ) -> Staged:
        """Write rows beside the table, unseen by readers; partitioned by its day if it has one.

        `finish` makes the table's rows of those of `frame`, whose rows of a day must lie together
        already; without it, they are brought together here.
        """
        folder = f"{STAGING}/{run_id}-{uuid.uuid4().hex[:8]}"
        column, schema = table.partitioned_by, arrow_schema(table)
        if finish is None:
            frame = frame.select(*table.columns)
            frame = frame.hint("rebalance", column) if column else frame
        write = writer(f"{self.uri(table)}/{folder}", schema, column, finish or (lambda rows: rows))
        paths = frame.mapInArrow(write, TOLD).toArrow()["path"].to_pylist()
        if not column and not paths:  # no rows are content too, and a digest needs a name
            paths = [f"{uuid.uuid4().hex}.parquet"]
            open_file(self.fs, self._path(table, folder, paths[0]), schema).close()
        return Staged(table, run_id, folder, tuple(sorted(paths)))

    def carry(
        self, base: Snapshot, days: Collection[str], keys: Kept, fresh: Staged
    ) -> tuple[Staged, dict[str, tuple[int, int]]]:
        """Stage what a snapshot has of some days beside `fresh`, but for rows whose key is among
        `keys`, a table of one column. Tells what these were: see `carry`.
        """
        from pipelines.kept_rows import Carried, carry

        table, [key] = base.table, keys.frame.columns
        files = [file for file in base.files if file.day in days]
        into, column = f"{self.uri(table)}/{fresh.folder}", table.partitioned_by
        what = Carried(self.uri(table), into, keys.path, key, arrow_schema(table), column)
        paths, gone = carry(keys.frame.sparkSession, table, what, files)
        return replace(fresh, paths=tuple(sorted({*fresh.paths, *paths}))), gone

    def staged(self, spark: SparkSession, staged: Staged) -> DataFrame:
        """The staged rows, read back as written."""
        from expectations.spark import spark_schema

        schema, folder = spark_schema(staged.table), f"{self.uri(staged.table)}/{staged.folder}"
        if not staged.paths:
            return spark.createDataFrame([], schema)
        reader = spark.read.schema(schema).option("basePath", folder)
        return reader.parquet(*[f"{folder}/{path}" for path in staged.paths])

    def keep(self, spark: SparkSession, frame: DataFrame, name: str) -> DataFrame:
        """`frame` written to scratch files and read back: computed once, for this run only."""
        return self.kept(spark, frame, name).frame

    def kept(self, spark: SparkSession, frame: DataFrame, name: str) -> Kept:
        """As `keep`, with the folder of the scratch files."""
        path = f"{self.root}/{STAGING}/{name}-{uuid.uuid4().hex[:8]}"
        frame.write.parquet(path)
        return Kept(spark.read.schema(frame.schema).parquet(path), path)

    def sweep(self, run_id: str) -> None:
        """Delete the scratch files of a run."""
        folder = f"{self._base}/{STAGING}"
        for info in self.fs.get_file_info(pafs.FileSelector(folder, allow_not_found=True)):
            if info.base_name.startswith(run_id):
                self.fs.delete_dir(info.path)

    def empty(self, table: Table) -> pa.Table:
        """No rows of a table."""
        return arrow_schema(table).empty_table()

    def discard(self, staged: Staged) -> None:
        """Delete staged files that are not wanted after all."""
        if staged.paths:
            self.fs.delete_dir(self._path(staged.table, staged.folder))

    def writer(self, table: Table, day: str, name: str) -> pq.ParquetWriter:
        """A new file of one day of a table, unseen until `add` names it."""
        names = [n for n in table.columns if n != table.partitioned_by]
        schema = pa.schema([arrow_schema(table).field(n) for n in names])
        return open_file(self.fs, self._path(table, file_path(table, day, name)), schema)

    def remove_file(self, table: Table, path: str) -> None:
        """Delete a file that was written but must not be committed."""
        self.fs.delete_file(self._path(table, path))

    def _moves(
        self, staged: Staged, digests: Mapping[str, str], days: Collection[str]
    ) -> list[tuple[str, str]]:
        """(staged path, final path below the table) of the part files of some days.

        The first file of a day carries the digest of all that is staged of it.
        """
        folder, named = self._path(staged.table, staged.folder), set[str]()
        made = PurePosixPath(folder).name  # not the run's: two attempts of it may make the same day
        moves: list[tuple[str, str]] = []
        for path in staged.paths:
            if (day := day_of(path)) in days:
                digest = NOTHING if day in named else digests[day]
                named.add(day)
                name = f"{digest}-{made}-{len(moves):05d}.parquet"
                moves.append((f"{folder}/{path}", str(PurePosixPath(path).parent / name)))
        return moves


def changed_days(old: Snapshot, new: Snapshot) -> set[str]:
    """Days whose rows differ between two versions ('' for a table without days)."""
    before, after = old.digests, new.digests
    return {day for day in before.keys() | after.keys() if before.get(day) != after.get(day)}


def digest_of(total: int, rows: int) -> str:
    """Digest of so many rows whose hashes have this sum; digests add up.

    >>> digest_of(-1, 12)
    'ffffffffffffffffc'
    """
    return f"{total % 2**64:0{HASH_DIGITS}x}{rows:x}"


def together(digests: Collection[str]) -> str:
    """Digest of the rows of several files; their names if those are no digests.

    >>> together([digest_of(2, 3), digest_of(-1, 1), NOTHING]) == digest_of(1, 4)
    True
    """
    if len(digests) == 1 or not all(map(_DIGEST.fullmatch, digests)):
        return "+".join(sorted(digests))
    return digest_of(*map(sum, zip(*map(told_by, digests), strict=True)))


def told_by(digest: str) -> tuple[int, int]:
    """Sum of hashes and number of rows that `digest_of` was given.

    >>> told_by(digest_of(7, 12))
    (7, 12)
    """
    return int(digest[:HASH_DIGITS], 16), int(digest[HASH_DIGITS:], 16)


def file_path(table: Table, day: str, name: str) -> str:
    """Where a file of a day lies, below its table."""
    return f"{table.partitioned_by}={day}/{name}.parquet" if day else f"{name}.parquet"


def day_of(path: str) -> str:
    """The partition's day in a path, '' if there is none.

    >>> day_of("conversion_date=2026-01-31/x.parquet"), day_of("x.parquet")
    ('2026-01-31', '')
    """
    first = PurePosixPath(path).parts[0]
    return first.split("=", 1)[1] if "=" in first else WHOLE
