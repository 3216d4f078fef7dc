"""What lift tests make of a model's figures: a low, a middle and a high factor for each channel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from models.calibrate import OWN_SPREAD, Factor, learn_bias
from models.lift_tests import LiftTest

LEVEL = 0.95
DIGITS = 12  # factors are rounded: how a sum was ordered must not be seen in a table
Triple = tuple[float, float, float]  # low, middle, high


@dataclass(frozen=True)
class Multipliers:
    """Factors by channel, and of all channels without a test.

    A campaign shares the bias of its channel and has something of its own, of the same spread as a
    channel's own, so its factors lie further apart.
    """

    channels: Mapping[str, Triple] = field(default_factory=dict)
    campaigns: Mapping[str, Triple] = field(default_factory=dict)  # by their channel
    others: tuple[Triple, Triple] | None = None  # of a channel, of a campaign; None without tests
    tests: int = 0
    own: Mapping[str, int] = field(default_factory=dict)  # tests of a channel

    def of(self, level: str, channels: Sequence[str]) -> np.ndarray | None:
        """Low, middle and high factor (rows) of channels, or of a campaign of each (columns)."""
        if self.others is None:
            return None
        is_channel = level == "channel"
        known = self.channels if is_channel else self.campaigns
        other = self.others[0] if is_channel else self.others[1]
        return np.array([known.get(channel, other) for channel in channels]).T


def learned(tests: Sequence[LiftTest], said: np.ndarray) -> Multipliers:
    """Multipliers of a model that `said` so much of each test.

    A test of a channel to which the model gives nothing teaches nothing of it and is left out.
    """
    useful = [at for at, credit in enumerate(said) if credit > 0]
    if not useful:
        return Multipliers()
    kept = [tests[at] for at in useful]
    bias = learn_bias(kept, said[useful])
    return Multipliers(
        {channel: _triple(factor) for channel, factor in bias.tested.items()},
        {channel: _triple(widened(factor)) for channel, factor in bias.tested.items()},
        (_triple(bias.untested), _triple(widened(bias.untested))),
        len(kept),
        Counter(test.channel for test in kept),
    )


def widened(factor: Factor, spread: float = OWN_SPREAD) -> Factor:
    """The factor times another one of log mean 0 and this spread.

    >>> sure = Factor(np.linspace(-3, 3, 601), np.eye(601)[300])
    >>> round(widened(sure).error, 3)
    0.5
    """
    step = factor.logs[1] - factor.logs[0]
    reach = int(4 * spread / step)
    away = np.arange(-reach, reach + 1) * step
    chances = np.convolve(factor.chances, np.exp(-((away / spread) ** 2) / 2), mode="same")
    return Factor(factor.logs, chances / chances.sum())


def _triple(factor: Factor) -> Triple:
    tails = ((1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2)
    low, middle, high = (round(float(np.exp(factor.quantile(at))), DIGITS) for at in tails)
    return low, middle, high


def calibrated(
    figure: str, amounts: np.ndarray, conversions: np.ndarray, factors: np.ndarray
) -> np.ndarray:
    """Low, middle and high of a figure (rows) for each label (columns); nan where there is none.

    A cost per conversion is divided by the factor. There is none for shares, nor for what is 0 or
    less: a factor says nothing about it.
    """
    if figure == "rank":
        return calibrated_ranks(conversions * factors)
    if figure == "share":
        return np.full(factors.shape, np.nan)
    made = amounts / factors[::-1] if figure == "cpa" else amounts * factors
    return np.where(amounts > 0, made, np.nan)


def calibrated_ranks(conversions: np.ndarray) -> np.ndarray:
    """Best, middle and worst place of labels by their calibrated conversions (low, middle, high).

    At best behind those whose whole interval lies above the own one, at worst behind all that reach
    above its low end. Intervals are of each label alone, so both ends are on the safe side.

    >>> calibrated_ranks(np.array([[1.0, 4.0, 0.0], [2.0, 5.0, 1.0], [3.0, 6.0, 1.5]])).tolist()
    [[2.0, 1.0, 2.0], [2.0, 1.0, 3.0], [3.0, 1.0, 3.0]]
    """
    low, middle, high = conversions
    order = np.argsort(-middle, kind="stable")
    place = np.empty(len(order))
    place[order] = np.arange(1, len(order) + 1)
    count = len(order)
    best = 1 + count - np.searchsorted(np.sort(low), high, side="right")
    reaching = count - np.searchsorted(np.sort(high), low, side="right")
    worst = 1 + reaching - (high > low)
    return np.array([np.minimum(best, place), place, np.maximum(worst, place)])
