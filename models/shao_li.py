"""Credit by conversion chances of channels and of pairs of channels."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from models.base import AttributionModel
from models.sets import channel_sets, presence
from models.touches import Touches

_NOTHING = 1e-12  # what is left of two chances that cancel out


class ShaoLi(AttributionModel):
    """A channel earns by the chance to convert with it, alone and beside each other channel.

    In a converting path with the channels S, channel i contributes
    ``p(i) + 1 / (2 (|S| - 1)) sum over j in S, j != i, of (p(i, j) - p(i) - p(j))``
    with p(i), p(i, j) the shares that converted of the paths with i, with both. A path of one
    channel contributes p(i). Contributions do not add up to conversions; as credit they are taken
    in proportion, negative ones as 0, and the touches of a channel share alike.

    Learned
    -------
    chances_ : p(i) by channel.
    pair_chances_ : p(i, j) by channel and channel, of pairs seen together; others add no term.
    rate_ : share of all paths that converted: p of a channel never seen.
    totals_ : by channel, contributions of the paper summed over converting paths: not credit.

    Notes
    -----
    Shao and Li 2011, KDD, 258-264: the sum runs over the other channels *of that person*, as in
    the package ``mta``. Peers that sum over all channels of the data instead, a pair never seen
    counting as one that never converts, differ: of a (3 of 4) and b (1 of 4), never together,
    they give .25 x 3 and -.25 x 1 where this gives .75 x 3 and .25 x 1.
    """

    _learned = ("chances", "pair_chances", "rate", "totals")
    _figures = ("rate",)

    def _learn(self, paths: pa.Table, counts: np.ndarray) -> None:
        sets = channel_sets(paths, counts)
        self._need_both(sets.won, sets.lost)
        has = sets.has.astype(np.float64)
        both, won = has.T @ (has * sets.paths[:, None]), has.T @ (has * sets.won[:, None])
        chance = np.divide(won, both, out=np.full_like(won, np.nan), where=both > 0)
        self.chances_ = dict(zip(sets.channels, np.diag(chance).tolist(), strict=True))
        self.pair_chances_ = {
            one: {
                other: float(chance[i, j])
                for j, other in enumerate(sets.channels) if i != j and both[i, j] > 0
            }
            for i, one in enumerate(sets.channels)
        }  # fmt: skip
        self.rate_ = float(sets.won.sum() / sets.paths.sum())
        alone, extra = self._terms(sets.channels)
        raw = has * _contributions(has, alone, extra)
        totals = (raw * sets.won[:, None]).sum(axis=0)
        self.totals_ = dict(zip(sets.channels, totals.tolist(), strict=True))

    def _terms(self, channels: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """p(i), and p(i, j) - p(i) - p(j) or 0 for a pair never seen."""
        alone = np.array([self.chances_.get(channel, self.rate_) for channel in channels])
        extra = np.zeros((len(channels), len(channels)))
        for i, one in enumerate(channels):
            seen = self.pair_chances_.get(one, {})
            for j, other in enumerate(channels):
                if other in seen:
                    extra[i, j] = seen[other] - alone[i] - alone[j]
        return alone, extra

    def _weights(self, touches: Touches, paths: pa.Table) -> np.ndarray:
        if not hasattr(self, "chances_"):
            return np.ones(len(touches.codes))
        alone, extra = self._terms(touches.channels)
        part = _contributions(presence(touches), alone, extra)[touches.path, touches.codes]
        return np.where(part > _NOTHING, part, 0.0) / touches.repeats


def _contributions(has: np.ndarray, alone: np.ndarray, extra: np.ndarray) -> np.ndarray:
    """Of each path and channel; means something only where the path has the channel."""
    others = np.maximum(np.asarray(has.sum(axis=1)) - 1, 1)
    return alone + has @ extra / (2 * others[:, None])
