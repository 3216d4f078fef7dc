"""The law: however input arrives, the tables are those of a full refresh. Played, judged, blamed.

`play` lives many worlds in one lake under one schedule, `refreshed` makes the same lake at once,
`broken` names the worlds on whose rows the two differ, `shrunk` finds the records it takes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from unittest import mock

from pipelines.digests import row_text
from pipelines.lake import Lake
from pipelines.nightly import ingest, run
from pipelines.publish import all_publications
from pipelines.query import heads, views
from pipelines.settings import Settings
from tests.pipelines.nights import DATA_TABLES, STAGES, contents, home, is_whole
from tests.pipelines.publications import difference, restated
from tests.pipelines.world_files import write
from tests.pipelines.worlds import LENGTH, Told, World

FIRST = date(2026, 1, 27)  # the first worlds live around the end of a month
TOGETHER = 10  # worlds that begin on the same day even if worlds are apart: a day costs a file
TOML = Path(__file__).with_name("law.toml").read_text()
DEADLY = ("_write", "_write", "_write", "stage", "_add", "keep", "discard", "writer")


class Crash(BaseException):
    """The process died, as far as the lake can tell."""


@dataclass(frozen=True)
class Op:
    """Something done to the lake: `ingest`, `run` (a night through a day), `backfill` of a range.

    Days are shares of all days. `dies` is which call of which method of the lake it ends at, and
    whether before or after what the call does.
    """

    what: str
    through: float = 0.0
    first: float = 0.0
    dies: tuple[str, int, bool] | None = None


@dataclass(frozen=True)
class Schedule:
    """What is done after each landing, in order; and how many days lie between worlds' first days.

    Worlds apart share days with few others, so hardly one hides that another's day was forgotten;
    worlds at once are all cut by each night's last day and each backfill's range.
    """

    apart: int
    landings: tuple[tuple[Op, ...], ...]


@dataclass(frozen=True)
class Cast:
    """Worlds and the label and first day of each."""

    worlds: dict[str, World]
    starts: dict[str, date]

    def told(self) -> list[Told]:
        """All records of all worlds."""
        return [
            one for label, world in self.worlds.items()
            for one in world.told(label, self.starts[label])
        ]  # fmt: skip

    @property
    def last(self) -> date:
        """The last day on which anything happens, and some more for deals closed later."""
        return max(self.starts.values()) + timedelta(LENGTH + 1)


def cast(worlds: Iterable[World], apart: int) -> Cast:
    """Worlds under their labels, a few at a time beginning some days after those before."""
    named = {f"w{n:03}": world for n, world in enumerate(worlds)}
    starts = {label: FIRST + timedelta(n // TOGETHER * apart) for n, label in enumerate(named)}
    return Cast(named, starts)


def play(place: Path, schedule: Schedule, actors: Cast) -> Settings:
    """A lake that lived through a schedule, and then a last quiet night."""
    settings, told = home(place, toml=TOML), actors.told()
    landings = len(schedule.landings)
    for number, ops in enumerate(schedule.landings):
        came = [(one, when) for one in told for when in one.arrives]
        now = (one for one, when in came if int(when * landings) == number)
        write(settings.landing_path, number, now)
        for op in ops:
            do(settings, op, actors.last)
    ingest(settings)
    last = run(settings, actors.last, STAGES, use_gx=False)
    again = run(settings, actors.last, STAGES, use_gx=False)
    assert again.publication_id == last.publication_id, "the same night again published something"
    return settings


def do(settings: Settings, op: Op, last: date) -> None:
    """One operation; if it dies the lake is left as it is."""
    days = (last - FIRST).days
    first, through = (FIRST + timedelta(round(part * days)) for part in (op.first, op.through))
    with dying(op.dies):
        ingest(settings)
        if op.what == "run":
            run(settings, through, STAGES, use_gx=False)
        if op.what == "backfill":
            run(settings, max(first, through), STAGES, min(first, through), use_gx=False)
        if op.what == "run" and not op.dies:  # a backfill leaves other days as they were
            assert is_whole(settings), "a night left a mixture"


@contextmanager
def dying(dies: tuple[str, int, bool] | None):
    """The lake's methods, of which one dies at its n-th call; nothing is swept up afterwards."""
    if not dies:
        yield
        return
    name, nth, is_done = dies
    real, swept, calls = getattr(Lake, name), Lake.sweep, count(1)
    dead = []

    def deadly(*given, **named):
        is_last = not dead and next(calls) == nth
        made = real(*given, **named) if not is_last or is_done else None
        if is_last:
            dead.append(name)
            raise Crash
        return made

    def sweep(lake, run_id):
        return None if dead else swept(lake, run_id)

    with mock.patch.object(Lake, name, deadly), mock.patch.object(Lake, "sweep", sweep):
        try:
            yield
        except Crash:
            return


