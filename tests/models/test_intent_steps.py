"""Expected counts of the intent model, against sums over all that could have been."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from models.evaluate import lives
from models.intent import starting
from models.intent_chain import moved, reset, rising
from models.intent_days import Histories
from models.intent_learn import added
from models.intent_off import forward
from models.intent_parameters import Parameters, odds
from models.intent_steps import (
    _evidence,
    classes_of,
    expected,
    purchases_due,
)
from models.observed import observe
from models.simulate import simulate
from models.worlds import TRACKED

LIVELY = replace(TRACKED, hazard=0.01)


def small(people: int, days: int) -> Histories:
    """Blocks in double precision, so that small differences can be told."""
    data = lives(observe(simulate(LIVELY, people, days, 3)), LIVELY, days)
    exact = [
        replace(block, effects=block.effects.astype(float), moves=block.moves.astype(float))
        for block in data.blocks
    ]
    return replace(data, blocks=tuple(exact))


def stirred(data: Histories) -> Parameters:
    """Parameters of which none is 0 or like another."""
    at, rng = starting(data, 3, 2), np.random.default_rng(1)
    return replace(
        at, buys_slopes=rng.uniform(0.1, 0.4, at.buys_slopes.size),
        rises_slopes=rng.uniform(-0.2, 0.4, at.rises_slopes.size),
        buys_class=np.array([-0.3, 0.2]), rises_class=np.array([0.1, -0.2]),
        rises=np.array([-2.5, -1.5]), falls=np.array([0.15, 0.3]),
        mix=rng.dirichlet(np.ones(2), len(at.mix)),
        by_kind=rng.uniform(0.01, 0.1, at.by_kind.shape),
    )  # fmt: skip


def by_enumeration(data: Histories, at: Parameters, person: int) -> tuple[float, np.ndarray]:
    """Likelihood of a person and the chances of classes, over every possible life."""
    block, (states, classes) = data.blocks[0], at.shape
    base = np.exp(block.effects.astype(float) @ at.buys_slopes)
    lift = np.exp(block.moves.astype(float) @ at.rises_slopes)[:, person]
    likely = np.exp(_evidence(block, data.layout, at, base)[:, :, person])
    likely = likely.reshape(len(lift), states, classes)
    start = odds(at).reshape(states - 1, classes)
    found = np.zeros(classes)
    for life in product(range(states), repeat=len(lift)):
        chance = at.start[life[0]] * at.mix[block.kind[person]] * likely[0, life[0]]
        for day in range(1, len(lift)):
            was = 0 if block.bought[day - 1, person] else life[day - 1]
            chance = chance * moved_by_hand(was, life[day], start * lift[day], at)
            chance = chance * likely[day, life[day]]
        found += chance
    return float(found.sum()), found / found.sum()


def moved_by_hand(was: int, now: int, ratio: np.ndarray, at: Parameters) -> np.ndarray:
    rise = ratio[was] / (1 + ratio[was]) if was < len(ratio) else np.zeros(ratio.shape[1])
    fall = (1 - rise) * at.falls[was - 1] if was else np.zeros(ratio.shape[1])
    if now > was:
        return rise * at.rise_to[was, now]
    return fall * at.fall_to[was - 1, now] if now < was else 1 - rise - fall


def test_the_likelihood_is_the_sum_over_all_possible_lives():
    data = small(40, 5)
    at, block = stirred(data), data.blocks[0]
    assert block.bought[:-1].sum() > 0, "somebody's intent is to begin anew"
    both = [by_enumeration(data, at, person) for person in range(40)]
    found = expected(block, data.layout, at)
    assert found["likelihood"] == pytest.approx(sum(np.log(one) for one, _ in both), rel=1e-6)
    by_class = np.array([share for _, share in both]).T
    assert classes_of(block, data.layout, at) == pytest.approx(by_class, abs=1e-6)


@pytest.mark.parametrize("name", ["buys", "buys_class", "buys_slopes", "rises", "rises_slopes"])
def test_scores_are_the_slopes_of_the_likelihood(name):
    data = small(300, 21)
    at, block = stirred(data), data.blocks[0]
    counts = expected(block, data.layout, at)
    states, classes = at.shape
    parts = {
        "buys": counts["score_buys"][: states * classes].reshape(states, -1).sum(axis=1),
        "buys_class": counts["score_buys"][: states * classes].reshape(states, -1).sum(axis=0),
        "buys_slopes": counts["score_buys"][states * classes :],
        "rises": counts["score_moves"][: 2 * classes].reshape(2, -1).sum(axis=1),
        "rises_slopes": counts["score_moves"][2 * classes :],
    }
    for place in range(min(len(parts[name]), 4)):
        ends = []
        for step in (-1e-3, 1e-3):
            value = getattr(at, name).copy()
            value[place] += step
            moved = replace(at, **{name: value})
            ends.append(float(expected(block, data.layout, moved)["likelihood"]))
        slope = (ends[1] - ends[0]) / 2e-3
        assert parts[name][place] == pytest.approx(slope, abs=0.02, rel=0.01)


def test_nobody_is_lost_on_the_way_to_the_next_day():
    rng = np.random.default_rng(0)
    chance = rng.dirichlet(np.ones(6), 50).T.reshape(3, 2, 50)
    bought = rng.random(50) < 0.3
    rises = rising(rng.random((2, 2, 1)), rng.random(50))
    after = moved(reset(chance, bought), rises, stirred(small(40, 5)))
    assert after.sum(axis=(0, 1)) == pytest.approx(np.ones(50))
    left = chance.sum(axis=0) * rises[0]  # who bought is at 0, and may rise from there
    assert after[1:].sum(axis=0)[:, bought] == pytest.approx(left[:, bought])
    assert (after >= 0).all()


def test_blocks_add_up_to_the_whole_in_any_order():
    data = small(2500, 7)
    at = stirred(data)
    assert len(data.blocks) == 2
    parts = [expected(block, data.layout, at) for block in data.blocks]
    one, other = added(parts), added(parts[::-1])
    assert one["start"].sum() == pytest.approx(2500)
    assert one["mix"].sum() == pytest.approx(2500)
    assert one["days"].sum() == pytest.approx(2500 * 7)
    for name in one:
        assert one[name] == pytest.approx(other[name], rel=1e-9)


def test_who_buys_anyway_buys_once_a_day_and_touches_add_nothing():
    data = small(200, 7)
    at, block = stirred(data), data.blocks[0]
    eager = replace(at, buys=np.full(3, 9.0))  # a mean of thousands: everybody buys every day
    due = purchases_due(block, data.layout, eager)
    assert due == pytest.approx(np.ones_like(due))
    run = forward(block, data.layout, eager, np.zeros(block.size, dtype=int), 0.3, [1])
    assert run.purchases == pytest.approx(np.full(len(run.purchases), block.bought.size))


def test_a_second_order_on_a_day_tells_nothing_more():
    data = small(300, 21)
    at, block = stirred(data), data.blocks[0]
    twice = replace(block, bought=block.bought * 2)
    once, again = (expected(one, data.layout, at) for one in (block, twice))
    for name in once:
        assert again[name] == pytest.approx(once[name]), name
