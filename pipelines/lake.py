"""The only module that opens, stages, commits or reads a table.

A table is a Delta directory: Spark (or Arrow) writes Parquet files, `deltalake` commits them.
Staged files are invisible until one commit names them. Part files of a partition are named after
the digest of its rows, so a rerun that makes the same rows is seen and commits nothing.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from expectations.arrow import arrow_schema
from expectations.contract import Table
from expectations.delta import delta_schema
from pipelines.errors import ConflictError, MissingInputError
from pipelines.lake_files import WHOLE, File, Folder, Snapshot, Staged, day_of, file_path
from pipelines.parquet_stats import delta_stats

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from pyspark.sql import DataFrame, SparkSession

Made = TypeVar("Made")
STATE = "touchstone"  # key of our metadata in a commit
TRANSACTION = "touchstone"
OFTEN = 100  # times to try what costs milliseconds: of many at once, one succeeds each time
LOOK_BACK = 20  # commits of others, at most, since our last one


class Lake(Folder):
    """A folder (or object-store prefix) of Delta tables."""

    def exists(self, table: Table) -> bool:
        """Whether a table has ever been made."""
        found = self.fs.get_file_info(self._path(table, "_delta_log"))
        return bool(found.type == pafs.FileType.Directory)

    def snapshot(self, table: Table, version: int | None = None) -> Snapshot:
        """A version of a table (the newest if None); version -1 with no files if never made."""
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError, TableNotFoundError

        if version == -1 or not self.exists(table):
            return Snapshot(table, -1)
        try:
            handle = DeltaTable(self.uri(table), version=version)
        except DeltaError as error:
            if version is None and isinstance(error, TableNotFoundError):
                return Snapshot(table, -1)  # a run was killed while it made the table
            raise MissingInputError(
                f"{table.name} version {version} cannot be opened in {self.root}: {error}. It may "
                "have been deleted as too old, or written by a newer Touchstone; use a kept "
                "publication."
            ) from error
        self._refuse_newer(handle, table)
        state = self._state(table, handle.version())
        return Snapshot(table, handle.version(), _files(handle, table), state, handle)

    def _state(self, table: Table, version: int) -> dict[str, Any]:
        """What our newest commit up to a version said; maintenance commits between are skipped.

        Read from the log itself: `history()` of an older version tells the newest commits.
        """
        for number in range(version, max(version - LOOK_BACK, -1), -1):
            path = self._path(table, "_delta_log", f"{number:020d}.json")
            if self.fs.get_file_info(path).type == pafs.FileType.NotFound:
                break
            with self.fs.open_input_stream(path) as file:
                actions = [json.loads(line) for line in file.read().splitlines()]
            said = [a["commitInfo"][STATE] for a in actions if STATE in a.get("commitInfo", {})]
            if said:
                return dict(json.loads(said[0]))
        return {}

    def _refuse_newer(self, handle: DeltaTable, table: Table) -> None:
        unknown = sorted({f.name for f in handle.schema().fields} - set(table.columns))
        if unknown:
            raise MissingInputError(
                f"{table.name} in {self.root} has columns {unknown} that this version does not "
                "know: the lake was written by a newer Touchstone. Upgrade, or use another lake."
            )

    def urls(self, snapshot: Snapshot, days: Collection[str] | None = None) -> list[str]:
        """Full addresses of a snapshot's files, of some days only if given."""
        wanted = [f for f in snapshot.files if days is None or f.day in days]
        return [f"{self.uri(snapshot.table)}/{f.path}" for f in wanted]

    def read(
        self, spark: SparkSession, snapshot: Snapshot, days: Collection[str] | None = None
    ) -> DataFrame:
        """Rows of a snapshot as Spark sees them, of some days only if given."""
        urls = self.urls(snapshot, days)
        return self.read_urls(spark, snapshot.table, urls)

    def read_urls(self, spark: SparkSession, table: Table, urls: list[str]) -> DataFrame:
        """Rows of some files of a table."""
        from expectations.spark import spark_schema

        schema = spark_schema(table)
        if not urls:
            return spark.createDataFrame([], schema)
        reader = spark.read.schema(schema).option("basePath", self.uri(table))
        return reader.parquet(*urls)

    def arrow(self, snapshot: Snapshot) -> pa.Table:
        """All rows of a small table."""
        schema = arrow_schema(snapshot.table)
        if not snapshot.files:
            return schema.empty_table()
        paths = [self._path(snapshot.table, f.path) for f in snapshot.files]
        parts = [pq.read_table(path, filesystem=self.fs, partitioning=None) for path in paths]
        return pa.concat_tables(parts).select(schema.names).cast(schema)

    def commit(
        self,
        base: Snapshot,
        staged: Staged,
        digests: Mapping[str, str],
        days: Collection[str] | None,
        state: Mapping[str, Any],
    ) -> int:
        """Make staged rows the content of `days` ('' if it has none); return the version.

        `digests` has the digest of each staged day. Days whose digest is already committed stay
        as they are; days in `days` that were not staged become empty. If `days` is None the rows
        are added to what their days have. ConflictError if somebody committed after `base` was
        taken: take a new snapshot and compute again.
        """
        table = base.table
        replaced = {d for d in days or () if base.digests.get(d) != digests.get(d)}
        moves = self._moves(staged, digests, set(digests) if days is None else replaced)
        adds = [self._add(table, source, target) for source, target in moves]
        version = self._write(base, table, adds, replaced, state)
        self.discard(staged)
        return version

    def note(self, base: Snapshot, state: Mapping[str, Any]) -> int:
        """Commit state only: the table's rows are already what they should be."""
        return self._write(base, base.table, [], set(), state)

    def append(
        self, base: Snapshot, rows: Iterable[tuple[str, pa.Table]], state: Mapping[str, Any]
    ) -> int:
        """Add rows, given as (file name, rows of one day); names must be new."""
        paths = []
        for name, part in rows:
            column = base.table.partitioned_by
            day = part[column][0].as_py().isoformat() if column else WHOLE
            with self.writer(base.table, day, name) as writer:
                writer.write_table(part.select(writer.schema.names))
            paths.append(file_path(base.table, day, name))
        return self.add(base, paths, state)

    def add(self, base: Snapshot, paths: Iterable[str], state: Mapping[str, Any]) -> int:
        """Commit files written by `writer`, by their paths below the table."""
        adds = [self._added(base.table, path) for path in paths]
        return self._write(base, base.table, adds, set(), state)

    def _add(self, table: Table, source: str, target: str) -> Any:
        path = self._path(table, target)
        self.fs.create_dir(os.path.dirname(path), recursive=True)
        self.fs.move(source, path)
        return self._added(table, target)

    def _added(self, table: Table, path: str) -> Any:
        """The Delta add action for a file already in its final place."""
        from deltalake.transaction import AddAction

        full = self._path(table, path)
        with self.fs.open_input_file(full) as file:
            size, stats = file.size(), delta_stats(pq.read_metadata(file))
        day = {table.partitioned_by: day_of(path)} if table.partitioned_by else {}
        return AddAction(path, size, day, 0, True, stats)

    def _write(
        self,
        base: Snapshot,
        table: Table,
        adds: list[Any],
        replaced: Collection[str],
        state: Mapping[str, Any],
    ) -> int:
        from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Transaction
        from deltalake.exceptions import CommitFailedError

        handle = base.handle or self._create(table)
        transaction = Transaction(TRANSACTION, (handle.transaction_version(TRANSACTION) or 0) + 1)
        properties = CommitProperties({STATE: json.dumps(state, sort_keys=True)}, 0, [transaction])
        column = table.partitioned_by
        filters = [(column, "in", sorted(replaced))] if column and replaced else None
        mode = "overwrite" if replaced else "append"
        try:
            handle.create_write_transaction(
                adds, mode, delta_schema(table), [column] if column else [], filters,
                commit_properties=properties,
                # by default the log is cut at 30 days, whatever publications are kept
                post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
            )  # fmt: skip
        except CommitFailedError as error:
            raise ConflictError(
                f"{table.name} was committed by another run after version {base.version} was read "
                f"({error}). Nothing of this run was published; run it again."
            ) from error
        return DeltaTable(self.uri(table)).version()

    def _create(self, table: Table) -> DeltaTable:
        from deltalake import DeltaTable
        from deltalake.exceptions import CommitFailedError

        parts = [table.partitioned_by] if table.partitioned_by else None
        message = f"{table.name} was created by another run just now. Run it again."
        try:
            handle = DeltaTable.create(
                self.uri(table), delta_schema(table), mode="ignore", partition_by=parts
            )
        except CommitFailedError as error:
            raise ConflictError(message) from error
        if handle.version() > 0:  # its rows are unknown to whoever saw no table
            raise ConflictError(message)
        return handle


def retry(attempt: Callable[[], Made], times: int = 8) -> Made:
    """Run `attempt` again when another run committed first; ConflictError after `times`.

    Pauses double, up to two seconds, so that those who are at it get through meanwhile.
    """
    for number in range(times - 1):
        try:
            return attempt()
        except ConflictError:
            time.sleep(min(0.05 * 2**number, 2.0))
    return attempt()


def _files(handle: DeltaTable, table: Table) -> tuple[File, ...]:
    actions = pa.table(handle.get_add_actions(flatten=True))
    paths, rows = map(unquote, actions["path"].to_pylist()), actions["num_records"].to_pylist()
    return tuple(File(p, day_of(p), n) for p, n in sorted(zip(paths, rows, strict=True)))
