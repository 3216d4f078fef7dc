"""What is seen of a world, and the paths made of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest

from models.observed import observe, paths
from models.registry import MODELS, make
from models.simulate import simulate
from models.worlds import TRACKED

LIVELY = replace(TRACKED, hazard=0.01)


@pytest.fixture(scope="module")
def simulation():
    return simulate(LIVELY, 400, 35, 5)


def by_hand(simulation, lookback):
    """Converted and lost paths, person by person in plain Python."""
    end = pa.scalar(simulation.ends_at, pa.timestamp("us", "UTC")).as_py()
    converted, lost = [], []
    touches, sales = simulation.touches.to_pylist(), simulation.conversions.to_pylist()
    for person in range(simulation.people.num_rows):
        mine = [t for t in touches if t["person"] == person]
        since = None
        for sale in [s for s in sales if s["person"] == person] + [None]:
            at = sale["converted_at"] if sale else end
            led = [
                t["channel"]
                for t in mine
                if (since is None or t["touched_at"] > since)
                and at - timedelta(days=lookback) <= t["touched_at"] <= at
            ]
            since = at
            if sale:
                converted.append((led, at, sale["value"]))
            elif led:
                lost.append((led, at, 0.0))
    return converted + lost


@pytest.mark.parametrize("lookback", [7, 30])
def test_paths_are_what_one_cuts_by_hand(simulation, lookback):
    made = paths(observe(simulation), lookback)
    rows = [(r["channels"], r["ended_at"], r["value"]) for r in made.to_pylist()]
    assert rows == by_hand(simulation, lookback)
    assert sum(made["is_converted"].to_pylist()) == simulation.truth.conversions


@pytest.mark.parametrize("name", MODELS)
def test_every_model_accepts_simulated_paths(simulation, name):
    made = paths(observe(simulation))
    won = made.filter(made["is_converted"])
    touched = sum(len(channels) > 0 for channels in won["channels"].to_pylist())
    credit = make(name).fit(made).attribute(won)["credit"].to_pylist()
    assert sum(credit) == pytest.approx(touched)
    assert touched > simulation.truth.conversions / 2


def test_a_whole_person_has_one_identifier_and_a_split_one_two(simulation):
    whole = observe(simulation)
    assert set(whole.touches["identifier"].to_numpy() % 2) == {0}
    half = observe(replace(simulation, world=replace(LIVELY, fragmented=0.5)))
    seen = set(half.touches["identifier"].to_pylist())
    twice = {number // 2 for number in seen if number % 2} & {n // 2 for n in seen if not n % 2}
    assert 100 < len(twice) < 240
    assert half.touches.num_rows == whole.touches.num_rows
    assert paths(half).num_rows > paths(whole).num_rows


def test_lost_direct_visits_are_the_only_touches_lost(simulation):
    whole = observe(simulation).touches["channel"].to_pylist()
    told = observe(replace(simulation, world=replace(LIVELY, lost_direct=0.5)))
    seen = told.touches["channel"].to_pylist()
    assert 0.3 * whole.count("direct") < seen.count("direct") < 0.7 * whole.count("direct")
    others = [sum(name != "direct" for name in names) for names in (whole, seen)]
    assert others[0] == others[1]
    assert sum(paths(told)["is_converted"].to_pylist()) == simulation.truth.conversions


def test_a_world_in_which_nobody_buys_has_lost_paths_only():
    quiet = simulate(replace(TRACKED, hazard=0.0), 50, 14)
    made = paths(observe(quiet))
    assert quiet.truth.conversions == 0
    assert not any(made["is_converted"].to_pylist())
    assert made.num_rows > 10


def test_a_world_in_which_nobody_is_met_has_purchases_without_touches():
    world = replace(
        LIVELY, channels=tuple(replace(c, rate=0.0) for c in LIVELY.channels), lost_direct=1.0
    )
    made = paths(observe(simulate(world, 100, 14)))
    assert made.num_rows > 0
    assert all(made["is_converted"].to_pylist())
    assert set(map(tuple, made["channels"].to_pylist())) == {()}
