"""Markov against arithmetic done another way, known chains and published figures."""

from __future__ import annotations

import json
import runpy
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import chain
from models.registry import make

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "markov_golden.py"
Row = tuple[list[str], bool, int]
some_rows = st.lists(
    st.tuples(
        st.lists(st.sampled_from("abcd"), min_size=1, max_size=6),
        st.booleans(),
        st.integers(1, 4),
    ),
    min_size=1,
    max_size=12,
)
orders = st.integers(1, 3)
quick = settings(deadline=None, max_examples=60)


def fit(rows: list[Row], order: int = 1):
    paths = pa.table(
        {
            "channels": pa.array([channels for channels, _, _ in rows], pa.list_(pa.string())),
            "is_converted": pa.array([converted for _, converted, _ in rows], pa.bool_()),
        }
    )
    return make("markov", order=order).fit(paths, sample_weight=[count for *_, count in rows])


def credit(model, *channels: str) -> list[float]:
    return model.attribute(pa.table({"channels": [list(channels)]}))["credit"].to_pylist()


def transitions(rows: list[Row], order: int) -> dict[tuple, Counter]:
    """Counts of moves between tuples of last channels, written as one would by hand."""
    moves: dict[tuple, Counter] = {}
    for channels, converted, count in rows:
        states = [tuple(channels[max(0, i - order) : i]) for i in range(len(channels) + 1)]
        ends = [*states, "CONV" if converted else "NULL"]
        for here, there in pairwise(ends):
            moves.setdefault(here, Counter())[there] += count
    return moves


def chance(moves: dict[tuple, Counter], removed: str | None = None) -> float:
    """Chance to convert from the start, arrivals at `removed` being lost; dense, with loops."""
    states = [s for s in moves if not s or s[-1] != removed]
    place = {state: i for i, state in enumerate(states)}
    system, conv = np.eye(len(states)), np.zeros(len(states))
    for state, row in place.items():
        total = sum(moves[state].values())
        for there, count in moves[state].items():
            if there == "CONV":
                conv[row] += count / total
            elif there in place:
                system[row, place[there]] -= count / total
    return float(np.linalg.solve(system, conv)[place[()]])


@quick
@given(some_rows, orders)
def test_removal_effect_is_what_brute_force_removal_loses(rows, order):
    model, moves = fit(rows, order), transitions(rows, order)
    whole = chance(moves)
    assert model.conversion_probability_ == pytest.approx(whole, abs=1e-12)
    for channel, effect in model.removal_effects_.items():
        lost = 1 - chance(moves, channel) / whole if whole else 0.0
        assert effect == pytest.approx(lost, abs=1e-10)


@quick
@given(some_rows, orders)
def test_removal_effect_is_the_formula_of_first_arrivals(rows, order):
    model, moves = fit(rows, order), transitions(rows, order)
    states = list(moves)
    totals = np.array([sum(moves[s].values()) for s in states])
    steps = np.array([[moves[a][b] for b in states] for a in states]) / totals[:, None]
    conv = np.array([moves[s]["CONV"] for s in states]) / totals
    visits = np.linalg.inv(np.eye(len(states)) - steps)
    chances = visits @ conv
    start = states.index(())
    for channel, effect in model.removal_effects_.items():
        held = [i for i, state in enumerate(states) if state and state[-1] == channel]
        arrived = np.linalg.solve(visits[np.ix_(held, held)].T, visits[start, held])
        lost = arrived @ chances[held] / chances[start] if chances[start] else 0.0
        assert effect == pytest.approx(lost, abs=1e-10)


@quick
@given(some_rows, orders)
def test_elimination_gives_what_sweeps_give(rows, order):
    swept = fit(rows, order).removal_effects_
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chain, "_SWEEPS", 0)
        assert fit(rows, order).removal_effects_ == pytest.approx(swept, abs=1e-12)


