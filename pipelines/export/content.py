"""What an export holds: the tables people read and the star, as one publication has them."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from expectations.contract import ListOf, MapOf, StructOf, Table, Type
from expectations.promises import quoted
from expectations.star import STAR
from expectations.tables import TABLES
from pipelines.errors import UsageError
from pipelines.lake import Lake
from pipelines.lake_files import Snapshot
from pipelines.publish import OWN, published
from pipelines.query import add_star, newest, views

if TYPE_CHECKING:
    import duckdb

# what sources said, and every identifier of every person: not what a BI tool needs
LEFT_OUT = ("batches", "records", "quarantine", "events", "identities", "touchpoints")
FACTS = tuple(view for view in STAR if view.is_fact)
COPIED = tuple(view for view in STAR if not view.is_fact)


@dataclass(frozen=True)
class Content:
    """A publication about to be exported; `con` has a view of each of its tables."""

    lake: Lake
    snapshots: dict[str, Snapshot]
    tables: tuple[Table, ...]
    con: duckdb.DuckDBPyConnection
    publication_id: int
    through: date

    @property
    def sentence(self) -> str:
        """Which publication it is."""
        return f"Touchstone publication {self.publication_id}, through {self.through}"

    @property
    def all_tables(self) -> tuple[Table, ...]:
        """What is copied: chosen tables and dimensions. Facts are views over them."""
        return (*self.tables, *(view.table for view in COPIED))

    def rows(self, table: Table) -> int:
        """Number of rows of a table or view."""
        [(count,)] = self.con.execute(f"SELECT count(*) FROM {self.source(table)}").fetchall()
        return int(count)

    def source(self, table: Table) -> str:
        """What to select from: later publications are left out of `publications`."""
        if table.name != OWN:
            return table.name
        return f"(FROM {OWN} WHERE publication_id <= {self.publication_id})"


def content(lake: Lake, publication_id: int | None, also: Collection[str] = ()) -> Content:
    """A publication (the newest if None) with the tables people read, and `also` others."""
    unknown = sorted(set(also) - set(TABLES))
    if unknown:
        near = difflib.get_close_matches(unknown[0], TABLES, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Tables: {', '.join(TABLES)}."
        raise UsageError(f"There is no table {unknown[0]!r}. {hint}")
    snapshots = published(lake, publication_id)
    con = views(lake, snapshots)
    number = publication_id or newest(con)
    add_star(con, number)
    [(through,)] = con.execute("SELECT through_date FROM this_publication").fetchall()
    chosen = tuple(t for name, t in TABLES.items() if name not in LEFT_OUT or name in also)
    return Content(lake, snapshots, chosen, con, number, through)


def flat(table: Table, is_text_checked: bool = False) -> str:
    """Columns of a table with lists, records and maps as JSON text.

    If `is_text_checked`, zero characters, which PostgreSQL's text cannot hold, are left out.
    """
    return ", ".join(
        _flat(f'"{name}"', isinstance(column.type, ListOf | StructOf | MapOf),
              is_text_checked and column.type is Type.STRING) + f' AS "{name}"'
        for name, column in table.columns.items()
    )  # fmt: skip


def _flat(name: str, is_nested: bool, is_checked: bool) -> str:
    if is_nested:
        return f"CAST(to_json({name}) AS VARCHAR)"
    return f"replace({name}, chr(0), '')" if is_checked else name


def comments(content: Content, names: Collection[str]) -> Iterator[str]:
    """Statements that write the data dictionary into a database; `names` are of views there."""
    for table in (*content.all_tables, *(view.table for view in FACTS)):
        kind = "VIEW" if table.name in names else "TABLE"
        yield f"COMMENT ON {kind} {table.name} IS {quoted(table.about)}"
        for name, column in table.columns.items():
            yield f'COMMENT ON COLUMN {table.name}."{name}" IS {quoted(column.about)}'


def fact_sql() -> Iterator[tuple[str, str]]:
    """Name and query of each fact, in SQL that DuckDB and PostgreSQL both take."""
    for view in FACTS:
        yield view.name, view.sql
