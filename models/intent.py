"""What channels caused, told apart from what people were about to do anyway."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits

from models.base import Unfit
from models.incremental import BASELINE
from models.intent_chain import Counts
from models.intent_days import EFFECT_FADES, PAGES, Block, Histories, Layout
from models.intent_learn import Plan, Summed, added, learned
from models.intent_off import Forward, forward
from models.intent_parameters import Parameters
from models.intent_steps import classes_of

_FEWEST = 100  # purchases below which states of intent cannot be told from one another
_EVERY = 4  # of so many blocks one is enough to find intent
_STAYS = 0.7  # of intent that fades, from one day to the next
_STRONGER = 3.0  # the highest intent, if it comes in leaps
_EASIER = 4.0  # log of how much likelier the highest intent is to buy than the lowest, at first


class IntentModel(BaseEstimator):
    """Hidden intent that many kinds of touches betray, and what touches do beyond it.

    Intent has a few ordered states. It sets how often people search, come and buy; channels may
    raise the chance to buy in a given state, and some of them the chance that intent rises. People
    are of a few classes that nobody sees either: they differ in how often they are touched, and
    with `persons` in how likely they are to buy and to become interested, so that an ad aimed at
    buyers is not taken for one that makes them. Learned by expectation and maximisation over all
    days of all people (a hidden Markov model in the line of Abhishek, Fader and Hosanagar 2012);
    what a channel caused is what is lost when the fitted model runs on without it, on the same
    luck (the g-formula of Robins 1986).

    It is causal where intent and class tell all that moves both touches and purchases. Read
    `models.intent_gates` before the figures.

    Parameters
    ----------
    states, classes : of intent and of people. fades : whether learning starts from intent that
        leaps and fades, rather than from steps in which people stay. persons : whether classes
        differ in purchases.
    early, passes : the most there are, first on a few blocks to find intent, then on all.
    frozen : the first of them, without effects.
    settled : a gain in log likelihood per purchase below which no further pass is made.
    ridge : how firmly slopes are drawn to 0. workers : threads. seed : of the runs.

    Learned
    -------
    parameters_ : see `models.intent_parameters.Parameters`.
    log_likelihoods_ : of each pass, less the penalty of the ridge; it never falls.
    came_ : share of purchases without other visits that begin with a visit of one's own.
    """

    def __init__(
        self, states: int = 4, classes: int = 3, fades: bool = False, persons: bool = True,
        passes: int = 8, early: int = 30, frozen: int = 12, settled: float = 1e-4,
        ridge: float = 5.0, workers: int = 2, seed: int = 0,
    ) -> None:  # fmt: skip
        self.states, self.classes, self.fades, self.persons = states, classes, fades, persons
        self.passes, self.early, self.frozen, self.settled = passes, early, frozen, settled
        self.ridge, self.workers, self.seed = ridge, workers, seed

    def fit(self, data: Histories, y: None = None, start: Parameters | None = None) -> Self:
        """Learn; from `start`, such as the parameters of a like model, it is quicker."""
        self._check(data)
        plan = Plan(self.persons, self.passes, 0, self.settled, self.ridge)
        at = start or starting(data, self.states, self.classes, self.fades)
        first = replace(plan, passes=self.early, frozen=self.frozen)
        some = replace(data, blocks=data.blocks[::_EVERY])
        if start is None and len(some.blocks) == 1:
            plan = replace(first, passes=self.early + self.passes)
        elif start is None:
            with self._summed(some) as summed:
                at, _ = learned(summed, data.layout, at, first)
        with self._summed(data) as summed:
            found = learned(summed, data.layout, at, plan)
        self.parameters_, self.log_likelihoods_ = found
        self.came_ = came(data)
        return self

    def run(self, data: Histories) -> Forward:
        """Sums by scenario over all people: nothing off, each cause off alone, all off."""

        def one(place: tuple[int, Block]) -> Forward:
            number, block = place
            rng = np.random.default_rng([self.seed, number])
            chances = classes_of(block, data.layout, self.parameters_)
            group = (chances.cumsum(axis=0)[:-1] < rng.random(block.size)).sum(axis=0)
            at, seed = self.parameters_, [self.seed, number, 1]
            found = forward(block, data.layout, at, group, self.came_, seed)
            return Forward(found.purchases * block.weight, found.touches * block.weight)

        with self._threads() as pool:
            parts = list(pool.map(one, enumerate(data.blocks)))
        touches = np.sum([part.touches for part in parts], axis=0)
        return Forward(np.sum([part.purchases for part in parts], axis=0), touches)

    def caused(self, data: Histories) -> dict[str, float]:
        """Purchases lost without each channel alone, and those there are without any."""
        return shares_lost(self.run(data), data)

    def _check(self, data: Histories) -> None:
        for name, number, least in (
            ("states", self.states, 2), ("classes", self.classes, 1), ("passes", self.passes, 1),
        ):  # fmt: skip
            if number < least:
                raise ValueError(f"{name}={number}; expected {least} or more")
        sold = sum(block.bought.sum() for block in data.blocks)
        if sold < _FEWEST:
            raise Unfit(
                f"IntentModel learns from people who buy and people who do not; it got {sold:.0f} "
                f"purchases. Give it at least {_FEWEST}: more people, or more days."
            )

    @contextmanager
    def _threads(self) -> Iterator[ThreadPoolExecutor]:
        """Our own threads, and none of NumPy's under each: those cost twice the time."""
        with threadpool_limits(1), ThreadPoolExecutor(self.workers) as pool:
            yield pool

    @contextmanager
    def _summed(self, data: Histories) -> Iterator[Summed]:
        with self._threads() as pool:

            def summed(tell: Callable[[Block], Counts]) -> Counts:
                return added(pool.map(tell, data.blocks))

            yield summed


