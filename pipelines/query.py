"""SQL over a publication: DuckDB, one view per table, no Spark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from expectations.contract import AnyType, Type
from expectations.tables import TABLES
from pipelines.lake import Lake
from pipelines.lake_files import Snapshot
from pipelines.publish import published

if TYPE_CHECKING:
    import duckdb

KINDS: dict[AnyType, str] = {Type.DATE: "DATE", Type.LONG: "BIGINT"}  # of a partition column


def connect(lake: Lake, publication_id: int | None = None) -> duckdb.DuckDBPyConnection:
    """A connection with a view of every table as one publication has it (the newest if None)."""
    return views(lake, published(lake, publication_id))


def heads(lake: Lake) -> dict[str, Snapshot]:
    """The newest version of every table, published or not."""
    return {name: lake.snapshot(table) for name, table in TABLES.items()}


def views(lake: Lake, snapshots: dict[str, Snapshot]) -> duckdb.DuckDBPyConnection:
    """A connection with a view of every snapshot; a table without files is an empty view."""
    import duckdb

    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    for name, snapshot in snapshots.items():
        urls = lake.urls(snapshot)
        if urls:
            con.execute(
                f"CREATE VIEW {name} AS SELECT {_columns(snapshot)} FROM {_scan(urls, snapshot)}"
            )
        else:
            con.register(f"empty_{name}", lake.empty(snapshot.table))
            con.execute(f"CREATE VIEW {name} AS SELECT * FROM empty_{name}")
    return con


def rows(
    con: duckdb.DuckDBPyConnection, query: str, values: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The answer to a query, a dictionary per row."""
    answer = con.execute(query, dict(values or {}))
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _columns(snapshot: Snapshot) -> str:
    """Every column of the contract; null where the table was made before it had that column."""
    known = {field.name for field in snapshot.handle.schema().fields}
    return ", ".join(
        f'"{name}"' if name in known else f'NULL::VARCHAR AS "{name}"'
        for name in snapshot.table.columns
    )


def _scan(urls: list[str], snapshot: Snapshot) -> str:
    files = ", ".join("'" + url.replace("'", "''") + "'" for url in urls)
    column = snapshot.table.partitioned_by
    if not column:
        return f"read_parquet([{files}], hive_partitioning = false)"
    kind = KINDS[snapshot.table.columns[column].type]
    return f"read_parquet([{files}], hive_partitioning = true, hive_types = {{'{column}': {kind}}})"