def test_paths_too_long_for_sweeps_are_solved():
    rows = [(["a", "b"] * 20_000, True, 1), (["a", "b"] * 20_000, False, 1), (["a"], True, 1)]
    model = fit(rows)
    assert model.removal_effects_["a"] == 1.0
    assert model.removal_effects_["b"] == pytest.approx(
        1 - chance(transitions(rows, 1), "b") / chance(transitions(rows, 1)), abs=1e-10
    )


@quick
@given(some_rows)
def test_an_order_beyond_all_paths_counts_paths_as_they_are(rows):
    """With the whole past in the state, the effect is the share of conversions touching it."""
    model = fit(rows, 50)
    won = sum(count for _, converted, count in rows if converted)
    for channel, effect in model.removal_effects_.items():
        touched = sum(count for names, converted, count in rows if converted and channel in names)
        assert effect == pytest.approx(touched / won if won else 0.0, abs=1e-12)


@quick
@given(some_rows, orders)
def test_totals_share_out_the_conversions(rows, order):
    model = fit(rows, order)
    won = sum(count for _, converted, count in rows if converted)
    assert sum(model.totals_.values()) == pytest.approx(won)
    assert all(total >= 0 for total in model.totals_.values())


def touch_totals(model, rows: list[Row]) -> dict[str, float]:
    """Credit of the touches of the converted paths, by channel."""
    found = dict.fromkeys(model.channels_, 0.0)
    for channels, converted, count in rows:
        if converted:
            for channel, share in zip(channels, credit(model, *channels), strict=True):
                found[channel] += share * count
    return found


@quick
@given(some_rows, orders)
def test_fit_error_is_the_distance_of_touches_from_totals(rows, order):
    model = fit(rows, order)
    won = sum(count for _, converted, count in rows if converted)
    apart = sum(abs(touch_totals(model, rows)[c] - model.totals_[c]) for c in model.channels_)
    assert model.fit_error_ == pytest.approx(apart / 2 / won if won else 0.0, abs=1e-9)


def test_touches_add_up_to_channel_totals():
    rows = [
        (["a", "b", "a"], True, 7), (["a", "c"], True, 3), (["b", "c"], True, 5),
        (["c", "b", "a"], True, 2), (["a"], False, 9), (["b", "c", "c"], False, 4),
    ]  # fmt: skip
    for order in (1, 2, 3):
        model = fit(rows, order)
        assert model.fit_error_ < 1e-9
        assert touch_totals(model, rows) == pytest.approx(model.totals_, abs=1e-7)


def test_totals_no_weights_can_reach_are_approached_and_the_error_is_told():
    """a alone converts 90 times but is due 81: beside b nothing is left for it."""
    rows = [
        (["a"], True, 90), (["b"], True, 90), (["a", "b"], True, 10),
        (["b", "a"], False, 50), (["b"], False, 50), (["a"], False, 10),
    ]  # fmt: skip
    model = fit(rows)
    assert model.totals_["a"] < 81
    assert model.fit_error_ == pytest.approx((90 - model.totals_["a"]) / 190, abs=1e-8)
    assert credit(model, "a", "b") == pytest.approx([0, 1], abs=1e-8)
    assert touch_totals(model, rows) == pytest.approx({"a": 90, "b": 100})


def test_channels_that_never_meet_share_their_own_paths_only():
    rows = [(["a", "b"], True, 8), (["c", "d", "d"], True, 2), (["a"], False, 5)]
    model = fit([*rows, (["d"], False, 1)])
    assert np.isfinite(list(model.weights_.values())).all()
    assert min(model.weights_.values()) > 1e-3


