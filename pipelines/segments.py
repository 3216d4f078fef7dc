"""Segments: which group a person is in when he meets the brand, by rules in settings."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, WindowSpec
from pyspark.sql import functions as F

from expectations.tables.lifecycle import ALL, OTHER
from pipelines.settings_parts import SegmentSection
from pipelines.sql import among, quoted

Segments = Mapping[str, SegmentSection]
PURCHASE = ("gross_value", "currency")  # what a segment by value asks of a conversion


def segment(rules: Segments, before: WindowSpec) -> Column:
    """The first segment all of whose conditions hold; `before` is what came before the touch.

    The rows are the acts of `person_stages.staged`. What happens later changes no segment.
    """
    if not rules:
        return F.lit(ALL)
    found = F.lit(OTHER)
    for name, rule in reversed(list(rules.items())):
        found = F.when(F.coalesce(_holds(rule, before), F.lit(False)), name).otherwise(found)
    return found


def asks_value(rules: Segments) -> bool:
    """Whether any segment looks at what purchases were worth."""
    return any(rule.value for rule in rules.values())


def asks_attributes(rules: Segments) -> bool:
    """Whether any segment looks at what only the touch's event tells."""
    return any(rule.attributes for rule in rules.values())


def with_attributes(touches: DataFrame, events: DataFrame) -> DataFrame:
    """`touches` with the `attributes` of their events: of an event's newest version that day."""
    newest = F.struct("record_version", F.xxhash64("payload_hash"))
    told = events.groupBy(
        F.col("event_id").alias("touchpoint_id"), F.col("event_date").alias("touch_date")
    ).agg(F.max_by("attributes", newest).alias("attributes"))
    return touches.join(told, on=["touchpoint_id", "touch_date"], how="left")


def _holds(rule: SegmentSection, before: WindowSpec) -> Column:
    tests = [among(column, values) for column, values in sorted(rule.touch.items())]
    tests += [
        among(f"attributes[{quoted(name)}]", values)
        for name, values in sorted(rule.attributes.items())
    ]
    if rule.lifecycle:
        tests.append(among("stage_name", rule.lifecycle))
    holds = F.expr(" AND ".join(tests) or "true")
    bought = F.col("act_rank") == 1
    if rule.conversions:
        holds = holds & (F.count_if(bought).over(before) >= rule.conversions)
    if rule.conversions_below is not None:
        holds = holds & (F.count_if(bought).over(before) < rule.conversions_below)
    if rule.value:
        worth = F.when(bought & (F.col("currency") == rule.currency), F.col("gross_value"))
        holds = holds & (F.coalesce(F.sum(worth).over(before), F.lit(0)) >= rule.value)
    return holds
