"""The Shapley value of channels, where the worth of a coalition is its conversion rate."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral

import numpy as np
import pyarrow as pa

from models.sets import ChannelSets, channel_sets
from models.shapley import conversion_game, shapley_values
from models.totals import ChannelTotals
from models.touches import Touches, outcomes

EXACT_CHANNELS = 20  # a million coalitions


class ShapleyRate(ChannelTotals):
    """A channel earns by how much it raises the conversion rate, averaged over coalitions.

    A coalition is worth the share that converted of the paths that touch none but its channels;
    0 if there are no such paths. Values add up to the rate of all paths. **They are unstable**: a
    rate of few paths counts as much as one of many, so a value may be negative and flip its sign
    from one month to the next. `instability_` and `negative_share_` tell how much; above a few
    hundredths do not read the totals. Totals cannot be negative, so they are the values above 0
    over their sum, times conversions; touches add up to them as far as they can (`fit_error_`).

    Parameters
    ----------
    draws : orders of joining drawn where there are more than 20 channels (each is also played
        backwards); with up to 20 every coalition is counted.
    replicates : redrawn data sets that `instability_` is measured on; 0 leaves it out.
    seed : of the draws.

    Learned, beside what `ChannelTotals` learns
    -------
    values_ : by channel, Shapley value in conversions per path; may be negative.
    standard_errors_ : by channel, of what the draws of orders leave open; 0 if exact.
    instability_ : largest standard deviation of a channel's share of the values, over data sets
        where each set of channels converts as often as it would by chance at its own rate.
    negative_share_ : negative values over all values, by size.
    unseen_share_ : share of the coalitions that no path lies within, so are worth 0 for want of
        knowing; with more than 20 channels, of those on the drawn orders.
    """

    _learned = (
        *ChannelTotals._learned,
        "instability", "negative_share", "standard_errors", "unseen_share", "values",
    )  # fmt: skip
    _figures = ("fit_error", "fit_passes", "instability", "negative_share", "unseen_share")

    def __init__(self, draws: int = 1_000, replicates: int = 20, seed: int = 0) -> None:
        self.draws = draws
        self.replicates = replicates
        self.seed = seed

    def _check_parameters(self) -> None:
        least = {"draws": 1, "replicates": 0, "seed": 0}
        for name, lowest in least.items():
            value = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool) or value < lowest:
                raise ValueError(f"{name}={value!r}; expected a whole number of {lowest} or more")

    def _learn(self, paths: pa.Table, counts: np.ndarray) -> None:
        sets = channel_sets(paths, counts)
        self._need_both(sets.won, sets.lost)
        is_exact = len(sets.channels) <= EXACT_CHANNELS
        values_of = exact_values if is_exact else self._drawn(sets)
        values, errors, unseen = values_of(sets, sets.won)
        above = np.where(values > 1e-12, values, 0.0)
        effects = above if above.any() else np.ones(len(values))
        totals = effects / effects.sum() * sets.won.sum()
        every = Touches.read(paths)
        kept = (every.lengths > 0) & (counts > 0)
        won = np.where(outcomes(paths), counts, 0)[kept]
        self._learn_weights(every.only(kept), won, effects, totals)
        self.values_ = self._by_channel(values)
        self.standard_errors_ = self._by_channel(errors)
        size = np.abs(values).sum()
        self.negative_share_ = float(-values[values < 0].sum() / size) if size else 0.0
        self.unseen_share_ = unseen
        self.instability_ = self._instability(sets, values_of)

    def _drawn(self, sets: ChannelSets) -> _Valuation:
        """Values by drawn orders of joining, each played forwards and backwards."""
        random = np.random.default_rng(self.seed)
        forwards = [random.permutation(len(sets.channels)) for _ in range(self.draws)]
        return lambda sets, won: drawn_values(sets, won, forwards)

    def _instability(self, sets: ChannelSets, values_of: _Valuation) -> float:
        random = np.random.default_rng(self.seed)
        size = np.rint(sets.paths).astype(np.int64)
        chance = np.divide(sets.won, sets.paths)
        shares = []
        for _ in range(self.replicates):
            again = random.binomial(size, chance)
            values = values_of(sets, again)[0]
            shares.append(values / values.sum() if again.any() else np.zeros(len(values)))
        return float(np.std(shares, axis=0).max()) if shares else 0.0


_Valuation = Callable[[ChannelSets, np.ndarray], tuple[np.ndarray, np.ndarray, float]]


def exact_values(sets: ChannelSets, won: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Shapley values of the rate over all coalitions, their errors (0), share of unseen ones."""
    players = len(sets.channels)
    place = sets.has @ (1 << np.arange(players))
    size = 1 << players
    paths = conversion_game(np.bincount(place, sets.paths, minlength=size))
    worth = conversion_game(np.bincount(place, won, minlength=size))
    np.divide(worth, paths, out=worth, where=paths > 0)
    unseen = float(np.mean(paths[1:] == 0)) if players else 0.0
    return shapley_values(worth), np.zeros(players), unseen


def drawn_values(
    sets: ChannelSets, won: np.ndarray, orders: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, float]:
    """The same from drawn orders: the mean over them, its standard error, share of unseen ones."""
    first, members = np.unique(np.nonzero(sets.has)[0], return_index=True)[1], sets.has.nonzero()[1]
    players = len(sets.channels)
    added, unseen = np.empty((len(orders), players)), 0
    for row, forwards in enumerate(orders):
        both = np.zeros(players)
        for order in (forwards, forwards[::-1]):
            joins = np.empty(players, dtype=np.int64)
            joins[order] = np.arange(players)
            complete = np.maximum.reduceat(joins[members], first)  # when the last member joins
            paths = np.cumsum(np.bincount(complete, sets.paths, minlength=players))
            rate = np.cumsum(np.bincount(complete, won, minlength=players))
            np.divide(rate, paths, out=rate, where=paths > 0)
            both[order] += np.diff(rate, prepend=0.0) / 2
            unseen += int((paths == 0).sum())
        added[row] = both
    errors = added.std(axis=0, ddof=1) / np.sqrt(len(orders)) if len(orders) > 1 else both * np.nan
    return added.mean(axis=0), errors, unseen / (2 * len(orders) * players)
