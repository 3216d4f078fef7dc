"""Credit and lift tests together: by precision, shrunk, and judged by tests left out."""

from __future__ import annotations

import numpy as np
import pytest

from models.calibrate import CALIBRATED, LEFT_OUT, learn_bias, left_out, reconcile
from models.lift_tests import LiftTest


def lift(channel: str, estimate: float, error: float, month: int = 3) -> LiftTest:
    days = (np.datetime64(f"2026-{month:02}-01"), np.datetime64(f"2026-{month:02}-28"))
    return LiftTest(channel, "all", *days, estimate, error)


def by_channel(table) -> dict[str, dict]:
    return {row["channel"]: row for row in table.to_pylist()}


def test_without_tests_credit_stays_and_its_doubt_is_that_of_bias():
    bias = learn_bias([], np.zeros(0))
    row = by_channel(reconcile({"a": 100.0}, bias))["a"]
    assert row["calibrated"] == pytest.approx(100.0)
    assert not row["is_tested"]
    wide = 1.959964 * np.hypot(1.0, 0.5)
    assert row["calibrated_low"] == pytest.approx(100 * np.exp(-wide), rel=1e-3)
    assert row["calibrated_high"] == pytest.approx(100 * np.exp(wide), rel=1e-3)


def test_a_precise_test_decides_its_channel_and_shifts_the_others_by_four_fifths():
    """The log bias of a is known; that of b given a is normal, by hand: 1 / (1 + .25) of it."""
    bias = learn_bias([lift("a", 50.0, 0.5)], np.array([200.0]))
    found = by_channel(reconcile({"a": 200.0, "b": 80.0}, bias))
    assert found["a"]["calibrated"] == pytest.approx(50.0, rel=0.01)
    assert found["a"]["is_tested"]
    assert found["b"]["log_factor"] == pytest.approx(np.log(0.25) * 0.8, abs=0.01)
    assert found["b"]["log_factor_error"] == pytest.approx(np.sqrt(0.2 + 0.25), abs=0.001)
    assert found["b"]["calibrated"] == pytest.approx(80 * np.exp(np.log(0.25) * 0.8), rel=0.01)


def test_two_tests_of_a_channel_count_by_precision():
    tests = [lift("a", 100.0, 2.0, 3), lift("a", 130.0, 4.0, 4)]
    bias = learn_bias(tests, np.array([100.0, 100.0]), shared_spread=3.0, own_spread=3.0)
    pooled = (100 / 4 + 130 / 16) / (1 / 4 + 1 / 16)
    assert np.exp(bias.of("a").quantile(0.5)) * 100 == pytest.approx(pooled, rel=0.01)
    assert bias.of("a").error == pytest.approx((1 / 4 + 1 / 16) ** -0.5 / pooled, rel=0.05)


def test_a_weak_test_hardly_moves_what_a_strong_one_does():
    said, untested = np.array([100.0]), {"b": 100.0}
    strong, weak, hopeless = (
        by_channel(reconcile(untested, learn_bias([lift("a", 30.0, se)], said)))["b"]["calibrated"]
        for se in (3.0, 60.0, 3_000.0)
    )
    assert strong < weak < hopeless
    assert hopeless == pytest.approx(100.0, rel=0.02)


def test_more_tests_that_agree_narrow_the_interval_of_untested_channels():
    widths = []
    for many in (0, 1, 3, 9):
        tests = [lift(f"tested {at}", 40.0, 4.0) for at in range(many)]
        factor = learn_bias(tests, np.full(many, 100.0)).of("untested")
        widths.append(factor.error)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] > 0.5  # never less than what a channel adds of its own


def test_an_untested_channel_is_less_certain_than_a_tested_one():
    bias = learn_bias([lift("a", 40.0, 4.0), lift("b", 10.0, 2.0)], np.array([100.0, 30.0]))
    assert bias.untested.error > max(bias.of("a").error, bias.of("b").error)


