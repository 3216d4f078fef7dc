"""Intervals from sums by bag: persons fall into a few bags, and each bag is left out in turn.

All of a person is in one bag, so whatever goes together in a person goes together here. The sums
name nobody, add up over days, and are all an interval needs. (Delete-a-group jackknife: Kott 2001.)
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from models.uncertainty import LEVEL

MIN_BAGS = 10  # fewer say little of how figures vary


def without_each(sums: np.ndarray) -> np.ndarray:
    """Bags + 1 x whatever `sums` (bags x …) has: in row 0 all bags, then all but each.

    >>> without_each(np.array([[1.0], [2.0], [4.0]])).T.tolist()
    [[7.0, 6.0, 5.0, 3.0]]
    """
    whole = sums.sum(axis=0, keepdims=True)
    return np.concatenate([whole, whole - sums])


def intervals(figures: np.ndarray, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Low and high of each column of `figures`, which has a row for all bags, then without each.

    Student's t with one degree of freedom less than bags. Not a number where a figure is unknown
    without some bag: then a single bag decides it. ValueError for fewer than 10 bags.

    >>> low, high = intervals(np.array([5.0, *range(10)])[:, None])
    >>> f"{low[0]:.1f} {high[0]:.1f}"
    '-14.5 24.5'
    """
    if not 0 < level < 1:
        raise ValueError(f"level={level!r}; expected above 0 and below 1, as 0.95")
    bags = len(figures) - 1
    if bags < MIN_BAGS:
        raise ValueError(f"{bags} bags; an interval needs {MIN_BAGS} or more")
    left = figures[1:]
    variance = (bags - 1) / bags * ((left - left.mean(axis=0)) ** 2).sum(axis=0)
    reach = stats.t.ppf((1 + level) / 2, bags - 1) * np.sqrt(variance)
    return figures[0] - reach, figures[0] + reach
