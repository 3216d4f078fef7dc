"""What is true of an event now: its newest version, and the best identifier it names."""

from __future__ import annotations

from collections.abc import Collection

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.sql import among

# its smallest struct is the best: the highest trust, then the smallest type, then value
BEST_ID = """
    CASE WHEN cardinality(ids) = 1
         THEN struct(-ids[0].trust AS rank, ids[0].type AS type, ids[0].value AS value)
         WHEN cardinality(ids) > 1
         THEN array_min(transform(ids, i ->
              struct(-i.trust AS rank, i.type AS type, i.value AS value))) END"""


def newest(events: DataFrame, may_tie: bool = True) -> DataFrame:
    """One row per event that still exists: its newest version, of equally new ones the one with
    the smallest payload_hash. An event whose newest version deletes it is gone.

    Only versions on different days can be equally new, and only of sources that change an event's
    time; of others (not `may_tie`) the hash, which is long, need not be read.
    """
    last = "payload_hash" if may_tie else "event_date"
    of_event = (
        Window.partitionBy("event_id")
        .orderBy(F.desc("record_version"), last)
        .rowsBetween(Window.unboundedPreceding, Window.currentRow)
    )
    ranked = events.withColumn("rank", F.row_number().over(of_event))
    return ranked.where("rank = 1 AND op <> 'delete'").drop("rank")


def standing(events: DataFrame, changing: Collection[str]) -> DataFrame:
    """One row per event that still exists, as it is now; only those of `changing` sources can be
    other than they were, or gone. All versions of these must be given.
    """
    may_change = among("source", sorted(changing))
    once = events.where(f"NOT ({may_change}) AND op <> 'delete'")
    return once.unionByName(newest(events.where(may_change)))


def changing_sources(events: DataFrame, may_tell_again: Collection[str] | None = None) -> list[str]:
    """Sources whose events may have several versions, in order; among some only if given.

    By contract record_version is occurred_at where an event never changes, so all other sources
    have one version per event, and millions of them need no search for the newest. Runs a job, one
    that reads four narrow columns.
    """
    if may_tell_again is not None:  # files that have none of them are not read
        events = events.where(among("source", may_tell_again))
    told = events.where("record_version <> occurred_at OR op <> 'insert'")
    found = told.select("source").distinct().toArrow()["source"].to_pylist()
    return sorted(found)


def best_id() -> Column:
    """Struct that sorts before those of worse identifiers of `ids`; null if there are none."""
    return F.expr(BEST_ID)


def identifier(best: Column) -> Column:
    """`type:value` of what `best_id` gives, null of null."""
    return F.concat(best["type"], F.lit(":"), best["value"])
