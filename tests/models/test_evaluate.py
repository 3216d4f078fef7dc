"""Scores: perfect for the truth itself, and for wrong credit what one works out by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from math import isnan, nan

import pyarrow as pa
import pytest

from models import evaluate
from models.evaluate import (
    INCREMENTAL,
    INTENT,
    REPORTED,
    Judged,
    Scores,
    alarms,
    credit_by_channel,
    judge,
    laid_out,
    score,
)
from models.incremental import BASELINE, HazardLogit, gates
from models.intent_gates import IntentGates
from models.observed import observe, paths
from models.registry import make
from models.reported import ALIKE, FADES, STEPS, ReportedModel, Said, agreed
from models.simulate import Truth, simulate
from models.worlds import TRACKED, WORLDS

TRUTH = Truth(
    conversions=100, value=0, baseline=80, baseline_value=0,
    caused={"a": 12.0, "b": 8.0, "c": 0.0, "d": 0.0}, caused_value={}, placebos=("c", "d"),
)  # fmt: skip
LIVELY = replace(TRACKED, hazard=0.01)


@pytest.mark.parametrize("name", WORLDS)
def test_the_truth_itself_scores_perfectly(name):
    truth = simulate(replace(WORLDS[name], hazard=0.01), 300, 35, 2).truth
    assert sum(truth.caused.values()) > 0
    assert score(truth.caused, truth) == Scores(0.0, 0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # errors 12 + 2 + 4 + 6 of 20; shares .6 .25 .1 .15 for .6 .4 0 0, were 40 given
        ({"a": 24, "b": 10, "c": 2, "d": 4}, (20 / 20, (0 + 0.15 + 0.05 + 0.1) / 4, 2.0, 6 / 40)),
        # nobody is given anything: each channel's truth is its error, and there are no shares
        ({}, (1.0, nan, 0.0, nan)),
        # all to what is not judged: the same
        ({"direct": 100.0}, (1.0, nan, 0.0, nan)),
        # the right total in the wrong place
        ({"c": 20.0}, (40 / 20, (0.6 + 0.4 + 1) / 4, 1.0, 1.0)),
        # a negative estimate is an error like any other
        ({"a": 14.0, "b": -4.0}, (14 / 20, (0.8 + 0.8) / 4, 0.5, 0.0)),
    ],
)
def test_wrong_credit_scores_what_one_works_out_by_hand(given, expected):
    found = score(given, TRUTH)
    assert (found.wmape, found.share_error, found.total_ratio, found.placebo_credit) == (
        pytest.approx(expected, nan_ok=True)
    )


def test_a_world_without_placebos_has_no_placebo_credit():
    assert isnan(score({"a": 1.0}, replace(TRUTH, placebos=())).placebo_credit)


def test_a_world_in_which_nothing_is_caused_cannot_be_scored_by_ratio():
    nothing = replace(TRUTH, caused=dict.fromkeys(TRUTH.caused, 0.0))
    found = score({"a": 1.0}, nothing)
    assert isnan(found.wmape)
    assert isnan(found.total_ratio)


def test_credit_of_lost_paths_does_not_count():
    seen = pa.table(
        {
            "channels": [["a", "b"], ["a"], ["b", "c"], []],
            "is_converted": [True, True, False, True],
        }
    )
    assert credit_by_channel(make("linear").fit(seen), seen) == {"a": 1.5, "b": 0.5}


def test_one_row_per_world_seed_and_model_in_that_order():
    worlds = (LIVELY, replace(LIVELY, name="other"))
    rows = list(judge(worlds, ("linear", "markov"), 200, 28, (3, 4)))
    assert [(row.world, row.seed, row.model) for row in rows] == [
        (world.name, seed, model)
        for world in worlds for seed in (3, 4) for model in ("linear", "markov")
    ]  # fmt: skip
    assert all(row.scores.wmape > 0 for row in rows)


def test_a_row_is_the_score_of_that_models_credit():
    (row,) = judge((LIVELY,), ("time_decay",), 300, 28, (6,), lookback_days=14)
    simulation = simulate(LIVELY, 300, 28, 6)
    seen = paths(observe(simulation), 14)
    credit = credit_by_channel(make("time_decay").fit(seen), seen)
    expected = Judged(LIVELY.name, "time_decay", 6, score(credit, simulation.truth))
    assert replace(row, tested=()) == expected


def test_a_model_that_looks_past_direct_is_told_which_channel_that_is():
    last, past = judge((LIVELY,), ("last_touch", "last_non_direct"), 300, 28)
    assert past.scores.total_ratio > last.scores.total_ratio


def test_a_refusal_is_a_row_that_says_why():
    nobody_buys = replace(TRACKED, hazard=0.0)
    linear, markov = judge((nobody_buys,), ("linear", "shao_li"), 60, 14)
    assert linear.refusal == ""
    assert "0 converting" in markov.refusal
    assert isnan(markov.scores.wmape)


def test_an_incremental_model_is_judged_by_what_it_says_was_caused():
    rows = list(judge((LIVELY,), INCREMENTAL, 400, 28, (6,)))
    assert [row.model for row in rows] == list(INCREMENTAL)
    simulation = simulate(LIVELY, 400, 28, 6)
    panel = laid_out(observe(simulation), LIVELY, 28)
    assert panel.bought.sum() > 0.9 * simulation.truth.conversions
    model = HazardLogit().fit(panel)
    assert rows[0].scores == score(model.caused(panel), simulation.truth)
    assert alarms(LIVELY, 400, 28, 6) == gates(model, panel).alarms()


class TwoForms(ReportedModel):
    """Says without learning: one form is like the data, the other is not."""

    good = IntentGates(True, 1.0, {}, {"display": 0.9}, {}, {})

    def fit(self, data, y=None):
        names = [data.layout.channels[code] for code in data.layout.causes]
        few, many = dict.fromkeys([*names, BASELINE], 1.0), dict.fromkeys([*names, BASELINE], 2.0)
        bad = replace(self.good, purchases=1.5)
        self.said_ = {
            STEPS: Said(many, self.good, -9.0), ALIKE: Said(few, self.good, -9.0),
            FADES: Said(few, bad, -9.0),
        }  # fmt: skip
        self.agreed_ = agreed(self.said_, 100.0)
        return self


def test_intent_models_are_judged_by_what_each_and_all_say_and_carry_their_alarms(monkeypatch):
    monkeypatch.setattr(evaluate, "ReportedModel", TwoForms)
    rows = {
        row.model: row for row in judge((LIVELY,), INTENT, 200, 21, (6,), clock=count(1).__next__)
    }
    truth = simulate(LIVELY, 200, 21, 6).truth
    assert list(rows) == list(INTENT)
    steps, fades, reported = (rows[n] for n in ("intent_steps", "intent_fades", REPORTED))
    assert steps.scores == score(dict.fromkeys(truth.caused, 2.0), truth)
    assert reported.scores == score(dict.fromkeys(truth.caused, 1.0), truth)
    assert "purchases 1.50" in fades.alarms[0]
    assert reported.alarms[0].startswith("fades was left out")
    assert reported.alarms[1] == "aimed at people who buy anyway: display"
    assert len(reported.tested) == 2
    assert reported.seconds == 1  # from one look at the clock to the next


def test_what_no_form_stands_behind_is_a_refusal(monkeypatch):
    bad = replace(TwoForms.good, purchases=0.5)
    monkeypatch.setattr(evaluate, "ReportedModel", type("Bad", (TwoForms,), {"good": bad}))
    (row,) = judge((LIVELY,), (REPORTED,), 200, 21, (6,))
    assert "believe none" in row.refusal
    assert isnan(row.scores.wmape)


def test_an_incremental_model_that_has_nothing_to_learn_from_refuses():
    nobody_buys = replace(TRACKED, hazard=0.0)
    for row in judge((nobody_buys,), (*INCREMENTAL, *INTENT), 60, 14):
        assert "it got 0 " in row.refusal
        assert isnan(row.scores.wmape)
    assert "it got 0 with and" in alarms(nobody_buys, 60, 14)[0]
