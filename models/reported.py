"""What is reported as caused: what several intent models agree on, and how far to believe it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator

from models.base import Unfit
from models.incremental import BASELINE
from models.intent import IntentModel, shares_lost
from models.intent_days import Histories
from models.intent_gates import IntentGates, intent_gates
from models.intent_parameters import Parameters

STEPS, ALIKE, FADES = "steps", "alike", "fades"
_UNLIKELIER = 0.02  # log likelihood per purchase below the likeliest at which a model is left out


@dataclass(frozen=True)
class Said:
    """What one model says."""

    caused: dict[str, float]  # by channel, and the baseline
    gates: IntentGates
    log_likelihood: float


Form = Callable[..., IntentModel]
Learned = dict[str, tuple[IntentModel, Said]]  # by kind


@dataclass(frozen=True)
class Agreed:
    """What several models say: the least of it, as confounding gives too much, and its band."""

    caused: dict[str, float]  # by channel, and the baseline
    band: dict[str, tuple[float, float]]  # by channel: least and most over models; no interval
    kept: tuple[str, ...]  # models that count
    alarms: tuple[str, ...]  # why models were left out, and those of the models kept

    @property
    def is_refused(self) -> bool:
        """Whether no model makes numbers like those seen; then what is said is not to be used."""
        return not self.kept


class ReportedModel(BaseEstimator):
    """The incremental model that is reported: intent models of several kinds, and one answer.

    Nobody knows how intent moves, so it is learned in more than one form: ``steps`` has few
    states that people stay in, ``fades`` many, which intent leaps into and fades from; ``alike``
    is the first with people who differ in how often they are touched but not in how they buy.
    A form that does not make numbers like those seen when it runs, or that is clearly less
    likely than another, is left out. Confounding gives too much almost always, so each channel
    is given the least over the forms that are left; `agreed_` has the band between them.

    Parameters
    ----------
    early, passes, seed : of every form, as `models.intent.IntentModel` has them.
    workers : processor cores to use; the answer does not depend on it.

    Learned
    -------
    models_ : by kind. said_ : by kind, what each says alone, with its gates.
    agreed_ : the answer, its band and its alarms.
    """

    def __init__(self, early: int = 30, passes: int = 8, workers: int = 2, seed: int = 0) -> None:
        self.early, self.passes = early, passes
        self.workers, self.seed = workers, seed

    def fit(self, data: Histories, y: None = None) -> Self:
        """Learn every form and let each run on without its channels."""
        chains = (_steady, _fading)
        jobs = min(self.workers, len(chains))
        form = partial(
            IntentModel, early=self.early, passes=self.passes, seed=self.seed,
            workers=self.workers // jobs,
        )  # fmt: skip
        # processes, as threads wait for one another in all that is Python
        told = Parallel(jobs, max_nbytes=None)(delayed(chain)(form, data) for chain in chains)
        learned = {name: both for chain in told for name, both in chain.items()}
        self.models_ = {name: model for name, (model, _) in learned.items()}
        self.said_ = {name: one for name, (_, one) in learned.items()}
        sold = sum(block.bought.sum() for block in data.blocks)
        self.agreed_ = agreed(self.said_, float(sold))
        return self

    def caused(self) -> dict[str, float]:
        """Purchases that each channel caused, and those there would be without any.

        Raises `Unfit` if no form makes numbers like those seen.
        """
        if self.agreed_.is_refused:
            raise Unfit("; ".join(self.agreed_.alarms))
        return self.agreed_.caused


def _steady(form: Form, data: Histories) -> Learned:
    """Of both forms in which intent has steps: the second goes on from where the first ended."""
    steps = form(states=3, classes=4).fit(data)
    alike = form(states=3, classes=4, persons=False).fit(data, start=_alike(steps.parameters_))
    return {name: (model, said(model, data)) for name, model in ((STEPS, steps), (ALIKE, alike))}


def _fading(form: Form, data: Histories) -> Learned:
    fades = form(states=11, classes=3, fades=True).fit(data)
    return {FADES: (fades, said(fades, data))}


def _alike(at: Parameters) -> Parameters:
    """The same parameters, but for classes that do not differ in how they buy."""
    none = np.zeros(at.shape[1])
    return replace(at, buys_class=none, rises_class=none)


def said(model: IntentModel, data: Histories) -> Said:
    """What a fitted model says of the people it was fitted on."""
    run = model.run(data)
    gates = intent_gates(model, data, run)
    return Said(shares_lost(run, data), gates, model.log_likelihoods_[-1])


def agreed(told: Mapping[str, Said], sold: float) -> Agreed:
    """Of each channel the least over the likely models that make numbers like those seen.

    If none makes such numbers, all count, no model is kept and an alarm says so.
    """
    like = {name: one for name, one in told.items() if one.gates.is_like_the_data}
    best = max((one.log_likelihood for one in like.values()), default=0.0)
    kept = {n: one for n, one in like.items() if one.log_likelihood > best - _UNLIKELIER * sold}
    spoke = kept or told
    channels = [name for name in next(iter(spoke.values())).caused if name != BASELINE]
    every = {name: [one.caused[name] for one in spoke.values()] for name in channels}
    band = {name: (min(values), max(values)) for name, values in every.items()}
    least = {name: low for name, (low, _) in band.items()}
    baseline = max(one.caused[BASELINE] for one in spoke.values())
    return Agreed({**least, BASELINE: baseline}, band, tuple(kept), tuple(_alarms(told, kept)))


def _alarms(told: Mapping[str, Said], kept: Mapping[str, Said]) -> list[str]:
    none = [] if kept else ["no model makes numbers like those seen; believe none"]
    out = [f"{name} was left out: {_why(told[name])}" for name in told if name not in kept]
    of_kept = [alarm for one in kept.values() for alarm in one.gates.alarms()]
    return list(dict.fromkeys([*none, *out, *of_kept]))


def _why(one: Said) -> str:
    if one.gates.is_like_the_data:
        return "others are likelier"
    return "; ".join(one.gates.alarms())
