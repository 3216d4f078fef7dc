"""The use index finds planted over- and under-use, and its interval is as wide as it says."""

import doctest
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from models.bootstrap import person_keys
from models.use_index import use_index

PAGE = Path(__file__).parents[2] / "docs" / "touchpoint_map.md"
CELLS = ("Display", "Email", "Search")
RATES = (6.0, 2.0, 2.0)  # touches of a person: shares .6, .2, .2
CREDITS = (0.02, 0.02, 0.06)  # credit of a touch over .1 in all: shares depend on touches
TRUE = {"Display": 0.12 / 0.28 / 0.6, "Email": 0.04 / 0.28 / 0.2, "Search": 0.12 / 0.28 / 0.2}


def drawn(persons, seed):
    """Each person's touches by cell, more from some persons than from others, and their credit."""
    chance = np.random.default_rng(seed)
    eager = chance.gamma(2, 0.5, size=(persons, 1))
    touches = chance.poisson(eager * RATES)
    credit = chance.binomial(touches, CREDITS)
    names = [f"{seed}-{person}" for person in range(persons) for _ in CELLS]
    parts = {"cell": list(CELLS) * persons, "used": touches.ravel(), "credit": credit.ravel()}
    return pa.table(parts), person_keys(pa.array(names))


def rows(*given, **options):
    return {row["cell"]: row for row in use_index(*given, **options).to_pylist()}


def test_a_planted_over_used_and_an_under_used_channel_are_found():
    found = rows(*drawn(20_000, 1))
    assert {cell: row["index"] for cell, row in found.items()} == pytest.approx(TRUE, rel=0.1)
    verdicts = {cell: row["verdict"] for cell, row in found.items()}
    assert verdicts == {"Display": "over-used", "Email": "over-used", "Search": "under-used"}


def test_the_interval_holds_the_true_index_as_often_as_its_level_says():
    worlds = [rows(*drawn(1500, seed), level=0.9) for seed in range(10, 70)]
    held = [w[c]["index_low"] <= TRUE[c] <= w[c]["index_high"] for w in worlds for c in CELLS]
    assert 0.84 <= np.mean(held) <= 0.95


def test_shares_are_those_of_the_sums_and_parts_add_up_in_any_order():
    parts, keys = drawn(50, 3)
    found = use_index(parts, keys)
    turned = np.random.default_rng(0).permutation(len(keys))
    assert use_index(parts.take(pa.array(turned)), keys[turned]) == found
    sums = parts.group_by("cell").aggregate([("used", "sum"), ("credit", "sum")]).sort_by("cell")
    for name, share in (("used_sum", "use_share"), ("credit_sum", "credit_share")):
        figures = sums[name].to_numpy()
        assert found[share].to_pylist() == pytest.approx(list(figures / figures.sum()))


def test_money_is_use_too_and_a_cell_without_any_has_no_index():
    found = rows(*drawn(5000, 4), cost={"Display": 800.0, "Search": 200.0, "Radio": 0.0})
    assert found["Search"]["verdict"] == "under-used"
    assert found["Display"]["index"] == found["Display"]["credit_share"] / 0.8
    assert found["Email"]["index"] is found["Email"]["verdict"] is None
    assert (found["Radio"]["credit_share"], found["Radio"]["index"]) == (0.0, None)


def test_figures_below_zero_and_no_level_are_refused():
    parts, keys = drawn(2, 5)
    minus = parts.set_column(2, "credit", pa.array([-1] * 6))
    with pytest.raises(ValueError, match="credit has -1"):
        use_index(minus, keys)
    with pytest.raises(ValueError, match="level=95"):
        use_index(parts, keys, level=95)


def test_the_page_shows_what_the_code_gives():
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert (result.failed, result.attempted > 5) == (0, True)
