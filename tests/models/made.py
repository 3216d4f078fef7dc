"""Small data to try models on, and paths by hand."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import strategies as st

from models.registry import make

Row = tuple[list[str], bool, int]
some_rows = st.lists(
    st.tuples(
        st.lists(st.sampled_from("abcd"), min_size=1, max_size=6),
        st.booleans(),
        st.integers(1, 4),
    ),
    min_size=1,
    max_size=12,
).filter(lambda rows: len({converted for _, converted, _ in rows}) == 2)


def table(rows: list[Row]) -> pa.Table:
    return pa.table(
        {
            "channels": pa.array([channels for channels, _, _ in rows], pa.list_(pa.string())),
            "is_converted": pa.array([converted for _, converted, _ in rows], pa.bool_()),
        }
    )


def fit(name: str, rows: list[Row], **parameters):
    return make(name, **parameters).fit(table(rows), sample_weight=[count for *_, count in rows])


def credit(model, *channels: str) -> list[float]:
    return model.attribute(pa.table({"channels": [list(channels)]}))["credit"].to_pylist()


def channel_credit(model, rows: list[Row]) -> dict[str, float]:
    """Credit of the touches of converting paths, by channel."""
    found = dict.fromkeys(sorted({name for channels, _, _ in rows for name in channels}), 0.0)
    for channels, converted, count in rows:
        if converted:
            for channel, share in zip(channels, credit(model, *channels), strict=True):
                found[channel] += share * count
    return found
