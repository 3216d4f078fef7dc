"""Markov against arithmetic done another way, known chains and published figures."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import chain
from models.registry import make

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
