"""Credit by additive hazards: every touch adds a chance to convert that fades with time."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

import numpy as np
import pyarrow as pa

from models.base import AttributionModel
from models.touches import Touches, ends, instants, outcomes

_DAY = 86_400_000_000.0  # microseconds
_YOUNGEST = 1e-3  # days: a touch at the instant of the conversion could fade at any speed
_AT_REST = 1e-9  # of the log likelihood per conversion
_FIRST_DECAY = 1 / 7  # per day, where the fit starts


class AdditiveHazard(AttributionModel):
    """A touch earns by its part of the hazard to convert at the instant of the conversion.

    ``hazard(t) = baseline + sum over touches of impact_c decay_c exp(-decay_c (t - touched_at))``
    per day. A path is at risk from its first touch until it converts or is lost sight of, so
    that a path seen for a short time is not taken for one that would never convert. A touch's
    probability to be the one that made the conversion is its credit; what the baseline made is
    left out of credit, as it has no touch, and told by `baseline_share_`. Fitted by expectation
    and maximisation; the log likelihood rises at every pass. Without a baseline all conversions
    are put down to touches.

    `fit` needs ``touched_at``, ``is_converted`` and ``ended_at``: the instant of the conversion,
    or for a lost path the last at which one would have been seen. `attribute` needs
    ``touched_at`` and ``converted_at`` (or ``ended_at``).

    Parameters
    ----------
    baseline : whether people convert without any touch, too.
    passes : the most there are.

    Learned
    -------
    impact_ : by channel, conversions a touch makes if it is given endless time.
    decay_ : by channel, per day: an effect fades to a half in ln 2 / decay days. Never below one
        over the longest time at risk, as what is slower looks like a baseline.
    baseline_ : conversions per path and day at risk without touches; 0 without a baseline.
    baseline_share_ : share of the conversions that the baseline made.
    log_likelihood_, passes_ : where the fit ended and after how many passes.

    Zhang, Wei, Ren 2014, ICDM, 687-696; with a baseline as in Ji and Wang 2017, AAAI.
    """

    _learned = (
        "baseline", "baseline_share", "decay", "impact", "log_likelihood", "passes",
    )  # fmt: skip
    _figures = ("baseline_share", "log_likelihood", "passes")

    def __init__(self, baseline: bool = True, passes: int = 300) -> None:
        self.baseline = baseline
        self.passes = passes

    def _check_parameters(self) -> None:
        if not isinstance(self.baseline, bool):
            raise ValueError(f"baseline={self.baseline!r}; expected True or False")
        if (
            not isinstance(self.passes, Integral)
            or isinstance(self.passes, bool)
            or not (self.passes >= 1)
        ):
            raise ValueError(f"passes={self.passes!r}; expected a whole number of 1 or more")

    def _learn(self, paths: pa.Table, counts: np.ndarray) -> None:
        converts, every = outcomes(paths), Touches.read(paths)
        kept = (every.lengths > 0) & (counts > 0)
        risk = _ordered(every, kept, _ages(paths, every), converts, counts)
        self._need_both(risk.counts[risk.converts], risk.counts[~risk.converts])
        fit = _start(risk, self.baseline)
        last, moved, passes = -np.inf, np.inf, 0
        while moved > _AT_REST * risk.counts[risk.converts].sum() and passes < self.passes:
            parts, likelihood = _expected(risk, fit)
            moved, last, passes = likelihood - last, likelihood, passes + 1
            fit = _maximised(risk, fit, parts)
        by_channel = (dict(zip(risk.channels, v.tolist(), strict=True)) for v in fit[:2])
        self.impact_, self.decay_ = by_channel
        self.baseline_ = float(fit[2])
        touched = np.bincount(risk.path, parts, minlength=len(risk.counts)) * risk.counts
        won = risk.counts[risk.converts].sum()
        self.baseline_share_ = float(1 - touched.sum() / won) if self.baseline else 0.0
        self.log_likelihood_, self.passes_ = float(last), passes

    def _weights(self, touches: Touches, paths: pa.Table) -> np.ndarray:
        if not hasattr(self, "impact_"):
            return np.ones(len(touches.codes))
        age, channels = _ages(paths, touches), touches.channels
        impact = np.array([self.impact_.get(c, _median(self.impact_)) for c in channels])
        decay = np.array([self.decay_.get(c, _median(self.decay_)) for c in channels])
        with np.errstate(divide="ignore"):
            log = np.log(impact * decay)[touches.codes] - decay[touches.codes] * age
        top = touches.largest(log)  # the largest weighs 1, however long ago all were
        return np.exp(np.subtract(log, top, out=np.full(len(log), -np.inf), where=log > -np.inf))


_Fit = tuple[np.ndarray, np.ndarray, float]  # impact and decay by channel, baseline


@dataclass(frozen=True)
class _AtRisk:
    """Distinct paths in an order of their own: touches, and the days each was at risk."""

    channels: list[str]
    codes: np.ndarray  # of each touch
    age: np.ndarray  # of each touch: days to the end of its path
    path: np.ndarray  # of each touch
    converts: np.ndarray  # of each path
    days: np.ndarray  # of each path: from its first touch to its end
    counts: np.ndarray  # of each path


def _ages(paths: pa.Table, touches: Touches) -> np.ndarray:
    """Of each touch: days to the end of its path."""
    age = (ends(paths)[touches.path] - instants(paths, touches)) / _DAY
    if (age < 0).any():
        row = int(touches.path[np.flatnonzero(age < 0)[0]])
        raise ValueError(f"row {row} has a touch after its end; a path ends with its last touch")
    return np.maximum(age, _YOUNGEST)


def _ordered(
    every: Touches, kept: np.ndarray, age: np.ndarray, converts: np.ndarray, counts: np.ndarray
) -> _AtRisk:
    """Equal paths counted together and sorted, so that sums do not depend on the order of rows."""
    touches, age = every.only(kept), age[kept[every.path]]
    ends_at = touches.offsets[1:-1]
    parts = zip(np.split(touches.codes, ends_at), np.split(age, ends_at), strict=True)
    keys = [(codes.tobytes(), ages.tobytes()) for codes, ages in parts]
    marked = [(*key, bool(won)) for key, won in zip(keys, converts[kept], strict=False)]
    times: dict[tuple[bytes, bytes, bool], float] = dict.fromkeys(sorted(marked), 0.0)
    for key, count in zip(marked, counts[kept], strict=True):
        times[key] += count
    codes = [np.frombuffer(key[0], np.int64) for key in times]
    ages = [np.frombuffer(key[1], np.float64) for key in times]
    return _AtRisk(
        touches.channels, np.concatenate([*codes, np.zeros(0, np.int64)]),
        np.concatenate([*ages, np.zeros(0)]),
        np.repeat(np.arange(len(codes)), [len(code) for code in codes]),
        np.array([key[2] for key in times], dtype=bool),
        np.array([days.max() for days in ages]), np.array(list(times.values())),
    )  # fmt: skip


def _start(risk: _AtRisk, has_baseline: bool) -> _Fit:
    many, won = len(risk.channels), risk.counts[risk.converts].sum()
    impact = np.full(many, won / risk.counts.sum())
    start = won / (risk.counts @ risk.days) / 2 if has_baseline else 0.0
    return impact, np.full(many, max(_FIRST_DECAY, 1 / risk.days.max())), float(start)


def _expected(risk: _AtRisk, fit: _Fit) -> tuple[np.ndarray, float]:
    """Of each touch: the chance that it made its path's conversion; and the log likelihood."""
    impact, decay, baseline = fit
    rate = decay[risk.codes]
    hazard = impact[risk.codes] * rate * np.exp(-rate * risk.age)
    whole = baseline + np.bincount(risk.path, hazard, minlength=len(risk.counts))
    whole = np.maximum(whole, np.finfo(float).tiny)
    passed = impact[risk.codes] * -np.expm1(-rate * risk.age)
    survived = baseline * risk.days + np.bincount(risk.path, passed, minlength=len(whole))
    likelihood = risk.counts @ (np.where(risk.converts, np.log(whole), 0.0) - survived)
    return np.where(risk.converts[risk.path], hazard / whole[risk.path], 0.0), float(likelihood)


