"""Whose rows a change touches: the `keys` of steps. Frames in, frames out."""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.sql import among
from pipelines.touchpoints import SESSION


def unit(changing: Collection[str]) -> Column:
    """What decides a touch: its event's session, or the event if it has none.

    Of `changing` sources, whose events have versions, always the event.
    """
    alone = f"session_id IS NULL OR {among('source', sorted(changing))}"
    return F.when(F.expr(alone), F.xxhash64("event_id")).otherwise(F.xxhash64(*SESSION))


def of_units(events: DataFrame, gained: DataFrame, changing: Collection[str]) -> DataFrame:
    """Events that decide a touch together with some that were gained."""
    wanted = gained.select(unit(changing).alias("unit")).distinct()
    return (
        events.withColumn("unit", unit(changing))
        .join(wanted, on="unit", how="left_semi")
        .drop("unit")
    )


def owners(identifiers: DataFrame, *identities: DataFrame) -> DataFrame:
    """One row per person whom some identifiers point at, at any time, in any of these tables."""
    told = reduce(
        DataFrame.unionByName, [one.select("identifier", "person_id") for one in identities]
    )
    return told.join(identifiers, on="identifier", how="left_semi").select("person_id").distinct()


def of_people(people: DataFrame, identities: DataFrame) -> DataFrame:
    """Rows of identities that point at some people."""
    return identities.join(people, on="person_id", how="left_semi")


def identified(rows: DataFrame, identities: DataFrame) -> DataFrame:
    """Rows whose identifier is in `identities`."""
    return rows.join(identities.select("identifier").distinct(), on="identifier", how="left_semi")


def iso_days(frame: DataFrame, column: str) -> set[str]:
    """Distinct days of a column, as ISO text."""
    found = frame.select(F.col(column).cast("string").alias("day")).distinct().toArrow()
    return set(found["day"].to_pylist())
