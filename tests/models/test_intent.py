"""The intent model: what it recovers in worlds of its own kind, and the gates in others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.base import Unfit
from models.evaluate import lives
from models.incremental import BASELINE
from models.intent import IntentModel, came, shares_lost, starting
from models.intent_gates import PLACEBO, IntentGates, intent_gates, shuffled
from models.intent_learn import Plan, added, improved
from models.intent_off import Forward
from models.intent_steps import expected
from models.observed import observe
from models.simulate import simulate
from models.worlds import Channel, World

CHANCE = World("chance", "nothing", (
    Channel("display", 0.08, effect=1.5, fades_days=4, rests=0.3),
    Channel("brand_search", 0.01, on_intent=1.8, is_visit=True),
    Channel("direct", 0.02, on_intent=1.4, is_visit=True, is_switchable=False),
), hazard=0.002, on_intent=1.8)  # fmt: skip


def world(people=4000, days=42, seed=4, of=CHANCE):
    simulation = simulate(of, people, days, seed)
    seen = observe(simulation)
    return simulation.truth, seen, lives(seen, of, days)


@pytest.fixture(scope="module")
def found():
    truth, seen, data = world()
    model = IntentModel(states=3, classes=2, passes=8, early=6, frozen=5).fit(data)
    return model, data, truth, seen, model.run(data)


def test_what_follows_intent_is_told_from_what_makes_people_buy(found):
    _, data, truth, _, run = found
    caused = shares_lost(run, data)
    assert truth.caused["display"] > 200
    assert caused["display"] == pytest.approx(truth.caused["display"], rel=0.3)
    assert truth.caused["brand_search"] == 0
    assert caused["brand_search"] < 0.25 * truth.caused["display"]
    assert caused[BASELINE] == pytest.approx(truth.baseline, rel=0.15)


def test_the_log_likelihood_never_falls(found):
    passes = found[0].log_likelihoods_
    assert len(passes) > 8
    assert (np.diff(passes) >= 0).all()
    assert passes[-1] - passes[0] > 100


def test_intent_is_found_to_rise_in_the_order_of_states(found):
    at = found[0].parameters_
    assert (np.diff(at.buys) > 0.5).all()
    assert (np.diff(at.by_state[1]) > 0).all(), "brand search follows intent"
    assert at.by_state[0] == pytest.approx(np.ones(3), abs=0.4), "display does not"
    assert at.mix.sum(axis=1) == pytest.approx(np.ones(len(at.mix)))
    assert at.pages.sum(axis=0) == pytest.approx(np.ones(3))
    assert (at.buys_slopes[:4] >= 0).all()


def test_the_running_model_makes_what_was_seen_and_names_what_follows_intent(found):
    model, data, _, _, run = found
    gates = intent_gates(model, data, run)
    assert gates.alarms() == [
        "met with intent, so that only a lift test can tell for sure: brand_search"
    ]
    assert gates.is_like_the_data
    assert set(gates.touches) == {"display", "brand_search", "direct"}
    assert 0.3 < gates.overlap["display"] < 0.9
    assert 0 <= gates.placebo < 0.05


def test_several_orders_on_a_day_are_one_day_to_a_model_that_buys_once_a_day(found):
    model, data, _, _, run = found
    twice = tuple(replace(block, bought=block.bought * 2) for block in data.blocks)
    assert intent_gates(model, replace(data, blocks=twice), run) == intent_gates(model, data, run)


def test_a_model_of_another_world_does_not_pass_for_this_one(found):
    model, data, *_ = found
    other = IntentModel().set_params(**model.get_params())
    other.log_likelihoods_, other.came_ = [-2.0, -1.0], model.came_
    other.parameters_ = replace(model.parameters_, by_kind=model.parameters_.by_kind * 1.5)
    gates = intent_gates(other, data)
    assert not gates.is_like_the_data
    assert "makes other numbers than were seen" in gates.alarms()[0]


def test_the_same_seed_gives_the_same_run_and_a_channel_off_has_no_touches(found):
    model, data, _, _, run = found
    again = model.run(data)
    assert (again.purchases == run.purchases).all()
    assert (again.touches == run.touches).all()
    assert run.touches[1, 0] == run.touches[3, 0] == run.touches[2, 1] == run.touches[3, 1] == 0
    assert run.touches[2, 0] == pytest.approx(run.touches[0, 0], rel=0.02)
    assert run.purchases[1] < run.purchases[0]


def test_effects_are_nothing_while_they_are_frozen():
    _, _, data = world(600, 28)
    start = starting(data, 3, 2)
    counts = added(expected(block, data.layout, start) for block in data.blocks)
    plan = Plan(True, 1, 1, 0.0, 1.0)
    frozen = improved(counts, data.layout, start, plan, True)
    free = improved(counts, data.layout, start, plan, False)
    assert (frozen.buys_slopes[:4] == 0).all()
    assert free.buys_slopes[:4].max() > 0
    assert frozen.buys_class.any()
    plain = improved(counts, data.layout, start, replace(plan, persons=False), False)
    assert not plain.buys_class.any()


def test_every_gate_speaks_for_itself():
    good = IntentGates(True, 1.0, {"a": 1.0}, {"a": 0.0}, {"a": 0.5}, {"a": 0.0})
    assert good.alarms() == []
    for change, words in (
        ({"rises": False}, "the log likelihood fell"),
        ({"purchases": 0.85}, "purchases 0.85"),
        ({"touches": {"a": 1.2}}, "a 1.20"),
        ({"targeting": {"a": 0.6}}, "aimed at people who buy anyway: a"),
        ({"overlap": {"a": 0.001}}, "too few days with or without a touch: a"),
        ({"follows": {"a": 3.5}}, "only a lift test can tell for sure: a"),
        ({"placebo": 0.06}, "touches of other people are given 6.0%"),
    ):
        (said,) = replace(good, **change).alarms()
        assert words in said


def test_intent_that_fades_starts_with_leaps_and_falls_nearly_every_day():
    _, _, data = world(600, 14)
    at = starting(data, 9, 2, fades=True)
    assert (at.falls == 0.95).all()
    assert at.rise_to.sum(axis=1) == pytest.approx(np.ones(8))
    assert at.fall_to[-1].argmax() == 6, "most of intent is left on the next day"
    assert at.rise_to[0, 8] > starting(data, 9, 2).rise_to[0, 8], "leaps may be long"
    assert (np.diff(at.buys) > 0).all()


def test_shuffled_touches_are_as_many_on_the_same_days_of_other_people(found):
    seen = found[3]
    both = shuffled(seen.people, seen.touches, "display")
    copied = both.filter(both["channel"].to_numpy() == PLACEBO)
    source = seen.touches.filter(seen.touches["channel"].to_numpy() == "display")
    assert sorted(copied["touched_at"].to_pylist()) == sorted(source["touched_at"].to_pylist())
    pairs = [set(zip(*(t[n].to_pylist() for n in ("identifier", "touched_at")), strict=True))
             for t in (copied, source)]  # fmt: skip
    assert len(pairs[0] & pairs[1]) < 0.01 * len(pairs[0])
    assert both.num_rows == seen.touches.num_rows + source.num_rows


def test_lost_purchases_are_told_on_the_scale_of_those_seen():
    _, _, data = world(600, 14)
    sold = sum(block.bought.sum() for block in data.blocks)
    lost = shares_lost(Forward(np.array([200.0, 150.0, 190.0, 140.0]), np.zeros((4, 3))), data)
    expected_lost = {"display": 0.25, "brand_search": 0.05, BASELINE: 0.7}
    assert lost == pytest.approx({name: share * sold for name, share in expected_lost.items()})
    assert 0 < came(data) < 1


def test_too_few_purchases_and_senseless_parameters_are_refused():
    _, _, data = world(60, 14, of=replace(CHANCE, hazard=1e-9))
    with pytest.raises(Unfit, match="it got 0 purchases"):
        IntentModel().fit(data)
    with pytest.raises(ValueError, match="states=1; expected 2 or more"):
        IntentModel(states=1).fit(data)
