"""Credit by what the loss of a channel would cost, in a Markov chain of any order."""

from __future__ import annotations

from numbers import Integral

import numpy as np
import pyarrow as pa

from models.balance import balance, distinct_mixes
from models.base import AttributionModel
from models.chain import count_chain, removal_effects
from models.touches import Touches, outcomes


class Markov(AttributionModel):
    """A channel earns by the share of conversions that would be lost without it.

    The next touch, conversion or loss depends on the last `order` channels only (on all so far
    while there are fewer). Removing a channel loses every path that arrives at a touch of it, so
    its removal effect is the share of conversions that pass through it. Channel totals are
    ``removal_effects_ / sum of them x conversions``. A touch earns ``w_c / sum of w over its
    path``; the weights ``w`` are fitted so that touches add up to the channel totals over the
    converted paths of the fit. Exact: nothing is drawn at random. Repeated touches count: at
    order 1 they change no removal effect, at higher orders "a, a, b" is not "a, b".

    Parameters
    ----------
    order : how many last channels make a state, 1 or more.

    Learned
    -------
    channels_ : channels seen, sorted.
    removal_effects_ : by channel, 0..1.
    conversion_probability_ : of a path, by the chain.
    totals_ : by channel, conversions due to it.
    weights_ : by channel, of a touch. Channels of converted paths add up to 1; one that only lost
        paths have keeps its removal effect on the same scale.
    unseen_weight_ : median of the weights above 0: a channel the fit never saw earns by it.
    fit_error_ : share of the conversions that touches give to another channel than the totals do.
        Above 1e-6 (and short of 3,000 passes) no weights can do better, mostly as a channel's
        paths without others are more than its total; it then earns next to nothing beside others.
    fit_passes_ : passes of the fitting of the weights, at most 3,000.
    has_losses_ : False if there was no lost path; totals then only tell how common a channel is.
    n_states_ : states of the chain, the start among them.

    Notes
    -----
    Paths without touches are left out of the fit. Before `fit`, and after a fit on no conversion,
    touches earn alike, as in Linear. Where all channels of a path have weight 0 they earn alike.
    Anderl, Becker, von Wangenheim, Schumann 2016, IJRM 33(3), 457-474.

    >>> paths = pa.table({"channels": [["a", "b"], ["a"], ["b"]], "is_converted": [1, 0, 1]})
    >>> model = Markov().fit(paths.cast(pa.schema([paths.field(0), ("is_converted", pa.bool_())])))
    >>> {channel: round(effect, 6) for channel, effect in model.removal_effects_.items()}
    {'a': 0.5, 'b': 1.0}
    """

    _learned = (
        "channels", "conversion_probability", "fit_error", "fit_passes", "has_losses", "n_states",
        "removal_effects", "totals", "unseen_weight", "weights",
    )  # fmt: skip

    def __init__(self, order: int = 1) -> None:
        self.order = order

    def _check_parameters(self) -> None:
        if not isinstance(self.order, Integral) or isinstance(self.order, bool) or self.order < 1:
            raise ValueError(f"order={self.order!r}; expected a whole number of 1 or more")

    def _learn(self, paths: pa.Table, counts: np.ndarray) -> None:
        converts, every = outcomes(paths), Touches.read(paths)
        kept = (every.lengths > 0) & (counts > 0)
        touches = every.only(kept)
        converted, lost = np.where(converts, counts, 0)[kept], np.where(converts, 0, counts)[kept]
        chain = count_chain(touches, converted, lost, int(self.order))
        effects, probability = removal_effects(chain, len(touches.channels))
        conversions = converted.sum()
        totals = effects / effects.sum() * conversions if conversions else np.zeros_like(effects)
        self.channels_ = touches.channels
        self.removal_effects_ = self._by_channel(effects)
        self.conversion_probability_ = probability
        self.totals_ = self._by_channel(totals)
        self.has_losses_ = bool(lost.sum() > 0)
        self.n_states_ = len(chain.channel)
        self._learn_weights(touches, converted, effects, totals)

    def _learn_weights(
        self, touches: Touches, converted: np.ndarray, effects: np.ndarray, totals: np.ndarray
    ) -> None:
        weights, got, passes = np.ones(len(totals)), np.zeros(len(totals)), 0
        won = touches.only(converted > 0)
        if won.channels:
            in_won = np.isin(touches.channels, won.channels)
            mixes, counts = distinct_mixes(won, converted[converted > 0])
            fitted, got[in_won], passes = balance(mixes, counts, totals[in_won])
            weights = effects / effects[in_won].sum()
            weights[in_won] = fitted / fitted.sum()
        moved = np.abs(got - totals).sum() / 2
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
