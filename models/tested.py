"""Estimates of what channels caused, once lift tests of some of them have corrected them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from models.calibrate import learn_bias, reconcile
from models.lift_tests import EVERYWHERE, LiftTest
from models.simulate import FIRST_DAY, Truth

ARM = 200_000  # people in each arm of a test
SPREADS = {"shared_spread": 0.3, "own_spread": 0.7}
"""Of the log of an incremental model's bias: intent left over is a channel's own, hardly shared."""
_TEST = 30  # what the generator is for


def lift_tests(
    truth: Truth, channels: Sequence[str], people: int, days: int, seed: int, arm: int = ARM
) -> list[LiftTest]:
    """A test of each of the channels over the whole period: the truth and the luck of two arms.

    An arm of n people has Poisson luck in its purchases; the estimate is told for all `people`.
    """
    rng = np.random.default_rng([seed, _TEST])
    error = people * np.sqrt(2 * truth.conversions / people / arm)
    start = np.datetime64(FIRST_DAY, "D")
    end = start + np.timedelta64(days - 1, "D")
    luck = dict(zip(truth.caused, rng.standard_normal(len(truth.caused)).tolist(), strict=True))
    return [
        LiftTest(c, EVERYWHERE, start, end, truth.caused[c] + error * luck[c], error)
        for c in channels
    ]  # fmt: skip


def corrected(
    given: Mapping[str, float], tests: Sequence[LiftTest], **spreads: float
) -> dict[str, float]:
    """`given` reconciled with the tests (`models.calibrate`).

    A channel that is given nothing cannot be corrected by a factor: if tested, it has its
    estimate or nothing, whichever is more.
    """
    taught = [test for test in tests if given.get(test.channel, 0.0) > 0]
    bias = learn_bias(taught, np.array([given[test.channel] for test in taught]), **spreads)
    rows = reconcile(given, bias).to_pylist()
    found = {row["channel"]: row["calibrated"] or 0.0 for row in rows}
    alone = {t.channel: max(t.estimate, 0.0) for t in tests if t not in taught}
    return found | alone
