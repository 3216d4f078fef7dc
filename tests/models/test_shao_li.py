"""Shao and Li's two models: the sums of the paper by hand, and known odds recovered."""

from __future__ import annotations

import importlib
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from scipy.optimize import minimize

from models.bagged_logistic import logit
from models.registry import make
from tests.models.made import Row, credit, fit, some_rows

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "markov_golden.py"
quick = settings(deadline=None, max_examples=40)


def chance(rows: list[Row], *channels: str) -> float | None:
    """Share that converted of the paths with all these channels."""
    having = [(won, count) for names, won, count in rows if set(channels) <= set(names)]
    paths = sum(count for _, count in having)
    return sum(count for won, count in having if won) / paths if paths else None


def contribution(rows: list[Row], path: set[str], channel: str) -> float:
    own, others = chance(rows, channel), sorted(path - {channel})
    terms = [chance(rows, channel, o) - own - chance(rows, o) for o in others]
    return own + sum(terms) / (2 * len(others)) if others else own


def test_the_known_figures_are_sums_over_converting_paths():
    model = fit("shao_li", [(["a"], True, 3), (["a"], False, 1), (["b"], True, 1),
                            (["b"], False, 3)])  # fmt: skip
    assert model.totals_ == pytest.approx({"a": 2.25, "b": 0.25})


@quick
@given(some_rows)
def test_totals_are_the_papers_sums(rows):
    expected = dict.fromkeys({name for names, _, _ in rows for name in names}, 0.0)
    for names, won, count in rows:
        for name in set(names) if won else ():
            expected[name] += count * contribution(rows, set(names), name)
    assert fit("shao_li", rows).totals_ == pytest.approx(expected)


@quick
@given(some_rows)
def test_credit_is_in_proportion_to_what_channels_contribute(rows):
    model = fit("shao_li", rows)
    for names, _, _ in rows:
        parts = [contribution(rows, set(names), name) / names.count(name) for name in names]
        parts = [part if part > 1e-12 else 0.0 for part in parts]
        whole = sum(parts)
        expected = [p / whole for p in parts] if whole else [1 / len(names)] * len(names)
        assert credit(model, *names) == pytest.approx(expected)


def test_a_pair_never_seen_adds_no_term_and_a_new_channel_has_the_mean_chance():
    rows = [(["a"], True, 3), (["a"], False, 1), (["b"], True, 1), (["b"], False, 3)]
    model = fit("shao_li", rows)
    assert credit(model, "a", "b") == pytest.approx([0.75, 0.25])
    assert credit(model, "a", "new") == pytest.approx([0.75 / 1.25, 0.5 / 1.25])


def test_the_package_mta_gives_the_same_totals():
    file = runpy.run_path(str(BENCHMARK))["sample_file"]()
    if file is None:
        pytest.skip("the package mta (extra bench) is not installed")
    some = pd.read_csv(file).head(1_000)
    peer = importlib.import_module("mta").MTA(some, allow_loops=True, add_timepoints=False)
    totals = peer.shao(normalize=False).attribution["shao"]
    paths = some["path"].str.split(" > ").tolist()
    rows = [(path, True, count) for path, count in zip(paths, some.total_conversions, strict=True)]
    rows += [(path, False, count) for path, count in zip(paths, some.total_null, strict=True)]
    found = fit("shao_li", rows).totals_
    assert {name: total for name, total in found.items() if total} == pytest.approx(totals)


def test_a_regression_is_where_its_penalised_likelihood_is_highest():
    random = np.random.default_rng(3)
    design = np.column_stack((np.ones(40), random.random((40, 3)) < 0.4)).astype(float)
    won, lost = random.integers(0, 9, 40), random.integers(0, 9, 40)

    def loss(at):
        odds = design @ at
        ridge = np.array([0.001, 1, 1, 1])
        return ((won + lost) * np.logaddexp(0, odds) - won * odds).sum() + ridge @ at**2 / 2

    best = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-8}).x
    assert logit(design, won, lost) == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("won", [0, 50])
def test_a_regression_on_one_outcome_only_ends(won):
    design = np.column_stack((np.ones(2), [0.0, 1.0]))
    at = logit(design, np.array([won, won]), np.array([50 - won, 50 - won]))
    assert np.isfinite(at).all()


def odds_of_paths(people: int) -> pa.Table:
    """Log odds -2, a adds 1.5, b adds .5, z nothing."""
    random = np.random.default_rng(5)
    held = random.random((people, 3)) < 0.5
    held[~held.any(axis=1), 2] = True
    chance = 1 / (1 + np.exp(2 - held @ [1.5, 0.5, 0.0]))
    names = [[name for name, has in zip("abz", row, strict=True) if has] for row in held]
    return pa.table({"channels": names, "is_converted": random.random(people) < chance})


def test_known_odds_are_recovered_within_their_variability():
    model = make("bagged_logistic", channel_share=1.0).fit(odds_of_paths(40_000))
    for channel, odds in {"a": 1.5, "b": 0.5, "z": 0.0}.items():
        assert model.coefficients_[channel] == pytest.approx(odds, abs=0.1)
        assert 0 < model.variability_[channel] < 0.2
    shares = credit(model, "a", "a", "b")
    assert shares[0] == shares[1]
    assert shares[2] / (1 - shares[2]) == pytest.approx(0.5 / 1.5, abs=0.05)


def test_a_channel_of_odds_below_zero_earns_nothing_unless_alone():
    rows = [(["a"], True, 60), (["a"], False, 40), (["a", "z"], True, 10), (["a", "z"], False, 90),
            (["b"], False, 50), (["b", "z"], False, 50)]  # fmt: skip
    model = fit("bagged_logistic", rows, channel_share=1.0)
    assert model.coefficients_["z"] < 0
    assert credit(model, "a", "z") == [1, 0]
    assert credit(model, "z", "z") == [0.5, 0.5]


def test_bags_are_repeated_by_their_seed_and_differ_without_it():
    paths = odds_of_paths(500)
    one, same, other = (
        make("bagged_logistic", bags=5, seed=seed).fit(paths).learned() for seed in (1, 1, 2)
    )
    assert one == same
    assert one["coefficients"] != other["coefficients"]


def test_new_names_move_coefficients_within_their_variability():
    paths = odds_of_paths(20_000)
    new = {"a": "x", "b": "g", "z": "c"}
    named = [[new[name] for name in names] for names in paths["channels"].to_pylist()]
    renamed = paths.set_column(0, "channels", pa.array(named))
    before, after = (make("bagged_logistic").fit(some) for some in (paths, renamed))
    for name, other in new.items():
        error = 4 * before.variability_[name] / np.sqrt(25)  # each is in about half of 50 bags
        assert after.coefficients_[other] == pytest.approx(before.coefficients_[name], abs=error)
