"""What is reported as caused: the agreement of several intent models, and what it rests on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from models.base import Unfit
from models.evaluate import lives
from models.incremental import BASELINE
from models.intent_days import histories
from models.intent_gates import IntentGates
from models.observed import observe
from models.person_days import DAY
from models.reported import ReportedModel, Said, agreed
from models.simulate import Truth, simulate
from models.tested import corrected, lift_tests
from models.unasked import unasked
from models.worlds import TRACKED

LIVELY = replace(TRACKED, hazard=0.01)
GOOD = IntentGates(True, 1.0, {"a": 1.0}, {"a": 0.0}, {"a": 0.5}, {"a": 0.0})
BAD = replace(GOOD, touches={"a": 1.3})
ONE = {"a": 5.0, "b": 1.0, BASELINE: 90.0}
OTHER = {"a": 3.0, "b": 2.0, BASELINE: 92.0}
TRUTH = Truth(5000, 0, 4000, 0, {"a": 600.0, "b": 300.0, "c": 100.0}, {}, ())


def told(one=GOOD, other=GOOD, likelier=0.0):
    return {"one": Said(ONE, one, -1000.0 + likelier), "other": Said(OTHER, other, -1000.0)}


def test_each_channel_is_given_the_least_over_models_that_are_like_the_data():
    both = agreed(told(), 100.0)
    assert both.caused == {"a": 3.0, "b": 1.0, BASELINE: 92.0}
    assert both.band == {"a": (3.0, 5.0), "b": (1.0, 2.0)}
    assert both.kept == ("one", "other")
    assert both.alarms == ()
    alone = agreed(told(other=BAD), 100.0)
    assert alone.caused == ONE
    assert alone.alarms == (
        "other was left out: run on its own, the model makes other numbers than were seen, as a "
        "ratio: a 1.30",
    )


def test_every_form_is_learned_and_the_answer_is_in_their_band_whatever_the_workers():
    world = replace(TRACKED, hazard=0.03)
    data = lives(observe(simulate(world, 300, 14, 3)), world, 14)
    model = ReportedModel(early=2, passes=2).fit(data)
    assert list(model.said_) == list(model.models_) == ["steps", "alike", "fades"]
    assert not model.models_["alike"].parameters_.buys_class.any()
    assert model.models_["steps"].parameters_.buys_class.any()
    kept = model.agreed_.kept or tuple(model.said_)
    for name, (low, high) in model.agreed_.band.items():
        told = [model.said_[one].caused[name] for one in kept]
        assert (low, high) == (min(told), max(told))
        assert model.agreed_.caused[name] == low
    assert set(model.agreed_.band) == set(world.switchable)
    alone = ReportedModel(early=2, passes=2, workers=1).fit(data)
    assert alone.agreed_ == model.agreed_


def test_a_model_that_is_clearly_less_likely_is_left_out():
    assert agreed(told(likelier=1.0), 100.0).kept == ("one", "other")
    alone = agreed(told(likelier=9.0), 100.0)
    assert alone.caused == ONE
    assert alone.alarms == ("other was left out: others are likelier",)


def test_an_answer_that_no_model_stands_behind_is_refused():
    none = agreed(told(BAD, BAD), 100.0)
    assert none.is_refused
    assert "believe none" in none.alarms[0]
    model = ReportedModel()
    model.agreed_ = none
    with pytest.raises(Unfit, match="believe none"):
        model.caused()


def test_alarms_of_the_models_that_count_are_told_once():
    aimed = replace(GOOD, targeting={"a": 0.9})
    assert agreed(told(aimed, aimed), 100.0).alarms == ("aimed at people who buy anyway: a",)


def test_all_who_buy_are_looked_at_and_some_others_stand_for_the_rest():
    seen = observe(simulate(LIVELY, 900, 21, 3))
    whole = lives(seen, LIVELY, 21)
    first, causes = seen.ends_at // DAY - 21, list(LIVELY.switchable)
    some = histories(
        seen.people, seen.touches, seen.conversions, causes, ["display"], first, 21, others=100
    )
    buyers = len(set(seen.conversions["identifier"].to_pylist()))
    assert [block.size for block in some.blocks] == [buyers, 100]
    assert sum(block.size * block.weight for block in some.blocks) == pytest.approx(900)
    assert sum(b.bought.sum() for b in some.blocks) == sum(b.bought.sum() for b in whole.blocks)
    assert all((block.bought.sum(axis=0) > 0).all() for block in some.blocks[:1])
    with pytest.raises(ValueError, match="others=0; expected 1 or more"):
        histories(seen.people, seen.touches, seen.conversions, causes, [], first, 21, others=0)


def test_channels_that_follow_intent_do_not_come_unasked():
    seen = observe(simulate(TRACKED, 4000, 35, 3))
    causes = list(TRACKED.switchable)
    found = unasked(seen.people, seen.touches, causes, 35)
    assert {"display", "social", "email"} <= set(found)
    assert not {"generic_search", "brand_search", "affiliate"} & set(found)
    ads = seen.touches.filter(pa.array(seen.touches["channel"].to_numpy() != "direct"))
    assert unasked(seen.people, ads, causes, 35) == causes


def test_exact_tests_of_every_channel_leave_little_of_a_wrong_estimate():
    given = {"a": 1200.0, "b": 90.0, "c": 100.0}
    tests = lift_tests(TRUTH, ["a", "b"], 60_000, 70, 1, arm=10**9)
    found = corrected(given, tests)
    assert found["a"] == pytest.approx(600, rel=0.05)
    assert found["b"] == pytest.approx(300, rel=0.05)
    assert found["c"] > 0


def test_a_test_is_as_wrong_as_its_arms_are_small():
    error = lift_tests(TRUTH, ["a"], 60_000, 70, 1)[0].standard_error
    larger = lift_tests(TRUTH, ["a"], 60_000, 70, 1, arm=800_000)[0].standard_error
    assert error == pytest.approx(2 * larger)
    luck = [
        (lift_tests(TRUTH, ["a"], 60_000, 70, seed)[0].estimate - 600) / error
        for seed in range(200)
    ]
    assert np.mean(luck) == pytest.approx(0, abs=0.2)
    assert np.std(luck) == pytest.approx(1, abs=0.15)


def test_a_tested_channel_that_was_given_nothing_has_its_estimate():
    (test,) = lift_tests(TRUTH, ["b"], 60_000, 70, 1)
    found = corrected({"a": 600.0, "b": 0.0, "c": 100.0}, [test])
    assert found["b"] == test.estimate > 0
    assert found["a"] == pytest.approx(600, rel=0.02)
