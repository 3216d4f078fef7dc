"""Campaigns that pulse: weeks are redrawn with the persons."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from models.bootstrap import person_keys
from models.pulsed import of_weeks, week_weights
from models.registry import make
from models.resampled import of_rules
from models.uncertainty import intervals

WEEKS, FIRST = 26, 2_900
RULES = {"linear": make("linear")}


def drawn(seed: int, pulse: float = 0.9) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Conversions of 26 weeks by Display, which pulses, or Search, which does not."""
    random = np.random.default_rng(seed)
    rates = {
        "Display": 30 * np.exp(pulse * random.standard_normal(WEEKS) - pulse**2 / 2),
        "Search": np.full(WEEKS, 30.0),
    }
    rows = [
        (channel, FIRST + week) for channel, rate in rates.items() for week in range(WEEKS)
        for _ in range(random.poisson(rate[week]))
    ]  # fmt: skip
    paths = pa.table({"channels": [[channel] for channel, _ in rows]})
    keys = person_keys(pa.array([f"p{n}" for n in range(len(rows))]))
    return paths, keys, np.array([week for _, week in rows])


def holds(found, truth: float) -> bool:
    row = intervals(found["linear"]).to_pylist()[0]
    return row["channel"] == "Display" and row["credit_low"] <= truth <= row["credit_high"]


def test_persons_alone_miss_the_pulses_and_persons_and_weeks_do_not():
    truth, worlds = 30.0 * WEEKS, [drawn(seed) for seed in range(24)]
    alone = [holds(of_rules(RULES, paths, keys), truth) for paths, keys, _ in worlds]
    both = [holds(of_weeks(RULES, *world), truth) for world in worlds]
    assert np.mean(alone) < 0.6
    assert np.mean(both) > 0.8


def test_week_weights_have_mean_and_variance_of_one_and_are_a_function_of_the_week():
    times = week_weights(np.arange(3_000), 50)
    assert times.mean() == pytest.approx(1, abs=0.01)
    assert times.var() == pytest.approx(1, abs=0.03)
    assert (week_weights(np.array([7]), 50) == times[7]).all()


def test_few_weeks_are_refused_and_so_are_fitted_models():
    paths, keys, weeks = drawn(0)
    few = weeks < FIRST + 4
    with pytest.raises(ValueError, match="paths are of 4 weeks; expected 8 or more"):
        of_weeks(RULES, paths.filter(pa.array(few)), keys[few], weeks[few])
    with pytest.raises(ValueError, match="'markov' is fitted"):
        of_weeks({"markov": make("markov")}, paths, keys, weeks)
