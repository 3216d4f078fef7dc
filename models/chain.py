"""The Markov chain of paths: counted from touches, asked what the loss of a channel costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from models.touches import Touches, rank

_SWEEPS = 5_000  # enough where a step ends the path with 1 in 100; beyond that they are solved
_DENSE = 10_000  # numbers of F the formula holds for one channel: above, eliminations are quicker
_START = -1


@dataclass(frozen=True)
class Chain:
    """Chances to move between states; state 0 is the start, the lost path is what remains.

    A path that stays in a state is taken out: ``moves`` and ``converts`` are given that the state
    is left. This changes no chance to convert.
    """

    moves: sparse.csr_array  # states x states: chance that the next touch leads there
    converts: np.ndarray  # of each state: chance that the path converts next, times its worth
    channel: np.ndarray  # of each state: the channel of its last touch; -1 for the start


def count_chain(
    touches: Touches,
    converted: np.ndarray,
    lost: np.ndarray,
    order: int,
    worth: np.ndarray | None = None,
) -> Chain:
    """The chain whose states are the last `order` channels; fewer while a path is shorter.

    `converted` and `lost` count how often each path (of one touch or more) ended that way;
    `worth` is what its conversions count for, `converted` itself if left out.
    """
    first, last = touches.offsets[:-1], touches.offsets[1:] - 1
    state, channel = _states(touches, order)
    came_from = np.concatenate(([0], state[:-1]))
    came_from[first] = 0
    size = len(channel)
    goes = came_from != state
    happened = (converted + lost)[touches.path[goes]]
    steps = (came_from[goes], state[goes])
    moves = sparse.coo_array((happened, steps), shape=(size, size)).tocsr()
    ended = np.bincount(state[last], converted + lost, minlength=size)
    won = np.bincount(state[last], converted if worth is None else worth, minlength=size)
    left = moves.sum(axis=1) + ended
    left[left == 0] = 1.0  # only the start, if there are no paths
    return Chain(sparse.diags_array(1.0 / left) @ moves, won / left, channel)


def removal_effects(chain: Chain, channels: int) -> tuple[np.ndarray, float]:
    """Of each channel: share of conversions lost with it; and the chance to convert with all.

    Removing channel c loses every path that arrives at a touch of c, at order k at any of the
    states C that end in c. What is lost is what arrives at C for the first time and would have
    converted: ``RE_c = F[s,C] F[C,C]^-1 m[C] / m[s]`` with F the expected visits between states,
    m the chance to convert, s the start. The same as ``1 - m'[s] / m[s]`` with m' the chance once
    C converts no more, which needs no F: all m' and m are swept together, one column each. Paths
    too long for sweeps are solved: by the formula, with one sparse factorisation for all
    channels, or by one elimination per channel where F[C,C] would be large.
    """
    alive = np.ones((len(chain.channel), channels + 1))
    touched = np.flatnonzero(chain.channel != _START)
    alive[touched, chain.channel[touched]] = 0.0
    chance = _swept(chain, alive)
    if chance is None and _is_small(chain):
        return factored_effects(chain, channels)
    if chance is None:
        chance = np.array([_solved(chain, column) for column in alive.T])
    if chance[-1] == 0:
        return np.zeros(channels), 0.0
    return np.clip(1.0 - chance[:-1] / chance[-1], 0.0, 1.0), float(chance[-1])


def factored_effects(chain: Chain, channels: int) -> tuple[np.ndarray, float]:
    """The same as `removal_effects`, by its formula and one sparse factorisation of I - moves."""
    size = len(chain.channel)
    factors = linalg.splu((sparse.eye_array(size) - chain.moves).tocsc())
    chance = factors.solve(chain.converts)
    if chance[0] <= 0:
        return np.zeros(channels), 0.0
    visits = factors.solve(np.eye(1, size)[0], trans="T")  # from the start to every state
    effects = np.zeros(channels)
    for channel in range(channels):
        held = np.flatnonzero(chain.channel == channel)
        arrivals = np.zeros((size, len(held)))
        arrivals[held, np.arange(len(held))] = 1.0
        within = factors.solve(arrivals)[held]
        effects[channel] = visits[held] @ np.linalg.solve(within, chance[held]) / chance[0]
    return np.clip(effects, 0.0, 1.0), float(chance[0])


def _is_small(chain: Chain) -> bool:
    largest = int(np.bincount(chain.channel[1:], minlength=1).max())
    return len(chain.channel) * largest <= _DENSE


def states_of(touches: Touches, order: int) -> np.ndarray:
    """Of each touch: a number, from 1, for the last `order` channels up to it."""
    return _states(touches, order)[0]


def _states(touches: Touches, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each touch: its state, from 1; of each state: its channel, `_START` for state 0.

    The last k channels at a touch are the last k - 1 at the touch before, then its own channel.
    """
    many = len(touches.channels)
    state, distinct = touches.codes, np.arange(many)
    longest = int(touches.lengths.max(initial=1))
    for _ in range(min(order, longest) - 1):
        before = np.concatenate(([0], state[:-1] + 1))
        before[touches.offsets[:-1]] = 0
        distinct, state = rank(before * many + touches.codes)
    return state + 1, np.concatenate(([_START], distinct % many))


def _swept(chain: Chain, alive: np.ndarray) -> np.ndarray | None:
    """From the start, for each column of `alive`: states that are 0 there lose the path.

    Sweeps ``m <- alive (converts + moves m)`` up from 0. Each sweep adds the paths one step
    longer; rounding keeps the order of numbers, so m only grows, until it stands still. None if
    it still grows after the last sweep.
    """
    won = alive * chain.converts[:, None]
    chance = won
    for _ in range(_SWEEPS):
        more = won + alive * (chain.moves @ chance)
        if np.array_equal(more, chance):
            return chance[0]
        chance = more
    return None


def _solved(chain: Chain, alive: np.ndarray) -> float:
    """The same for one column by elimination: slower, but however long the paths are."""
    kept = np.flatnonzero(alive)
    inner = chain.moves[kept][:, kept]
    system = (sparse.eye_array(len(kept)) - inner).tocsc()
    return float(linalg.spsolve(system, chain.converts[kept])[0])
