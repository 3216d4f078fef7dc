"""The pitfalls of docs/pitfalls.md: each has its tests; those that stand nowhere else are here."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa

from models.certainty import month_rows
from models.registry import make
from tests.models.test_hazard import table, world

HOUSE = Path(__file__).parents[2]
PITFALLS = 16


def test_every_pitfall_has_tests_that_are_there():
    page = (HOUSE / "docs" / "pitfalls.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| **")]
    written = "\n".join(path.read_text() for path in (HOUSE / "tests").rglob("test_*.py"))
    assert len(rows) == PITFALLS
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named, row
        assert [name for name in named if f"def {name}(" not in written] == []


def test_who_waits_longer_meets_more_ads_and_that_is_no_effect():
    """Channel z does nothing. Who has not bought yet met more of it, so it seems to harm."""
    paths = world(2, 3_000)
    often = [sum(channel == "z" for channel, _ in touches) >= 2 for touches, *_ in paths]
    won = np.array([won for *_, won in paths])
    naive = won[np.array(often)].mean() / won[~np.array(often)].mean()
    assert naive < 0.8
    model = make("additive_hazard").fit(table(paths))
    assert model.impact_["z"] < 0.1 * model.impact_["a"]


def test_one_large_order_makes_the_interval_of_value_wide_and_not_that_of_conversions():
    groups, value = np.arange(400), np.full(400, 50.0)
    value[7] = 50_000.0
    cells = pa.table({
        "channel": ["Ads"] * 400, "campaign": ["spring"] * 400, "group": groups,
        "cost": pa.nulls(400, pa.float64()), "conversions_linear": np.ones(400),
        "value_linear": value,
    })  # fmt: skip
    told = {
        row["figure"]: row for row in month_rows(cells, ["linear"]).to_pylist()
        if row["level"] == "channel"
    }  # fmt: skip
    assert told["conversions"]["doubt"] == "little"
    assert told["value"]["doubt"] == "sampling"
    assert told["value"]["sampling_high"] > 2 * told["value"]["sampling_low"]
