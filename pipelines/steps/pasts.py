"""Whose past is other than it was, and on which days that matters."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.contract import Table
from expectations.tables import CONVERSIONS, IDENTITIES, TOUCHPOINTS
from pipelines.work import Work

HISTORY = (TOUCHPOINTS, CONVERSIONS, IDENTITIES)


def history_changed(work: Work) -> bool:
    """Whether anybody's past may be other than it was, and not all is dirty anyway."""
    return not work.is_all_new and any(map(work.changed, HISTORY))


def restaged_days(work: Work) -> set[str]:
    """Days on which people whose past changed met the brand or converted since."""
    return {day for day, _ in _days(work)}


def rebought_days(work: Work) -> set[str]:
    """Days on which people whose past changed converted since."""
    return {day for day, is_bought in _days(work) if is_bought}


def _days(work: Work) -> set[tuple[str, bool]]:
    """Days since, and whether a conversion is on it; found once for all steps of the run that
    were last made of the same versions.
    """
    seen = ((work.old(table).version, work.new[table.name].version) for table in HISTORY)
    key = ("days since", *seen)
    if key not in work.run.memory:
        whose = _people(work).join(_since(work), on="person_id", how="inner")
        moved = whose.groupBy("identifier").agg(F.min("since").alias("since"))
        later = _moments(work.frame).join(moved, on="identifier", how="inner").where("at >= since")
        told = later.select(F.col("day").cast("string").alias("day"), "is_bought").distinct()
        rows = told.toArrow().to_pylist()
        work.run.memory[key] = {(row["day"], row["is_bought"]) for row in rows}
    found: set[tuple[str, bool]] = work.run.memory[key]
    return found


def _since(work: Work) -> DataFrame:
    """One row per person whose past changed: since when."""
    told = _changed_moments(work).join(_people(work), on="identifier", how="inner")
    interval = ("identifier", "person_id", "valid_from", "valid_to")
    owned = work.differing(IDENTITIES, *interval, by=F.xxhash64(*interval))
    mine = _moments(work.frame).join(owned, on="identifier", how="inner")
    mine = mine.where("at >= valid_from AND at < valid_to")
    both = told.select("person_id", "at").unionByName(mine.select("person_id", "at"))
    return both.groupBy("person_id").agg(F.min("at").alias("since"))


def _people(work: Work) -> DataFrame:
    """Whom identifiers point at, at any time, now and before; some pairs are told repeatedly."""
    every = work.frame(IDENTITIES).unionByName(work.before(IDENTITIES))
    return every.select("identifier", "person_id")


def _changed_moments(work: Work) -> DataFrame:
    """Moments of touches, and of conversions as far as they make customers, that changed."""
    customer: Column = F.xxhash64(
        "conversion_id", "conversion_type", "identifier", "conversions", "converted_at",
        "gross_value", "currency",
    )  # fmt: skip
    touches = work.differing(TOUCHPOINTS, "identifier", "touched_at")
    booked = work.differing(CONVERSIONS, "identifier", "converted_at", by=customer)
    return touches.withColumnRenamed("touched_at", "at").unionByName(
        booked.withColumnRenamed("converted_at", "at")
    )


def _moments(frame: Callable[[Table], DataFrame]) -> DataFrame:
    """One row per touch or conversion: identifier, instant `at`, day and which of the two."""
    touches = frame(TOUCHPOINTS).select(
        "identifier", F.col("touched_at").alias("at"), F.col("touch_date").alias("day"),
        F.lit(False).alias("is_bought"),
    )  # fmt: skip
    booked = frame(CONVERSIONS).select(
        "identifier", F.col("converted_at").alias("at"), F.col("conversion_date").alias("day"),
        F.lit(True).alias("is_bought"),
    )  # fmt: skip
    return touches.unionByName(booked)
