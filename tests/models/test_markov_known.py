"""Markov on chains whose answer is known, and what it says when it cannot learn."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given

from models.registry import make
from tests.models.test_markov import credit, fit, orders, quick, some_rows


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
