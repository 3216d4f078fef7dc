"""SQL over a publication: DuckDB, one view per table, and the star made of them, no Spark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from expectations.contract import AnyType, Type
from expectations.star import STAR
from expectations.tables import TABLES
from pipelines.lake import Lake
from pipelines.lake_files import Snapshot
from pipelines.publish import published
from pipelines.rates import CONVERTED

if TYPE_CHECKING:
    import duckdb

KINDS: dict[AnyType, str] = {Type.DATE: "DATE", Type.LONG: "BIGINT"}  # of a partition column


def connect(lake: Lake, publication_id: int | None = None) -> duckdb.DuckDBPyConnection:
    """A connection with a view of every table as one publication has it (the newest if None).

    The views of the star are there too, and channels and campaigns with rates of exchange.
    """
    con = views(lake, published(lake, publication_id))
    add_star(con, publication_id or newest(con))
    for name in ("channels", "campaigns"):
        con.execute(f"CREATE VIEW {name}_rated AS {CONVERTED.format(table=name)}").fetchall()
    return con


def newest(con: duckdb.DuckDBPyConnection) -> int:
    """The highest number among its publications; 0 if there is none."""
    [(number,)] = con.execute(
        "SELECT coalesce(max(publication_id), 0) FROM publications"
    ).fetchall()
    return int(number)


def add_star(con: duckdb.DuckDBPyConnection, publication_id: int) -> None:
    """Views of the star over tables of a publication that are there already."""
    for view in STAR:
        query = view.sql.format(publication_id=publication_id)
        con.execute(f"CREATE VIEW {view.name} AS {query}").fetchall()


def heads(lake: Lake) -> dict[str, Snapshot]:
    """The newest version of every table, published or not."""
    return {name: lake.snapshot(table) for name, table in TABLES.items()}


def views(lake: Lake, snapshots: dict[str, Snapshot]) -> duckdb.DuckDBPyConnection:
    """A connection with a view of every snapshot; a table without files is an empty view."""
    import duckdb

    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    for name, snapshot in snapshots.items():
        query = definition(lake, snapshot)
        if query is None:
            con.register(f"empty_{name}", lake.empty(snapshot.table))
            query = f"SELECT * FROM empty_{name}"
        con.execute(f"CREATE VIEW {name} AS {query}")
    return con


def definition(lake: Lake, snapshot: Snapshot) -> str | None:
    """SQL that reads a snapshot's files; None if it has none."""
    urls = lake.urls(snapshot)
    return f"SELECT {_columns(snapshot)} FROM {_scan(urls, snapshot)}" if urls else None


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
