"""Shapley values against the definition: the mean over all orders of joining."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import shapley_rate
from models.base import Unfit
from models.registry import make
from models.shapley import conversion_game, ordered_shapley, shapley_values
from tests.models.made import Row, channel_credit, credit, fit, some_rows, table

quick = settings(deadline=None, max_examples=40)


def by_joining(players: list[str], worth) -> dict[str, float]:
    """What each adds, averaged over all orders of joining."""
    orders = list(permutations(players))
    found = dict.fromkeys(players, 0.0)
    for order in orders:
        for place, player in enumerate(order):
            added = worth(frozenset(order[: place + 1])) - worth(frozenset(order[:place]))
            found[player] += added / len(orders)
    return found


def channels_of(rows: list[Row]) -> list[str]:
    return sorted({name for channels, _, _ in rows for name in channels})


def conversions_within(rows: list[Row]):
    return lambda coalition: sum(n for names, won, n in rows if won and coalition >= set(names))


def rate_within(rows: list[Row]):
    def rate(coalition):
        paths = sum(n for names, _, n in rows if coalition >= set(names))
        return conversions_within(rows)(coalition) / paths if paths else 0.0

    return rate


GAME = {"O": 7, "F": 6, "D": 4, "OF": 15, "OD": 7, "FD": 9, "OFD": 19}


def entries(players: str, game: dict[str, float]) -> np.ndarray:
    found = np.zeros(2 ** len(players))
    for members, worth in game.items():
        found[sum(1 << players.index(member) for member in members)] = worth
    return found


def test_the_known_game_is_solved_where_its_figures_are_what_coalitions_are_worth():
    """The table is the characteristic function itself: OF together are worth 15, not 15 + 7 + 6."""
    assert shapley_values(entries("OFD", GAME)).round(3).tolist() == [7.667, 8.167, 3.167]


def test_the_same_figures_as_conversions_of_exact_sets_are_another_game():
    values = shapley_values(conversion_game(entries("OFD", GAME)))
    assert values == pytest.approx([7 + 22 / 2 + 19 / 3, 6 + 24 / 2 + 19 / 3, 4 + 16 / 2 + 19 / 3])
    rows = [(list(members), True, count) for members, count in GAME.items()]
    earned = channel_credit(make("shapley"), rows)
    assert [earned[player] for player in "OFD"] == pytest.approx(values)


@quick
@given(st.integers(1, 4), st.data())
def test_values_are_means_over_orders_of_joining(players, data):
    worth = np.array(data.draw(st.lists(st.integers(-9, 9), min_size=16, max_size=16)), float)
    worth = worth[: 2**players]
    names = list("abcd"[:players])
    found = by_joining(names, lambda c: worth[sum(1 << names.index(name) for name in c)])
    assert shapley_values(worth) == pytest.approx(list(found.values()))


@quick
@given(some_rows)
def test_credit_is_the_shapley_value_of_conversions_within_coalitions(rows):
    expected = by_joining(channels_of(rows), conversions_within(rows))
    assert channel_credit(make("shapley"), rows) == pytest.approx(expected)


def test_lost_paths_change_nothing_which_is_why_it_is_no_effect():
    paths = table([(["a", "b"], True, 1)])
    won_only, with_lost = make("shapley").fit(paths), fit("shapley", [(["a"], False, 99)])
    assert won_only.attribute(paths).equals(with_lost.attribute(paths))


@quick
@given(some_rows)
def test_the_ordered_value_is_the_papers_sum_over_sets_at_each_position(rows):
    """At position i: sum over sets S with c of R(S, c at i) / |S|, a path's touches of c alike."""
    expected: dict[tuple[str, int], float] = {}
    for names, converted, count in rows:
        for position, name in enumerate(names):
            part = converted * count / len(set(names)) / names.count(name)
            expected[name, position] = expected.get((name, position), 0.0) + part
    found = ordered_shapley(table(rows), np.array([count for *_, count in rows])).to_pylist()
    got = {(row["channel"], row["position"]): row["conversions"] for row in found}
    assert got == pytest.approx(expected)


@quick
@given(some_rows)
def test_rate_values_are_means_over_orders_of_joining(rows):
    model = fit("shapley_rate", rows, replicates=0)
    assert model.values_ == pytest.approx(by_joining(channels_of(rows), rate_within(rows)))
    whole = rate_within(rows)(set(channels_of(rows)))
    assert sum(model.values_.values()) == pytest.approx(whole)
    assert sum(model.totals_.values()) == pytest.approx(conversions_within(rows)(set("abcd")))


