"""Content of tables as one short text each: equal rows, equal text, in any order and layout."""

from __future__ import annotations

from collections.abc import Mapping

from expectations.contract import MapOf, Table
from pipelines.lake import Lake
from pipelines.lake_files import Snapshot
from pipelines.query import views


def digests(lake: Lake, snapshots: Mapping[str, Snapshot]) -> dict[str, str]:
    """Table to `rows:hash` of its content, read from its files by DuckDB.

    Columns that say how a row arrived are left out. The hash is the sum of the rows' 64-bit
    hashes, so order and files do not matter.
    """
    con = views(lake, dict(snapshots))
    found = {}
    for name, snapshot in snapshots.items():
        query = f"SELECT count(*), sum(hash({row_text(snapshot.table)})::HUGEINT) FROM {name}"
        count, total = con.execute(query).fetchone() or (0, 0)
        found[name] = f"{count}:{int(total or 0) % 2**64:016x}"
    return found


def row_text(table: Table) -> str:
    """What a row says, as one list of texts; nulls stand apart from empty texts."""
    said = [(n, c) for n, c in table.columns.items() if not c.is_arrival]
    parts = [
        f'CAST(list_sort(map_entries("{n}")) AS VARCHAR)' if isinstance(c.type, MapOf)
        else f'CAST("{n}" AS VARCHAR)'
        for n, c in said
    ]  # fmt: skip
    return f"[{', '.join(parts)}]"
