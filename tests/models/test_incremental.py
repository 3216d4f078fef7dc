"""The hazard logit: its split, what it recovers where it can, and the gates where it cannot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from models.base import Unfit
from models.incremental import BASELINE, Gates, HazardLogit, gates
from models.observed import observe
from models.person_days import Sample, person_days
from models.simulate import FIRST_DAY, simulate
from models.worlds import Channel, World

CHANCE = World("chance", "nothing", (
    Channel("display", 0.08, effect=2.0, fades_days=4, rests=0.3),
    Channel("social", 0.08, fades_days=4, rests=0.3),
    Channel("direct", 0.03, is_visit=True, is_switchable=False),
), hazard=0.004, on_intent=0.5)  # fmt: skip
AIMED = replace(
    CHANCE, name="aimed", on_propensity=1.0,
    channels=(replace(CHANCE.channels[0], effect=0.0, on_propensity=0.8), *CHANCE.channels[1:]),
)  # fmt: skip


def panel(world, people=5000, seed=4):
    simulation = simulate(world, people, 56, seed)
    seen, channels = observe(simulation), list(world.switchable)
    days = person_days(
        seen.people, seen.touches, seen.conversions, channels, Sample(FIRST_DAY, 56, 0.1)
    )
    return days, simulation.truth


@pytest.fixture(scope="module")
def chance():
    days, truth = panel(CHANCE)
    return HazardLogit().fit(days), days, truth


@pytest.fixture(scope="module")
def aimed():
    days, truth = panel(AIMED)
    return HazardLogit().fit(days), days, truth


def test_ads_shown_by_chance_are_given_what_they_caused(chance):
    model, days, truth = chance
    found = model.caused(days)
    assert truth.caused["display"] > 300
    assert found["display"] == pytest.approx(truth.caused["display"], rel=0.15)
    assert found["social"] < 0.06 * truth.caused["display"]
    assert found[BASELINE] == pytest.approx(truth.baseline, rel=0.1)


def test_each_purchase_is_split_into_channels_and_a_baseline_that_sum_to_1(chance):
    model, days, truth = chance
    split = model.split(days)
    assert len(split) == days.bought.sum() <= truth.conversions
    assert split.sum(axis=1) == pytest.approx(np.ones(len(split)))
    assert (split >= 0).all()
    untouched = (days.exposure[days.bought] == 0).all(axis=(1, 2))
    assert untouched.any()
    assert (split[untouched, -1] == 1).all()


def test_the_split_is_the_integral_along_the_way_from_no_ads_to_these(chance):
    model, days, _ = chance
    added = (days.exposure[days.bought] * model.effects_).sum(axis=2)
    for one, row in list(zip(added, model.split(days), strict=True))[:20]:
        whole, _ = quad(lambda way, x=one: np.exp((way - 1) * x.sum()), 0, 1)
        assert row[:-1] == pytest.approx(one * whole, abs=1e-9)


def test_the_log_likelihood_never_falls_and_its_end_is_a_maximum(chance):
    model, days, _ = chance
    assert len(model.log_likelihoods_) > 5
    assert (np.diff(model.log_likelihoods_) >= 0).all()
    chances = model.chances(days)
    assert days.weight @ chances == pytest.approx(days.bought.sum(), rel=0.01)
    score = ((days.bought - chances) * days.weight) @ days.exposure[:, 0]
    assert np.abs(score).max() < 0.05 * (days.weight * chances) @ days.exposure[:, 0].max(axis=1)


def test_the_order_of_channels_does_not_matter(chance):
    model, days, _ = chance
    turned = replace(
        days, channels=days.channels[::-1], exposure=days.exposure[:, ::-1],
        totals=days.totals[:, ::-1],
    )  # fmt: skip
    again = HazardLogit().fit(turned).caused(turned)
    assert {name: again[name] for name in model.caused(days)} == pytest.approx(
        model.caused(days), abs=1
    )


def test_ads_shown_by_chance_raise_no_alarm(chance):
    model, days, _ = chance
    found = gates(model, days)
    assert found.alarms() == []
    assert found.gain > 0.01
    assert 0.3 < found.overlap["display"] < 0.8


def test_hidden_aims_raise_the_alarm_for_the_channel_aimed_and_for_no_other(aimed):
    model, days, truth = aimed
    assert truth.caused["display"] == 0
    assert model.caused(days)["display"] > 50, "without totals, aim is taken for effect"
    assert "aimed at people who buy anyway: display" in gates(model, days).alarms()


def test_own_totals_take_most_of_the_aim_off(aimed):
    model, days, _ = aimed
    with_totals = HazardLogit(totals=("display", "social", "radio")).fit(days)
    assert with_totals.caused(days)["display"] < 0.5 * model.caused(days)["display"]


def test_every_gate_speaks_for_itself():
    good = Gates(True, 0.1, 1.0, 0.0, {"a": 0.0}, {"a": 0.5})
    assert good.alarms() == []
    for change, words in (
        ({"rises": False}, "the log likelihood fell"),
        ({"gain": 0.0}, "says nothing"),
        ({"forecast_ratio": 1.2}, "foretold 1.20 times"),
        ({"placebo_share": 0.1}, "shuffled touches are given 10.0%"),
        ({"targeting": {"a": 0.5}}, "aimed at people who buy anyway: a"),
        ({"overlap": {"a": 0.001}}, "too few days with or without a touch: a"),
    ):
        (said,) = replace(good, **change).alarms()
        assert words in said


def test_too_few_purchases_are_refused(chance):
    _, days, _ = chance
    with pytest.raises(Unfit, match="it got 0 with and"):
        HazardLogit().fit(days.where(~days.bought))
    with pytest.raises(ValueError, match="ridge=0; expected above 0"):
        HazardLogit(ridge=0).fit(days)
