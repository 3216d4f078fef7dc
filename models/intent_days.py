"""People with all their days, in blocks, as the intent model reads them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from models.exposure import faded, felt
from models.intent_signs import Signs, signs
from models.person_days import DAY, is_late, micros, places, traits_of

BLOCK = 2048  # people: a day of all states of a block stays in the processor's cache
EFFECT_FADES = (2.0, 5.0)  # days: exposure that works on purchases
MOVE_FADE = 4.0  # days: exposure that works on intent
OTHERS = 4 * BLOCK  # people without a purchase that are looked at
RECENT_DAYS = 7  # a visit is recent that long
PAGES = (1, 2, 3, 4, 6, 9)  # where bins of pages a visit begin
_TYPE = np.float32
_SAMPLE = 20  # what the generator is for


@dataclass(frozen=True)
class Layout:
    """What the columns of all blocks mean; the same for each of them."""

    channels: tuple[str, ...]  # all that are seen, in the order of their codes
    causes: tuple[int, ...]  # codes of those that may cause purchases
    lifts: tuple[int, ...]  # codes of those that may raise intent
    visits: np.ndarray  # by channel: its touches look at pages
    days: int
    first: int  # day since 1970
    kinds: int  # mixes of traits
    flights: int  # places x weeks
    traits: tuple[str, ...]

    @property
    def cells(self) -> int:
        """Kinds of person-days that touch rates may differ between."""
        return self.kinds * 2 * self.flights

    @property
    def exposures(self) -> int:
        """Columns of exposure among what works on purchases; traits follow."""
        return len(self.causes) * len(EFFECT_FADES)

    @property
    def own(self) -> np.ndarray:
        """Codes of channels that cause nothing: visits of one's own."""
        return np.setdiff1d(np.arange(len(self.channels)), self.causes)


@dataclass(frozen=True)
class Touched:
    """Person-days with touches of a channel: one entry each."""

    day: np.ndarray
    person: np.ndarray
    count: np.ndarray


@dataclass(frozen=True)
class Block:
    """Some people side by side; arrays are day x person, designs day x person x column."""

    kind: np.ndarray  # by person
    place: np.ndarray  # by person
    traits: np.ndarray  # person x column
    cell: np.ndarray
    bought: np.ndarray  # purchases
    touched: tuple[Touched, ...]  # by channel
    signs: Signs
    effects: np.ndarray  # what works on purchases: exposures, then traits
    moves: np.ndarray  # what works on intent: exposures, weekdays, then traits
    weight: float = 1.0  # people that each of them stands for

    @property
    def size(self) -> int:
        """People."""
        return len(self.kind)


@dataclass(frozen=True)
class Histories:
    """All people; `blocks` in the order of people."""

    layout: Layout
    blocks: tuple[Block, ...]