def test_a_known_chain_is_recovered():
    """start -> a .6, b .4; a -> b .5, CONV .1, NULL .4; b -> a .2, CONV .3, NULL .5."""
    m = np.linalg.solve([[1, -0.5], [-0.2, 1]], [0.1, 0.3])
    whole = 0.6 * m[0] + 0.4 * m[1]
    random = np.random.default_rng(7)
    table = {"s": ("ab", [0.6, 0.4]), "a": ("bCN", [0.5, 0.1, 0.4]), "b": ("aCN", [0.2, 0.3, 0.5])}
    found: Counter = Counter()
    for _ in range(20_000):
        path = "s"
        while path[-1] not in "CN":
            path += random.choice(list(table[path[-1]][0]), p=table[path[-1]][1])
        found[path] += 1
    model = fit([(list(path[1:-1]), path[-1] == "C", count) for path, count in found.items()])
    assert model.conversion_probability_ == pytest.approx(whole, abs=0.01)
    assert model.removal_effects_["a"] == pytest.approx(1 - 0.4 * 0.3 / whole, abs=0.02)
    assert model.removal_effects_["b"] == pytest.approx(1 - 0.6 * 0.1 / whole, abs=0.02)


def test_order_two_sees_what_order_one_cannot():
    """b converts only after a; order 1 thinks any b may convert."""
    rows = [(["a", "b"], True, 10), (["c", "b"], False, 10)]
    assert fit(rows, 1).removal_effects_["c"] == pytest.approx(0.5)
    assert fit(rows, 2).removal_effects_["c"] == 0
    assert credit(fit(rows, 2), "a", "c", "b") == pytest.approx([0.5, 0, 0.5])


def test_repeats_change_nothing_at_order_one():
    once = fit([(["a", "b"], True, 3), (["b"], False, 2)])
    often = fit([(["a", "a", "b", "b", "b"], True, 3), (["b"], False, 2)])
    assert often.removal_effects_ == pytest.approx(once.removal_effects_)


def test_a_channel_without_effect_earns_nothing_unless_alone():
    model = fit([(["a"], True, 5), (["z"], False, 5)])
    assert model.weights_["z"] == 0
    assert credit(model, "z", "a") == [0, 1]
    assert credit(model, "z", "z") == [0.5, 0.5]


def test_a_channel_never_seen_earns_by_the_median_weight():
    model = fit([(["a", "b", "c"], True, 5), (["a"], False, 5), (["b"], False, 1)])
    weights = [model.weights_[channel] for channel in "abc"]
    assert model.unseen_weight_ == np.median(weights)
    expected = model.unseen_weight_ / (model.unseen_weight_ + model.weights_["a"])
    assert credit(model, "new", "a")[0] == pytest.approx(expected)


def test_without_conversions_or_before_fit_touches_earn_alike():
    lost_only = fit([(["a", "b"], False, 3)])
    for model in (lost_only, fit([]), make("markov")):
        assert credit(model, "a", "b", "c") == pytest.approx([1 / 3] * 3)
    assert lost_only.conversion_probability_ == 0
    assert lost_only.totals_ == {"a": 0, "b": 0}
    assert lost_only.unseen_weight_ == 1


def test_without_losses_totals_are_defined_and_it_is_told():
    model = make("markov").fit(pa.table({"channels": [["a"], ["a", "b"]]}))
    assert model.has_losses_ is False
    assert model.conversion_probability_ == 1
    assert model.removal_effects_ == pytest.approx({"a": 1, "b": 0.5})
    assert fit([(["a"], True, 1), (["a"], False, 1)]).has_losses_ is True


def test_paths_without_touches_are_left_out_of_the_fit():
    rows = [(["a", "b"], True, 3), (["b"], False, 2)]
    assert fit([*rows, ([], True, 100), ([], False, 7)]).learned() == fit(rows).learned()


@quick
@given(some_rows, orders)
def test_a_learned_state_survives_json_to_the_bit(rows, order):
    model = fit(rows, order)
    text = json.dumps(model.learned(), sort_keys=True, allow_nan=False)
    again = make("markov", order=order).load(json.loads(text))
    assert json.dumps(again.learned(), sort_keys=True) == text
    paths = pa.table({"channels": [[*channels, "new"] for channels, _, _ in rows]})
    assert again.attribute(paths).equals(model.attribute(paths))
    assert json.dumps(fit(rows[::-1], order).learned(), sort_keys=True) == text


def test_loading_nothing_forgets():
    model = fit([(["a", "b"], True, 3)])
    assert model.load({}).learned() == {}


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
