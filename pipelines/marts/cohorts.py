"""Credit by the day of its touch and of its conversion, beside touches and spend of the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from expectations.spark import spark_schema
from expectations.tables import MONEY
from expectations.tables.lifecycle import NO_CURRENCY
from expectations.tables.money import NONE
from pipelines.marts.money import called, label

KEYS = MONEY.grain
SUMS = ("touches", "path_touches", "credited_touches", "assists", "conversions",
        "attributed_value", "cost", "unmatched_cost")  # fmt: skip
CAMPAIGN = ("day", "channel", "campaign")


def money(
    credits: DataFrame, bought: DataFrame, met: DataFrame, spend: DataFrame,
    names: DataFrame, models: Sequence[str], margins: Mapping[str, float],
) -> DataFrame:  # fmt: skip
    """One row per key of `MONEY` with credit, touches or spend.

    `bought` has `owner` and the first of what made it a customer (`firsts`); `met` the touches of
    the days wanted with `rule`, null if they may earn; `spend` that of the days, `names` that of
    the days on which touches of `credits` may lie (`platform_names`).
    """
    every = F.explode(F.array(*(F.lit(name) for name in models)))
    seen = called(met.withColumn("day", F.col("touch_date")), names, "day")
    parts = [_earned(called(_touched(credits), names, "touch_day"), bought),
             _met(seen).withColumn("model", every),
             _spent(spend, seen).withColumn("model", every)]  # fmt: skip
    rows = reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), parts)
    filled = rows.fillna(NONE, ["conversion_type", "customer", "position"]).withColumn(
        "touch_day", F.coalesce("touch_day", "day")
    )
    summed = filled.groupBy(*KEYS).agg(*(F.sum(name).alias(name) for name in SUMS))
    made = summed.withColumn("margin", _margin(margins))
    return made.select(*[
        F.coalesce(F.col(f.name), F.lit(0)).cast(f.dataType).alias(f.name)
        if f.name in SUMS else F.col(f.name).cast(f.dataType).alias(f.name)
        for f in spark_schema(MONEY).fields
    ])  # fmt: skip


def firsts(customers: DataFrame) -> DataFrame:
    """One row per person: `first`, when and by what it became a customer (ties by id)."""
    earliest = F.min(F.struct("converted_at", "conversion_id")).alias("first")
    return customers.groupBy("owner").agg(earliest)


def _touched(credits: DataFrame) -> DataFrame:
    """`credits` with the days, where in its path the touch is, and whether it is an assist."""
    path = Window.partitionBy("conversion_id", "model")
    last = F.max("position").over(path)
    placed = credits.withColumns({
        "day": F.col("conversion_date"), "touch_day": F.to_date("touched_at"),
        "is_last": F.col("position") == last,
        "is_touch": F.col("touchpoint_id").isNotNull(),
    })  # fmt: skip
    same = Window.partitionBy("conversion_id", "model", "channel")
    leading = F.col("position") == F.min("position").over(same)
    return placed.withColumns(
        {"is_assist": F.col("is_touch") & ~F.col("is_last") & leading, "place": _place()}
    )


def _place() -> Column:
    first = F.col("position") == 0
    return (
        F.when(~F.col("is_touch"), NONE)
        .when(first & F.col("is_last"), "only")
        .when(first, "first").when(F.col("is_last"), "last").otherwise("middle")
    )  # fmt: skip


def _earned(credits: DataFrame, bought: DataFrame) -> DataFrame:
    """Credit, by both days and everything else."""
    whose = (
        credits.join(bought, on=F.col("person_id") == F.col("owner"), how="left")
        .withColumn("customer", _customer())
        .drop("position")
        .withColumnRenamed("place", "position")
    )
    real = F.col("is_touch")
    return whose.groupBy(*KEYS).agg(
        F.count_if(real).alias("path_touches"),
        F.count_if(real & (F.col("credit") > 0)).alias("credited_touches"),
        F.count_if("is_assist").alias("assists"),
        F.sum("conversions").alias("conversions"),
        F.sum("attributed_value").alias("attributed_value"),
    )


def _customer() -> Column:
    here = F.struct("converted_at", "conversion_id")
    return (
        F.when(F.col("person_id").isNull(), "unknown")
        .when(F.col("first") < here, "returning").otherwise("new")
    )  # fmt: skip


def _met(touches: DataFrame) -> DataFrame:
    """Touches of the day that may earn."""
    counted = touches.where("rule IS NULL").groupBy(*CAMPAIGN)
    return counted.agg(F.count(F.lit(1)).alias("touches")).withColumn(
        "currency", F.lit(NO_CURRENCY)
    )


def _spent(spend: DataFrame, touches: DataFrame) -> DataFrame:
    """Spend of the day, and how much of it met no touch of any kind."""
    booked = spend.select(
        F.col("spend_date").alias("day"), "channel", label().alias("campaign"), "campaign_id",
        "currency", "cost",
    )  # fmt: skip
    yes = F.lit(True)
    by_id = touches.where("campaign_id IS NOT NULL").select("day", "campaign_id").distinct()
    by_name = touches.select(*CAMPAIGN).distinct()
    told = booked.join(by_id.withColumn("by_id", yes), on=["day", "campaign_id"], how="left").join(
        by_name.withColumn("by_name", yes), on=list(CAMPAIGN), how="left"
    )
    alone = F.when(F.expr("by_id IS NULL AND by_name IS NULL"), F.col("cost"))
    return told.groupBy(*CAMPAIGN, "currency").agg(
        F.sum("cost").alias("cost"), F.sum(alone).alias("unmatched_cost")
    )


def _margin(margins: Mapping[str, float]) -> Column:
    """The part of a row's value that is margin, to a millionth."""
    told = F.lit(None).cast("decimal(18,6)")
    for name, share in sorted(margins.items()):
        part = F.round(F.col("attributed_value") * F.lit(f"{share:.6f}").cast("decimal(7,6)"), 6)
        told = F.when(F.col("conversion_type") == name, part).otherwise(told)
    return told
