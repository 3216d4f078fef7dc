"""Touches, conversions and credit to the map of touchpoints along the lifecycle."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.tables import CONVERSIONS, CREDITS, EVENTS, IDENTITIES, SPEND, TOUCHPOINTS
from pipelines import dirty
from pipelines.marts.touchpoint_map import placed, touchpoint_map
from pipelines.person_stages import OWNER, customers, met, staged
from pipelines.segments import asks_attributes, with_attributes
from pipelines.stages import load_stage_map
from pipelines.steps.journeys import rule_parts, touch_settings
from pipelines.taxonomy import load_taxonomy
from pipelines.work import Run, Work


def stage_parts(run: Run) -> dict[str, str]:
    """The stage map's content, and the rules that say what kind a channel is."""
    chosen = load_stage_map(run.settings.lifecycle.stage_map, user_file(run))
    return {"stage map": chosen.fingerprint, **rule_parts(run)}


def user_file(run: Run) -> Path | None:
    """The user's rules file, if there is one."""
    return touch_settings(run.settings.touches, str(run.settings.home)).user_file


def map_days(work: Work) -> set[str]:
    """Days whose touches, credit or spend changed."""
    told = work.changed(CREDITS) | work.changed(SPEND) | work.changed(TOUCHPOINTS)
    if not asks_attributes(work.run.settings.segments):
        return told
    made = set(work.new[CREDITS.name].digests)
    reach = work.run.settings.longest_lookback_days
    return told | dirty.path_days(work.changed(EVENTS), (), reach) & made


def make_touchpoint_map(work: Work, days: set[str]) -> DataFrame:
    """The map of some days."""
    settings, run = work.run.settings, work.run
    rows, credits = _staged(work, days), work.frame(CREDITS, days)
    wanted = [date.fromisoformat(day) for day in sorted(days)]
    touched = rows.where(F.col("touch_date").isin(wanted))
    return touchpoint_map(
        touched, placed(credits, rows), work.frame(SPEND, days), settings.models.use,
        load_taxonomy(user_file(run)),
    )  # fmt: skip


def _staged(work: Work, days: set[str]) -> DataFrame:
    """Touches of some days, and those that earned on them, with their stages; written once."""
    run, rules = work.run, work.run.settings.path_rules
    chosen = run.settings.lifecycle
    reach = math.ceil(run.settings.longest_lookback_days) + 1
    near = dirty.around(days, reach, 0)
    back = dirty.around(near, math.ceil(chosen.memory_days) + 1, 0)
    told = met(work.frame(TOUCHPOINTS, back), work.frame(IDENTITIES), rules)
    if asks_attributes(run.settings.segments):
        told = with_attributes(told, work.frame(EVENTS, back))
    bought = customers(work.frame(CONVERSIONS), work.frame(IDENTITIES), chosen.customer_by)
    if not work.is_all_new:
        theirs = _owners(work, days, told)
        told, bought = (f.join(theirs, on=OWNER, how="left_semi") for f in (told, bought))
    stage_map = load_stage_map(chosen.stage_map, user_file(run))
    made = staged(
        told, bought, stage_map, chosen.memory_days, rules.echo_seconds, run.settings.segments
    )
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
