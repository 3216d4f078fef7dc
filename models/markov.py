"""Credit by what the loss of a channel would cost, in a Markov chain of any order."""

from __future__ import annotations

from numbers import Integral

import numpy as np
import pyarrow as pa

from models.base import Unfit
from models.chain import count_chain, removal_effects
from models.totals import ChannelTotals
from models.touches import Touches, micro_values, outcomes

_LOSSES = ("use", "need", "drop")
_OUTCOMES = ("conversions", "value")


class Markov(ChannelTotals):
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
    order : how many last channels make a state, 1 or more; `models.order` chooses it.
    losses : "use" lost paths if there are any, "need" them (`Unfit` without any) or "drop" them.
    outcome : "conversions", or "value": what conversions are worth takes the place of how many
        they are. Reads column ``value`` (decimal or float, 0 or more): the worth of one
        conversion of the path; that of a lost path is ignored.

    Learned, beside what `ChannelTotals` learns
    -------
    removal_effects_ : by channel, 0..1; their sum is no share of anything and often above 1.
    conversion_probability_ : of a path, by the chain; of "value": the value expected of a path.
    has_losses_ : False if there was no lost path; totals then only tell how common a channel is,
        and `meaning_` says so.
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
        *ChannelTotals._learned,
        "conversion_probability", "has_losses", "n_states", "removal_effects",
    )  # fmt: skip
    _figures = (
        "conversion_probability", "fit_error", "fit_passes", "n_states", "has_losses", "meaning",
    )  # fmt: skip

    def __init__(self, order: int = 1, losses: str = "use", outcome: str = "conversions") -> None:
        self.order = order
        self.losses = losses
        self.outcome = outcome

    @property
    def meaning_(self) -> str:
        """What the effects of this fit may be called."""
        if self.has_losses_:
            return "removal effects: learned from converting and lost paths"
        return (
            "not removal effects: learned from converting paths only, so totals tell how common "
            "a channel is among conversions and nothing of what its loss would cost"
        )

    def _check_parameters(self) -> None:
        if not isinstance(self.order, Integral) or isinstance(self.order, bool) or self.order < 1:
            raise ValueError(f"order={self.order!r}; expected a whole number of 1 or more")
        if self.losses not in _LOSSES:
            raise ValueError(f"losses={self.losses!r}; expected one of {', '.join(_LOSSES)}")
        if self.outcome not in _OUTCOMES:
            raise ValueError(f"outcome={self.outcome!r}; expected one of {', '.join(_OUTCOMES)}")

    def _learn(self, paths: pa.Table, counts: np.ndarray) -> None:
        converts, every = outcomes(paths), Touches.read(paths)
        is_used = counts > 0 if self.losses != "drop" else (counts > 0) & converts
        kept = (every.lengths > 0) & is_used
        touches = every.only(kept)
        converted, lost = np.where(converts, counts, 0)[kept], np.where(converts, 0, counts)[kept]
        self._check_losses(converted, lost)
        worth, unit = self._worth(paths, converts, kept, converted)
        chain = count_chain(touches, converted, lost, int(self.order), worth)
        effects, expected = removal_effects(chain, len(touches.channels))
        totals = effects / effects.sum() * worth.sum() if worth.any() else np.zeros_like(effects)
        self._learn_weights(touches, worth, effects, totals)
        self.totals_ = self._by_channel(totals * unit)
        self.removal_effects_ = self._by_channel(effects)
        self.conversion_probability_ = expected * unit
        self.has_losses_ = bool(lost.sum() > 0)
        self.n_states_ = len(chain.channel)

    def _check_losses(self, converted: np.ndarray, lost: np.ndarray) -> None:
        if self.losses == "need" and converted.any() and not lost.any():
            raise Unfit(
                f"Markov(losses='need') got {converted.sum():.0f} converting paths and no lost "
                "one: what the loss of a channel costs cannot be told. Give lost paths too, or "
                "fit with losses='use' and read meaning_."
            )

    def _worth(
        self, paths: pa.Table, converts: np.ndarray, kept: np.ndarray, converted: np.ndarray
    ) -> tuple[np.ndarray, float]:
        """What the conversions of each kept path count for, in a unit that keeps sums whole."""
        if self.outcome == "conversions":
            return converted, 1.0
        return converted * micro_values(paths, converts)[kept], 1e-6
