"""Touches, who was alike before each, and whether a purchase followed: sums by bag of persons."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from expectations.tables.lifecycle import BAGS
from pipelines.person_stages import DAY_MICROS, OWNER

BEFORE = ((0, "0"), (1, "1"), (3, "2-3"), (7, "4-7"))  # touches before, up to each
MORE = "8+"
SINCE = ((1, "a day"), (7, "a week"), (30, "a month"))  # days since the touch before, up to each
LONGER = "longer"
ACTS = (OWNER, "at", "rank", "id")


def outcomes(
    staged: DataFrame, kinds: DataFrame, bought: DataFrame, horizon_days: float,
    memory_days: float,
) -> DataFrame:  # fmt: skip
    """One row per touch of a known person, echoes aside, with none negative in memory before it.

    `kind` is what negative touch it was, null if none; `stratum` who is like whom before it
    (stage, segment, touches before, time since the last); `is_bought` whether a conversion of
    `bought` followed in `horizon_days`. `kinds` names negative touches by `touchpoint_id`. Ties
    by id; a conversion at the instant of a touch follows it.
    """
    known = staged.where("person_id IS NOT NULL AND NOT is_echo").join(
        kinds, on="touchpoint_id", how="left"
    )
    acts = known.select(
        *known.columns, F.unix_micros("touched_at").alias("at"), F.lit(0).alias("rank"),
        F.col("touchpoint_id").alias("id"),
    ).unionByName(bought.select(
        OWNER, F.unix_micros("converted_at").alias("at"), F.lit(1).alias("rank"),
        F.col("conversion_id").alias("id"),
    ), allowMissingColumns=True)  # fmt: skip
    told = acts.withColumns(_around(round(memory_days * DAY_MICROS))).where("rank = 0")
    reach = round(horizon_days * DAY_MICROS)
    clean = told.where("negative_before = 0")
    return clean.select(
        "touchpoint_id",
        "touch_date",
        OWNER,
        "kind",
        _stratum().alias("stratum"),
        F.coalesce(F.col("next_at") <= F.col("at") + reach, F.lit(False)).alias("is_bought"),
    )


def by_bag(moments: DataFrame, day: date, first: date, last: date) -> DataFrame:
    """One row per stratum, kind and bag of the touches from `first` to `last`: what `models` asks.

    `day` is the day that they are looked at on.
    """
    inside = moments.where(F.col("touch_date").between(first, last))
    bag = F.pmod(F.xxhash64(OWNER), F.lit(BAGS)).cast("int").alias("bag")
    return inside.groupBy("stratum", "kind", bag).agg(
        F.count(F.lit(1)).alias("moments"), F.count_if("is_bought").alias("bought")
    ).withColumn("as_of_date", F.lit(day))  # fmt: skip


def negative(staged: DataFrame, events: DataFrame) -> DataFrame:
    """One row per negative touch: `kind`, what was answered badly or else what happened."""
    felt = staged.where("valence = 'negative' AND NOT is_echo")
    happened = events.select(
        F.col("event_id").alias("touchpoint_id"), F.col("event_date").alias("touch_date"),
        "event_type",
    ).distinct()  # fmt: skip
    told = felt.join(happened, on=["touchpoint_id", "touch_date"], how="left")
    low = F.concat(F.lit("low "), "feedback_metric")
    kind = F.coalesce(low, "event_type", "channel")
    return told.groupBy("touchpoint_id").agg(F.min(kind).alias("kind"))


def _around(memory: int) -> dict[str, Column]:
    """What came before each act and when the next conversion comes."""
    ordered = Window.partitionBy(OWNER).orderBy("at", "rank", "id")
    before = ordered.rowsBetween(Window.unboundedPreceding, -1)
    after = ordered.rowsBetween(1, Window.unboundedFollowing)
    recent = Window.partitionBy(OWNER).orderBy("at").rangeBetween(-memory, 0)
    is_touch = F.col("rank") == 0
    bad = F.col("kind").isNotNull()
    return {
        "touches_before": F.count_if(is_touch).over(recent) - 1,
        "last_at": F.max(F.when(is_touch, F.col("at"))).over(before),
        "negative_before": F.count_if(F.col("kind").isNotNull()).over(recent)
        - F.when(bad, 1).otherwise(0),
        "next_at": F.min(F.when(~is_touch, F.col("at"))).over(after),
    }


def _stratum() -> Column:
    gap = (F.col("at") - F.col("last_at")) / DAY_MICROS
    parts = [
        F.col("stage_number").cast("string"),
        F.col("segment"),
        _bin(F.col("touches_before"), BEFORE, MORE),
        F.when(F.col("last_at").isNull(), "never").otherwise(_bin(gap, SINCE, LONGER)),
    ]
    return F.concat_ws(" | ", *parts)


def _bin(figure: Column, edges: Collection[tuple[int, str]], beyond: str) -> Column:
    found = F.lit(beyond)
    for edge, name in sorted(edges, reverse=True):
        found = F.when(figure <= edge, name).otherwise(found)
    return found