def test_an_estimate_below_zero_leaves_a_small_positive_effect():
    bias = learn_bias([lift("a", -20.0, 15.0)], np.array([100.0]))
    row = by_channel(reconcile({"a": 100.0}, bias))["a"]
    assert 0 < row["calibrated_low"] < row["calibrated"] < 20
    assert row["calibrated_high"] < 45


def test_the_unit_of_credit_does_not_matter():
    small = learn_bias([lift("a", 0.4, 0.1)], np.array([1.0])).of("a")
    large = learn_bias([lift("a", 4e6, 1e6)], np.array([1e7])).of("a")
    assert small.quantile(0.1) == pytest.approx(large.quantile(0.1))


def test_channels_without_credit_stay_uncalibrated():
    bias = learn_bias([lift("a", 40.0, 4.0)], np.array([100.0]))
    table = reconcile({"b": 0.0, "c": -3.0, "a": 100.0}, bias)
    assert table.schema == CALIBRATED
    assert table["channel"].to_pylist() == ["a", "b", "c"]
    assert table["calibrated"].is_null().to_pylist() == [False, True, True]


@pytest.mark.parametrize("said", [0.0, -1.0, float("nan")])
def test_a_test_of_a_channel_without_credit_is_refused(said):
    with pytest.raises(ValueError, match=r"to a in all, 2026-03-01..2026-03-28; expected more"):
        learn_bias([lift("a", 1.0, 1.0)], np.array([said]))


def test_a_spread_of_nothing_is_refused():
    with pytest.raises(ValueError, match=r"own_spread=0.0; expected above 0"):
        learn_bias([], np.zeros(0), own_spread=0.0)


def test_a_test_left_out_is_told_by_the_others_alone():
    tests = [lift("a", 50.0, 0.5), lift("b", 500.0, 5.0)]
    table = left_out(tests, np.array([200.0, 80.0]))
    assert table.schema == LEFT_OUT
    b = by_channel(table)["b"]
    alone = learn_bias(tests[:1], np.array([200.0])).of("b")
    assert b["others_say"] == pytest.approx(80 * np.exp(alone.quantile(0.5)))
    changed = left_out([tests[0], lift("b", 1.0, 1.0)], np.array([200.0, 80.0]))
    assert by_channel(changed)["b"]["others_say"] == b["others_say"]
    assert b["z"] > 3
    assert not b["is_inside"]


def test_another_test_of_the_same_channel_stays_in_when_one_is_left_out():
    tests = [lift("a", 50.0, 1.0, 3), lift("a", 52.0, 1.0, 4)]
    for row in left_out(tests, np.array([200.0, 200.0])).to_pylist():
        assert row["others_say"] == pytest.approx(102 - row["estimate"], rel=0.02)
        assert row["is_inside"]


def test_intervals_hold_the_truth_as_often_as_they_say_if_bias_is_as_assumed():
    """400 markets with bias drawn as the model assumes: 95 % intervals, and tests left out."""
    random = np.random.default_rng(7)
    held, inside = [], []
    credit = np.array([120.0, 60.0, 200.0, 30.0])
    for _ in range(400):
        true = credit * np.exp(random.normal() + 0.5 * random.normal(size=4))
        errors = np.array([15.0, 20.0, 10.0])
        tests = [
            lift(f"{at}", random.normal(true[at], error), error) for at, error in enumerate(errors)
        ]
        bias = learn_bias(tests, credit[:3])
        rows = reconcile({f"{at}": credit[at] for at in range(4)}, bias).to_pylist()
        held.append([
            row["calibrated_low"] <= truth <= row["calibrated_high"]
            for row, truth in zip(rows, true, strict=True)
        ])  # fmt: skip
        inside.append(left_out(tests, credit[:3])["is_inside"].to_pylist()[0])
    assert np.mean(held, axis=0) == pytest.approx(np.full(4, 0.95), abs=0.035)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.035)
