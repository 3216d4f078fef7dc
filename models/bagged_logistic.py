"""Credit by logistic regression on which channels a path touched, many times over."""

from __future__ import annotations

from numbers import Integral

import numpy as np
import pyarrow as pa

from models.base import AttributionModel
from models.sets import ChannelSets, channel_sets
from models.touches import Touches

_STEPS = 50
_RIDGE = 1.0  # one path's worth of doubt: keeps coefficients finite where a channel always converts
_NOTHING = 1e-12


class BaggedLogistic(AttributionModel):
    """A channel earns by its mean coefficient in regressions on redrawn paths and channels.

    Each bag draws paths with replacement and some of the channels, and fits the log odds to
    convert to which of them were touched. A path's channels share in proportion to their mean
    coefficient over the bags that had them, negative ones as 0; touches of a channel share alike.
    A coefficient tells who is touched by people about to convert, which is not what the touch did.

    Parameters
    ----------
    bags : regressions.
    draws : paths of a bag, whatever the number of paths there are.
    channel_share : share of the channels in a bag, above 0, at most 1; at least one channel.
    seed : of the draws. Draws follow the sorted names of channels, so new names that sort
        otherwise move the credit within `variability_`.

    Learned
    -------
    coefficients_ : by channel, mean log odds over the bags with the channel.
    variability_ : by channel, standard deviation over those bags.
    misclassified_ : share of the paths on the wrong side of one half, mean over the bags; the
        paper's second figure beside variability. Where few convert it only tells that they do.
    unseen_ : median of the coefficients above 0, or 1: a channel never seen earns by it.

    Shao and Li 2011, KDD, 258-264.
    """

    _learned = ("coefficients", "misclassified", "unseen", "variability")
    _figures = ("misclassified", "largest_variability")

    def __init__(
        self, bags: int = 50, draws: int = 10_000, channel_share: float = 0.5, seed: int = 0
    ) -> None:
        self.bags = bags
        self.draws = draws
        self.channel_share = channel_share
        self.seed = seed

    @property
    def largest_variability_(self) -> float:
        """The largest of `variability_`."""
        return max(self.variability_.values())

    def _check_parameters(self) -> None:
        for name, lowest in {"bags": 1, "draws": 1, "seed": 0}.items():
            value = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool) or value < lowest:
                raise ValueError(f"{name}={value!r}; expected a whole number of {lowest} or more")
        if not 0 < self.channel_share <= 1:
            raise ValueError(f"channel_share={self.channel_share!r}; expected above 0, at most 1")

    def _learn(self, paths: pa.Table, counts: np.ndarray) -> None:
        sets = channel_sets(paths, counts)
        self._need_both(sets.won, sets.lost)
        random = np.random.default_rng(self.seed)
        drawn, wrong = zip(*(self._bag(sets, random) for _ in range(self.bags)), strict=True)
        found = np.array(drawn)
        was_in = ~np.isnan(found)
        times = np.maximum(was_in.sum(axis=0), 1)
        mean = np.where(was_in, found, 0.0).sum(axis=0) / times
        spread = np.sqrt(np.where(was_in, (found - mean) ** 2, 0.0).sum(axis=0) / times)
        self.coefficients_ = dict(zip(sets.channels, mean.tolist(), strict=True))
        self.variability_ = dict(zip(sets.channels, spread.tolist(), strict=True))
        self.misclassified_ = float(np.mean(wrong))
        above = mean[mean > _NOTHING]
        self.unseen_ = float(np.median(above)) if len(above) else 1.0

    def _bag(self, sets: ChannelSets, random: np.random.Generator) -> tuple[np.ndarray, float]:
        """Coefficients of one bag, NaN for channels not in it; share of paths it gets wrong."""
        many = len(sets.channels)
        size = max(1, round(self.channel_share * many))
        chosen = np.sort(random.choice(many, size, replace=False))
        outcomes = np.concatenate((sets.won, sets.lost))
        won, lost = np.split(random.multinomial(self.draws, outcomes / outcomes.sum()), 2)
        design = np.column_stack((np.ones(len(sets.won)), sets.has[:, chosen]))
        fitted = logit(design, won, lost)
        coefficients = np.full(many, np.nan)
        coefficients[chosen] = fitted[1:]
        is_positive = design @ fitted > 0
        wrong = np.where(is_positive, sets.lost, sets.won).sum() / sets.paths.sum()
        return coefficients, float(wrong)

    def _weights(self, touches: Touches, paths: pa.Table) -> np.ndarray:
        known = getattr(self, "coefficients_", {})
        unseen = getattr(self, "unseen_", 1.0)
        weights = np.array([known.get(channel, unseen) for channel in touches.channels])
        weights = np.where(weights > _NOTHING, weights, 0.0)
        return weights[touches.codes] / (touches.repeats if known else 1.0)


def logit(design: np.ndarray, won: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Coefficients that maximise the log likelihood less half the ridge times their squares.

    Newton's steps, halved while they do not climb. The first column, the intercept, is held too,
    by a thousandth of the ridge: a bag without any conversion has none otherwise.
    """
    paths = won + lost
    ridge = np.full(design.shape[1], _RIDGE)
    ridge[0] = _RIDGE / 1000
    at = np.zeros(design.shape[1])
    score = _score(design, won, paths, ridge, at)
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-(design @ at)))
        slope = design.T @ (won - paths * chance) - ridge * at
        bend = design.T @ (design * (paths * chance * (1 - chance))[:, None]) + np.diag(ridge)
        step = np.linalg.solve(bend, slope)
        ahead = _score(design, won, paths, ridge, at + step)
        while ahead < score and np.abs(step).max() > 1e-12:
            step = step / 2
            ahead = _score(design, won, paths, ridge, at + step)
        at, score = at + step, ahead
        if np.abs(step).max() <= 1e-10:
            break
    return at


def _score(
    design: np.ndarray, won: np.ndarray, paths: np.ndarray, ridge: np.ndarray, at: np.ndarray
) -> float:
    odds = design @ at
    return float(won @ odds - paths @ np.logaddexp(0.0, odds) - (ridge * at) @ at / 2)
