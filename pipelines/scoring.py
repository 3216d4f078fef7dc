"""Paths in, credit rows out, in Arrow: what Spark runs on each batch. No Spark in here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.arrow import arrow_schema
from expectations.tables import CREDITS
from expectations.tables.credit import UNATTRIBUTED
from models.base import AttributionModel
from models.exact import split_exactly

SHARE_UNITS = 10**12
SHARE = pa.decimal128(18, 12)
MONEY = pa.decimal128(18, 6)
PATH_COLUMNS = ("conversion_id", "conversion_type", "person_id", "currency", "converted_at",
                "conversion_date")  # fmt: skip
TOUCH_COLUMNS = ("touchpoint_id", "channel", "campaign", "campaign_id", "touched_at")


@dataclass(frozen=True)
class Version:
    """A model ready to score conversions from a day on; None: from the beginning."""

    name: str
    stamp: str
    model: AttributionModel
    since: date | None = None


def score(
    batches: Iterable[pa.RecordBatch], versions: Sequence[Version]
) -> Iterator[pa.RecordBatch]:
    """Credit rows of each batch of paths under every model, by the version in force that day."""
    for batch in batches:
        paths = pa.Table.from_batches([batch])
        for version, part in _in_force(paths, versions):
            yield from credit_rows(part, version).to_batches()


def _in_force(paths: pa.Table, versions: Sequence[Version]) -> Iterator[tuple[Version, pa.Table]]:
    """Each version with the paths it scores: of each model the newest begun by the path's day."""
    for name in sorted({version.name for version in versions}):
        mine = sorted((v for v in versions if v.name == name), key=lambda v: v.since or date.min)
        begins = np.array([v.since or date.min for v in mine], dtype="datetime64[D]")
        days = paths["conversion_date"].to_numpy().astype("datetime64[D]")
        chosen = np.searchsorted(begins, days, side="right") - 1
        for index, version in enumerate(mine):
            part = paths.filter(pa.array(chosen == index))
            if part.num_rows:
                yield version, part


def credit_rows(paths: pa.Table, version: Version) -> pa.Table:
    """One row per touch of the paths; one unattributed row for a path without touches."""
    is_touched = pc.greater(paths["touch_count"], 0)
    touched = _touched(paths.filter(is_touched), version)
    return pa.concat_tables([touched, _untouched(paths.filter(pc.invert(is_touched)), version)])


def _touched(paths: pa.Table, version: Version) -> pa.Table:
    lists = paths["touches"].combine_chunks()
    offsets = np.concatenate([[0], np.cumsum(np.asarray(paths["touch_count"], np.int64))])
    touches = pc.list_flatten(lists)
    ends = pa.array(offsets, pa.int32())
    seen = pa.table({
        "channels": pa.ListArray.from_arrays(ends, touches.field("channel")),
        "touched_at": pa.ListArray.from_arrays(ends, touches.field("touched_at")),
        "converted_at": paths["converted_at"],
    })  # fmt: skip
    credit = np.asarray(version.model.attribute(seen)["credit"])
    touch = {name: touches.field(name) for name in TOUCH_COLUMNS}
    return _rows(paths, touch, credit, offsets, version)


def _untouched(paths: pa.Table, version: Version) -> pa.Table:
    count = paths.num_rows
    name = pa.array([UNATTRIBUTED] * count, pa.string())
    nothing = pa.nulls(count, pa.string())
    touch = {"touchpoint_id": nothing, "channel": name, "campaign": name, "campaign_id": nothing,
             "touched_at": pa.nulls(count, pa.timestamp("us", "UTC"))}  # fmt: skip
    return _rows(paths, touch, np.ones(count), np.arange(count + 1), version)


def _rows(
    paths: pa.Table,
    touch: dict[str, pa.Array],
    credit: np.ndarray,
    offsets: np.ndarray,
    version: Version,
) -> pa.Table:
    """Credit rows: path i owns the touches and the credit from offsets[i] to offsets[i + 1]."""
    owner = np.repeat(np.arange(paths.num_rows), np.diff(offsets))
    units = split_exactly(np.full(paths.num_rows, SHARE_UNITS), credit, offsets)
    value = split_exactly(decimal_units(paths["net_value"]), credit, offsets)
    counted = np.asarray(paths["conversions"])[owner]
    repeated = paths.select(PATH_COLUMNS).take(owner)
    columns = {name: repeated[name] for name in PATH_COLUMNS} | touch | {
        "model": pa.array([version.name] * len(owner), pa.string()),
        "model_version": pa.array([version.stamp] * len(owner), pa.string()),
        "position": pa.array(np.arange(len(owner)) - offsets[owner], pa.int32()),
        "credit": decimals(units, SHARE),
        "conversions": decimals(units * counted, SHARE),
        "attributed_value": decimals(value, MONEY),
    }  # fmt: skip
    schema = arrow_schema(CREDITS)
    return pa.table([columns[name] for name in schema.names], names=schema.names).cast(schema)


def decimal_units(values: pa.ChunkedArray) -> np.ndarray:
    """Decimals as integers of their last digit: 1.5 in decimal(18, 6) is 1500000."""
    parts = []
    for chunk in values.chunks:
        words = np.frombuffer(chunk.buffers()[1], np.int64).reshape(-1, 2)
        parts.append(words[chunk.offset : chunk.offset + len(chunk), 0])
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def decimals(units: np.ndarray, kind: pa.Decimal128Type) -> pa.Array:
    """Integers of the last digit as decimals; the inverse of `decimal_units`.

    >>> decimals(np.array([1500000, -1]), MONEY).to_pylist()
    [Decimal('1.500000'), Decimal('-0.000001')]
    """
    words = np.empty((len(units), 2), np.int64)
    words[:, 0], words[:, 1] = units, units >> 63
    return pa.Array.from_buffers(kind, len(units), [None, pa.py_buffer(words.tobytes())])
