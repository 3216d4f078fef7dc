"""Scorecards: no model is believed on grounds that do not bear it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from models.evaluate import Judged, Scores
from models.lift_tests import LiftTest
from models.scorecard import (
    LEAST_CONVERSIONS,
    Outcomes,
    Row,
    future_rows,
    lift_rows,
    simulated_rows,
    verdicts,
)

MARCH = ("all", np.datetime64("2026-03-01"), np.datetime64("2026-03-31"))
WORDS = {"first_touch": {}, "markov": {"order": 1}}


def people(rate: float, many: int = 400) -> pa.Table:
    won = int(rate * many)
    return pa.table({
        "channels": [["a"], ["a"], ["b"]], "is_converted": [True, False, False],
        "people": [won, many - won, many],
    })  # fmt: skip


def seen(rate: float) -> Outcomes:
    return Outcomes(people(0.2), people(rate), "2026-02-01", "2026-03-01", 28)


def told(rows, metric, model=None):
    return [row for row in rows if row.metric == metric and model in (None, row.model)]


def worlds(model: str, errors: dict[str, float]) -> list[Judged]:
    return [
        Judged(name, model, 0, Scores(error, 0.01, 1.0, 0.0)) for name, error in errors.items()
    ]  # fmt: skip


def of(rows: list[Row], question: str) -> Row:
    (row,) = (row for row in verdicts(rows) if question in row.metric)
    return row


def test_auc_comes_last_and_says_why():
    rows = [row for row in future_rows(WORDS, seen(0.2)) if row.model == "markov"]
    assert rows[-1].metric == "auc"
    assert "nothing of what a channel caused" in rows[-1].sentence
    assert told(rows, "log_loss_gain")[0].number > 0.1


def test_a_rule_states_no_chance_and_is_not_ranked_by_the_future():
    (row,) = told(future_rows(WORDS, seen(0.2)), "log_loss", "first_touch")
    assert row.number is None
    assert "states no chance" in row.sentence


def test_few_conversions_judge_nobody():
    (row,) = future_rows(WORDS, seen((LEAST_CONVERSIONS - 1) / 400))
    assert (row.model, row.number) == ("(all)", None)
    assert "19 of those to judge on converted" in row.sentence


def test_a_model_that_foretells_well_is_not_believed_for_what_channels_cause():
    rows = list(future_rows(WORDS, seen(0.2)))
    assert of(rows, "about to convert").model == "markov"
    assert of(rows, "cause").model == "(all)"
    assert "Run lift tests" in of(rows, "cause").sentence


def test_no_model_is_recommended_from_one_world_however_good_it_looks_there():
    lucky = list(simulated_rows(worlds("first_touch", {"upstream": 0.1}), 1000))
    assert of(lucky, "cause").model == "(all)"
    errors = {"upstream": 0.1, "lower": 2.2, "placebo": 2.0}
    both = worlds("first_touch", errors) + worlds("hazard_logit", dict.fromkeys(errors, 0.5))
    wide = list(simulated_rows(both, 1000))
    assert of(wide, "cause").model == "hazard_logit"
    assert "with care" in of(wide, "cause").sentence


def test_worst_worlds_stand_beside_the_mean_and_refusals_are_told():
    rows = [*worlds("markov", {"a": 1.0, "b": 3.0}), Judged("c", "markov", 0, Scores(
        *[float("nan")] * 4), "too few")]  # fmt: skip
    made = list(simulated_rows(rows, 1000))
    assert [row.number for row in told(made, "wmape") + told(made, "wmape_worst")] == [2.0, 3.0]
    assert told(made, "refused")[0].sentence == "markov refused c: too few"


def test_lift_tests_that_agree_make_a_model_believable_once_there_are_three():
    tests = [LiftTest(name, *MARCH, 100.0 + at, 20.0) for at, name in enumerate("abcd")]
    rows = list(lift_rows("linear", tests, np.full(4, 300.0)))
    assert told(rows, "credit_over_lift")[0].number == pytest.approx(1200 / 406)
    assert told(rows, "left_out_inside")[0].number == 1.0
    assert "calibrated figures of linear" in of(rows, "cause").sentence
    few = list(lift_rows("linear", tests[:2], np.full(2, 300.0)))
    assert of(few, "cause").model == "(all)"


def test_a_channel_without_credit_says_nothing_of_bias():
    test = LiftTest("a", *MARCH, 100.0, 20.0)
    assert list(lift_rows("linear", [test], np.zeros(1))) == []
