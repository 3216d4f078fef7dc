"""The fitted intent model let run forward: what happens with channels on, and with one off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.exposure import felt
from models.intent_days import (
    EFFECT_FADES,
    MOVE_FADE,
    RECENT_DAYS,
    Block,
    Layout,
    base_cell,
    weekdays,
)
from models.intent_parameters import Parameters, odds, purchase_log

_TINY = 1e-12


@dataclass(frozen=True)
class Forward:
    """Sums over a block by scenario: first nothing is off, then each cause, at last all."""

    purchases: np.ndarray  # expected
    touches: np.ndarray  # scenario x channel


def forward(
    block: Block, layout: Layout, at: Parameters, group: np.ndarray, came: float, seed: list[int]
) -> Forward:
    """Lives of the people of a block, all scenarios on the same luck."""
    run = _Run(block, layout, at, group, came)
    rng = np.random.default_rng(seed)
    for day in range(layout.days):
        run.day(day, rng.random((len(layout.channels) + 3, block.size)))
    return Forward(run.purchases, run.touches)


class _Run:
    def __init__(
        self, block: Block, layout: Layout, at: Parameters, group: np.ndarray, came: float
    ) -> None:
        self.block, self.layout, self.at, self.came = block, layout, at, came
        self.group, many = group, len(layout.causes) + 2
        shape = (many, block.size)
        self.off = np.zeros((len(layout.channels), many), dtype=bool)
        self.off[list(layout.causes), np.arange(1, many - 1)] = True
        self.off[list(layout.causes), -1] = True
        self.chance = -np.expm1(-at.rates(layout))  # channel x (state, class) x cell
        self.state = np.zeros(shape, dtype=np.int64)
        self.left = np.zeros((len(layout.channels), len(EFFECT_FADES), *shape), np.float32)
        self.slow = np.zeros((len(layout.channels), *shape), np.float32)
        self.visited = np.full(shape, -RECENT_DAYS - 1)
        self.mean = np.exp(purchase_log(at))
        self.odds = np.append(odds(at), np.zeros(at.shape[1]))
        traits = block.traits.shape[1]
        self.own = np.exp(block.traits @ at.buys_slopes[len(at.buys_slopes) - traits :])
        self.effects = at.buys_slopes[: -traits or None].reshape(-1, len(EFFECT_FADES))
        self.week = weekdays(layout, 1)[:, 0]
        self.purchases, self.touches = np.zeros(many), np.zeros((many, len(layout.channels)))

    def day(self, day: int, luck: np.ndarray) -> None:
        """Intent moves, channels touch, people buy."""
        self._move(day, luck[-1])
        touched = self._touch(day, luck[:-3])
        self.left *= np.exp(-1 / np.array(EFFECT_FADES, np.float32))[:, None, None]
        self.left += touched[:, None]
        self.slow = self.slow * np.float32(np.exp(-1 / MOVE_FADE)) + touched
        mean = self.mean[self._place()] * self.own * np.exp(self._worked())
        buys = -np.expm1(-mean)
        self.purchases += buys.sum(axis=1)
        bought = luck[-2] < buys
        visited = touched[self.layout.visits].any(axis=0)
        self._come(day, touched, bought & ~visited & (luck[-3] < self.came))
        self.visited = np.where(visited, day, self.visited)
        self.state = np.where(bought, 0, self.state)
        self.touches += touched.sum(axis=2).T

    def _place(self) -> np.ndarray:
        return self.state * self.at.shape[1] + self.group

    def _move(self, day: int, luck: np.ndarray) -> None:
        if not day:
            starts = np.searchsorted(np.cumsum(self.at.start)[:-1], luck)
            self.state[:] = starts
            return
        lifts, wide = len(self.layout.lifts), self.block.traits.shape[1]
        slopes = np.split(self.at.rises_slopes, (lifts, lifts + wide))
        log = self.block.traits @ slopes[1] + self.week[day] @ slopes[2]
        for code, slope in zip(self.layout.lifts, slopes[0], strict=True):
            if slope:
                log = log + slope * felt(self.slow[code])
        ratio = self.odds[self._place()] * np.exp(log)
        up = ratio / (1 + ratio)
        falls = (1 - up) * np.append(0.0, self.at.falls)[self.state]
        rose = self._landed(self.at.rise_to, 0, luck / np.maximum(up, _TINY))
        fell = self._landed(self.at.fall_to, 1, (1 - luck) / np.maximum(falls, _TINY))
        self.state = np.where(luck < up, rose, np.where(luck > 1 - falls, fell, self.state))

    def _landed(self, to: np.ndarray, first: int, luck: np.ndarray) -> np.ndarray:
        """Where a move ends; `to` is of the states from `first` on."""
        ends = np.cumsum(to, axis=1)[np.clip(self.state - first, 0, len(to) - 1)]
        return (luck[..., None] >= ends[..., :-1]).sum(axis=-1)

    def _touch(self, day: int, luck: np.ndarray) -> np.ndarray:
        cell = base_cell(self.layout, self.block.kind, self.block.place, day)
        cell = cell + (day - self.visited <= RECENT_DAYS)
        flat = self._place() * self.layout.cells + cell
        touched = np.stack([
            luck[code] < chance.ravel()[flat] for code, chance in enumerate(self.chance)
        ])  # fmt: skip
        return touched & ~self.off[:, :, None]

    def _worked(self) -> np.ndarray:
        log = np.zeros(self.state.shape)
        for code, slopes in zip(self.layout.causes, self.effects, strict=True):
            for speed in np.flatnonzero(slopes):
                log += slopes[speed] * felt(self.left[code, speed])
        return log

    def _come(self, day: int, touched: np.ndarray, comes: np.ndarray) -> None:
        """Some come by themselves in order to buy."""
        if len(self.layout.own):
            touched[self.layout.own[0]] |= comes
            self.visited = np.where(comes, day, self.visited)
