"""Markov with and without lost paths, of value, at high orders, and solved in two ways."""

from __future__ import annotations

import runpy
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse import linalg

from models import chain
from models.base import Unfit
from models.chain import count_chain, factored_effects, removal_effects
from models.registry import make
from models.touches import Touches, outcomes
from tests.models.made import channel_credit, credit, fit, some_rows, table

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "markov_golden.py"
quick = settings(deadline=None, max_examples=40)


@pytest.fixture(scope="module")
def sample():
    benchmark = runpy.run_path(str(BENCHMARK))
    file = benchmark["sample_file"]()
    if file is None:
        pytest.skip("the package mta (extra bench) is not installed")
    return benchmark["read"](file)


def counted_chain(sample, order: int) -> tuple[int, chain.Chain]:
    paths, counts = sample
    touches, won = Touches.read(paths), outcomes(paths)
    converted, lost = np.where(won, counts, 0), np.where(won, 0, counts)
    return len(touches.channels), count_chain(touches, converted, lost, order)


@quick
@given(some_rows, st.integers(1, 4))
def test_one_factorisation_gives_what_sweeps_and_eliminations_give(rows, order):
    swept = fit("markov", rows, order=order).removal_effects_
    for dense in (chain._DENSE, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(chain, "_SWEEPS", 0)
            patch.setattr(chain, "_DENSE", dense)
            solved = fit("markov", rows, order=order).removal_effects_
        assert solved == pytest.approx(swept, abs=1e-12)


@pytest.mark.parametrize("order", [1, 2])
def test_one_factorisation_gives_all_removals_of_the_sample(sample, order):
    channels, counted = counted_chain(sample, order)
    swept, chance = removal_effects(counted, channels)
    factored, same_chance = factored_effects(counted, channels)
    assert factored == pytest.approx(swept, abs=1e-12)
    assert same_chance == pytest.approx(chance, abs=1e-12)


def test_order_four_of_the_sample_agrees_with_removal_after_removal(sample):
    """Each channel's states cut out of a matrix of its own, which is then solved."""
    channels, counted = counted_chain(sample, 4)
    swept, chance = removal_effects(counted, channels)
    assert chance == pytest.approx(0.223845, abs=1e-6)
    for channel in range(channels):
        kept = np.flatnonzero(counted.channel != channel)
        system = sparse.eye_array(len(kept)) - counted.moves[kept][:, kept]
        left = linalg.spsolve(system.tocsc(), counted.converts[kept])[0]
        assert swept[channel] == pytest.approx(1 - left / chance, abs=1e-10)


def test_order_four_of_the_sample_agrees_with_walks_drawn_at_random(sample):
    """Walks step through the counted last four channels of real paths, drawn one by one."""
    paths, counts = sample
    steps: dict[tuple, list] = {}
    for names, won, count in zip(
        paths["channels"].to_pylist(), paths["is_converted"].to_pylist(), counts, strict=True
    ):
        for place, following in enumerate([*names, "WON" if won else "LOST"]):
            state = tuple(names[max(0, place - 4) : place])
            steps.setdefault(state, []).append((following, count))
    drawn = {s: ([f for f, _ in e], np.cumsum([n for _, n in e])) for s, e in steps.items()}
    random, walks = np.random.default_rng(11), 6_000
    won, through = 0, dict.fromkeys(sorted({n for s in steps for n in s}), 0)
    for _ in range(walks):
        walk: tuple = ()
        while walk[-1:] not in (("WON",), ("LOST",)):
            following, ends = drawn[walk[-4:]]
            walk += (following[np.searchsorted(ends, random.random() * ends[-1], "right")],)
        won += walk[-1] == "WON"
        for name in set(walk[:-1]) if walk[-1] == "WON" else ():
            through[name] += 1
    model = make("markov", order=4).fit(paths, sample_weight=counts)
    for name, effect in model.removal_effects_.items():
        error = 4 * np.sqrt(effect * (1 - effect) / won) + 1e-9
        assert through.get(name, 0) / won == pytest.approx(effect, abs=error)


def test_a_fit_without_lost_paths_says_it_is_no_removal_effect():
    rows = [(["a"], True, 2), (["a", "b"], True, 1), (["b"], False, 9)]
    both, dropped = fit("markov", rows), fit("markov", rows, losses="drop")
    assert both.meaning_ == "removal effects: learned from converting and lost paths"
    assert dropped.meaning_.startswith("not removal effects: learned from converting paths only")
    assert dropped.has_losses_ is False
    assert dropped.figures()["meaning"] == dropped.meaning_
    assert dropped.learned() == fit("markov", [r for r in rows if r[1]]).learned()
    assert not hasattr(make("markov"), "meaning_")


def test_lost_paths_that_are_needed_and_missing_are_asked_for():
    won = [(["a"], True, 2), (["a", "b"], True, 1)]
    with pytest.raises(Unfit, match="3 converting paths and no lost one"):
        fit("markov", won, losses="need")
    assert fit("markov", [*won, (["b"], False, 1)], losses="need").has_losses_


def of_value(rows, values, **parameters):
    paths = table(rows).append_column("value", values)
    counts = [count for *_, count in rows]
    return make("markov", outcome="value", **parameters).fit(paths, sample_weight=counts)


@quick
@given(some_rows, st.integers(1, 3), st.data())
def test_value_weighs_conversions_by_what_they_are_worth(rows, order, data):
    """A conversion worth n is n conversions of a chain whose moves count as before."""
    cents = [data.draw(st.integers(0, 500)) for _ in rows]
    model = of_value(rows, pa.array([cent / 100 for cent in cents]), order=order)
    touches, won = Touches.read(table(rows)), outcomes(table(rows))
    counts = np.array([count for *_, count in rows], dtype=float)
    converted, lost = np.where(won, counts, 0), np.where(won, 0, counts)
    plain = count_chain(touches, converted, lost, order)
    states = chain._states(touches, order)[0]
    last = states[touches.offsets[1:] - 1]
    ends = np.bincount(last, converted, minlength=len(plain.channel))
    money = np.bincount(last, converted * cents, minlength=len(plain.channel))
    worth = plain.converts * np.divide(money, ends, out=np.zeros_like(money), where=ends > 0)
    dense = np.eye(len(worth)) - plain.moves.toarray()
    whole = np.linalg.solve(dense, worth)[0]
    for code, name in enumerate(touches.channels):
        kept = np.flatnonzero(plain.channel != code)
        left = np.linalg.solve(dense[np.ix_(kept, kept)], worth[kept])[0]
        effect = 1 - left / whole if whole else 0.0
        assert model.removal_effects_[name] == pytest.approx(effect, abs=1e-9)
    paid = sum(n * cent for (_, won_, n), cent in zip(rows, cents, strict=True) if won_) / 100
    assert sum(model.totals_.values()) == pytest.approx(paid)


def test_equal_values_give_the_effects_of_conversions():
    rows = [(["a", "b"], True, 3), (["b"], True, 1), (["a"], False, 4)]
    money = of_value(rows, pa.array([Decimal("12.50")] * 3))
    plain = fit("markov", rows)
    assert money.removal_effects_ == pytest.approx(plain.removal_effects_)
    assert money.totals_ == pytest.approx({c: 12.5 * t for c, t in plain.totals_.items()})
    assert credit(money, "a", "b") == pytest.approx(credit(plain, "a", "b"), abs=1e-6)


def test_one_large_order_owns_a_channels_value_but_not_its_conversions():
    rows = [(["a"], True, 99), (["b"], True, 1), (["a"], False, 50), (["b"], False, 50)]
    money = of_value(rows, pa.array([10.0, 100_000.0, 0.0, 0.0]))
    assert money.totals_["b"] > 0.9 * sum(money.totals_.values())
    assert fit("markov", rows).totals_["b"] == pytest.approx(1)


@pytest.mark.parametrize("bad", [-1.0, float("nan"), None])
def test_values_that_are_none_are_refused(bad):
    with pytest.raises(ValueError, match=r"value\[1\] is"):
        of_value([(["a"], True, 1), (["b"], True, 1)], pa.array([1.0, bad], pa.float64()))
    assert of_value([(["a"], True, 1), (["b"], False, 1)], pa.array([1.0, bad], pa.float64()))
    with pytest.raises(ValueError, match="no column 'value'"):
        fit("markov", [(["a"], True, 1)], outcome="value")


def test_single_removals_add_up_to_more_than_all_there_is():
    """Each conversion passes through both, so each removal loses it: sums are not shares."""
    model = fit("markov", [(["a", "b"], True, 5), (["a"], False, 5)])
    assert sum(model.removal_effects_.values()) == pytest.approx(2)
    assert sum(model.totals_.values()) == pytest.approx(5)
    rows = [(["a", "b"], True, 5), (["a"], False, 5)]
    assert sum(channel_credit(model, rows).values()) == pytest.approx(5)
