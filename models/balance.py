"""Weights by which touches share a path so that channels get what they are due."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from models.touches import Touches, rank

TOLERANCE = 1e-11  # a pass that moves less of the conversions than this is the last one
PASSES = 3_000
_LOWEST = -60.0  # log of a weight beside the largest one, as far as a leap may take it


def distinct_mixes(touches: Touches, counts: np.ndarray) -> tuple[sparse.csr_array, np.ndarray]:
    """One row per distinct mix of channels: touches by channel; and how often it happened.

    Rows are in an order of their own, so the order of the paths changes no sum.
    """
    ones = np.ones(len(touches.codes))
    shape = (len(touches.lengths), len(touches.channels))
    mixes = sparse.coo_array((ones, (touches.path, touches.codes)), shape=shape).tocsr()
    place = places(mixes)
    example = np.zeros(place.max(initial=-1) + 1, dtype=np.int64)
    example[place] = np.arange(len(place))
    return mixes[example], np.bincount(place, counts)


def balance(
    mixes: sparse.csr_array, counts: np.ndarray, due: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """A weight per channel, what the channels then get, and the passes it took.

    A touch of c gets ``w_c / sum of w over its path``. Proportional fitting: ``w_c *= due_c /
    got_c`` until nothing moves, sped up by leaps along the way it moves (Varadhan and Roland
    2008) wherever they raise ``sum due log w - sum counts log(mixes w)``, which each pass does.
    Where no weights give every channel its due, those that get too much from paths of their own
    approach 0 and the others share what is left in proportion.
    """
    due = _attainable(mixes, counts, due)
    logs = np.maximum(np.log(due / due.max()), 10 * _LOWEST)
    moved, passes = np.inf, 0
    while moved > TOLERANCE * counts.sum() and passes < PASSES:
        one, got = _fitted(mixes, counts, due, logs)
        two, got_then = _fitted(mixes, counts, due, one)
        moved, passes = np.abs(got_then - got).max(), passes + 2
        leap = _leap(logs, one, two)
        score = _score(mixes, counts, due, two)
        is_better = leap.min() >= _LOWEST and _score(mixes, counts, due, leap) >= score
        logs = leap if is_better else two
    return np.exp(logs), _got(mixes, counts, np.exp(logs)), passes


def _attainable(mixes: sparse.csr_array, counts: np.ndarray, due: np.ndarray) -> np.ndarray:
    """Channels that never share a path with others are due exactly the conversions they have.

    Alike, if nothing is due to any of them.
    """
    shared = mixes.T @ mixes
    groups, group = csgraph.connected_components(shared, directed=False)
    has = np.bincount(group[mixes.indices[mixes.indptr[:-1]]], counts, minlength=groups)
    floor = np.finfo(float).tiny * counts.sum()
    whole = np.bincount(group, due, minlength=groups)
    due = np.where(whole[group] > 0, due, 1.0)
    whole = np.where(whole > 0, whole, np.bincount(group))
    return np.maximum(due * (has / whole)[group], floor)


def _got(mixes: sparse.csr_array, counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return weights * (mixes.T @ (counts / (mixes @ weights)))


def _fitted(
    mixes: sparse.csr_array, counts: np.ndarray, due: np.ndarray, logs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Logs of the weights after a pass, the largest 0; and what the channels got before it."""
    got = _got(mixes, counts, np.exp(logs))
    after = logs + np.log(due / got)
    return np.maximum(after - after.max(), 10 * _LOWEST), got


def _leap(logs: np.ndarray, one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Where the passes seem to be heading."""
    speed = one - logs
    bend = two - one - speed
    length = np.sqrt((speed @ speed) / max(bend @ bend, np.finfo(float).tiny))
    length = max(length, 1.0)
    ahead = logs + 2 * length * speed + length**2 * bend
    return ahead - ahead.max()


def _score(mixes: sparse.csr_array, counts: np.ndarray, due: np.ndarray, logs: np.ndarray) -> float:
    return float(due @ logs - counts @ np.log(mixes @ np.exp(logs)))


def places(mixes: sparse.csr_array) -> np.ndarray:
    """Of each row: its place among the distinct rows, found entry by entry."""
    touches = mixes.data.astype(np.int64)
    keys = rank(mixes.indices * (touches.max(initial=0) + 1) + touches)[1]
    lengths = np.diff(mixes.indptr)
    place = np.zeros(len(lengths), dtype=np.int64)
    for column in range(int(lengths.max(initial=0))):
        longer = np.flatnonzero(lengths > column)
        joined = place[longer] * len(keys) + keys[mixes.indptr[longer] + column]
        place[longer] = place.max() + 1 + rank(joined)[1]  # above all that ended before
    return rank(place)[1]
