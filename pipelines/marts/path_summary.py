"""Which paths led where, by month."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.tables import PATH_SUMMARY
from expectations.tables.credit import UNATTRIBUTED

LOST = "(none)"  # the conversion type of a path that led to none
KEYS = ("month", "conversion_type", "currency", "path")


def path_summary(paths: DataFrame, lost: DataFrame) -> DataFrame:
    """One row per month, conversion type, currency and path of channels, repeats collapsed.

    `lost` has `month` and `channels`, one row per person whose path was open at the month's end;
    such rows have type (none) and currency XXX.
    """
    return _won(paths.where("conversions > 0")).unionByName(_lost(lost)).select(
        *PATH_SUMMARY.columns
    )  # fmt: skip


def _won(paths: DataFrame) -> DataFrame:
    days = (
        F.unix_micros("converted_at") - F.unix_micros(F.col("touches")[0]["touched_at"])
    ) / F.lit(86_400_000_000)
    told = paths.select(
        F.trunc("conversion_date", "month").alias("month"), "conversion_type", "currency",
        label(F.transform("touches", lambda t: t["channel"])).alias("path"), "net_value",
        F.when(F.size("touches") > 0, days).alias("days"),
    )  # fmt: skip
    return told.groupBy(*KEYS).agg(
        F.count("*").alias("conversions"), F.lit(0).cast("long").alias("losses"),
        F.sum("net_value").cast("decimal(18,6)").alias("net_value"),
        F.percentile("days", F.lit(0.5)).alias("median_days"),
    )  # fmt: skip


def _lost(lost: DataFrame) -> DataFrame:
    """Many people go the same few ways: ways are counted first, then named."""
    ways = lost.groupBy("month", "channels").agg(F.count("*").alias("people"))
    named = ways.select("month", label(F.col("channels")).alias("path"), "people")
    return named.groupBy("month", "path").agg(F.sum("people").alias("losses")).select(
        "month", F.lit(LOST).alias("conversion_type"), F.lit("XXX").alias("currency"), "path",
        F.lit(0).cast("long").alias("conversions"), "losses",
        F.lit(0).cast("decimal(18,6)").alias("net_value"),
        F.lit(None).cast("double").alias("median_days"),
    )  # fmt: skip


def label(channels: Column) -> Column:
    """Channels joined by ' > ', each run of one channel once."""
    changed = F.filter(
        F.sequence(F.lit(1), F.size(channels)),
        lambda i: (i == 1) | (F.get(channels, i - 1) != F.get(channels, i - 2)),
    )
    names = F.transform(changed, lambda i: F.get(channels, i - 1))
    some = F.array_join(names, " > ")
    return F.when(F.size(channels) > 0, some).otherwise(F.lit(UNATTRIBUTED))
