"""People who meet ads and buy, and what each channel really caused.

A world runs once with all channels, once without each and once without any, on the same people
and the same luck. What a channel caused is the difference, so a channel without effect causes
exactly nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from models.world_days import BLOCK, Draws, Process, State, draws, resting, scenarios, traits
from models.worlds import World

FIRST_DAY = 20_094  # days since 1970: Monday, 2025-01-06
DAY = 86_400_000_000  # microseconds
_SPREAD = 0.9  # of the log of what a purchase is worth
_INSTANT = pa.timestamp("us", "UTC")


@dataclass(frozen=True)
class Truth:
    """What happened, what would have without a channel, and what without any."""

    conversions: float
    value: float
    baseline: float  # conversions with all channels off
    baseline_value: float
    caused: dict[str, float]  # by channel: conversions lost when it alone is off
    caused_value: dict[str, float]
    placebos: tuple[str, ...]

    def shared(self) -> dict[str, float]:
        """By channel: `caused` in proportion, so that it adds up to what all channels cause.

        Losses one at a time add up to more where channels help each other, or to less.

        >>> Truth(10, 0, 4, 0, {"a": 6.0, "b": 3.0}, {}, ()).shared()
        {'a': 4.0, 'b': 2.0}
        """
        single = sum(self.caused.values())
        scale = (self.conversions - self.baseline) / single if single else 0.0
        return {name: caused * scale for name, caused in self.caused.items()}


@dataclass(frozen=True)
class Simulation:
    """A world that ran: all that could be seen by someone who misses nothing, and the truth.

    ==============  =============================================================================
    ``people``      one row per person: person, segment, is_loyal, region
    ``touches``     one row per touch in order of person and time: person, channel, touched_at,
                    pages (looked at; 0 unless the touch is a visit)
    ``conversions`` one row per purchase, likewise: person, converted_at, value (EUR)
    ==============  =============================================================================

    `models.observed` makes of it what an observer sees, and paths.
    """

    world: World
    seed: int
    days: int
    people: pa.Table
    touches: pa.Table
    conversions: pa.Table
    truth: Truth

    @property
    def ends_at(self) -> int:
        """The end of the last day, in microseconds since 1970."""
        return (FIRST_DAY + self.days) * DAY


def simulate(world: World, people: int, days: int = 70, seed: int = 0) -> Simulation:
    """Let a world run; the first people of a larger world are those of a smaller one."""
    for name, number in (("people", people), ("days", days)):
        if number < 1:
            raise ValueError(f"{name}={number}; a world needs 1 or more")
    blocks = [
        _Block(world, seed, block, min(BLOCK, people - block * BLOCK)).run(days)
        for block in range(-(-people // BLOCK))
    ]
    counts = np.sum([block.counts for block in blocks], axis=0)
    return Simulation(
        world, seed, days, pa.concat_tables(block.people() for block in blocks),
        _joined([block.touches for block in blocks], world),
        _bought([block.purchases for block in blocks]), _truth(world, counts),
    )  # fmt: skip


class _Block:
    """A block of people in all scenarios; touches and purchases of the first are kept."""

    def __init__(self, world: World, seed: int, block: int, people: int) -> None:
        self.world, self.seed, self.block, self.size = world, seed, block, people
        self.traits = traits(seed, block, people)
        self.is_off = scenarios(world)
        self.counts = np.zeros((2, self.is_off.shape[1]))  # conversions and cents, by scenario
        self.touches: list[np.ndarray] = []  # person, channel, instant, pages
        self.purchases: list[np.ndarray] = []  # person, instant, cents

    def run(self, days: int) -> _Block:
        many, rests = len(self.world.channels), resting(self.world, self.seed, days)
        process = Process(self.world, self.traits, rests, self.is_off)
        state = State.start(many, self.is_off.shape[1], self.size)
        for day in range(days):
            luck = draws(self.seed, self.block, day, many, self.size)
            touched, bought, intent = process.day(state, day, luck)
            cents = worth(self.world, luck)
            self.counts += bought.sum(axis=1), bought @ cents
            self._keep_touches(day, luck, touched[:, 0], intent[0])
            self._keep_purchases(day, luck, bought[0], cents)
        return self

    def _keep_touches(self, day: int, luck: Draws, touched: np.ndarray, intent: np.ndarray) -> None:
        channel, who = np.nonzero(touched)
        # a day's touches work on that day's purchase, so they come before its last tenth
        at = _instant(day, 0.9 * luck.moment[channel, who])
        looked = 1 + (-np.log1p(-luck.pages[who]) * (1 + 1.5 * intent[who])).astype(np.int64)
        is_visit = np.array([c.is_visit for c in self.world.channels])[channel]
        self.touches.append(np.array([self.block * BLOCK + who, channel, at, looked * is_visit]))

    def _keep_purchases(self, day: int, luck: Draws, bought: np.ndarray, cents: np.ndarray) -> None:
        who = np.flatnonzero(bought)
        at = _instant(day, 0.9 + 0.1 * luck.hour[who])
        self.purchases.append(np.array([self.block * BLOCK + who, at, cents[who]]))

    def people(self) -> pa.Table:
        one = self.traits
        return pa.table(
            {
                "person": np.arange(self.size) + self.block * BLOCK,
                "segment": one.segment, "is_loyal": one.is_loyal, "region": one.region,
            }
        )  # fmt: skip


def _instant(day: int, share: np.ndarray) -> np.ndarray:
    """Microseconds since 1970, that share of the day gone."""
    return (FIRST_DAY + day) * DAY + (share * DAY).astype(np.int64)


def worth(world: World, luck: Draws) -> np.ndarray:
    """Cents that a purchase of each person would be worth on that day: heavy-tailed, or refunded.

    Whole cents, so that sums do not depend on the order of people.
    """
    cents = np.rint(100 * world.value * np.exp(_SPREAD * luck.worth)).astype(np.int64)
    return np.where(luck.refund < world.refunded, 0, cents)


def _joined(parts: list[list[np.ndarray]], world: World) -> pa.Table:
    person, channel, at, pages = np.concatenate([one for part in parts for one in part], axis=1)
    order = np.lexsort((channel, at, person))
    names = pa.DictionaryArray.from_arrays(pa.array(channel[order]), list(world.names))
    return pa.table(
        {
            "person": person[order],
            "channel": names.cast(pa.string()),
            "touched_at": pa.array(at[order]).cast(_INSTANT),
            "pages": pages[order],
        }
    )


def _bought(parts: list[list[np.ndarray]]) -> pa.Table:
    person, at, cents = np.concatenate([one for part in parts for one in part], axis=1)
    order = np.lexsort((at, person))
    return pa.table(
        {
            "person": person[order],
            "converted_at": pa.array(at[order]).cast(_INSTANT),
            "value": cents[order] / 100,
        }
    )


def _truth(world: World, counts: np.ndarray) -> Truth:
    conversions, value = counts[0], counts[1] / 100
    lost = {
        name: (float(conversions[0] - conversions[one]), float(value[0] - value[one]))
        for one, name in enumerate(world.switchable, start=1)
    }
    return Truth(
        float(conversions[0]), float(value[0]), float(conversions[-1]), float(value[-1]),
        {name: gone for name, (gone, _) in lost.items()},
        {name: gone for name, (_, gone) in lost.items()}, world.placebos,
    )  # fmt: skip
