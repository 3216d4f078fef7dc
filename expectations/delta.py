"""Contract to Delta, by way of Arrow: Delta's types are a subset of Arrow's."""

from __future__ import annotations

from deltalake import Schema

from expectations.arrow import arrow_schema
from expectations.contract import Table


def delta_schema(table: Table) -> Schema:
    """Columns of `table` in contract order, all nullable; the audit enforces nulls."""
    return Schema.from_arrow(arrow_schema(table))
