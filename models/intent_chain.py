"""The states that people pass through from day to day, given all that was seen of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.intent_days import Block
from models.intent_parameters import Parameters, odds

Counts = Mapping[str, np.ndarray]  # by name; those of two blocks add up to those of both


def smoothed(
    block: Block, at: Parameters, likely: np.ndarray, lift: np.ndarray
) -> tuple[np.ndarray, Counts, float]:
    """Day x (state, class) x person: chances given all that was seen; moves; log likelihood.

    `likely` are the chances of what was seen on each day, `lift` is what multiplies the odds to
    rise. Forward and backward (Baum et al. 1970), all people of the block side by side.
    """
    likely = likely.reshape(len(lift), *at.shape, block.size)
    chance, scale = _ahead(block, at, likely, lift)
    moves, start = _Moves(block, at), odds(at).reshape(-1, at.shape[1], 1).astype(lift.dtype)
    back = np.ones(chance.shape[1:], dtype=chance.dtype)
    for day in range(len(lift) - 1, 0, -1):
        future = np.divide(np.multiply(back, likely[day], out=back), scale[day], out=back)
        before = reset(chance[day - 1], block.bought[day - 1])
        up = rising(start, lift[day])
        ahead = _landed(at.rise_to, future), _landed(at.fall_to, future)
        moves.add(day, before, future, up, ahead)
        back = looking_back(future, up, at, ahead)
        sold = np.flatnonzero(block.bought[day - 1])
        back[:, :, sold] = back[:1, :, sold]
        np.multiply(chance[day - 1], back, out=chance[day - 1])
    likelihood = float(np.log(scale).sum(dtype=float))
    return chance.reshape(len(lift), -1, block.size), moves.sums(), likelihood


def _ahead(
    block: Block, at: Parameters, likely: np.ndarray, lift: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Chances given what was seen up to each day; and of what was seen, given the days before."""
    start = odds(at).reshape(-1, at.shape[1], 1).astype(lift.dtype)
    ahead, scale = np.empty_like(likely), np.empty_like(lift)
    now = (at.start[:, None, None] * at.mix[block.kind].T).astype(lift.dtype)
    for day in range(len(lift)):
        if day:
            before = reset(ahead[day - 1], block.bought[day - 1])
            now = moved(before, rising(start, lift[day]), at)
        now = now * likely[day]
        scale[day] = now.sum(axis=(0, 1))
        ahead[day] = now / scale[day]
    return ahead, scale


def rising(start: np.ndarray, lift: np.ndarray) -> np.ndarray:
    """State below the last x class x person: the chance to rise on a day."""
    ratio = start * lift
    return np.divide(ratio, 1 + ratio, out=ratio)


def reset(chance: np.ndarray, bought: np.ndarray) -> np.ndarray:
    """Who bought begins anew."""
    who = np.flatnonzero(bought)
    if not len(who):
        return chance
    after = chance.copy()
    after[0][:, who] = chance[:, :, who].sum(axis=0)
    after[1:, :, who] = 0
    return after


def moved(chance: np.ndarray, up: np.ndarray, at: Parameters) -> np.ndarray:
    """State x class x person: the chances of the next day."""
    rose = chance[:-1] * up
    after = chance.copy()
    after[:-1] -= rose
    fell = after[1:] * _falls(at, chance)
    after[1:] -= fell
    return after + _landed(at.rise_to.T, rose) + _landed(at.fall_to.T, fell)


def _landed(to: np.ndarray, chance: np.ndarray) -> np.ndarray:
    to = to.astype(chance.dtype)
    return (to @ chance.reshape(len(chance), -1)).reshape(len(to), *chance.shape[1:])


def _falls(at: Parameters, like: np.ndarray) -> np.ndarray:
    return at.falls.astype(like.dtype)[:, None, None]


def looking_back(
    future: np.ndarray, up: np.ndarray, at: Parameters, ahead: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """State x class x person: how likely what follows is from where one was the day before.

    `ahead` is how likely it is after a rise and after a fall.
    """
    stays = future.copy()
    stays[1:] += _falls(at, future) * (ahead[1] - future[1:])
    stays[:-1] += up * (ahead[0] - stays[:-1])
    return stays


class _Moves:
    """Expected rises and falls, and the derivatives of the log likelihood of rises."""

    def __init__(self, block: Block, at: Parameters) -> None:
        states, classes = at.shape
        self.at, self.design = at, block.moves
        many = block.moves.shape[2] + (states - 1) * classes
        self.score, self.bend = np.zeros(many), np.zeros((many, many))
        self.stood = np.zeros(states - 1)
        self.rose, self.fell = np.zeros((2, states - 1, states))

    def add(
        self, day: int, before: np.ndarray, future: np.ndarray, up: np.ndarray,
        ahead: tuple[np.ndarray, np.ndarray],
    ) -> None:  # fmt: skip
        falls = _falls(self.at, before)
        went = before[:-1] * up
        rest = before.copy()
        rest[:-1] -= went
        sank = rest[1:] * falls
        self.rose += self.at.rise_to * _pairs(went, future)
        self.fell += self.at.fall_to * _pairs(sank, future)
        stayed = rest * future
        stayed[1:] *= 1 - falls
        self.stood += stayed[1:].sum(axis=(1, 2))
        stayed[1:] += sank * ahead[1]
        self._derive(day, went * ahead[0], stayed[:-1], up)

    def _derive(self, day: int, rose: np.ndarray, stayed: np.ndarray, up: np.ndarray) -> None:
        due = (rose + stayed) * up
        gap = (rose - due).reshape(-1, up.shape[-1])
        curve = np.multiply(due, 1 - up, out=due).reshape(gap.shape)
        many, design = len(gap), self.design[day]
        self.score[:many] += gap.sum(axis=1)
        self.score[many:] += gap.sum(axis=0).astype(design.dtype) @ design
        self.bend[np.arange(many), np.arange(many)] += curve.sum(axis=1)
        self.bend[:many, many:] += curve.astype(design.dtype) @ design
        whole = curve.sum(axis=0).astype(design.dtype)
        self.bend[many:, many:] += (design * whole[:, None]).T @ design

    def sums(self) -> Counts:
        many = len(self.score) - self.design.shape[2]
        self.bend[many:, :many] = self.bend[:many, many:].T
        return {
            "rose": self.rose, "fell": self.fell, "stood": self.stood,
            "score_moves": self.score, "bend_moves": self.bend,
        }  # fmt: skip


def _pairs(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    return here.reshape(len(here), -1) @ there.reshape(len(there), -1).T
