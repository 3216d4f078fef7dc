"""What each rule gives, on paths whose credit anyone can work out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.exact import split_exactly
from models.registry import make

INSTANTS = pa.list_(pa.timestamp("us", "UTC"))
CONVERTED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def aged(*days: float) -> pa.Table:
    """One path whose touches were that many days before the conversion."""
    instants = [CONVERTED - timedelta(days=age) for age in days]
    return pa.table({"channels": [["a"] * len(days)], "touched_at": pa.array([instants], INSTANTS)})


def credit(model, *channels: str) -> list[float]:
    return model.attribute(pa.table({"channels": [list(channels)]}))["credit"].to_pylist()


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        (["Email", "Direct", "Direct"], [1, 0, 0]),
        (["Email", "Social", "Direct"], [0, 1, 0]),
        (["Direct", "Email"], [0, 1]),
        (["Direct", "Direct"], [0, 1]),
        (["Direct"], [1]),
    ],
)
def test_last_non_direct_skips_direct_unless_there_is_nothing_else(channels, expected):
    assert credit(make("last_non_direct"), *channels) == expected


def test_another_name_for_direct_is_honoured():
    assert credit(make("last_non_direct", direct="Email"), "Direct", "Email") == [1, 0]


@pytest.mark.parametrize(
    ("first", "last", "touches", "expected"),
    [
        (0.4, 0.4, 1, [1]),
        (0.4, 0.4, 2, [0.5, 0.5]),
        (0.4, 0.4, 3, [0.4, 0.2, 0.4]),
        (0.4, 0.4, 4, [0.4, 0.1, 0.1, 0.4]),
        (0.2, 0.6, 2, [0.25, 0.75]),
        (0.6, 0.2, 4, [0.6, 0.1, 0.1, 0.2]),
        (0.0, 0.0, 2, [0.5, 0.5]),
        (0.0, 0.0, 4, [0, 0.5, 0.5, 0]),
        (0.5, 0.5, 3, [0.5, 0, 0.5]),
        (0.0, 1.0, 1, [1]),
    ],
)
def test_position_based_follows_its_weights(first, last, touches, expected):
    model = make("position_based", first=first, last=last)
    assert credit(model, *"a" * touches) == pytest.approx(expected)


def test_time_decay_gives_adobes_worked_example():
    shares = make("time_decay").attribute(aged(9, 6, 0, 0))["credit"].to_numpy()
    cents = split_exactly(np.array([50_000_000]), shares, np.array([0, 4]))
    assert [round(Decimal(int(part)) / 10**6, 2) for part in cents] == [
        Decimal("6.92"), Decimal("9.32"), Decimal("16.88"), Decimal("16.88"),
    ]  # fmt: skip


def test_a_touch_one_half_life_older_earns_half():
    shares = make("time_decay", half_life_days=2.5).attribute(aged(100, 97.5))["credit"]
    assert shares.to_pylist() == pytest.approx([1 / 3, 2 / 3])


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 700_000), min_size=1, max_size=6).map(lambda d: sorted(d)[::-1]))
def test_time_decay_without_end_is_linear(days):
    endless = make("time_decay", half_life_days=float("inf"))
    assert endless.attribute(aged(*days)).equals(make("linear").attribute(aged(*days)))


@pytest.mark.parametrize("half_life_days", [1e-300, 1e-6, 7.0, 1e300])
def test_gaps_of_centuries_do_no_harm(half_life_days):
    model = make("time_decay", half_life_days=half_life_days)
    shares = model.attribute(aged(700_000, 365_000, 364_999))["credit"].to_numpy()
    assert np.isfinite(shares).all()
    assert shares.sum() == pytest.approx(1)


def test_touches_long_before_the_conversion_still_share_it():
    shares = make("time_decay", half_life_days=1e-3).attribute(aged(9_000, 9_000))["credit"]
    assert shares.to_pylist() == [0.5, 0.5]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_instants_of_any_unit_are_read(unit):
    paths = aged(7, 0)
    other = paths["touched_at"].cast(pa.list_(pa.timestamp(unit, "UTC")))
    shares = make("time_decay").attribute(paths.set_column(1, "touched_at", other))["credit"]
    assert shares.to_pylist() == pytest.approx([1 / 3, 2 / 3])
