"""How far what a model says channels caused is from what they caused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import nan

import numpy as np
import pyarrow as pa
from sklearn.base import clone

from models.base import AttributionModel, Unfit
from models.incremental import HazardLogit, gates
from models.intent_days import Histories, histories
from models.observed import Observed, observe, paths
from models.person_days import DAY, PersonDays, Sample, person_days
from models.registry import MODELS, make
from models.reported import ALIKE, FADES, STEPS, ReportedModel
from models.simulate import Truth, simulate
from models.tested import SPREADS, corrected, lift_tests
from models.unasked import unasked
from models.worlds import World


@dataclass(frozen=True)
class Scores:
    """Errors of an estimate of the conversions that each channel caused.

    Judged are the channels that can be switched off; what an estimate gives to others (direct,
    a baseline) counts as not caused. Truth is conversions lost when a channel alone is off.
    """

    wmape: float  # sum of absolute errors over the sum of the truth; 0 is perfect
    share_error: float  # mean absolute error of a channel's share of what all are given
    total_ratio: float  # what all channels are given over what they caused; 1 is perfect
    placebo_credit: float  # share given to channels that do nothing; nan without any


@dataclass(frozen=True)
class Judged:
    """A model in a world with a seed; `refusal` says why a model would not learn from it."""

    world: str
    model: str
    seed: int
    scores: Scores
    refusal: str = ""
    alarms: tuple[str, ...] = ()  # what the gates of an intent model say
    seconds: float = 0.0  # that the models behind `reported` took to learn
    tested: tuple[Scores, ...] = ()  # once 2 and 4 lift tests have corrected it (`models.tested`)


INCREMENTAL = {
    "hazard_logit": HazardLogit(),
    "hazard_logit_totals": HazardLogit(totals=("display", "social")),
}  # their conversions are caused, with a baseline beside them
REPORTED = "reported"
INTENT = {
    "intent_steps": STEPS, "intent_alike": ALIKE, "intent_fades": FADES, REPORTED: REPORTED,
}  # fmt: skip
TESTS = (2, 4)
TESTED = ("display", "brand_search", "social", "retargeting")  # then others as they come
NOT_FIT = Scores(nan, nan, nan, nan)


def score(given: Mapping[str, float], truth: Truth) -> Scores:
    """Scores of conversions `given` to channels; a channel it does not name is given none.

    Shares and ratios are nan where the sum that they divide by is not above 0.

    >>> truth = Truth(100, 0, 90, 0, {"a": 8.0, "b": 2.0, "c": 0.0}, {}, ("c",))
    >>> score({"a": 12, "b": 6, "c": 2, "direct": 80}, truth)
    Scores(wmape=1.0, share_error=0.13333333333333333, total_ratio=2.0, placebo_credit=0.1)
    """
    names = list(truth.caused)
    got = np.array([given.get(name, 0.0) for name in names], dtype=float)
    due = np.array([truth.caused[name] for name in names])
    is_placebo = np.isin(names, truth.placebos)
    shares = _over(got, got.sum())
    return Scores(
        float(_over(np.abs(got - due).sum(), due.sum())),
        float(np.abs(shares - _over(due, due.sum())).mean()),
        float(_over(got.sum(), due.sum())),
        float(shares[is_placebo].sum()) if is_placebo.any() else nan,
    )


def credit_by_channel(model: AttributionModel, seen: pa.Table) -> dict[str, float]:
    """Conversions that a fitted model gives to each channel over the converted paths."""
    won = seen.filter(seen["is_converted"])
    channels = won["channels"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    names, codes = np.unique(channels.astype(str), return_inverse=True)
    credit = model.attribute(won)["credit"].to_numpy()
    sums = np.bincount(codes, credit, minlength=len(names))
    return dict(zip(names.tolist(), sums.tolist(), strict=True))


def judge(
    worlds: Iterable[World],
    models: Iterable[str] = (*MODELS, *INCREMENTAL, *INTENT),
    people: int = 20_000,
    days: int = 70,
    seeds: Iterable[int] = (0,),
    lookback_days: float = 30.0,
    clock: Callable[[], float] = lambda: 0.0,
) -> Iterator[Judged]:
    """One row per world, seed and model of MODELS, INCREMENTAL or INTENT, in that order.

    `seconds` are by `clock`; 0 without one.
    """
    names, numbers = list(models), list(seeds)
    for world in worlds:
        for seed in numbers:
            simulation = simulate(world, people, days, seed)
            seen = _Seen(observe(simulation), world, people, days, lookback_days, clock)
            for name in names:
                yield _judged(name, seen, seed, simulation.truth)


@dataclass(frozen=True)
class _Seen:
    """A world as seen, in the forms that models read; each is made if one asks for it."""

    observed: Observed
    world: World
    people: int
    days: int
    lookback_days: float
    clock: Callable[[], float]

    @cached_property
    def cut(self) -> pa.Table:
        return paths(self.observed, self.lookback_days)

    @cached_property
    def panel(self) -> PersonDays:
        return laid_out(self.observed, self.world, self.days)

    @cached_property
    def reported(self) -> tuple[ReportedModel, float]:
        """With the seconds it took."""
        start, data = self.clock(), lives(self.observed, self.world, self.days)
        return ReportedModel().fit(data), self.clock() - start


def lives(seen: Observed, world: World, days: int) -> Histories:
    """Every identifier on every day, for the channels that can be switched off."""
    first, causes = seen.ends_at // DAY - days, list(world.switchable)
    lifts = unasked(seen.people, seen.touches, causes, days)
    return histories(seen.people, seen.touches, seen.conversions, causes, lifts, first, days)


def laid_out(seen: Observed, world: World, days: int) -> PersonDays:
    """One row per sampled day of an identifier, for the channels that can be switched off."""
    sample = Sample(seen.ends_at // DAY - days, days)
    channels = list(world.switchable)
    return person_days(seen.people, seen.touches, seen.conversions, channels, sample)


def alarms(world: World, people: int = 20_000, days: int = 70, seed: int = 0) -> list[str]:
    """What the gates of the hazard logit say in a world."""
    panel = laid_out(observe(simulate(world, people, days, seed)), world, days)
    try:
        return gates(HazardLogit().fit(panel), panel).alarms()
    except Unfit as refused:
        return [str(refused)]


def _judged(name: str, seen: _Seen, seed: int, truth: Truth) -> Judged:
    world, took = seen.world, 0.0
    said: tuple[str, ...] = ()
    try:
        if name in INTENT:
            model, took = seen.reported
            given, said = _said(name, model)
        elif name in INCREMENTAL:
            given = clone(INCREMENTAL[name]).fit(seen.panel).caused(seen.panel)
        else:
            given = credit_by_channel(_made(name, world).fit(seen.cut), seen.cut)
    except Unfit as refused:
        return Judged(world.name, name, seed, NOT_FIT, str(refused))
    tested = _tested(name, given, seen, seed, truth)
    return Judged(world.name, name, seed, score(given, truth), "", said, took, tested)


def _said(name: str, model: ReportedModel) -> tuple[dict[str, float], tuple[str, ...]]:
    """What is reported, or what one form says alone; with alarms."""
    if name == REPORTED:
        return model.caused(), model.agreed_.alarms
    one = model.said_[INTENT[name]]
    return one.caused, tuple(one.gates.alarms())


def _tested(
    name: str, given: Mapping[str, float], seen: _Seen, seed: int, truth: Truth
) -> tuple[Scores, ...]:
    """Scores of what is given once so many lift tests as TESTS have corrected it."""
    causes = seen.world.switchable
    order = [c for c in TESTED if c in causes] + [c for c in causes if c not in TESTED]
    tests = lift_tests(truth, order[: max(TESTS)], seen.people, seen.days, seed)
    spreads = SPREADS if name in INTENT or name in INCREMENTAL else {}
    ours = {c: given.get(c, 0.0) for c in causes}
    return tuple(score(corrected(ours, tests[:many], **spreads), truth) for many in TESTS)


def _made(name: str, world: World) -> AttributionModel:
    """The model, told which channel of the world is direct if it asks."""
    direct = [channel.name for channel in world.channels if not channel.is_switchable]
    if direct and "direct" in MODELS[name]._get_param_names():
        return make(name, direct=direct[0])
    return make(name)


def _over(part: np.ndarray, whole: float) -> np.ndarray:
    """`part` over `whole`; nan if that is not above 0."""
    return np.asarray(part) / whole if whole > 0 else np.full_like(part, nan, dtype=float)