def histories(
    people: pa.Table, touches: pa.Table, conversions: pa.Table, causes: list[str],
    lifts: list[str], first: int, days: int, place: str = "region", others: int = OTHERS,
) -> Histories:  # fmt: skip
    """Every person on every day; tables as for `models.person_days.person_days`.

    `causes` are the channels that may cause purchases and `lifts` those of them that may raise
    intent; other channels in `touches` are visits of one's own. Flights are told by week and the
    trait `place`, if people have it. A touch after the first purchase of its day counts from the
    next day on. People without a purchase are many and tell less: at most so many `others` are
    kept, drawn by chance, and stand for all of them.
    """
    names = (*causes, *sorted(set(touches["channel"].unique().to_pylist()) - set(causes)))
    traits, labels = traits_of(people.drop([place]) if place in people.column_names else people)
    kinds, kind = np.unique(traits, axis=0, return_inverse=True)
    spot = np.zeros(people.num_rows, dtype=np.int64)
    if place in people.column_names:
        spot = np.unique(people[place].to_numpy(), return_inverse=True)[1]
    met = _met(people, touches, conversions, names, first)
    sold = places(people, conversions), micros(conversions, "converted_at") // DAY - first
    visits = np.bincount(met[2], met[3], minlength=len(names)) > 0
    lifted = tuple(causes.index(name) for name in lifts if name in causes)
    layout = Layout(
        names, tuple(range(len(causes))), lifted, visits, days, first, len(kinds),
        int(spot.max(initial=0) + 1) * -(-days // 7), tuple(labels),
    )  # fmt: skip
    blocks = []
    for who, weight in _looked_at(people.num_rows, sold[0], others):
        for at in range(0, len(who), BLOCK):
            cut = who[at : at + BLOCK]
            blocks.append(_block(layout, cut, kind.ravel(), spot, traits, met, sold, weight))
    return Histories(layout, tuple(blocks))


def _looked_at(people: int, buyers: np.ndarray, most: int) -> list[tuple[np.ndarray, float]]:
    """Places of people, and how many each stands for: all who buy, and some of the others."""
    if most < 1:
        raise ValueError(f"others={most}; expected 1 or more")
    buys = np.zeros(people, dtype=bool)
    buys[buyers] = True
    others = np.flatnonzero(~buys)
    if len(others) <= most:
        return [(np.arange(people), 1.0)]
    some = np.sort(np.random.default_rng(_SAMPLE).permutation(others)[:most])
    found = [(np.flatnonzero(buys), 1.0), (some, len(others) / most)]
    return [(who, weight) for who, weight in found if len(who)]


def _met(
    people: pa.Table, touches: pa.Table, conversions: pa.Table, names: tuple[str, ...], first: int
) -> tuple[np.ndarray, ...]:
    """Of each touch: place of its person, day, code of its channel, pages."""
    who, at = places(people, touches), micros(touches, "touched_at")
    buyer, bought_at = places(people, conversions), micros(conversions, "converted_at")
    day = at // DAY - first + is_late(who, at, buyer, bought_at)
    code = {name: one for one, name in enumerate(names)}
    codes = np.array([code[name] for name in touches["channel"].to_pylist()], dtype=np.int64)
    return who, day, codes, touches["pages"].to_numpy()


def _block(
    layout: Layout, cut: np.ndarray, kind: np.ndarray, spot: np.ndarray, traits: np.ndarray,
    met: tuple[np.ndarray, ...], sold: tuple[np.ndarray, np.ndarray], weight: float,
) -> Block:  # fmt: skip
    kind, spot, traits = kind[cut], spot[cut], traits[cut]
    who, day, code, pages = _within(met, cut, layout.days)
    count = np.zeros((len(layout.channels), layout.days, len(kind)), dtype=_TYPE)
    np.add.at(count, (code, day, who), 1)
    bought = np.zeros((layout.days, len(kind)))
    buyer, bought_on = _within(sold, cut, layout.days)
    np.add.at(bought, (bought_on, buyer), 1)
    viewed = np.zeros_like(bought)
    np.add.at(viewed, (day, who), pages)
    visits = count[layout.visits].sum(axis=0)
    cell = _cells(layout, kind, spot, visits > 0)
    touched = tuple(_entries(one, one) for one in count)
    looked = _entries(visits, page_bin(viewed / np.maximum(visits, 1)))
    return Block(
        kind, spot, traits, cell, bought, touched,
        signs(layout, cell, bought, touched, looked, len(PAGES)),
        _effects(layout, count, traits), _moves(layout, count, traits), weight,
    )  # fmt: skip


def _within(rows: tuple[np.ndarray, ...], cut: np.ndarray, days: int) -> list[np.ndarray]:
    """Rows of the people in the cut, counted from its first, on days that are looked at."""
    rank = np.minimum(np.searchsorted(cut, rows[0]), len(cut) - 1)
    kept = (cut[rank] == rows[0]) & (rows[1] >= 0) & (rows[1] < days)
    return [rank[kept], *(one[kept] for one in rows[1:])]


def _entries(where: np.ndarray, value: np.ndarray) -> Touched:
    day, person = np.nonzero(where)
    return Touched(day, person, value[day, person].astype(float))


def page_bin(pages: np.ndarray) -> np.ndarray:
    """The bin of pages a visit.

    >>> page_bin(np.array([0.0, 1.0, 3.5, 40.0])).tolist()
    [0, 0, 2, 5]
    """
    return np.maximum(np.searchsorted(PAGES, pages, side="right") - 1, 0)


def base_cell(layout: Layout, kind: np.ndarray, place: np.ndarray, day: int) -> np.ndarray:
    """The cell of people without a recent visit on that day; with one it is one more."""
    weeks = -(-layout.days // 7)
    return (kind * layout.flights + place * weeks + day // 7) * 2


def _cells(layout: Layout, kind: np.ndarray, place: np.ndarray, visited: np.ndarray) -> np.ndarray:
    last = np.full(len(kind), -RECENT_DAYS - 1)
    cell = np.empty(visited.shape, dtype=np.int64)
    for day in range(layout.days):
        cell[day] = base_cell(layout, kind, place, day) + (day - last <= RECENT_DAYS)
        last = np.where(visited[day], day, last)
    return cell


def _effects(layout: Layout, count: np.ndarray, traits: np.ndarray) -> np.ndarray:
    ours = count[list(layout.causes)]
    exposed = [felt(faded(ours, fade)) for fade in EFFECT_FADES]
    both = np.stack(exposed, axis=1).reshape(-1, *count.shape[1:])
    return np.concatenate([both.transpose(1, 2, 0), _daily(traits, layout.days)], axis=2)


def _moves(layout: Layout, count: np.ndarray, traits: np.ndarray) -> np.ndarray:
    left = felt(faded(count[list(layout.lifts)], MOVE_FADE))
    before = np.concatenate((np.zeros_like(left[:, :1]), left[:, :-1]), axis=1)
    fixed = [_daily(traits, layout.days), weekdays(layout, count.shape[2])]
    return np.concatenate([before.transpose(1, 2, 0), *fixed], axis=2)


def weekdays(layout: Layout, people: int) -> np.ndarray:
    """Day x person x weekday but the first of the days."""
    is_so = (np.arange(layout.days) % 7)[:, None] == np.arange(1, 7)
    return np.repeat(is_so[:, None].astype(_TYPE), people, axis=1)


def _daily(traits: np.ndarray, days: int) -> np.ndarray:
    return np.repeat(traits.astype(_TYPE)[None], days, axis=0)
