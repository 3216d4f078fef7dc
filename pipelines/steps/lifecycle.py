"""Touches, conversions and credit to the map of touchpoints along the lifecycle."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.contract import Table
from expectations.tables import CONVERSIONS, CREDITS, IDENTITIES, SPEND, TOUCHPOINTS
from pipelines import dirty
from pipelines.changed_rows import iso_days
from pipelines.marts.touchpoint_map import placed, touchpoint_map
from pipelines.person_stages import OWNER, customers, met, staged
from pipelines.stages import load_stage_map
from pipelines.steps.journeys import rule_parts, touch_settings
from pipelines.taxonomy import load_taxonomy
from pipelines.work import Run, Work

HISTORY = (TOUCHPOINTS, CONVERSIONS, IDENTITIES)


def stage_parts(run: Run) -> dict[str, str]:
    """The stage map's content, and the rules that say what kind a channel is."""
    chosen = load_stage_map(run.settings.lifecycle.stage_map, _user_file(run))
    return {"stage map": chosen.fingerprint, **rule_parts(run)}


def _user_file(run: Run) -> Path | None:
    return touch_settings(run.settings.touches, str(run.settings.home)).user_file


def map_days(work: Work) -> set[str]:
    """Days whose touches, credit or spend changed."""
    return work.changed(CREDITS) | work.changed(SPEND) | work.changed(TOUCHPOINTS)


def history_changed(work: Work) -> bool:
    """Whether anybody's past may be other than it was, and not all is dirty anyway."""
    return not work.is_all_new and any(map(work.changed, HISTORY))


def restaged_days(work: Work) -> set[str]:
    """Days on which people whose past changed met the brand or converted since."""
    whose = _people(work).join(_since(work), on="person_id", how="inner")
    moved = whose.groupBy("identifier").agg(F.min("since").alias("since"))
    later = _moments(work.frame).join(moved, on="identifier", how="inner")
    return iso_days(later.where("at >= since"), "day")


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
        "conversion_id", "conversion_type", "identifier", "conversions", "converted_at"
    )
    touches = work.differing(TOUCHPOINTS, "identifier", "touched_at")
    booked = work.differing(CONVERSIONS, "identifier", "converted_at", by=customer)
    return touches.withColumnRenamed("touched_at", "at").unionByName(
        booked.withColumnRenamed("converted_at", "at")
    )


def _moments(frame: Callable[[Table], DataFrame]) -> DataFrame:
    """One row per touch or conversion: identifier, instant `at` and day."""
    touches = frame(TOUCHPOINTS).select(
        "identifier", F.col("touched_at").alias("at"), F.col("touch_date").alias("day")
    )
    booked = frame(CONVERSIONS).select(
        "identifier", F.col("converted_at").alias("at"), F.col("conversion_date").alias("day")
    )
    return touches.unionByName(booked)


def make_touchpoint_map(work: Work, days: set[str]) -> DataFrame:
    """The map of some days."""
    settings, run = work.run.settings, work.run
    rows, credits = _staged(work, days), work.frame(CREDITS, days)
    wanted = [date.fromisoformat(day) for day in sorted(days)]
    touched = rows.where(F.col("touch_date").isin(wanted))
    return touchpoint_map(
        touched, placed(credits, rows), work.frame(SPEND, days), settings.models.use,
        load_taxonomy(_user_file(run)),
    )  # fmt: skip


def _staged(work: Work, days: set[str]) -> DataFrame:
    """Touches of some days, and those that earned on them, with their stages; written once."""
    run, rules = work.run, work.run.settings.path_rules
    chosen = run.settings.lifecycle
    reach = math.ceil(run.settings.longest_lookback_days) + 1
    near = dirty.around(days, reach, 0)
    back = dirty.around(near, math.ceil(chosen.memory_days) + 1, 0)
    told = met(work.frame(TOUCHPOINTS, back), work.frame(IDENTITIES), rules)
    bought = customers(work.frame(CONVERSIONS), work.frame(IDENTITIES), chosen.customer_by)
    if not work.is_all_new:
        theirs = _owners(work, days, told)
        told, bought = (f.join(theirs, on=OWNER, how="left_semi") for f in (told, bought))
    stage_map = load_stage_map(chosen.stage_map, _user_file(run))
    made = staged(told, bought, stage_map, chosen.memory_days, rules.echo_seconds)
    wanted = [date.fromisoformat(day) for day in sorted(near)]
    inside = made.where(F.col("touch_date").isin(wanted))
    return run.lake.keep(run.spark, inside, f"{run.run_id}-staged")


def _owners(work: Work, days: set[str], told: DataFrame) -> DataFrame:
    """One row per person who met the brand, or whose touches earned, on some days."""
    wanted = [date.fromisoformat(day) for day in sorted(days)]
    here = told.where(F.col("touch_date").isin(wanted)).select(OWNER)
    paid = work.frame(CREDITS, days).select(F.coalesce("person_id", "touchpoint_id").alias(OWNER))
    both = here.unionByName(paid.where(f"{OWNER} IS NOT NULL")).distinct()
    return work.run.lake.keep(work.run.spark, both, f"{work.run.run_id}-owners")
