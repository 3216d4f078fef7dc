"""Worlds: reproducible, their truth what a plain loop over people and days finds."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log1p

import numpy as np
import pytest

from models.simulate import simulate, worth
from models.world_days import RECENT_DAYS, SEGMENTS, STAYS, WEEKDAYS, draws, resting, traits
from models.worlds import TRACKED, WORLDS, Channel, World, changed

SIZE = {"people": 300, "days": 35, "seed": 7}
LIVELY = {
    name: replace(world, hazard=20 * world.hazard, additive=10 * world.additive)
    for name, world in WORLDS.items()
}


@pytest.fixture(scope="module", params=WORLDS)
def world(request):
    return LIVELY[request.param]


@pytest.fixture(scope="module")
def simulation(world):
    return simulate(world, **SIZE)


def sat(exposure):
    return exposure / (1 + exposure)


class Loop:
    """One person of a world, told in plain Python."""

    def __init__(self, world, seed, person, luck, off):
        self.world, self.off, self.person, self.luck = world, off, person, luck
        self.traits = traits(seed, 0, person + 1)
        self.propensity = self.traits.propensity[person]
        self.loyal = float(self.traits.is_loyal[person])
        self.rests = resting(world, seed, len(luck))

    def live(self):
        """Cents of each purchase, and touches as (day, channel)."""
        propensity, loyal = self.propensity, self.loyal
        intent, visited, sold, touches = 0.0, -100, [], []
        exposure = dict.fromkeys(self.world.names, 0.0)
        for day, luck in enumerate(self.luck):
            intent = self.moved(intent, day, exposure, luck)
            today = self.met(day, luck, intent, day - visited <= RECENT_DAYS)
            for channel in self.world.channels:
                exposure[channel.name] *= exp(-1 / channel.fades_days)
                exposure[channel.name] += channel in today
            if any(channel.is_visit for channel in today):
                visited = day
            hazard = self.hazard(intent, exposure, propensity, loyal)
            if luck.buy[self.person] < 1 - exp(-hazard):
                sold.append(int(worth(self.world, luck)[self.person]))
                intent = 0.0
                if visited < day and luck.come[self.person] < self.world.comes_to_buy:
                    direct = [c for c in self.world.channels if not c.is_switchable]
                    today += [c for c in direct if c not in today]
                    visited = day
            touches += [(day, channel.name) for channel in today]
        return sold, touches

    def met(self, day, luck, intent, is_recent):
        i, found = self.person, []
        for c, channel in enumerate(self.world.channels):
            log = channel.on_propensity * self.propensity + channel.on_loyalty * self.loyal
            log += channel.on_intent * intent + channel.after_visit * is_recent
            chance = min(channel.rate * self.traits.activity[i] * exp(log), 0.9)
            is_there = not self.rests[day // 7, c, self.traits.region[i]]
            if is_there and channel.name not in self.off and luck.touch[c, i] < chance:
                found.append(channel)
        return found

    def moved(self, intent, day, exposure, luck):
        log = self.world.moves_on_propensity * self.propensity + WEEKDAYS[day % 7]
        log += SEGMENTS[self.traits.segment[self.person]]
        log += sum(c.upstream * sat(exposure[c.name]) for c in self.world.channels)
        factor, move, leap = exp(log), luck.move[self.person], luck.leap[self.person]
        up_0, up_1, down_1, down_2 = self.world.moves
        if self.world.is_continuous:
            return STAYS * intent + (-log1p(-leap) if move < min(up_0 * factor, 0.9) else 0.0)
        up = min((up_0 if intent < 1 else up_1) * factor, 0.6)
        down = down_1 if intent < 2 else down_2
        return intent + (intent < 2 and move < up) - (intent > 0 and move > 1 - down)

    def hazard(self, intent, exposure, propensity, loyal):
        world = self.world
        own = world.on_intent * intent + world.on_propensity * propensity
        own = world.hazard * exp(own + world.on_loyalty * loyal)
        ads = sum(c.effect * sat(exposure[c.name]) for c in world.channels)
        if world.synergy:
            ads += (
                world.synergy[2] * sat(exposure[world.synergy[0]]) * sat(exposure[world.synergy[1]])
            )
        return own + world.additive * ads if world.additive else own * exp(ads)


@pytest.mark.parametrize("name", ["everything", "additive", "placebo"])
def test_the_truth_is_what_a_plain_loop_over_people_and_days_finds(name):
    world, people, days, seed = LIVELY[name], 80, 28, 3
    world = replace(world, hazard=3 * world.hazard)
    found = simulate(world, people, days, seed)
    luck = [draws(seed, 0, day, len(world.channels), people) for day in range(days)]

    def loops(*off):
        return [Loop(world, seed, person, luck, off).live() for person in range(people)]

    def sales(told):
        return np.array([cents for sold, _ in told for cents in sold])

    whole, none = loops(), sales(loops(*world.switchable))
    assert found.truth.conversions == len(sales(whole)) > 50
    assert found.truth.value == pytest.approx(sales(whole).sum() / 100)
    assert found.truth.baseline == len(none)
    assert found.truth.baseline_value == pytest.approx(none.sum() / 100)
    for channel in world.switchable:
        without = sales(loops(channel))
        assert found.truth.caused[channel] == len(sales(whole)) - len(without), channel
        lost = (sales(whole).sum() - without.sum()) / 100
        assert found.truth.caused_value[channel] == pytest.approx(lost)
    assert sum(caused > 0 for caused in found.truth.caused.values()) >= 2
    touches = [(p, c) for p, (_, met) in enumerate(whole) for _, c in met]
    seen = zip(found.touches["person"].to_pylist(), found.touches["channel"].to_pylist(),
               strict=True)  # fmt: skip
    assert sorted(seen) == sorted(touches)


def test_the_same_seed_makes_the_same_world(world, simulation):
    again = simulate(world, **SIZE)
    assert again.truth == simulation.truth
    assert again.touches.equals(simulation.touches)
    assert again.conversions.equals(simulation.conversions)


def test_another_seed_makes_another_world(world, simulation):
    assert not simulate(world, **SIZE | {"seed": 8}).touches.equals(simulation.touches)


def test_worlds_differ():
    told = [
        (simulation.truth.conversions, simulation.touches.num_rows, world.fragmented)
        for world in LIVELY.values()
        for simulation in [simulate(world, **SIZE)]
    ]
    assert len(set(told)) == len(LIVELY) >= 10


def test_a_placebo_causes_exactly_nothing_and_other_channels_something(world, simulation):
    truth = simulation.truth
    assert truth.placebos
    assert {truth.caused[name] for name in truth.placebos} == {0.0}
    assert {truth.caused_value[name] for name in truth.placebos} == {0.0}
    assert truth.baseline < truth.conversions
    assert set(truth.caused) == set(world.switchable)
    met = set(simulation.touches["channel"].to_pylist())
    assert met == set(world.names), "every channel, placebos too, reaches people"


def test_the_first_people_of_a_larger_world_are_those_of_a_smaller_one(world, simulation):
    larger = simulate(world, **SIZE | {"people": 400})
    first = larger.touches.filter(larger.touches["person"].to_numpy() < 300)
    assert first.equals(simulation.touches)


def test_people_beyond_a_block_are_others():
    both = simulate(LIVELY["tracked"], people=4096 + 50, days=3)
    assert both.people["person"].to_pylist() == list(range(4096 + 50))
    first, second = (both.people.slice(start, 50).drop(["person"]) for start in (0, 4096))
    assert not first.equals(second)


def test_touches_come_before_the_purchase_of_their_day_and_days_lie_in_the_world(simulation):
    start, day = 20_094 * 86_400_000_000, 86_400_000_000
    at = simulation.touches["touched_at"].cast("int64").to_numpy() - start
    sold = simulation.conversions["converted_at"].cast("int64").to_numpy() - start
    assert at.min() >= 0
    assert max(at.max(), sold.max()) < SIZE["days"] * day == simulation.ends_at - start
    assert (at % day).max() < 0.9 * day <= (sold % day).min()


def test_where_all_come_to_buy_nobody_buys_without_a_visit_on_that_day():
    simulation = simulate(replace(LIVELY["tracked"], comes_to_buy=1.0), **SIZE)
    visits = {c.name for c in simulation.world.channels if c.is_visit}
    came = {
        (row["person"], row["touched_at"].date())
        for row in simulation.touches.to_pylist()
        if row["channel"] in visits and row["pages"] > 0
    }
    sold = {(r["person"], r["converted_at"].date()) for r in simulation.conversions.to_pylist()}
    assert sold
    assert sold <= came


def test_an_upstream_effect_sells_without_touching_the_chance_to_buy():
    none = dict.fromkeys(("effect", "upstream"), 0.0)
    quiet = changed(LIVELY["upstream"], **dict.fromkeys(TRACKED.switchable, none))
    told = simulate(changed(quiet, display={"upstream": 2.0}), 1000, 35, 1).truth.caused
    assert told.pop("display") > 0
    assert set(told.values()) == {0.0}


def test_what_channels_cause_together_is_shared_in_proportion(simulation):
    truth = simulation.truth
    shared = truth.shared()
    assert sum(shared.values()) == pytest.approx(truth.conversions - truth.baseline)
    assert {name: s > 0 for name, s in shared.items()} == {
        n: c > 0 for n, c in truth.caused.items()
    }


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="people=0; a world needs 1 or more"):
        simulate(TRACKED, 0)
    with pytest.raises(ValueError, match=r"\['radio'\] are no channels of tracked"):
        changed(TRACKED, radio={"rate": 0.1})


def test_a_world_of_ones_own_needs_two_channels_only():
    own = World("own", "nothing", (
        Channel("radio", 0.3, effect=1.0),
        Channel("direct", 0.02, is_visit=True, is_switchable=False),
    ), hazard=0.01)  # fmt: skip
    truth = simulate(own, 500).truth
    assert list(truth.caused) == ["radio"]
    assert truth.caused["radio"] == truth.conversions - truth.baseline > 0
