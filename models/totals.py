"""Models that know what each channel is due: touches share so that they add up to it."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa

from models.balance import balance, distinct_mixes
from models.base import AttributionModel
from models.touches import Touches


class ChannelTotals(AttributionModel):
    """A touch earns ``w_c / sum of w over its path``, with w fitted to the channel totals.

    Learned
    -------
    channels_ : channels seen, sorted.
    totals_ : by channel, what is due to it.
    weights_ : by channel, of a touch. Channels of converted paths add up to 1; one that only lost
        paths have keeps its effect on the same scale.
    unseen_weight_ : median of the weights above 0: a channel the fit never saw earns by it.
    fit_error_ : share of the conversions that touches give to another channel than the totals do.
        Above 1e-6 (and short of 3,000 passes) no weights can do better, mostly as a channel's
        paths without others are more than its total; it then earns next to nothing beside others.
    fit_passes_ : passes of the fitting of the weights, at most 3,000.
    """

    _learned: ClassVar[tuple[str, ...]] = (
        "channels", "fit_error", "fit_passes", "totals", "unseen_weight", "weights",
    )  # fmt: skip

    def _learn_weights(
        self, touches: Touches, converted: np.ndarray, effects: np.ndarray, totals: np.ndarray
    ) -> None:
        """Weights that give the channels of `touches` their `totals` of the `converted` paths."""
        weights, got, passes = np.ones(len(totals)), np.zeros(len(totals)), 0
        won = touches.only(converted > 0)
        if won.channels:
            in_won = np.isin(touches.channels, won.channels)
            mixes, counts = distinct_mixes(won, converted[converted > 0])
            fitted, got[in_won], passes = balance(mixes, counts, totals[in_won])
            weights = effects / effects[in_won].sum()
            weights[in_won] = fitted / fitted.sum()
        moved = np.abs(got - totals).sum() / 2
        self.channels_ = touches.channels
        self.totals_ = self._by_channel(totals)
        self.weights_ = self._by_channel(weights)
        self.unseen_weight_ = float(np.median(weights[weights > 0])) if len(weights) else 1.0
        self.fit_error_ = float(moved / converted.sum()) if won.channels else 0.0
        self.fit_passes_ = passes

    def _by_channel(self, values: np.ndarray) -> dict[str, float]:
        return dict(zip(self.channels_, values.tolist(), strict=True))

    def _weights(self, touches: Touches, paths: pa.Table) -> np.ndarray:
        known = getattr(self, "weights_", {})
        unseen = getattr(self, "unseen_weight_", 1.0)
        weights = [known.get(channel, unseen) for channel in touches.channels]
        return np.array(weights, dtype=np.float64)[touches.codes]
