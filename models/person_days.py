"""Days on which people could have bought: what they had met by then, and whether they bought."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

DAY = 86_400_000_000  # microseconds
FADES_DAYS = (2.0, 8.0)  # how quickly exposure and visits are forgotten; both are kept
_RECENT = 30  # days: longer ago is as long ago as that
_HISTORY = ("visits", "pages")


@dataclass(frozen=True)
class PersonDays:
    """Every day with a purchase and a sample of the days without, in order of day and person.

    ``exposure`` is by channel and speed of fading, the log of 1 + what is left of the touches up
    to the purchase or the end of the day. ``weight`` is how many days a row stands for.
    """

    channels: list[str]
    exposure: np.ndarray  # row x channel x speed
    controls: np.ndarray  # row x control
    totals: np.ndarray  # row x channel: log of 1 + all touches of the person, also later ones
    names: list[str]  # of the controls
    bought: np.ndarray
    weight: np.ndarray
    day: np.ndarray  # 0 is the first of the sample

    def where(self, kept: np.ndarray) -> PersonDays:
        """The rows where `kept` is true."""
        return PersonDays(
            self.channels, self.exposure[kept], self.controls[kept], self.totals[kept],
            self.names, self.bought[kept], self.weight[kept], self.day[kept],
        )  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """Which days are looked at: UTC days since 1970, and what share of those without a purchase."""

    first: int
    days: int
    share: float = 0.05
    seed: int = 0


def person_days(
    people: pa.Table, touches: pa.Table, conversions: pa.Table, channels: list[str],
    sample: Sample, same_day_visits: bool = True,
) -> PersonDays:  # fmt: skip
    """One row per identifier and day at risk; each of `people` is at risk on every day.

    `people` has ``identifier`` and traits (numbers, or text and booleans as kinds), `touches`
    ``identifier``, ``channel``, ``touched_at`` and ``pages``, `conversions` ``identifier`` and
    ``converted_at``. Touches of other channels than `channels` are visits of one's own, which are
    controls as pages looked at are: up to the same day, or up to the day before. A touch after
    the first purchase of its day counts from the next day on. What came before the first day of
    the sample is not known, so the first days tell less than the others.
    """
    if not 0 < sample.share <= 1:
        raise ValueError(f"share={sample.share}; expected above 0 and at most 1")
    told = _Told(people, touches, conversions, channels, sample)
    rng, state = np.random.default_rng(sample.seed), _State(len(channels), people.num_rows)
    kept = []
    for day in range(sample.days):
        bought = told.bought(day)
        looked = np.flatnonzero((rng.random(people.num_rows) < sample.share) | bought)
        before = state.history[:, :, looked] * _fading()
        state.meet(*told.met(day))
        history = state.history[:, :, looked] if same_day_visits else before
        controls = np.vstack([_flat(history), state.since_and_before(looked, day)])
        kept.append((_flat(state.exposure[:, :, looked]), controls, looked, bought[looked], day))
        state.sold(bought)
    return _rows(kept, told, sample)


class _Told:
    """Touches and purchases by day and place of the person."""

    def __init__(
        self, people: pa.Table, touches: pa.Table, conversions: pa.Table, channels: list[str],
        sample: Sample,
    ) -> None:  # fmt: skip
        self.channels, self.people = channels, people
        who, bought_at = places(people, conversions), micros(conversions, "converted_at")
        self.buyer, self.bought_on = who, bought_at // DAY - sample.first
        met, at = places(people, touches), micros(touches, "touched_at")
        day = at // DAY - sample.first + is_late(met, at, who, bought_at)
        order = np.argsort(day, kind="stable")
        place = {name: code for code, name in enumerate(channels)}
        code = np.array([place.get(name, -1) for name in touches["channel"].to_pylist()], int)
        pages = touches["pages"].to_numpy()
        self.who, self.code, self.pages = met[order], code[order], pages[order]
        self.cuts = np.searchsorted(day[order], np.arange(sample.days + 1))
        self.totals = np.zeros((people.num_rows, len(channels)))
        np.add.at(self.totals, (met[code >= 0], code[code >= 0]), 1)

    def met(self, day: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        today = slice(self.cuts[day], self.cuts[day + 1])
        return self.who[today], self.code[today], self.pages[today]

    def bought(self, day: int) -> np.ndarray:
        bought = np.zeros(self.people.num_rows, dtype=bool)
        bought[self.buyer[self.bought_on == day]] = True
        return bought


class _State:
    """What is left of everything met, by person."""

    def __init__(self, channels: int, people: int) -> None:
        self.exposure = np.zeros((channels, len(FADES_DAYS), people))
        self.history = np.zeros((len(_HISTORY), len(FADES_DAYS), people))
        self.since = np.full(people, _RECENT)
        self.before = np.zeros(people)
        self.touches = np.zeros(people)  # before today
        self.today = np.zeros(people)

    def meet(self, who: np.ndarray, code: np.ndarray, pages: np.ndarray) -> None:
        self.exposure *= _fading()
        self.history *= _fading()
        many, is_ad = len(self.before), code >= 0
        for channel in range(len(self.exposure)):
            self.exposure[channel] += np.bincount(who[code == channel], minlength=many)
        self.history[0] += np.bincount(who[~is_ad], minlength=many)
        self.history[1] += np.bincount(who, pages, minlength=many)
        self.today = np.bincount(who, minlength=many).astype(float)

    def since_and_before(self, looked: np.ndarray, day: int) -> np.ndarray:
        weekday = np.full((7, len(looked)), False)
        weekday[day % 7] = True
        since, before = np.log1p(self.since[looked]), np.log1p(self.before[looked])
        busy = np.log1p(self.touches[looked] / (day + 1))
        return np.vstack([since, before, busy, np.full(len(looked), day / 7), weekday[1:]])

    def sold(self, bought: np.ndarray) -> None:
        self.since = np.where(bought, 0, np.minimum(self.since + 1, _RECENT))
        self.before += bought
        self.touches += self.today


def _rows(kept: list[tuple], told: _Told, sample: Sample) -> PersonDays:
    exposure, controls, looked, bought, day = zip(*kept, strict=True)
    many, who, has_bought = len(told.channels), np.concatenate(looked), np.concatenate(bought)
    traits, names = traits_of(told.people)
    met = np.hstack(exposure).T.reshape(-1, many, len(FADES_DAYS))
    past = [f"{kind}, {fade:g} days" for kind in _HISTORY for fade in FADES_DAYS]
    clock = ["since purchase", "purchases", "touches a day", "week"]
    clock += [f"weekday {number}" for number in range(1, 7)]
    return PersonDays(
        told.channels, met, np.hstack([np.hstack(controls).T, traits[who]]),
        np.log1p(told.totals[who]), [*past, *clock, *names], has_bought,
        np.where(has_bought, 1.0, 1 / sample.share), np.repeat(day, [len(one) for one in looked]),
    )  # fmt: skip


def traits_of(people: pa.Table) -> tuple[np.ndarray, list[str]]:
    """Numbers as they are; of text and booleans, each kind but the first as 0 or 1."""
    columns, names = [np.zeros((people.num_rows, 0))], []
    for name in people.column_names:
        if name == "identifier":
            continue
        values = people[name].to_numpy()
        if pa.types.is_floating(people[name].type):
            columns.append(values[:, None])
            names.append(name)
            continue
        kinds = np.unique(values)[1:]
        columns.append((values[:, None] == kinds).astype(float))
        names += [f"{name} {kind}" for kind in kinds]
    return np.hstack(columns), names


def is_late(
    who: np.ndarray, at: np.ndarray, buyer: np.ndarray, bought_at: np.ndarray
) -> np.ndarray:
    """Of each touch: did its person buy earlier on that day?"""
    first: dict[tuple[int, int], int] = {}
    for person, instant in zip(buyer.tolist(), bought_at.tolist(), strict=True):
        key = (person, instant // DAY)
        first[key] = min(instant, first.get(key, instant))
    keys = zip(who.tolist(), (at // DAY).tolist(), at.tolist(), strict=True)
    return np.array([first.get((w, day), instant) < instant for w, day, instant in keys], bool)


def places(people: pa.Table, rows: pa.Table) -> np.ndarray:
    """Of each row: which row of `people` has its identifier."""
    known, wanted = people["identifier"].to_numpy(), rows["identifier"].to_numpy()
    order = np.argsort(known)
    found = np.minimum(np.searchsorted(known, wanted, sorter=order), len(known) - 1)
    wrong = np.flatnonzero(known[order[found]] != wanted)
    if len(wrong):
        raise ValueError(
            f"identifier {wanted[wrong[0]]} is not among people; every one that was met or bought "
            "needs a row there"
        )
    return order[found]


def micros(rows: pa.Table, name: str) -> np.ndarray:
    """A column of instants in microseconds since 1970."""
    return rows[name].cast(pa.int64()).to_numpy()


def _fading() -> np.ndarray:
    return np.exp(-1 / np.array(FADES_DAYS))[:, None]


def _flat(left: np.ndarray) -> np.ndarray:
    return np.log1p(left).reshape(-1, left.shape[-1])
