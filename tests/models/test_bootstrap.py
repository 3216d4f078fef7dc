"""Weights of the bootstrap: who gets which, and what sums by group are worth."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.bootstrap import (
    GROUPS,
    UNIT,
    group_sums,
    groups,
    person_keys,
    resampled_sums,
    weights,
)

names = st.lists(st.text(max_size=30), min_size=1, max_size=30)


def keys_of(names: list[str]) -> list[int]:
    return person_keys(pa.array(names, pa.string())).tolist()


@given(names, st.randoms())
def test_a_persons_key_depends_on_the_name_alone(names, random):
    by_name = dict(zip(names, keys_of(names), strict=True))
    shuffled = random.sample(names, len(names))
    assert keys_of(shuffled) == [by_name[name] for name in shuffled]
    assert keys_of([names[0]]) == [by_name[names[0]]]


def test_chunks_slices_and_types_of_names_change_no_key():
    rows = [f"{at:020x}" for at in range(10_000)]
    whole = person_keys(pa.array(rows))
    chunked = pa.chunked_array([rows[:3], [], rows[3:]], pa.string())
    assert np.array_equal(person_keys(chunked), whole)
    assert np.array_equal(person_keys(pa.array(["x", *rows])[1:]), whole)
    assert np.array_equal(person_keys(pa.array(rows, pa.large_string())), whole)


def test_names_that_differ_in_padding_or_end_have_different_keys():
    rows = ["", "\0", "\0" * 8, "a", "a\0", "a" * 8, "a" * 16, "a" * 8 + "b", "b" + "a" * 8]
    assert len(set(keys_of(rows))) == len(rows)


def test_keys_of_many_names_fill_all_groups_alike():
    filled = np.bincount(groups(person_keys(pa.array([str(i) for i in range(400_000)]))))
    assert len(filled) == GROUPS
    expected = 400_000 / GROUPS
    chi_squared = ((filled - expected) ** 2 / expected).sum()
    assert abs(chi_squared - GROUPS) < 5 * math.sqrt(2 * GROUPS)


def test_a_row_without_a_person_is_refused_by_its_number():
    with pytest.raises(ValueError, match=r"row 1 has no person.*conversion's id"):
        person_keys(pa.array(["ann", None]))


def test_weights_of_every_replicate_are_poisson_with_mean_and_variance_of_one():
    times = weights(20)
    for replicate in times.T:
        found = np.bincount(replicate, minlength=8) / GROUPS
        poisson = [math.exp(-1) / math.factorial(k) for k in range(8)]
        assert np.abs(found - poisson).max() < 1.5 / GROUPS
    assert (times.mean(axis=0) == 1).all()
    assert (times.var(axis=0) == 1).all()


def test_a_replicates_weights_do_not_depend_on_how_many_replicates_there_are():
    assert np.array_equal(weights(20)[:, :5], weights(5))


def test_replicates_and_groups_are_not_correlated():
    times = weights(40).astype(float)
    between = np.corrcoef(times.T)[np.triu_indices(40, 1)]
    assert np.abs(between).max() < 5 / math.sqrt(GROUPS)
    rows = np.corrcoef(times[:500])[np.triu_indices(500, 1)]
    assert abs(rows.mean()) < 0.005
    assert rows.std() == pytest.approx(1 / math.sqrt(40), rel=0.05)


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 199))
def test_sums_of_parts_in_any_order_add_up_bit_for_bit(seed, cut):
    random = np.random.default_rng(seed)
    group, column = random.integers(0, GROUPS, 200), random.integers(0, 3, 200)
    figure = random.normal(size=200) * 1e3
    whole = resampled_sums(group_sums(group, column, figure, 3), 10)
    order = random.permutation(200)
    parts = [group_sums(group[p], column[p], figure[p], 3) for p in (order[:cut], order[cut:])]
    assert np.array_equal(resampled_sums(parts[0] + parts[1], 10), whole)


def test_sums_are_those_of_figures_repeated_by_weight():
    group, column = np.array([5, 5, 9, 11]), np.array([0, 1, 0, 0])
    figure = np.array([0.25, 0.5, 1.0, -2.0])
    drawn = resampled_sums(group_sums(group, column, figure, 2), 30)
    for replicate, found in enumerate(drawn):
        times = weights(30)[group, replicate]
        assert found.tolist() == np.bincount(column, figure * times, minlength=2).tolist()


def test_many_columns_are_summed_as_few_are():
    random = np.random.default_rng(0)
    group, column, figure = (
        random.integers(0, GROUPS, 500),
        random.integers(0, 4, 500),
        np.ones(500),
    )
    few = resampled_sums(group_sums(group, column, figure, 4), 5)
    many = resampled_sums(group_sums(group, column, figure, 1_000), 5)
    assert np.array_equal(many[:, :4], few)
    assert not many[:, 4:].any()


def test_sums_too_large_to_be_exact_are_refused():
    sums = group_sums(np.array([0]), np.array([0]), np.array([2.0**53 * UNIT]), 1)
    with pytest.raises(ValueError, match=r"no longer exact. Divide the figures"):
        resampled_sums(sums, 5)


def test_no_replicates_are_refused():
    with pytest.raises(ValueError, match="replicates=0; expected 1 or more"):
        weights(0)


@pytest.mark.parametrize("persons", [2_000, 200_000])
def test_sums_spread_as_poisson_resampling_of_each_person_would(persons):
    """Few persons and many: those who share a group must not make sums move more or less."""
    random = np.random.default_rng(persons)
    figure = 1.0 + random.exponential(size=persons)
    keys = random.integers(0, 2**63, persons).astype(np.uint64)
    sums = group_sums(groups(keys), np.zeros(persons, np.int64), figure, 1)
    drawn = resampled_sums(sums, 1_000)[:, 0]
    assert drawn.std() == pytest.approx(math.sqrt((figure**2).sum()), rel=0.08)
    assert drawn.mean() == pytest.approx(figure.sum(), rel=4 / math.sqrt(1_000 * persons) * 2)
