"""Markov on a sample of 10,000 paths whose figures are published."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from models.registry import make

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "markov_golden.py"


@pytest.fixture(scope="module")
def sample():
    benchmark = runpy.run_path(str(BENCHMARK))
    file = benchmark["sample_file"]()
    if file is None:
        pytest.skip("the package mta (extra bench) is not installed")
    return benchmark["read"](file)


def test_order_one_gives_the_published_figures_of_the_sample(sample):
    paths, counts = sample
    model = make("markov").fit(paths, sample_weight=counts)
    published = {
        "alpha": 5344.947682, "beta": 2527.352167, "eta": 3340.8474, "iota": 3884.6147,
        "theta": 1971.9129,
    }  # fmt: skip
    for channel, total in published.items():
        assert model.totals_[channel] == pytest.approx(total, abs=1e-4)
    assert model.conversion_probability_ == pytest.approx(0.223845, abs=1e-6)
    assert model.removal_effects_["alpha"] == pytest.approx(0.558399, abs=1e-6)
    assert model.removal_effects_["iota"] == pytest.approx(0.405835, abs=1e-6)


def test_at_order_four_touches_of_the_sample_add_up_to_totals(sample):
    paths, counts = sample
    model = make("markov", order=4).fit(paths, sample_weight=counts)
    assert model.conversion_probability_ == pytest.approx(0.223845, abs=1e-6)
    credited = model.attribute(paths).to_pandas()
    credited["channel"] = [name for names in paths["channels"].to_pylist() for name in names]
    won = np.where(paths["is_converted"].to_numpy(), counts, 0)
    credited["due"] = credited.credit * won[credited.path]
    assert credited.groupby("channel").due.sum().to_dict() == pytest.approx(model.totals_, 1e-6)
