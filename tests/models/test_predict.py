"""Chances that models state, and how good they proved."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from models.predict import BINS, auc, base_rate, calibration_error, chances, forecast
from models.registry import make


def paths(*rows: tuple[list[str], bool, int]) -> pa.Table:
    return pa.table({
        "channels": pa.array([row[0] for row in rows], pa.list_(pa.string())),
        "is_converted": [row[1] for row in rows],
        "people": [row[2] for row in rows],
    })  # fmt: skip


SEEN = paths(
    (["a"], True, 30), (["a"], False, 70), (["a", "b"], True, 60), (["a", "b"], False, 40),
    (["b"], True, 10), (["b"], False, 90),
)  # fmt: skip
WEIGHT = SEEN["people"].to_numpy().astype(float)


def said(model, *asked):
    later = paths(*((list(one), False, 1) for one in asked))
    return chances(model, SEEN, WEIGHT, later)


def test_markov_of_order_two_states_the_share_that_converted_after_the_same_channels():
    """Seen 100 times each, so the chance leans by 1 in 101 on that of a shorter memory."""
    pair, alone = said(make("markov", order=2), ["a", "b"], ["b"])
    assert pair == pytest.approx(0.6, abs=0.01)
    assert alone == pytest.approx(0.1, abs=0.01)


def test_a_channel_never_seen_has_the_chance_of_everybody():
    (unknown,) = said(make("markov"), ["new"])
    assert unknown == pytest.approx(base_rate(SEEN, WEIGHT))


def test_the_bagged_logistic_expects_as_many_conversions_as_there_were():
    model = make("bagged_logistic", bags=5)
    chance = chances(model, SEEN, WEIGHT, SEEN)
    assert WEIGHT @ chance == pytest.approx(base_rate(SEEN, WEIGHT) * WEIGHT.sum())


def test_rules_state_no_chance():
    assert said(make("linear"), ["a"]) is None


def test_who_knows_the_chances_has_the_least_loss_and_is_calibrated():
    rng = np.random.default_rng(0)
    true = rng.uniform(0.02, 0.6, 20_000)
    converts = rng.random(len(true)) < true
    one = np.ones(len(true))
    base = float(converts.mean())
    right, bold = (forecast(c, converts, one, base) for c in (true, 1.6 * true))
    assert right.gain > 0.05
    assert right.gain > bold.gain
    assert right.calibration_error < 0.02 < bold.calibration_error
    assert right.ratio == pytest.approx(1, abs=0.03)
    assert bold.auc == pytest.approx(right.auc), "which is why AUC comes last"


def test_people_count_as_often_as_they_are():
    chance, converts = np.array([0.2, 0.7, 0.4]), np.array([True, True, False])
    weight = np.array([2.0, 3.0, 1.0])
    often = weight.astype(int)
    repeated = [np.repeat(one, often) for one in (chance, converts)]
    one, other = (
        forecast(chance, converts, weight, 0.5), forecast(*repeated, np.ones(often.sum()), 0.5)
    )  # fmt: skip
    assert one.log_loss == pytest.approx(other.log_loss)
    assert one.auc == pytest.approx(other.auc)


def test_ties_of_chance_rank_neither_way():
    assert auc(np.array([0.3, 0.3]), np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 0.5


def test_errors_of_chances_do_not_cancel_between_bins():
    chance = np.repeat([0.1, 0.9], BINS)
    won = np.repeat([0.9, 0.1], BINS)
    assert calibration_error(chance, won, np.ones(2 * BINS)) == pytest.approx(0.8)
