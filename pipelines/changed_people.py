"""Whom a change of identities touches, and which of their days."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.paths import resolve

OWNERSHIP = ("identifier", "person_id", "valid_from", "valid_to")


def changed_people(old: DataFrame, new: DataFrame) -> DataFrame:
    """One row per person who gained or lost an identifier, or a stretch of time of a device."""
    before, after = old.select(*OWNERSHIP), new.select(*OWNERSHIP)
    changed = before.exceptAll(after).unionByName(after.exceptAll(before))
    return changed.select("person_id").distinct()


def conversion_days_of(
    people: DataFrame, paths: DataFrame, conversions: DataFrame, identities: DataFrame
) -> set[str]:
    """Days on which some people converted, as paths have it and as identities have it now."""
    before = paths.join(people, on="person_id", how="left_semi").select("conversion_date")
    now = resolve(conversions, identities, "converted_at")
    after = now.join(people, on="person_id", how="left_semi").select("conversion_date")
    return iso_days(before.unionByName(after), "conversion_date")


def touch_months_of(
    people: DataFrame, touchpoints: DataFrame, old: DataFrame, new: DataFrame
) -> set[str]:
    """Months in which identifiers that are or were these people's touched the brand."""
    every = old.select(*OWNERSHIP).unionByName(new.select(*OWNERSHIP))
    theirs = every.join(people, on="person_id", how="left_semi").select("identifier").distinct()
    touched = touchpoints.join(theirs, on="identifier", how="left_semi")
    return iso_days(touched.select(F.trunc("touch_date", "month").alias("month")), "month")


def iso_days(frame: DataFrame, column: str) -> set[str]:
    """Distinct days of a column, as ISO text."""
    found = frame.select(F.col(column).cast("string").alias("day")).distinct().toArrow()
    return set(found["day"].to_pylist())
