"""The order of a Markov chain: the one that told best what later paths did next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from models.chain import states_of
from models.touches import Touches, outcomes, path_counts, rank

_PRIOR = 1.0  # a shorter memory counts as much as that many paths seen


@dataclass(frozen=True)
class OrderChoice:
    """The order with the smallest loss, the lower of equals; and the loss of every order.

    A loss is nats per later path: minus the mean log chance that a chain of that order, counted
    on the earlier paths, gave to all that the path did: each touch, and how it ended.
    """

    order: int
    losses: dict[int, float]


def choose_order(
    earlier: pa.Table,
    later: pa.Table,
    orders: Sequence[int] = (1, 2, 3, 4, 5, 6),
    earlier_weight: np.ndarray | None = None,
    later_weight: np.ndarray | None = None,
) -> OrderChoice:
    """Judge orders out of time: count on `earlier` paths, score on `later` ones.

    Name the orders before looking. What was never seen after the last k channels takes its
    chance from the last k - 1, down to none: a path nobody took before has a chance, too.
    """
    if not orders or min(orders) < 1:
        raise ValueError(f"orders={orders!r}; expected whole numbers of 1 or more")
    paths, is_later = _joined(earlier, later)
    counts = np.concatenate([
        path_counts(earlier_weight, earlier.num_rows), path_counts(later_weight, later.num_rows)
    ])  # fmt: skip
    steps = _steps(Touches.read(paths), outcomes(paths))
    judged = np.where(is_later, counts, 0)
    counted = np.where(is_later, 0, counts)[steps.path]
    judged_paths = judged[steps.touches.lengths > 0].sum()
    if not judged_paths or not counted.any():
        raise ValueError("choosing an order takes earlier and later paths with touches")
    losses = {}
    chance, often = np.full(len(steps.next), 1.0 / steps.kinds), np.full(len(steps.next), np.inf)
    for order in range(max(orders) + 1):
        chance, often = _chances(steps, steps.context(order), counted, chance, often)
        losses[order] = float(-(judged[steps.path] @ np.log(chance)) / judged_paths)
    asked = {order: losses[order] for order in sorted(set(orders))}
    return OrderChoice(min(asked, key=lambda order: asked[order]), asked)


def _joined(earlier: pa.Table, later: pa.Table) -> tuple[pa.Table, np.ndarray]:
    """Earlier, then later paths; and which are later."""
    needed = [name for name in ("channels", "is_converted") if name in earlier.column_names]
    paths = pa.concat_tables([earlier.select(needed), later.select(needed)])
    return paths, np.arange(paths.num_rows) >= earlier.num_rows


@dataclass(frozen=True)
class _Steps:
    """One entry per step of a path with touches: each touch, then its end."""

    touches: Touches
    path: np.ndarray
    next: np.ndarray  # code of the channel; then one for converted, one for lost
    kinds: int

    def context(self, order: int) -> np.ndarray:
        """Of each step: a number for the last `order` channels before it; 0 at the start."""
        if order == 0:
            return np.zeros(len(self.next), dtype=np.int64)
        state = states_of(self.touches, order)
        before = np.zeros(len(self.next), dtype=np.int64)
        is_first = np.concatenate(([True], self.path[1:] != self.path[:-1]))
        before[~is_first] = state
        return before


def _steps(touches: Touches, converts: np.ndarray) -> _Steps:
    many, has_touch = len(touches.channels), touches.lengths > 0
    lengths = touches.lengths + has_touch
    path = np.repeat(np.arange(len(lengths)), lengths)
    next_ = np.empty(len(path), dtype=np.int64)
    is_end = np.concatenate((path[1:] != path[:-1], [True]))[: len(path)]
    next_[~is_end] = touches.codes
    next_[is_end] = np.where(converts[has_touch], many, many + 1)
    return _Steps(touches, path, next_, many + 2)


def _chances(
    steps: _Steps, context: np.ndarray, counted: np.ndarray, shorter: np.ndarray, often: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of each step: its chance after its context, leaning on the `shorter` one's; and how often
    the context was seen.

    A context seen as often as the shorter one (`often`) is the same: it tells nothing new.
    """
    pair = rank(context * steps.kinds + steps.next)[1]
    seen = np.bincount(pair, counted)[pair]
    now = np.bincount(context, counted)[context]
    return np.where(now == often, shorter, (seen + _PRIOR * shorter) / (now + _PRIOR)), now