def _maximised(risk: _AtRisk, fit: _Fit, parts: np.ndarray) -> _Fit:
    """The fit that the expected parts are likeliest under; never less likely than the one before.

    For decay: the log likelihood is bounded from below by replacing exp(-decay age) by its
    tangent at the old decay, and that bound is maximised; then impact, given decay.
    """
    impact, decay, baseline = fit
    many, times = len(impact), risk.counts[risk.path]

    def by_channel(values: np.ndarray) -> np.ndarray:
        return np.bincount(risk.codes, times * values, minlength=many)

    made, aged = by_channel(parts), by_channel(parts * risk.age)
    ahead = by_channel(risk.age * np.exp(-decay[risk.codes] * risk.age)) * impact
    decay = np.divide(made, aged + ahead, out=decay.copy(), where=made > 0)
    decay = np.maximum(decay, 1 / risk.days.max())  # slower ones cannot be told from one another
    reach = by_channel(-np.expm1(-decay[risk.codes] * risk.age))
    sums = np.bincount(risk.path, parts, minlength=len(risk.counts))
    of_baseline = risk.counts @ np.where(risk.converts, 1 - sums, 0.0)
    rested = max(of_baseline, 0.0) / (risk.counts @ risk.days) if baseline else 0.0
    return made / reach, decay, float(rested)


def _median(values: dict[str, float]) -> float:
    return float(np.median(list(values.values())))
