"""The step that says what a publication will say otherwise than the one before."""

from __future__ import annotations

from collections.abc import Mapping
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
from pipelines.restatements import Picture, disagreements, restatements
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
    before, after = (_picture(work, side, (old, new), days) for side in (old, new))
    return restatements(before, after, int(_next(last)), _governed(old, new))


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
