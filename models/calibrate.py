"""Credit reconciled with lift tests: what models and experiments say together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
from scipy import special, stats

from models.lift_tests import LiftTest

SHARED_SPREAD = 1.0  # of the log of the bias that all channels share: a factor 2.7 either way
OWN_SPREAD = 0.5  # of the log of what a channel's bias adds to that: a factor 1.6 either way
_REACH = 6.0  # standard deviations the grids reach
_SHARED_STEPS, _OWN_STEPS = 241, 4001
CALIBRATED = pa.schema(
    [
        ("channel", pa.string()),
        ("credit", pa.float64()),
        ("is_tested", pa.bool_()),
        ("calibrated", pa.float64()),
        ("calibrated_low", pa.float64()),
        ("calibrated_high", pa.float64()),
        ("log_factor", pa.float64()),
        ("log_factor_error", pa.float64()),
    ]
)
LEFT_OUT = pa.schema(
    [
        ("test", pa.string()),
        ("channel", pa.string()),
        ("estimate", pa.float64()),
        ("standard_error", pa.float64()),
        ("model_said", pa.float64()),
        ("others_say", pa.float64()),
        ("others_low", pa.float64()),
        ("others_high", pa.float64()),
        ("z", pa.float64()),
        ("is_inside", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class Factor:
    """What a channel's credit is to be multiplied by: chances of the log of it, on a grid."""

    logs: np.ndarray  # ascending, evenly apart
    chances: np.ndarray  # of each; they sum to 1

    def quantile(self, chance: float) -> float:
        """The log factor that is not exceeded with this chance; between grid points linear."""
        behind = np.cumsum(self.chances) - self.chances / 2
        return float(np.interp(chance, behind, self.logs))

    @property
    def mean(self) -> float:
        """Of the log."""
        return float(self.chances @ self.logs)

    @property
    def error(self) -> float:
        """Standard deviation of the log."""
        return float(np.sqrt(self.chances @ (self.logs - self.mean) ** 2))


@dataclass(frozen=True)
class Bias:
    """What lift tests teach of a model's bias: of tested channels, and of all others."""

    tested: Mapping[str, Factor]
    untested: Factor

    def of(self, channel: str) -> Factor:
        """The factor of a channel."""
        return self.tested.get(channel, self.untested)


def learn_bias(
    tests: Sequence[LiftTest],
    said: np.ndarray,
    shared_spread: float = SHARED_SPREAD,
    own_spread: float = OWN_SPREAD,
) -> Bias:
    """The bias of a model that `said` so much (credit in scope and period) of each test.

    ``true = said exp(b + e_c)`` with ``b ~ N(0, shared_spread^2)`` shared by all channels and
    ``e_c ~ N(0, own_spread^2)`` by those of channel c; ``estimate ~ N(true, standard_error^2)``,
    so a test counts by its precision. b carries what was learned to untested channels, which keep
    the whole of e_c as their error, and shrinks it to 0 where tests are few or weak. Solved by
    quadrature, not by a normal approximation: weak tests and estimates below 0 are no trouble.
    """
    for test, credit in zip(tests, said, strict=True):
        if not credit > 0:
            raise ValueError(
                f"the model gives {credit:g} to {test.name}; expected more than 0: a test teaches "
                "by what factor credit is wrong, and nothing times a factor is nothing. Check how "
                "channel, scope and days are written, or leave the test out and read it as it is"
            )
    logs, log_chance, own = _grids(shared_spread, own_spread)
    seen = {c: _seen(tests, said, c, logs) for c in sorted({test.channel for test in tests})}
    likely = {c: np.maximum(own @ found, np.finfo(float).tiny) for c, found in seen.items()}
    chance = special.softmax(log_chance + sum(np.log(found) for found in likely.values()))
    tested = {c: _factor(logs, seen[c] * ((chance / likely[c]) @ own)) for c in seen}
    return Bias(tested, _factor(logs, chance @ own))


