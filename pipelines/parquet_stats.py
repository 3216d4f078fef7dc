"""Statistics of a Parquet file in the words of the Delta log, so that readers skip files."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq

LONGEST_TEXT = 64


def smallest(value: Any) -> Any:
    """Lower bound fit for JSON, None if the type has no safe one.

    >>> smallest(datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)), smallest("ab"), smallest(b"x")
    ('2026-01-02T03:04:05.678Z', 'ab', None)
    """
    if isinstance(value, datetime):
        milli = value.replace(microsecond=value.microsecond // 1000 * 1000, tzinfo=UTC)
        return milli.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    return value if isinstance(value, int | float | bool) else None


def largest(value: Any) -> Any:
    """Upper bound fit for JSON, None if there is no safe one (long text cannot be cut upwards).

    >>> largest(datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)), largest("x" * 65)
    ('2026-01-02T03:04:05.679Z', None)
    """
    if isinstance(value, datetime) and value.microsecond % 1000:
        return smallest(value + timedelta(milliseconds=1))
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return None
    return smallest(value)


def _bounds(groups: list[Any]) -> tuple[Any, Any, int | None]:
    """Least, greatest and null count over the row groups of one column; Nones if unknown."""
    if any(stats is None for stats in groups):
        return None, None, None
    nulls = sum(stats.null_count for stats in groups) if all(
        stats.has_null_count for stats in groups) else None  # fmt: skip
    full = [stats for stats in groups if stats.has_min_max]
    comparable = [s for s in full if not isinstance(s.min, Decimal | bytes)]
    if not full or len(comparable) < len(full):
        return None, None, nulls
    return min(s.min for s in full), max(s.max for s in full), nulls


def delta_stats(metadata: pq.FileMetaData) -> str:
    """The `stats` of an add action: row count, and bounds and nulls of flat columns."""
    low: dict[str, Any] = {}
    high: dict[str, Any] = {}
    nulls: dict[str, int] = {}
    for index in range(metadata.num_columns if metadata.num_row_groups else 0):
        groups = [metadata.row_group(g).column(index) for g in range(metadata.num_row_groups)]
        name = groups[0].path_in_schema
        if "." in name:
            continue
        least, greatest, null_count = _bounds([group.statistics for group in groups])
        if null_count is not None:
            nulls[name] = null_count
        if smallest(least) is not None and largest(greatest) is not None:
            low[name], high[name] = smallest(least), largest(greatest)
    stats = {"numRecords": metadata.num_rows, "minValues": low, "maxValues": high}
    return json.dumps(stats | {"nullCount": nulls}, separators=(",", ":"))