def shares_lost(run: Forward, data: Histories) -> dict[str, float]:
    """Of the purchases seen: those lost without each channel alone, and those left without any."""
    sold = sum(block.bought.sum() for block in data.blocks)
    lost = (run.purchases[0] - run.purchases[1:-1]) / run.purchases[0] * sold
    names = [data.layout.channels[code] for code in data.layout.causes]
    rest = run.purchases[-1] / run.purchases[0] * sold
    return dict(zip([*names, BASELINE], [*lost.tolist(), float(rest)], strict=True))


def starting(data: Histories, states: int, classes: int, fades: bool = False) -> Parameters:
    """Where learning starts: who visits more and reads more is closer to buying."""
    layout, block = data.layout, data.blocks[0]
    many, level = len(layout.channels), np.linspace(0, 1, states)
    strong = _STRONGER if fades else 1.0
    pages = np.exp(-np.outer(np.arange(len(PAGES)), 1 / (1 + strong * level)))
    sold = sum(block.bought.sum() for block in data.blocks)
    days = sum(block.bought.size * block.weight for block in data.blocks)
    busy = np.linspace(-0.5, 0.5, classes) if classes > 1 else np.zeros(1)
    return Parameters(
        np.append(0.9, np.full(states - 1, 0.1 / (states - 1))),
        np.full((layout.kinds, classes), 1 / classes), np.full((many, layout.kinds * 2), 0.01),
        np.ones((many, layout.flights)),
        np.exp(np.outer(np.where(layout.visits, 2.0 * strong, 0.5), level)),
        np.tile(np.exp(busy), (many, 1)), pages / pages.sum(axis=0),
        np.log(sold / days) - 1.5 + _EASIER * strong**0.5 * level, np.zeros(classes),
        np.zeros(block.effects.shape[2]), np.full(states - 1, -3.5), np.zeros(classes),
        np.zeros(block.moves.shape[2]), np.full(states - 1, 0.95 if fades else 0.2),
        *(_fading(level) if fades else _landings(states)),
    )  # fmt: skip


def _landings(states: int) -> tuple[np.ndarray, np.ndarray]:
    """Of rises and falls: chances of where they end, the next state most likely."""
    steps = np.arange(states) - np.arange(states)[:, None]
    return _split(0.2 ** np.abs(steps))


def _fading(level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Likewise: leaps are rarer the longer they are, and a share of intent is left next day."""
    left = _STAYS * level[:, None]
    leaps, step = np.exp(-_STRONGER * 1.5 * np.maximum(level - left, 0)), level[1]
    rise, _ = _split(leaps)
    return rise, _split(np.exp(-(((level - left) / step) ** 2)) + 1e-3)[1]


def _split(chances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """State x state: those of rises from all but the last, of falls from all but the first."""
    rise, fall = np.triu(chances, 1)[:-1], np.tril(chances, -1)[1:]
    return rise / rise.sum(axis=1, keepdims=True), fall / fall.sum(axis=1, keepdims=True)


def came(data: Histories) -> float:
    """Share of person-days with a purchase and no visit by a channel that have one of one's own."""
    alone, own = 0, 0
    for block in data.blocks:
        visited, came_by = _visited(block, data.layout)
        is_alone = (block.bought > 0) & ~visited
        alone, own = alone + int(is_alone.sum()), own + int((is_alone & came_by).sum())
    return own / alone if alone else 0.0


def _visited(block: Block, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Day x person: a visit by a cause; one of one's own."""
    found = np.zeros((2, *block.bought.shape), dtype=bool)
    for code in np.flatnonzero(layout.visits):
        one = block.touched[code]
        found[int(code in layout.own), one.day, one.person] = True
    return found[0], found[1]


def effects(at: Parameters, layout: Layout) -> dict[str, np.ndarray]:
    """By cause: what exposure of each speed adds to the log of the chance to buy."""
    slopes = at.buys_slopes[: len(layout.causes) * len(EFFECT_FADES)]
    names = [layout.channels[code] for code in layout.causes]
    return dict(zip(names, slopes.reshape(len(names), -1), strict=True))
