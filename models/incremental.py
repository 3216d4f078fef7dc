"""How many conversions each channel caused, and how many would have come anyway."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.optimize import OptimizeResult, minimize
from sklearn.base import BaseEstimator

from models.base import Unfit
from models.person_days import PersonDays

BASELINE = "(baseline)"
_FEWEST = 30  # purchases below which coefficients are noise


class HazardLogit(BaseEstimator):
    """Chance to buy on a day: a logit of exposure to channels and of what betrays intent.

    ``log odds = intercept + sum of effects x exposure + controls``. Exposure fades at the speeds
    of `models.person_days`; effects are not negative. Of a purchase to which channel c added
    ``x_c`` and all channels ``X``, c is given ``x_c / X (1 - exp(-X))`` and the baseline
    ``exp(-X)``: the Aumann-Shapley split of ``exp`` along the straight way from no ads to these.

    It is causal only where the controls tell all that moves both touches and purchases. Intent
    that nobody sees is not among them: channels that follow it are then given too much, while
    channels whose touches are visits lose to the controls what those visits tell. Read `gates`
    before the figures; they see targeting, but not intent.

    Parameters
    ----------
    ridge : how firmly standardised coefficients are drawn to 0.
    totals : channels, those of them that there are, of which people's own totals of touches are
        controls, against hidden targeting (Mundlak 1978). For ads that come unasked.

    Learned
    -------
    effects_ : channel x speed, what a unit of exposure adds to the log odds.
    coefficients_ : by control. intercept_ : of a day without any.
    log_likelihoods_ : of each pass, less the penalty of the ridge; it never falls.
    """

    def __init__(self, ridge: float = 1.0, totals: tuple[str, ...] = ()) -> None:
        self.ridge = ridge
        self.totals = totals

    def fit(self, days: PersonDays, y: None = None) -> Self:
        """Learn from purchases and the sampled days without."""
        if not self.ridge > 0:
            raise ValueError(f"ridge={self.ridge!r}; expected above 0")
        if days.bought.sum() < _FEWEST or days.bought.all():
            raise Unfit(
                f"HazardLogit learns from days with and without purchases; it got "
                f"{days.bought.sum()} with and {(~days.bought).sum()} without. Give it at least "
                f"{_FEWEST} purchases and a share of the other days."
            )
        design, ads = self._design(days), days.exposure[0].size
        centre = design.mean(axis=0) * (np.arange(design.shape[1]) >= ads)  # no ads stay no ads
        scale = np.maximum(design.std(axis=0), 1e-9)
        found, passes = _fitted((design - centre) / scale, days, ads, self.ridge)
        slopes = found[1:] / scale
        self.log_likelihoods_ = passes
        self.intercept_ = float(found[0] - centre @ slopes)
        self.effects_ = slopes[:ads].reshape(days.exposure.shape[1:])
        names = days.names + [f"all {name}" for name in days.channels if name in self.totals]
        self.coefficients_ = dict(zip(names, slopes[ads:].tolist(), strict=True))
        return self

    def chances(self, days: PersonDays) -> np.ndarray:
        """Of each row: the chance to buy on that day."""
        slopes = np.concatenate((self.effects_.ravel(), list(self.coefficients_.values())))
        return _logistic(self.intercept_ + self._design(days) @ slopes)

    def split(self, days: PersonDays) -> np.ndarray:
        """One row per purchase, one column per channel and a last one for the baseline; sums to 1.

        >>> model = HazardLogit()
        >>> model.effects_ = np.array([[2.0], [1.0]])
        >>> one = PersonDays(["a", "b"], np.array([[[np.log(2)], [0.0]], [[0.0], [0.0]]]),
        ...     *[np.zeros((2, 0))] * 2, [], np.array([True, True]), np.ones(2), np.zeros(2))
        >>> model.split(one).round(9).tolist()
        [[0.75, 0.0, 0.25], [0.0, 0.0, 1.0]]
        """
        added = (days.exposure[days.bought] * self.effects_).sum(axis=2)
        whole = added.sum(axis=1, keepdims=True)
        rate = np.divide(-np.expm1(-whole), whole, out=np.ones_like(whole), where=whole > 0)
        return np.hstack([added * rate, np.exp(-whole)])

    def caused(self, days: PersonDays) -> dict[str, float]:
        """Purchases that each channel caused, and those that would have come anyway."""
        sums = self.split(days).sum(axis=0).tolist()
        return dict(zip([*days.channels, BASELINE], sums, strict=True))

    def _design(self, days: PersonDays) -> np.ndarray:
        totals = days.totals[:, [name in self.totals for name in days.channels]]
        return np.hstack([days.exposure.reshape(len(days.bought), -1), days.controls, totals])


@dataclass(frozen=True)
class Gates:
    """How far to believe a fit; `alarms` says it in words."""

    rises: bool  # the log likelihood never fell
    gain: float  # log likelihood per purchase that exposure adds to the controls
    forecast_ratio: float  # purchases in the last quarter of the days: by the first three / seen
    placebo_share: float  # of what channels are given: to one whose touches were shuffled
    targeting: dict[str, float]  # by channel: effect of a person's total, which cannot be its own
    overlap: dict[str, float]  # by channel: share of days with a touch not yet forgotten

    def alarms(self) -> list[str]:
        """What is wrong, a sentence each; empty if nothing is known to be."""
        aimed = [name for name, effect in self.targeting.items() if effect > 0.2]
        thin = [name for name, share in self.overlap.items() if not 0.005 <= share <= 0.98]
        told = {
            "the log likelihood fell while fitting": not self.rises,
            "exposure says nothing about purchases beyond the controls": self.gain <= 0,
            f"purchases of the last quarter were foretold {self.forecast_ratio:.2f} times": not (
                0.9 <= self.forecast_ratio <= 1.1
            ),
            f"shuffled touches are given {self.placebo_share:.1%}": self.placebo_share > 0.05,
            f"aimed at people who buy anyway: {', '.join(aimed)}": bool(aimed),
            f"too few days with or without a touch: {', '.join(thin)}": bool(thin),
        }
        return [sentence for sentence, is_so in told.items() if is_so]


def gates(model: HazardLogit, days: PersonDays, seed: int = 0) -> Gates:
    """The gates of a fitted model on the days it was fitted on; fits it anew four times."""
    without = replace(days, exposure=days.exposure * 0)
    null = HazardLogit(model.ridge, model.totals).fit(without)
    last = days.day >= days.day.max() * 3 / 4
    early = HazardLogit(model.ridge, model.totals).fit(days.where(~last))
    ahead, seen = days.where(last), days.bought[last].sum()
    aimed = HazardLogit(model.ridge, tuple(days.channels)).fit(days).coefficients_
    touched = (days.exposure > np.log1p(0.1)).any(axis=2)
    rises = np.diff(model.log_likelihoods_) >= -1e-9 * np.abs(model.log_likelihoods_[:-1])
    gain = model.log_likelihoods_[-1] - null.log_likelihoods_[-1]
    return Gates(
        bool(rises.all()), float(gain / days.bought.sum()),
        float(ahead.weight @ early.chances(ahead) / seen), _placebo_share(model, days, seed),
        {name: aimed[f"all {name}"] for name in days.channels},
        dict(zip(days.channels, (days.weight @ touched / days.weight.sum()).tolist(), strict=True)),
    )  # fmt: skip


def _placebo_share(model: HazardLogit, days: PersonDays, seed: int) -> float:
    """Share given to a channel that has another's touches, but of other people on those days."""
    order = np.lexsort((np.random.default_rng(seed).random(len(days.day)), days.day))
    source = int(days.exposure.sum(axis=(0, 2)).argmax())
    shuffled = np.empty_like(days.exposure[:, :1])
    shuffled[np.argsort(days.day, kind="stable")] = days.exposure[order, source : source + 1]
    both = replace(
        days, channels=[*days.channels, "(placebo)"],
        exposure=np.concatenate((days.exposure, shuffled), axis=1),
        totals=np.hstack((days.totals, np.zeros((len(days.day), 1)))),
    )  # fmt: skip
    given = HazardLogit(model.ridge, model.totals).fit(both).split(both).sum(axis=0)
    return float(given[-2] / given[:-1].sum()) if given[:-1].sum() > 0 else 0.0


def _fitted(
    design: np.ndarray, days: PersonDays, ads: int, ridge: float
) -> tuple[np.ndarray, list[float]]:
    """Intercept and slopes, the first `ads` not negative; and the log likelihood of each pass."""
    target, weight = days.bought.astype(float), days.weight
    start = np.zeros(design.shape[1] + 1)
    start[0] = np.log(target.sum() / weight.sum())

    def loss(found: np.ndarray) -> tuple[float, np.ndarray]:
        odds = found[0] + design @ found[1:]
        gap = weight * (_logistic(odds) - target)
        value = weight @ (np.logaddexp(0, odds) - target * odds) + ridge / 2 * found[1:] @ found[1:]
        return float(value), np.concatenate(([gap.sum()], design.T @ gap + ridge * found[1:]))

    passes = [-loss(start)[0]]

    def note(intermediate_result: OptimizeResult) -> None:
        passes.append(-float(intermediate_result.fun))

    free = (None, None)
    bounds = [free, *[(0.0, None)] * ads, *[free] * (design.shape[1] - ads)]
    done = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, callback=note,
                    options={"maxiter": 500, "maxfun": 1000})  # fmt: skip
    return done.x, passes


def _logistic(odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(odds, -500, 500)))
