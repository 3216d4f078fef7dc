"""The order book against the credit handed out. The difference must be nothing."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.tables import RECONCILIATION
from expectations.tables.credit import UNATTRIBUTED
from expectations.tables.money import NONE

KEYS = ("day", "conversion_type", "currency")


def reconciliation(
    conversions: DataFrame, credits: DataFrame, money: DataFrame, models: Sequence[str]
) -> DataFrame:
    """One row per day, model, conversion type and currency of the order book or of credit."""
    names = F.explode(F.array(*(F.lit(name) for name in models)))
    book = conversions.groupBy(
        F.col("conversion_date").alias("day"), "conversion_type", "currency"
    ).agg(
        F.sum("conversions").cast("bigint").alias("booked_conversions"),
        F.sum("net_value").alias("booked_value"),
    ).withColumn("model", names)  # fmt: skip
    nobody = F.col("channel") == UNATTRIBUTED
    given = credits.groupBy(
        F.col("conversion_date").alias("day"), "conversion_type", "currency", "model"
    ).agg(
        F.sum(F.when(~nobody, F.col("conversions"))).alias("credited_conversions"),
        F.sum(F.when(nobody, F.col("conversions"))).alias("unattributed_conversions"),
        F.sum(F.when(~nobody, F.col("attributed_value"))).alias("credited_value"),
        F.sum(F.when(nobody, F.col("attributed_value"))).alias("unattributed_value"),
    )  # fmt: skip
    cohorts = money.where(F.col("conversion_type") != NONE).groupBy(*KEYS, "model").agg(
        F.sum("conversions").alias("cohort_conversions"),
        F.sum("attributed_value").alias("cohort_value"),
    )  # fmt: skip
    both = book.join(given, on=[*KEYS, "model"], how="full").join(
        cohorts, on=[*KEYS, "model"], how="full"
    )
    return _differences(both).select(*RECONCILIATION.columns)


def _differences(both: DataFrame) -> DataFrame:
    share, money = "decimal(18,12)", "decimal(18,6)"
    filled = both.select(
        "model", *KEYS,
        _filled("booked_conversions", "bigint"), _filled("credited_conversions", share),
        _filled("unattributed_conversions", share), _filled("booked_value", money),
        _filled("credited_value", money), _filled("unattributed_value", money),
        _filled("cohort_conversions", share), _filled("cohort_value", money),
    )  # fmt: skip
    return filled.withColumn("difference_conversions", _gap("conversions", share)).withColumn(
        "difference_value", _gap("value", money)
    )


def _filled(name: str, kind: str) -> Column:
    return F.coalesce(name, F.lit(0)).cast(kind).alias(name)


def _gap(what: str, kind: str) -> Column:
    booked = F.col(f"booked_{what}").cast(kind)
    return (booked - F.col(f"credited_{what}") - F.col(f"unattributed_{what}")).cast(kind)
