"""Learning the intent model: expected counts of all blocks, then better parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.optimize import lsq_linear

from models.intent_chain import Counts
from models.intent_days import Block, Layout
from models.intent_leap import LEAST, between, leapt
from models.intent_parameters import Parameters
from models.intent_steps import expected

Summed = Callable[[Callable[[Block], Counts]], Counts]  # adds up what each block tells
RATE_TURNS = 4  # times that the factors of touch rates are fitted to one another in a pass
HALVINGS = 5


@dataclass(frozen=True)
class Plan:
    """How to learn: classes of people may differ in touches only, or in purchases too."""

    persons: bool
    passes: int
    frozen: int  # first passes, in which exposure has no effects: intent is to be found first
    settled: float  # gain in log likelihood per purchase below which no pass is made
    ridge: float


def learned(
    summed: Summed, layout: Layout, start: Parameters, plan: Plan
) -> tuple[Parameters, list[float]]:
    """Parameters, and the penalised log likelihood of each pass kept.

    Two passes show where the parameters are heading; a leap along that way is kept if it is
    likelier (Varadhan and Roland 2008). A pass below the one before is taken back by halves, so
    the log likelihood never falls.
    """
    told = partial(_told, summed, layout, plan)
    now, passes = told(start), []
    for one in range(plan.passes):
        passes.append(now.score)
        is_frozen = one < plan.frozen
        step = _held(told, now, improved(now.counts, layout, now.at, plan, is_frozen))
        if step is None:
            break
        if not is_frozen:
            after = improved(step.counts, layout, step.at, plan, False)
            leap = told(leapt(now.at, step.at, after, layout))
            step = leap if leap.score >= step.score else _held(told, step, after) or step
        gain = (step.score - now.score) / max(now.counts["sold"].sum(), 1)
        now = step
        if not is_frozen and gain < plan.settled:
            break
    return now.at, [*passes, now.score]


@dataclass(frozen=True)
class _Told:
    at: Parameters
    counts: Counts
    score: float


def _told(summed: Summed, layout: Layout, plan: Plan, at: Parameters) -> _Told:
    counts = summed(lambda block: expected(block, layout, at))
    return _Told(at, counts, _objective(counts, at, plan))


def _held(told: Callable[[Parameters], _Told], last: _Told, step: Parameters) -> _Told | None:
    """The step, or the half of it, or the half of that, that is not less likely than before."""
    for _ in range(HALVINGS):
        found = told(step)
        if found.score >= last.score:
            return found
        step = between(0.5, last.at, step)
    return None


def _objective(counts: Counts, at: Parameters, plan: Plan) -> float:
    slopes = (at.buys_slopes, at.rises_slopes, at.buys_class, at.rises_class)
    return float(counts["likelihood"] - plan.ridge / 2 * sum(one @ one for one in slopes))


def added(parts: Iterable[Counts]) -> Counts:
    """Counts of all blocks together."""
    whole: dict[str, np.ndarray] = {}
    for part in parts:
        for name, value in part.items():
            whole[name] = whole[name] + value if name in whole else value
    return whole


def improved(
    counts: Counts, layout: Layout, at: Parameters, plan: Plan, is_frozen: bool
) -> Parameters:
    """Parameters under which what was expected is likelier."""
    mix = counts["mix"] + 1 / at.shape[1]
    looked = counts["looked"].reshape((*at.shape, -1)).sum(axis=1).T + 0.1
    fell = counts["fell"].sum(axis=1)
    found = replace(
        at, start=_shares(counts["start"] + 0.1), mix=mix / mix.sum(axis=1, keepdims=True),
        pages=looked / looked.sum(axis=0), **_factors(counts, layout, at),
        falls=np.clip(fell / (fell + counts["stood"]), LEAST, 1 - LEAST),
    )  # fmt: skip
    return replace(
        found, rise_to=_landings(counts["rose"], at.rise_to),
        fall_to=_landings(counts["fell"], at.fall_to), **_buys(counts, layout, at, plan, is_frozen),
        **_rises(counts, layout, at, plan, is_frozen),
    )  # fmt: skip


def _landings(counts: np.ndarray, last: np.ndarray) -> np.ndarray:
    to = counts + 0.1 * (last > 0)
    return to / to.sum(axis=1, keepdims=True)


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum()


def _factors(counts: Counts, layout: Layout, at: Parameters) -> dict[str, np.ndarray]:
    """Touch rates: each factor given the others, in turns; each turn is likelier than before."""
    shape = (*at.shape, layout.kinds, layout.flights, 2)
    days = np.stack([counts["days"]] * len(layout.channels))
    days[layout.own] -= counts["sold"]
    days = days.reshape(-1, *shape)
    touches = counts["touches"].reshape(days.shape)
    kind = at.by_kind.reshape(len(days), 1, 1, layout.kinds, 1, 2)
    flight = at.by_flight[:, None, None, None, :, None]
    state = at.by_state[:, :, None, None, None, None]
    group = at.by_class[:, None, :, None, None, None]
    for _ in range(RATE_TURNS):
        kind = _factor(touches, days, flight * state * group, (1, 2, 4))
        flight = _factor(touches, days, kind * state * group, (1, 2, 3, 5))
        state = _factor(touches, days, kind * flight * group, (2, 3, 4, 5))
        group = _factor(touches, days, kind * flight * state, (1, 3, 4, 5))
    first = np.maximum(state[:, :1], LEAST)  # one scale is enough
    kind, state = kind * first * group.mean(axis=2, keepdims=True), state / first
    group = group / group.mean(axis=2, keepdims=True)
    level = flight.mean(axis=4, keepdims=True)
    kind, flight = kind * level, flight / level
    return {
        "by_kind": kind.reshape(len(days), -1), "by_flight": flight.reshape(len(days), -1),
        "by_state": state.reshape(len(days), -1), "by_class": group.reshape(len(days), -1),
    }  # fmt: skip


def _factor(
    touches: np.ndarray, days: np.ndarray, others: np.ndarray, over: tuple[int, ...]
) -> np.ndarray:
    """Touches over what the other factors alone would give, never quite 0."""
    due = (days * others).sum(axis=over, keepdims=True)
    got = touches.sum(axis=over, keepdims=True)
    return np.maximum(np.divide(got, due, out=np.zeros_like(due), where=due > 0), LEAST)


def _buys(
    counts: Counts, layout: Layout, at: Parameters, plan: Plan, is_frozen: bool
) -> dict[str, np.ndarray]:
    ads = layout.exposures
    pools = _pools(*at.shape, at.buys_slopes.size)
    values = [at.buys, at.buys_class, at.buys_slopes]
    fixed = _fixed(*at.shape, at.buys_slopes.size, plan.persons, ads if is_frozen else 0)
    found = _stepped(counts["score_buys"], counts["bend_buys"], pools, values, plan, fixed, ads)
    return dict(zip(("buys", "buys_class", "buys_slopes"), found, strict=True))


def _rises(
    counts: Counts, layout: Layout, at: Parameters, plan: Plan, is_frozen: bool
) -> dict[str, np.ndarray]:
    states, classes = at.shape
    wide, ads = at.rises_slopes.size, len(layout.lifts)
    pools = _pools(states - 1, classes, wide)
    values = [at.rises, at.rises_class, at.rises_slopes]
    fixed = _fixed(states - 1, classes, wide, plan.persons, ads if is_frozen else 0)
    found = _stepped(counts["score_moves"], counts["bend_moves"], pools, values, plan, fixed, ads)
    return dict(zip(("rises", "rises_class", "rises_slopes"), found, strict=True))


def _pools(states: int, classes: int, wide: int) -> np.ndarray:
    """From states, classes and slopes to (state, class) and slopes."""
    state = np.repeat(np.eye(states), classes, axis=0)
    group = np.tile(np.eye(classes), (states, 1))
    top = np.hstack([state, group, np.zeros((states * classes, wide))])
    return np.vstack([top, np.hstack([np.zeros((wide, states + classes)), np.eye(wide)])])


def _fixed(states: int, classes: int, wide: int, persons: bool, ads: int) -> np.ndarray:
    fixed = np.zeros(states + classes + wide, dtype=bool)
    fixed[states : states + classes] = not persons or classes == 1
    fixed[states + classes :][:ads] = True
    return fixed


def _stepped(
    score: np.ndarray, bend: np.ndarray, pools: np.ndarray, values: list[np.ndarray], plan: Plan,
    fixed: np.ndarray, ads: int,
) -> list[np.ndarray]:  # fmt: skip
    """A step of Newton's; the first `ads` slopes stay at 0 or above, intercepts are not drawn."""
    now = np.concatenate(values)
    drawn = np.arange(len(now)) >= len(values[0])
    slope = pools.T @ score - plan.ridge * now * drawn
    curve = pools.T @ bend @ pools + np.diag(plan.ridge * drawn + 1e-6)
    free = np.flatnonzero(~fixed)
    lowest = np.full(len(now), -np.inf)
    first = len(values[0]) + len(values[1])
    lowest[first : first + ads] = -now[first : first + ads] - 1e-12
    root = np.linalg.cholesky(curve[np.ix_(free, free)]).T
    target = np.linalg.solve(root.T, slope[free])
    bounds = (np.maximum(lowest, -1.0)[free], np.full(len(free), 1.0))
    after = now.copy()
    after[free] += lsq_linear(root, target, bounds, method="bvls").x
    after[first : first + ads] = np.maximum(after[first : first + ads], 0)
    return np.split(after, np.cumsum([len(one) for one in values])[:-1])
