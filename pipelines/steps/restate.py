"""The step that says what a publication will say otherwise than the one before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contract import Table
from expectations.tables import (
    CHANNELS,
    CONVERSIONS,
    CREDITS,
    EVENTS,
    IDENTITIES,
    PATHS,
    RESTATEMENTS,
    TOUCHPOINTS,
)
from pipelines.lake_files import Snapshot, changed_days
from pipelines.publish import fitting
from pipelines.restatements import Keep, Picture, disagreements, restatements
from pipelines.work import Work

Side = Mapping[str, Snapshot]
GOVERNED = (EVENTS, IDENTITIES, TOUCHPOINTS, CONVERSIONS, PATHS, CREDITS)


def next_publication(work: Work) -> set[str]:
    """The number of the next publication, if it says of published days what the last did not.

    And those under which runs left restatements that were not what was published.
    """
    last = _published(work)
    if not last:
        return set()
    left = changed_days(_then(work, last, RESTATEMENTS), work.base)
    return left | ({_next(last)} if _days(work, last) else set())


def _next(last: Mapping[str, Any]) -> str:
    return str(last["publication_id"] + 1)


def make_restatements(work: Work, numbers: set[str]) -> DataFrame:
    """Restatements of the next publication; of others, those that were published with them."""
    last = _last(work)
    told = work.run.lake.read(work.run.spark, _then(work, last, RESTATEMENTS), numbers)
    return told.unionByName(_of_next(work, last)) if _next(last) in numbers else told


def _of_next(work: Work, last: Mapping[str, Any]) -> DataFrame:
    fits = fitting(work.run.lake, without=(RESTATEMENTS.name,))
    old = {table.name: _then(work, last, table) for table in GOVERNED}
    new = {table.name: fits[table.name] for table in GOVERNED}
    days = _days(work, last)
    sides = ((old, new), (new, old))
    before, after = (_picture(work, here, there, days) for here, there in sides)
    return restatements(before, after, int(_next(last)), _governed(old, new), _keep(work))


def _keep(work: Work) -> Keep:
    name = f"{work.run.run_id}-restated"
    return lambda frame: work.run.lake.keep(work.run.spark, frame, name)


def unexplained(work: Work, staged: DataFrame) -> list[str]:
    """Sums of restatements that are not the difference between the two publications."""
    last = _last(work)
    days = _days(work, last)
    lake, spark = work.run.lake, work.run.spark
    before, after = (
        lake.read(spark, snapshot, days)
        for snapshot in (_then(work, last, CHANNELS), work.new[CHANNELS.name])
    )
    told = staged.where(F.col("publication_id") == int(_next(last)))
    wrong = disagreements(told, before, after).orderBy("day", "model", "channel", "currency")
    return [
        f"{row['day']} {row['model']} {row['channel']}: restatements miss {row['conversions']} "
        f"conversions and {row['value']} {row['currency']} of the difference"
        for row in wrong.limit(3).toArrow().to_pylist()
    ]


def _published(work: Work) -> Mapping[str, Any] | None:
    """The last publication as it was when this try of the run began: the next must follow it."""
    found: Mapping[str, Any] | None = work.run.memory["published"]
    return found


def _last(work: Work) -> Mapping[str, Any]:
    last = _published(work)
    assert last is not None, "there is nothing to restate before the first publication"
    return last


def _then(work: Work, last: Mapping[str, Any], table: Table) -> Snapshot:
    """A table as the last publication has it."""
    return work.run.lake.snapshot(table, int(dict(last["versions"]).get(table.name, -1)))


def _days(work: Work, last: Mapping[str, Any]) -> set[str]:
    """Days that were published and whose credit is not what it was."""
    changed = changed_days(_then(work, last, CREDITS), work.new[CREDITS.name])
    return {day for day in changed if day <= last["through_date"].isoformat()}


def _picture(work: Work, here: Side, there: Side, days: set[str]) -> Picture:
    """One side's tables: the days restated, and what else is in files that the other has not."""

    def read(table: Table, wanted: set[str]) -> DataFrame:
        return work.run.lake.read(work.run.spark, here[table.name], wanted)

    def moved(table: Table) -> set[str]:
        return changed_days(here[table.name], there[table.name])

    def only(table: Table) -> DataFrame:
        theirs = set(there[table.name].files)
        files = tuple(file for file in here[table.name].files if file not in theirs)
        return work.run.lake.read(work.run.spark, replace(here[table.name], files=files))

    return Picture(
        credits=_credited_anew(work, (here, there), read(CREDITS, days)),
        paths=read(PATHS, days | moved(PATHS)),  # of conversions that moved to another day too
        conversions=read(CONVERSIONS, days | moved(CONVERSIONS)),
        touchpoints=only(TOUCHPOINTS), identities=only(IDENTITIES), events=only(EVENTS),
    )  # fmt: skip


def _credited_anew(work: Work, sides: tuple[Side, Side], credits: DataFrame) -> DataFrame:
    """Credits without those of conversions that this run left as they were published."""
    old, new = sorted((side[CREDITS.name] for side in sides), key=lambda one: one.version)
    keys = work.run.made_anew(old, new)
    return credits.join(keys, on="conversion_id", how="left_semi") if keys else credits


def _governed(old: Side, new: Side) -> tuple[str, str] | None:
    """The reason and what it is called, if the tables were made under other settings or code."""
    differs: set[str] = set()
    for table in GOVERNED:
        then, now = (side[table.name].state.get("fingerprint", {}) for side in (old, new))
        differs |= {name for name in {*then, *now} if then.get(name) != now.get(name)}
    if not differs:
        return None
    is_set = any(name.startswith("[") for name in differs)
    reason = "settings" if is_set else "code" if differs == {"code"} else "rules"
    return reason, ", ".join(sorted(differs))
