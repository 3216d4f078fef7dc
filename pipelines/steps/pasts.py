"""Whose past is other than it was, and on which days that matters."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.contract import Table
from expectations.tables import CONVERSIONS, IDENTITIES, TOUCHPOINTS
from pipelines.changed_rows import iso_days
from pipelines.work import Work

Reader = Callable[[Table], DataFrame]
Moments = Callable[[Reader], DataFrame]


def days_since(work: Work, told: Moments) -> set[str]:
    """Days of the moments that people whose past changed have had since it did."""
    whose = _people(work).join(_since(work, told), on="person_id", how="inner")
    moved = whose.groupBy("identifier").agg(F.min("since").alias("since"))
    later = told(work.frame).join(moved, on="identifier", how="inner")
    return iso_days(later.where("at >= since"), "day")


def moments(frame: Reader) -> DataFrame:
    """One row per touch or conversion: identifier, instant `at` and day."""
    touches = frame(TOUCHPOINTS).select(
        "identifier", F.col("touched_at").alias("at"), F.col("touch_date").alias("day")
    )
    return touches.unionByName(purchases(frame))


def purchases(frame: Reader) -> DataFrame:
    """One row per conversion: identifier, instant `at` and day."""
    return frame(CONVERSIONS).select(
        "identifier", F.col("converted_at").alias("at"), F.col("conversion_date").alias("day")
    )


def _since(work: Work, told: Moments) -> DataFrame:
    """One row per person whose past changed: since when."""
    changed = _changed(work, told).join(_people(work), on="identifier", how="inner")
    interval = ("identifier", "person_id", "valid_from", "valid_to")
    owned = work.differing(IDENTITIES, *interval, by=F.xxhash64(*interval))
    mine = told(work.frame).join(owned, on="identifier", how="inner")
    mine = mine.where("at >= valid_from AND at < valid_to")
    both = changed.select("person_id", "at").unionByName(mine.select("person_id", "at"))
    return both.groupBy("person_id").agg(F.min("at").alias("since"))


def _people(work: Work) -> DataFrame:
    """Whom identifiers point at, at any time, now and before; some pairs are told repeatedly."""
    every = work.frame(IDENTITIES).unionByName(work.before(IDENTITIES))
    return every.select("identifier", "person_id")


def _changed(work: Work, told: Moments) -> DataFrame:
    """Moments of conversions, as far as they make customers, and of touches that changed."""
    customer: Column = F.xxhash64(
        "conversion_id",
        "conversion_type",
        "identifier",
        "conversions",
        "converted_at",
        "gross_value",
        "currency",
    )
    booked = work.differing(CONVERSIONS, "identifier", "converted_at", by=customer)
    bought = booked.withColumnRenamed("converted_at", "at")
    if told is purchases:
        return bought
    touches = work.differing(TOUCHPOINTS, "identifier", "touched_at")
    return touches.withColumnRenamed("touched_at", "at").unionByName(bought)
