"""What follows negative touches: planted effects are found, where outright comparison is wrong."""

import doctest
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.felt import EFFECTS, felt
from benchmarks.lifecycle import held
from models import bags
from models.bags import intervals
from models.negative_touches import negative_touches

PAGE = Path(__file__).parents[2] / "docs" / "negative_touches.md"
BAGS = 32


def sums(*rows):
    names = ("stratum", "kind", "bag", "moments", "bought")
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])


def test_the_page_computes_what_it_says():
    result = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert (result.attempted > 1, result.failed) == (True, 0)


def test_intervals_hold_the_planted_index_and_effects_in_nine_of_ten_worlds_or_more():
    for share, figures in held(worlds=20, people=8_000).values():
        assert figures >= 60
        assert share >= 0.9


def test_who_complains_more_buys_more_so_outright_comparison_hides_the_harm():
    told, _ = felt(40_000, BAGS, 1)
    totals = told.group_by("kind").aggregate([("moments", "sum"), ("bought", "sum")]).to_pylist()
    rates = {row["kind"]: row["bought_sum"] / row["moments_sum"] for row in totals}
    found = {row["kind"]: row for row in negative_touches(told, BAGS).to_pylist()}
    for kind, effect in EFFECTS.items():
        assert rates[kind] - rates[None] > effect + 0.02
        assert found[kind]["effect"] == pytest.approx(effect, abs=0.03)
    assert found["email_complaint"]["effect_high"] < 0


def test_each_stratum_is_weighed_by_its_negative_touches():
    told = sums(("a", "bounce", 0, 3, 0), ("b", "bounce", 1, 1, 1),
                ("a", None, 2, 10, 5), ("b", None, 3, 10, 1), ("c", None, 4, 99, 99))  # fmt: skip
    [row] = negative_touches(told, BAGS).to_pylist()
    assert (row["rate_after"], row["rate_matched"]) == pytest.approx((1 / 4, (3 * 0.5 + 0.1) / 4))
    assert (row["touches"], row["matched_touches"], row["controls"]) == (4, 4, 20)
    assert row["effect"] == pytest.approx(row["rate_after"] - row["rate_matched"])


def test_negative_touches_without_people_alike_are_left_out_and_said_so():
    told = sums(("a", "bounce", 0, 2, 1), ("b", "bounce", 1, 5, 0), ("a", None, 1, 4, 1))
    [row] = negative_touches(told, BAGS).to_pylist()
    assert (row["touches"], row["matched_touches"], row["rate_after"]) == (7, 2, 0.5)
    [alone] = negative_touches(sums(("a", "bounce", 0, 2, 1)), BAGS).to_pylist()
    assert (alone["touches"], alone["matched_touches"], alone["effect"]) == (2, 0, None)


def test_bags_split_and_reordered_give_the_same_figures():
    told, _ = felt(500, BAGS, 2)
    order = np.random.default_rng(0).permutation(len(told))
    doubled = pa.concat_tables([told, told])
    assert negative_touches(told.take(pa.array(order)), BAGS) == negative_touches(told, BAGS)
    for one, two in zip(negative_touches(told, BAGS).to_pylist(),
                        negative_touches(doubled, BAGS).to_pylist(), strict=True):  # fmt: skip
        assert two["touches"] == 2 * one["touches"]
        assert two["effect_low"] == pytest.approx(one["effect_low"])


def test_too_few_bags_or_a_strange_level_are_refused():
    with pytest.raises(ValueError, match="9 bags; an interval needs 10"):
        intervals(np.zeros((10, 1)))
    with pytest.raises(ValueError, match="level=1"):
        intervals(np.zeros((33, 1)), level=1)
    assert bags.MIN_BAGS == 10
