"""Money divided by credit adds up to the last unit."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.exact import split_exactly

amounts = st.integers(-(10**18), 10**18) | st.integers(-1000, 1000)
weights = st.lists(st.just(0.0) | st.floats(0, 1e6), min_size=1, max_size=8)
paths = st.lists(st.tuples(amounts, weights), max_size=6)


def shares(weights: list[float]) -> np.ndarray:
    array = np.array(weights)
    return array / array.sum() if array.sum() > 0 else np.full(len(array), 1 / len(array))


def split(paths) -> list[list[int]]:
    lengths = [len(weights) for _, weights in paths]
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    credit = np.concatenate([shares(weights) for _, weights in paths] or [np.array([])])
    parts = split_exactly(np.array([a for a, _ in paths], np.int64), credit, offsets)
    assert parts.dtype == np.int64
    return [parts[a:b].tolist() for a, b in pairwise(offsets)]


@settings(deadline=None)
@given(paths)
def test_parts_add_up_exactly_and_follow_the_credit(paths):
    for (amount, weights), parts in zip(paths, split(paths), strict=True):
        assert sum(parts) == amount
        for credit, part in zip(shares(weights), parts, strict=True):
            assert part * amount >= 0
            assert abs(part - amount * credit) <= 1 + abs(amount) * 1e-14
            assert part == 0 or credit > 0


@settings(deadline=None)
@given(paths)
def test_a_refund_takes_back_what_was_given(paths):
    refunds = [(-amount, weights) for amount, weights in paths]
    assert split(refunds) == [[-part for part in parts] for parts in split(paths)]


@settings(deadline=None)
@given(paths, st.integers(0, 6))
def test_batches_change_no_unit(paths, cut):
    assert split(paths[:cut]) + split(paths[cut:]) == split(paths)


def test_credit_itself_is_split_into_units_that_sum_to_one():
    parts = split_exactly([10**12], np.full(7, 1 / 7), [0, 7])
    assert parts.sum() == 10**12
    assert set(parts.tolist()) <= {142857142857, 142857142858}


def test_thousands_of_paths_before_change_nothing():
    many = 5_000
    credit = np.tile([0.1, 0.2, 0.7], many)
    parts = split_exactly(np.full(many, 999), credit, np.arange(many + 1) * 3)
    assert np.array_equal(parts, np.tile(parts[:3], many))


def test_paths_without_touches_get_no_part():
    assert split_exactly([5, 7], np.array([1.0]), [0, 0, 1]).tolist() == [7]
    assert split_exactly([], np.array([]), [0]).tolist() == []


@pytest.mark.parametrize(
    ("amounts", "credit", "offsets", "message"),
    [
        ([1], [1.0], [0, 2], "do not cut"),
        ([1, 2], [1.0], [0, 1], "do not cut"),
        ([2 * 10**18], [1.0], [0, 1], "beyond 10"),
        ([1], [-0.5], [0, 1], "a credit is -0.5"),
        ([1], [float("nan")], [0, 1], "a credit is nan"),
    ],
)
def test_what_cannot_be_split_is_refused(amounts, credit, offsets, message):
    with pytest.raises(ValueError, match=message):
        split_exactly(amounts, np.array(credit), offsets)
