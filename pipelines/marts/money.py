"""Credit beside spend, by channel and by campaign."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.contract import Table
from expectations.tables import CAMPAIGNS, CHANNELS

NOT_SET = "(not set)"


def channels(credits: DataFrame, spend: DataFrame, models: Sequence[str]) -> DataFrame:
    """One row per day of conversion, model, channel and currency with credit or spend."""
    booked = spend.select(F.col("spend_date").alias("day"), "channel", "currency", "cost")
    earned = credits.withColumn("day", F.col("conversion_date"))
    return _beside(earned, booked, ("day", "channel", "currency"), models, CHANNELS)


def campaigns(credits: DataFrame, spend: DataFrame, models: Sequence[str]) -> DataFrame:
    """One row per day of conversion, model, channel, campaign and currency with credit or spend.

    A touch's campaign takes the platform's name of that day where its campaign id had spend that
    day; else it keeps the name it was tagged with.
    """
    booked = spend.select(
        F.col("spend_date").alias("day"), "campaign_id", "channel", "currency", "cost",
        label().alias("campaign"),
    )  # fmt: skip
    earned = credits.withColumn("day", F.col("conversion_date"))
    named = called(earned, platform_names(spend), "day")
    keys = ("day", "channel", "campaign", "currency")
    return _beside(named, booked, keys, models, CAMPAIGNS)


def platform_names(spend: DataFrame) -> DataFrame:
    """One row per day and campaign id with spend: the platform's name of it."""
    told = spend.where("campaign_id <> ''")
    return told.groupBy(F.col("spend_date").alias("named_on"), "campaign_id").agg(
        F.min(label()).alias("platform_name")
    )


def called(rows: DataFrame, names: DataFrame, day: str) -> DataFrame:
    """`rows` whose campaign is called what the platform called its id on that day, if it did."""
    known = names.withColumnRenamed("named_on", day)
    both = rows.join(F.broadcast(known), on=[day, "campaign_id"], how="left")
    named = both.withColumn("campaign", F.coalesce("platform_name", "campaign"))
    return named.drop("platform_name")


def label() -> Column:
    """What a campaign of `spend` is called."""
    return F.coalesce("campaign", F.nullif("campaign_id", F.lit("")), F.lit(NOT_SET))


def _beside(
    earned: DataFrame, booked: DataFrame, keys: Sequence[str], models: Sequence[str], into: Table
) -> DataFrame:
    """Credit and cost summed by `keys`, side by side; what has only one of them is kept."""
    credit = earned.groupBy("model", *keys).agg(
        F.count_if((F.col("credit") > 0) & F.col("touchpoint_id").isNotNull()).alias("touches"),
        F.sum("conversions").alias("conversions"),
        F.sum("attributed_value").alias("attributed_value"),
    )
    names = F.explode(F.array(*(F.lit(name) for name in models)))
    cost = booked.groupBy(*keys).agg(F.sum("cost").alias("cost")).withColumn("model", names)
    both = credit.join(cost, on=["model", *keys], how="full")
    filled = both.select(
        "model", *keys,
        F.coalesce("touches", F.lit(0)).cast("bigint").alias("touches"),
        _or_zero("conversions", "decimal(18,12)"),
        _or_zero("attributed_value", "decimal(18,6)"),
        _or_zero("cost", "decimal(18,6)"),
    )  # fmt: skip
    has_cost = F.when(F.col("cost") > 0, F.col("cost").cast("double"))
    count = F.when(F.col("conversions") > 0, F.col("conversions").cast("double"))
    rated = filled.withColumn("cpa", has_cost / count)
    return rated.withColumn(
        "roas", F.col("attributed_value").cast("double") / has_cost
    ).select(*into.columns)  # fmt: skip


def _or_zero(name: str, kind: str) -> Column:
    return F.coalesce(name, F.lit(0)).cast(kind).alias(name)
