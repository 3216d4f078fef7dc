"""Additive hazards: known ones recovered, likelihood by quadrature, credit by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from scipy.integrate import quad

from models import hazard
from models.base import Unfit
from models.registry import make

START = datetime(2026, 1, 1, tzinfo=UTC)
INSTANT = pa.timestamp("us", "UTC")
Path = tuple[list[tuple[str, float]], float, bool]  # touches (channel, day), day it ended, won?


def table(paths: list[Path]) -> pa.Table:
    at = lambda day: START + timedelta(days=float(day))  # noqa: E731
    return pa.table({
        "channels": pa.array([[c for c, _ in touches] for touches, _, _ in paths],
                             pa.list_(pa.string())),
        "touched_at": pa.array([[at(day) for _, day in touches] for touches, _, _ in paths],
                               pa.list_(INSTANT)),
        "ended_at": pa.array([at(day) for _, day, _ in paths], INSTANT),
        "is_converted": pa.array([won for *_, won in paths], pa.bool_()),
    })  # fmt: skip


IMPACT, DECAY, BASELINE = {"a": 0.3, "b": 0.1, "z": 0.0}, {"a": 0.5, "b": 2.0, "z": 1.0}, 0.004


def world(seed: int, people: int, baseline: float = BASELINE) -> list[Path]:
    """People seen for 5 to 40 days who stop at their first conversion; times drawn exactly.

    A touch makes Poisson(impact) conversions, each Exponential(decay) later; the first counts.
    """
    random, paths = np.random.default_rng(seed), []
    for _ in range(people):
        until = random.uniform(5, 40)
        days = np.sort(random.uniform(0, until, random.integers(1, 5)))
        touches = [(random.choice(list(IMPACT)), day) for day in days]
        made = [days[0] + random.exponential(1 / baseline)] if baseline else []
        for channel, day in touches:
            later = random.exponential(1 / DECAY[channel], random.poisson(IMPACT[channel]))
            made += list(day + later)
        first = min(made, default=np.inf)
        seen = [touch for touch in touches if touch[1] <= first]
        paths.append((seen, min(first, until), bool(first <= until)))
    return paths


@pytest.fixture(scope="module")
def known():
    return make("additive_hazard").fit(table(world(1, 6_000)))


def test_known_impacts_decays_and_baseline_are_recovered(known):
    for channel in "ab":
        assert known.impact_[channel] == pytest.approx(IMPACT[channel], rel=0.12)
        assert known.decay_[channel] == pytest.approx(DECAY[channel], rel=0.15)
    assert known.impact_["z"] < 0.03
    assert known.baseline_ == pytest.approx(BASELINE, rel=0.3)


def test_without_a_baseline_touches_are_made_to_explain_it(known):
    paths = table(world(1, 6_000))
    model = make("additive_hazard", baseline=False).fit(paths)
    assert model.baseline_ == model.baseline_share_ == 0
    assert model.impact_["z"] > known.impact_["z"] + 0.02
    assert model.log_likelihood_ < known.log_likelihood_
    assert 0.1 < known.baseline_share_ < 0.5


def test_a_world_without_a_baseline_is_recovered_without_one():
    model = make("additive_hazard", baseline=False)
    model.fit(table(world(2, 4_000, baseline=0.0)))
    assert model.impact_["a"] == pytest.approx(0.3, rel=0.15)
    assert model.impact_["z"] < 0.03


@pytest.mark.parametrize("baseline", [True, False])
def test_the_log_likelihood_rises_at_every_pass(baseline):
    paths = table(world(3, 400))
    found = [
        make("additive_hazard", baseline=baseline, passes=n).fit(paths).log_likelihood_
        for n in range(1, 25)
    ]
    assert all(after >= before for before, after in pairwise(found))
    assert found[-1] > found[0]


def test_the_log_likelihood_is_that_of_the_hazard_integrated():
    paths = world(4, 40)
    start = make("additive_hazard", passes=1).fit(table(paths))
    won = sum(converted for *_, converted in paths)
    impact = won / len(paths)
    base = won / sum(ended - touches[0][1] for touches, ended, _ in paths) / 2
    rate = hazard._FIRST_DECAY

    def at(day, touches):
        return base + sum(
            impact * rate * np.exp(-rate * (day - when)) for _, when in touches if when <= day
        )

    expected = 0.0
    for touches, ended, converted in paths:
        cuts = [when for _, when in touches] + [ended]
        pieces = pairwise(cuts)
        expected -= sum(quad(at, a, b, args=(touches,))[0] for a, b in pieces if b > a)
        expected += np.log(at(ended, touches)) if converted else 0.0
    assert start.log_likelihood_ == pytest.approx(expected, rel=1e-4)


def test_credit_is_the_part_of_the_hazard_at_the_conversion(known):
    path = [([("a", 0.0), ("b", 1.0), ("a", 3.0)], 3.5, True)]
    parts = [
        known.impact_[c] * known.decay_[c] * np.exp(-known.decay_[c] * (3.5 - day))
        for c, day in path[0][0]
    ]
    credited = known.attribute(table(path))["credit"].to_numpy()
    assert credited == pytest.approx(np.array(parts) / sum(parts))


def test_touches_long_gone_still_share(known):
    path = [([("a", 0.0), ("a", 0.5)], 300_000.0, True)]
    shares = known.attribute(table(path))["credit"].to_numpy()
    assert shares[1] / shares[0] == pytest.approx(np.exp(known.decay_["a"] / 2))


def test_a_path_lost_sight_of_early_is_not_one_that_never_converts():
    """Watching half as long takes away conversions, and time at risk with them."""
    paths = world(5, 4_000)
    short = [
        (touches, min(ended, touches[-1][1] + 1.0), won and ended <= touches[-1][1] + 1.0)
        for touches, ended, won in paths
    ]
    long_, cut = (make("additive_hazard").fit(table(some)) for some in (paths, short))
    assert cut.impact_["b"] == pytest.approx(long_.impact_["b"], rel=0.25)
    rates = [sum(won for *_, won in some) for some in (paths, short)]
    assert rates[1] < 0.8 * rates[0]


def test_a_channel_only_touched_after_conversions_earns_nothing():
    """Its touches begin the next path, which ends lost: no conversion is near any of them."""
    paths = world(6, 500)
    receipts = [([("receipt", ended)], ended + 20, False) for _, ended, won in paths if won]
    model = make("additive_hazard").fit(table([*paths, *receipts]))
    assert model.impact_["receipt"] == 0
    shares = model.attribute(table([([("receipt", 0.0), ("a", 1.0)], 2.0, True)]))["credit"]
    assert shares.to_pylist() == [0, 1]


def test_times_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="row 1 has a touch after its end"):
        make("additive_hazard").fit(table([([("a", 0.0)], 1.0, True), ([("a", 2.0)], 1.0, False)]))
    with pytest.raises(ValueError, match="neither 'ended_at' nor 'converted_at'"):
        make("additive_hazard").fit(table(world(7, 5)).drop_columns(["ended_at"]))
    paths = table(world(7, 1))
    paths = paths.set_column(2, "ended_at", pa.array(["2026"]))
    with pytest.raises(ValueError, match="ended_at is string with 0 nulls; expected timestamp"):
        make("additive_hazard").fit(paths)


@pytest.mark.parametrize("converted", [True, False])
def test_without_lost_or_without_converting_paths_nothing_is_learned(converted):
    with pytest.raises(Unfit):
        make("additive_hazard").fit(table([([("a", 0.0)], 1.0, converted)]))
