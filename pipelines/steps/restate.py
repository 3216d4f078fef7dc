"""The step that says what a publication will say otherwise than the one before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame

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
from pipelines.publish import fitting, latest
from pipelines.restatements import Picture, disagreements, restatements
from pipelines.run import Work

Side = Mapping[str, Snapshot]
GOVERNED = (EVENTS, IDENTITIES, TOUCHPOINTS, CONVERSIONS, PATHS, CREDITS)


def next_publication(work: Work) -> set[str]:
    """The number of the next publication, if it says of published days what the last did not."""
    last = latest(work.run.lake)
    if not last:
        return set()
    number = str(last["publication_id"] + 1)
    return {number} if _days(work, last) or number in work.base.digests else set()


def make_restatements(work: Work, numbers: set[str]) -> DataFrame:
    """Restatements of one publication."""
    [number] = numbers
    last = _last(work)
    fits = fitting(work.run.lake, without=(RESTATEMENTS.name,))
    old = {table.name: _then(work, last, table) for table in GOVERNED}
    new = {table.name: work.run.lake.snapshot(table, fits[table.name]) for table in GOVERNED}
    days = _days(work, last)
    before, after = (_picture(work, side, (old, new), days) for side in (old, new))
    return restatements(before, after, int(number), _governed(old, new))


def unexplained(work: Work, staged: DataFrame) -> list[str]:
    """Sums of restatements that are not the difference between the two publications."""
    last = _last(work)
    days = _days(work, last)
    lake, spark = work.run.lake, work.run.spark
    before, after = (
        lake.read(spark, snapshot, days)
        for snapshot in (_then(work, last, CHANNELS), work.new[CHANNELS.name])
    )
    wrong = disagreements(staged, before, after).orderBy("day", "model", "channel", "currency")
    return [
        f"{row['day']} {row['model']} {row['channel']}: restatements miss {row['conversions']} "
        f"conversions and {row['value']} {row['currency']} of the difference"
        for row in wrong.limit(3).toArrow().to_pylist()
    ]


def _last(work: Work) -> Mapping[str, Any]:
    last = latest(work.run.lake)
    assert last is not None, "there is nothing to restate before the first publication"
    return last


def _then(work: Work, last: Mapping[str, Any], table: Table) -> Snapshot:
    """A table as the last publication has it."""
    return work.run.lake.snapshot(table, int(dict(last["versions"]).get(table.name, -1)))


def _days(work: Work, last: Mapping[str, Any]) -> set[str]:
    """Days that were published and whose credit is not what it was."""
    changed = changed_days(_then(work, last, CREDITS), work.new[CREDITS.name])
    return {day for day in changed if day <= last["through_date"].isoformat()}


def _picture(work: Work, side: Side, both: tuple[Side, Side], days: set[str]) -> Picture:
    """One side's tables: the days restated, and those of touches and events that changed."""

    def read(table: Table, wanted: set[str] | None) -> DataFrame:
        return work.run.lake.read(work.run.spark, side[table.name], wanted)

    def moved(table: Table) -> set[str]:
        return changed_days(*(each[table.name] for each in both))

    return Picture(
        credits=read(CREDITS, days),
        paths=read(PATHS, days | moved(PATHS)),  # of conversions that moved to another day too
        conversions=read(CONVERSIONS, days | moved(CONVERSIONS)),
        touchpoints=read(TOUCHPOINTS, moved(TOUCHPOINTS)),
        identities=read(IDENTITIES, moved(IDENTITIES)), events=read(EVENTS, moved(EVENTS)),
    )  # fmt: skip


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