def refreshed(place: Path, actors: Cast) -> Settings:
    """The lake that one night makes of all records at once, each told a single time."""
    settings = home(place, toml=TOML)
    write(settings.landing_path, 0, actors.told())
    ingest(settings)
    run(settings, actors.last, STAGES, use_gx=False)
    return settings


def broken(settings: Settings, fresh: Settings, actors: Cast) -> dict[str, list[str]]:
    """Rows that one lake has and the other has not, by the label of their world ('' of none)."""
    mine, theirs = contents(settings), contents(fresh)
    names = [name for name in DATA_TABLES if mine[name] != theirs[name]]
    found: dict[str, list[str]] = {}
    if not names:
        return found
    both = [Lake(one.lake_uri) for one in (settings, fresh)]
    owners = _owners(both, actors)
    for name in names:
        had, wanted = (Counter(_rows(lake, name)) for lake in both)
        for sign, rows in (("has", had - wanted), ("lacks", wanted - had)):
            for row in rows:
                found.setdefault(_owner(row, owners), []).append(f"{name} {sign} {row}")
    return found


def _rows(lake: Lake, name: str) -> list[str]:
    snapshot = heads(lake)[name]
    query = f"SELECT CAST({row_text(snapshot.table)} AS VARCHAR) FROM {name}"
    return [row for (row,) in views(lake, {name: snapshot}).execute(query).fetchall()]


def _owners(lakes: Iterable[Lake], actors: Cast) -> dict[str, str]:
    """Hashes of addresses, events, conversions and people to the label of their world."""
    owners = {
        sha256(f"{label}-p{person}@mail.example".encode()).hexdigest(): label
        for label in actors.worlds for person in range(10)
    }  # fmt: skip
    for lake in lakes:
        for name, key in (("events", "event_id"), ("conversions", "conversion_id"),
                          ("identities", "person_id")):  # fmt: skip
            con = views(lake, {name: heads(lake)[name]})
            found = con.execute(f"SELECT {name}::VARCHAR, {key} FROM {name}")
            for text, hashed in found.fetchall():
                owners.setdefault(hashed, _owner(text, owners))
    return owners


def _owner(text: str, owners: dict[str, str]) -> str:
    if label := re.search(r"w\d{3}", text):
        return label.group()
    hashes = re.findall(r"[0-9a-f]{20,64}", text)
    return next((owners[one] for one in hashes if owners.get(one)), "")


def restatements_that_miss(settings: Settings) -> list[int]:
    """Publications whose restatements are not their difference from the one before."""
    lake, published = Lake(settings.lake_uri), all_publications(Lake(settings.lake_uri))
    through = {row["publication_id"]: row["through_date"] for row in published}
    return [
        id for id in sorted(through)[1:]
        if restated(lake, id) != difference(lake, id, through[id - 1])
    ]  # fmt: skip


def shrunk(place: Path, schedule: Schedule, world: World, start: date, rounds: int = 6) -> World:
    """The world with as few of its records as still break the law, found in so many rounds.

    A round plays the world without each of its halves, quarters and records, all in one lake.
    """
    for number in range(rounds):
        every = tuple(range(len(world.told("w000", start)))) if world.kept is None else world.kept
        size = len(every)
        cuts = {every[a : a + step] for step in (size // 2, size // 4, 1) if step
                for a in range(0, size, step)}  # fmt: skip
        tries = [replace(world, kept=tuple(n for n in every if n not in cut)) for cut in cuts]
        named = {f"w{n:03}": one for n, one in enumerate(tries) if one.kept}
        actors = Cast(named, dict.fromkeys(named, start))
        bad = broken(
            play(place / f"{number}", schedule, actors),
            refreshed(place / f"{number}-fresh", actors), actors,
        )  # fmt: skip
        smaller = [named[label] for label in bad if label]
        if not smaller:
            break
        world = min(smaller, key=lambda one: (len(one.kept), one.kept))
    return world