@quick
@given(some_rows)
def test_touches_miss_the_totals_by_the_fit_error(rows):
    model = fit("shapley_rate", rows, replicates=0)
    got, won = channel_credit(model, rows), conversions_within(rows)(set("abcd"))
    apart = sum(abs(got[channel] - total) for channel, total in model.totals_.items())
    assert model.fit_error_ == pytest.approx(apart / 2 / won, abs=1e-8)


def test_a_negative_value_is_told_and_earns_nothing():
    rows = [(["a"], True, 9), (["a"], False, 1), (["a", "b"], True, 1), (["a", "b"], False, 9)]
    model = fit("shapley_rate", rows)
    assert model.values_ == pytest.approx({"a": 0.7, "b": -0.2})
    assert model.negative_share_ == pytest.approx(0.2 / 0.9)
    assert model.unseen_share_ == pytest.approx(1 / 3)  # nobody touched b alone
    assert credit(model, "a", "b") == pytest.approx([1, 0])


def test_instability_falls_as_paths_grow_and_is_large_where_they_are_few():
    rows = [(["a"], True, 2), (["a"], False, 8), (["b"], True, 1), (["a", "b"], False, 3)]
    rows.append((["b"], False, 4))
    few = fit("shapley_rate", rows).instability_
    many = fit("shapley_rate", [(names, won, 10_000 * n) for names, won, n in rows]).instability_
    assert few > 0.1
    assert many < few / 20


def test_channels_that_earn_nothing_but_convert_alone_share_their_own_conversions():
    rows = [(["a"], True, 9), (["b"], True, 1), (["b"], False, 999), (["c", "d"], True, 1)]
    rows += [(["c"], False, 99_999), (["d"], False, 99_999), (["a"], False, 1)]
    model = fit("shapley_rate", rows)
    assert np.isfinite(list(model.weights_.values())).all()
    assert sum(credit(model, "c", "d")) == pytest.approx(1)


def many_channels(seed: int) -> pa.Table:
    random = np.random.default_rng(seed)
    names = [f"c{i:02}" for i in range(9)]
    rows = [list(random.choice(names, random.integers(1, 5))) for _ in range(3_000)]
    chance = [0.1 + 0.3 * ("c00" in row) + 0.2 * ("c01" in row) for row in rows]
    return pa.table({"channels": rows, "is_converted": random.random(3_000) < chance})


def test_drawn_orders_agree_with_all_coalitions_within_their_error(monkeypatch):
    exact = make("shapley_rate", replicates=0).fit(many_channels(1))
    monkeypatch.setattr(shapley_rate, "EXACT_CHANNELS", 8)
    drawn = make("shapley_rate", replicates=0, draws=400).fit(many_channels(1))
    assert sum(drawn.values_.values()) == pytest.approx(sum(exact.values_.values()))
    for channel, value in exact.values_.items():
        error = drawn.standard_errors_[channel]
        assert 0 < error < 0.005
        assert abs(drawn.values_[channel] - value) < 4 * error
    assert drawn.unseen_share_ == exact.unseen_share_ == 0


def test_draws_are_repeated_by_their_seed(monkeypatch):
    monkeypatch.setattr(shapley_rate, "EXACT_CHANNELS", 8)
    one, same, other = (
        make("shapley_rate", draws=20, seed=seed).fit(many_channels(2)).learned()
        for seed in (1, 1, 2)
    )
    assert one == same
    assert one["values"] != other["values"]


def test_twenty_channels_are_counted_exactly():
    """A game whose values are known: each path of one channel, so rates of unions."""
    names = [f"c{i:02}" for i in range(20)]
    rows = [([name], True, 1) for name in names] + [([name], False, 3) for name in names]
    model = fit("shapley_rate", rows, replicates=0)
    assert model.values_ == pytest.approx(dict.fromkeys(names, 0.25 / 20))
    assert set(model.standard_errors_.values()) == {0.0}


@pytest.mark.parametrize("name", ["shapley_rate", "path_removal", "shao_li", "bagged_logistic"])
@pytest.mark.parametrize("converted", [True, False])
def test_without_lost_or_without_converting_paths_nothing_is_learned(name, converted):
    with pytest.raises(Unfit, match=r"learns from the difference between converting and lost"):
        fit(name, [(["a"], converted, 3), (["b", "a"], converted, 2)])