@lru_cache(maxsize=4)
def _grids(shared_spread: float, own_spread: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log factors; the log chance of each b; chances of the log factors (columns) given b."""
    for name, spread in {"shared_spread": shared_spread, "own_spread": own_spread}.items():
        if not spread > 0:
            raise ValueError(f"{name}={spread!r}; expected above 0: bias is never known before")
    reach = _REACH * np.hypot(shared_spread, own_spread)
    shared = np.linspace(-_REACH * shared_spread, _REACH * shared_spread, _SHARED_STEPS)
    logs = np.linspace(-reach, reach, _OWN_STEPS)
    own = stats.norm.pdf(logs, shared[:, None], own_spread)
    chance = stats.norm.logpdf(shared, 0.0, shared_spread)
    return logs, chance, own / own.sum(axis=1, keepdims=True)


def _seen(
    tests: Sequence[LiftTest], said: np.ndarray, channel: str, logs: np.ndarray
) -> np.ndarray:
    """How likely the estimates of a channel's tests are at each log factor; 1 where likeliest."""
    log_likely = sum(
        stats.norm.logpdf(test.estimate, credit * np.exp(logs), test.standard_error)
        for test, credit in zip(tests, said, strict=True)
        if test.channel == channel
    )
    return np.exp(log_likely - np.max(log_likely))


def _factor(logs: np.ndarray, chances: np.ndarray) -> Factor:
    return Factor(logs, chances / chances.sum())


def reconcile(credit: Mapping[str, float], bias: Bias, level: float = 0.95) -> pa.Table:
    """One row per channel: its credit, and what is left of it after the bias that tests show.

    `credit` is that of the model `bias` was learned of, over the days that are reported.
    ``calibrated`` is the median, the interval leaves (1 - level) / 2 on either side; it counts the
    doubt in tests and bias, not that of sampling. Where not ``is_tested`` the channel took over
    the bias of the tested ones. A channel with credit of 0 or less stays uncalibrated
    (null): a factor says nothing about it. Leave out what is no channel, as ``(baseline)``.
    """
    rows = []
    for channel in sorted(credit):
        given, factor = credit[channel], bias.of(channel)
        row = {"channel": channel, "credit": given, "is_tested": channel in bias.tested}
        if given > 0:
            low, middle, high = (
                given * np.exp(factor.quantile(at))
                for at in ((1 - level) / 2, 0.5, (1 + level) / 2)
            )
            row |= {"calibrated": middle, "calibrated_low": low, "calibrated_high": high}
            row |= {"log_factor": factor.mean, "log_factor_error": factor.error}
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=CALIBRATED)


def left_out(
    tests: Sequence[LiftTest], said: np.ndarray, level: float = 0.95, **spreads: float
) -> pa.Table:
    """One row per test: what model and other tests would have said of it, had it not been run.

    The honest check of a calibration, as no test judges itself. ``others_*`` are of the true
    effect; ``z`` tells where the estimate lies among the estimates expected, the test's own
    standard error included, in standard deviations of a normal; ``is_inside`` whether in the
    middle `level` of them. Rows are in the order of the tests.
    """
    tails, rows = ((1 - level) / 2, 0.5, (1 + level) / 2), []
    for at, test in enumerate(tests):
        others = [other for place, other in enumerate(tests) if place != at]
        factor = learn_bias(others, np.delete(said, at), **spreads).of(test.channel)
        low, middle, high = (said[at] * np.exp(factor.quantile(tail)) for tail in tails)
        true = said[at] * np.exp(factor.logs)
        chance = factor.chances @ special.ndtr((test.estimate - true) / test.standard_error)
        rows.append({
            "test": test.name, "channel": test.channel, "estimate": test.estimate,
            "standard_error": test.standard_error, "model_said": float(said[at]),
            "others_say": middle, "others_low": low, "others_high": high,
            "z": float(special.ndtri(np.clip(chance, 1e-300, 1 - 1e-16))),
            "is_inside": bool(tails[0] <= chance <= tails[2]),
        })  # fmt: skip
    return pa.Table.from_pylist(rows, schema=LEFT_OUT)
