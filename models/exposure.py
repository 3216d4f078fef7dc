"""What is left of touches as days go by, and what that works like."""

from __future__ import annotations

import numpy as np


def faded(count: np.ndarray, fade: float) -> np.ndarray:
    """Channel x day x person: what is left of all touches up to that day.

    >>> faded(np.ones((1, 3, 1)), 1 / np.log(2)).ravel().tolist()
    [1.0, 1.5, 1.75]
    """
    left = np.empty_like(count)
    now = np.zeros_like(count[:, 0])
    for day in range(count.shape[1]):
        now = now * np.exp(-1 / fade).astype(count.dtype) + count[:, day]
        left[:, day] = now
    return left


def felt(exposure: np.ndarray) -> np.ndarray:
    """What exposure works like: the tenth touch adds little to nine.

    >>> felt(np.array([0.0, 1.0, 9.0])).tolist()
    [0.0, 0.5, 0.9]
    """
    return exposure / (1 + exposure)
