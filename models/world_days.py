"""A day of a simulated world: who meets which channel, whose intent moves, who buys.

Every draw is a function of (seed, day, purpose, person), and days run for several scenarios side
by side on the same draws: switching a channel off changes nothing but what follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.worlds import World

BLOCK = 4096  # people at a time: small enough for the processor's cache, whatever the world's size
REGIONS = 8
SEGMENTS = (-0.2, 0.0, 0.25)  # of the log of the chance that intent rises
WEEKDAYS = (0.0, 0.0, 0.0, 0.0, 0.1, 0.25, 0.15)  # the same, from Monday
STAYS = 0.75  # of continuous intent, a day
RECENT_DAYS = 7  # a visit draws retargeting that long
_TRAITS, _DAY, _FLIGHT = 0, 1, 2  # what a generator is for


@dataclass(frozen=True)
class Traits:
    """What stays with a person; `propensity` and `activity` nobody sees."""

    propensity: np.ndarray
    is_loyal: np.ndarray
    activity: np.ndarray
    region: np.ndarray
    segment: np.ndarray


@dataclass(frozen=True)
class Draws:
    """The luck of a block of people on a day, 0..1; the last two by channel."""

    move: np.ndarray
    leap: np.ndarray
    buy: np.ndarray
    come: np.ndarray
    hour: np.ndarray
    refund: np.ndarray
    pages: np.ndarray
    worth: np.ndarray  # standard normal
    touch: np.ndarray
    moment: np.ndarray


@dataclass
class State:
    """What a day leaves to the next, by scenario and person; exposure by channel before."""

    intent: np.ndarray
    exposure: np.ndarray
    visited: np.ndarray  # day of the last visit

    @classmethod
    def start(cls, channels: int, scenarios: int, people: int) -> State:
        """Nobody has met anything yet."""
        shape = (scenarios, people)
        long_ago = np.full(shape, -RECENT_DAYS - 1)
        return cls(np.zeros(shape), np.zeros((channels, *shape)), long_ago)


class Process:
    """A world for a block of people: how a day makes the next one."""

    def __init__(self, world: World, traits: Traits, rests: np.ndarray, is_off: np.ndarray) -> None:
        """`rests` is week x channel x region, `is_off` channel x scenario."""
        self.world, self.traits, self.rests, self.is_off = world, traits, rests, is_off
        loyal = traits.is_loyal.astype(float)
        aimed = [c.on_propensity * traits.propensity + c.on_loyalty * loyal for c in world.channels]
        rates = np.array([c.rate for c in world.channels])[:, None]
        self.reach = rates * np.exp(np.array(aimed)) * traits.activity  # without intent
        self.pull = world.moves_on_propensity * traits.propensity
        self.pull = self.pull + np.array(SEGMENTS)[traits.segment]  # log of the factor on rises
        own = world.on_propensity * traits.propensity + world.on_loyalty * loyal
        self.own = world.hazard * np.exp(own)  # without intent and ads

    def day(
        self, state: State, day: int, draws: Draws
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Move `state` on by a day; touched (channel first), bought, and intent before buying."""
        state.intent = intent = self._intent(state, day, draws)
        touched = self._touched(state, day, draws)
        for one, channel in enumerate(self.world.channels):
            state.exposure[one] *= np.exp(-1 / channel.fades_days)
            state.exposure[one] += touched[one]
        bought = draws.buy < -np.expm1(-self._hazard(state))
        visits = [one for one, c in enumerate(self.world.channels) if c.is_visit]
        visited = touched[visits].any(axis=0)
        comes = bought & ~visited & (draws.come < self.world.comes_to_buy)
        for one, channel in enumerate(self.world.channels):
            if not channel.is_switchable:
                touched[one] |= comes
        state.visited = np.where(visited | comes, day, state.visited)
        state.intent = np.where(bought, 0.0, intent)
        return touched, bought, intent

    def _intent(self, state: State, day: int, draws: Draws) -> np.ndarray:
        pull = self.pull + WEEKDAYS[day % 7] + self._sum(state, "upstream")
        factor, (rise, leap, fall, sink) = np.exp(pull), self.world.moves
        if self.world.is_continuous:
            leaps = draws.move < np.minimum(rise * factor, 0.9)
            return STAYS * state.intent + np.where(leaps, -np.log1p(-draws.leap), 0.0)
        up = np.minimum(np.where(state.intent < 1, rise, leap) * factor, 0.6)
        down = np.where(state.intent < 2, fall, sink)
        rises = (draws.move < up) & (state.intent < 2)
        falls = (draws.move > 1 - down) & (state.intent > 0)
        return state.intent + rises - falls

    def _touched(self, state: State, day: int, draws: Draws) -> np.ndarray:
        is_recent = day - state.visited <= RECENT_DAYS
        touched = np.empty(state.exposure.shape, dtype=bool)
        for one, channel in enumerate(self.world.channels):
            is_there = ~self.rests[day // 7, one, self.traits.region]
            chance = np.broadcast_to(self.reach[one] * is_there, state.intent.shape)
            if channel.on_intent:
                chance = chance * np.exp(channel.on_intent * state.intent)
            if channel.after_visit:
                chance = np.where(is_recent, chance * np.exp(channel.after_visit), chance)
            touched[one] = draws.touch[one] < np.minimum(chance, 0.9)
        return touched & ~self.is_off[:, :, None]

    def _hazard(self, state: State) -> np.ndarray:
        world = self.world
        own = self.own * np.exp(world.on_intent * state.intent)
        ads = self._sum(state, "effect")
        if world.synergy:
            one, other, both = world.synergy
            pair = [state.exposure[world.names.index(name)] for name in (one, other)]
            ads = ads + both * saturated(pair[0]) * saturated(pair[1])
        return own + world.additive * ads if world.additive else own * np.exp(ads)

    def _sum(self, state: State, kind: str) -> np.ndarray:
        """What all exposures add to the `effect` or to the `upstream` effect."""
        total = np.zeros(state.intent.shape)
        for one, channel in enumerate(self.world.channels):
            most = getattr(channel, kind)
            if most:
                total += most * saturated(state.exposure[one])
        return total


def saturated(exposure: np.ndarray) -> np.ndarray:
    """Of the most that exposure can do, how much it does.

    >>> saturated(np.array([0.0, 1.0, 3.0])).tolist()
    [0.0, 0.5, 0.75]
    """
    return exposure / (1 + exposure)


def traits(seed: int, block: int, people: int) -> Traits:
    """Traits of the first `people` of a block; others beside them change nothing."""
    rng = np.random.default_rng([seed, _TRAITS, block])
    propensity, busy = rng.standard_normal((2, BLOCK))[:, :people]
    loyal, region, segment = rng.random((3, BLOCK))[:, :people]
    return Traits(
        propensity, loyal < 1 / (1 + np.exp(1.1 - 0.5 * propensity)), np.exp(0.4 * busy),
        (region * REGIONS).astype(np.int64), (segment * len(SEGMENTS)).astype(np.int64),
    )  # fmt: skip


def draws(seed: int, block: int, day: int, channels: int, people: int) -> Draws:
    """The luck of the first `people` of a block on a day."""
    rng = np.random.default_rng([seed, _DAY, block, day])
    move, leap, buy, come, hour, refund, pages = rng.random((7, BLOCK))[:, :people]
    worth = rng.standard_normal(BLOCK)[:people]
    touch, moment = rng.random((2, channels, BLOCK))[:, :, :people]
    return Draws(move, leap, buy, come, hour, refund, pages, worth, touch, moment)


def resting(world: World, seed: int, days: int) -> np.ndarray:
    """Week x channel x region: does the channel rest there?"""
    rng = np.random.default_rng([seed, _FLIGHT])
    weeks = -(-days // 7)
    share = np.array([channel.rests for channel in world.channels])[:, None]
    return rng.random((weeks, len(world.channels), REGIONS)) < share


def scenarios(world: World) -> np.ndarray:
    """Channel x scenario: is it off? First nothing is, then one alone at a time, at last all."""
    ours = [world.names.index(name) for name in world.switchable]
    is_off = np.zeros((len(world.channels), len(ours) + 2), dtype=bool)
    is_off[ours, np.arange(len(ours)) + 1] = True
    is_off[ours, -1] = True
    return is_off
