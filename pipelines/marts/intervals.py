"""A month's credit and cost, with how sure each figure is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.arrow import arrow_schema
from expectations.spark import spark_schema
from expectations.tables import INTERVALS
from models.bootstrap import GROUPS
from models.certainty import month_rows
from models.multipliers import Multipliers
from pipelines.marts.money import called, label, platform_names

KEYS = ("month", "currency")
CELL = ("channel", "campaign")
FIGURES = {"conversions": "conversions", "value": "attributed_value"}


def intervals(
    credits: DataFrame,
    spend: DataFrame,
    models: Sequence[str],
    fitted: Sequence[str],
    tests: Mapping[str, Multipliers],
) -> DataFrame:
    """One row per month, level, model, channel, campaign, currency and figure.

    `credits` and `spend` are of whole months. Spark adds up by group of persons, a task per month
    and currency weighs the groups.
    """
    cells, wanted = credit_cells(credits, spend, models), spark_schema(INTERVALS)

    def of_month(key: tuple[pa.Scalar, ...], part: pa.Table) -> pa.Table:
        return _dated(month_rows(part, models, fitted, tests), key)

    return cells.groupBy(*KEYS).applyInArrow(of_month, wanted)


def _dated(made: pa.Table, key: tuple[pa.Scalar, ...]) -> pa.Table:
    for name, value in zip(KEYS, key, strict=True):
        made = made.append_column(name, pa.repeat(value, made.num_rows))
    schema = arrow_schema(INTERVALS)
    return made.select(schema.names).cast(schema)


def credit_cells(credits: DataFrame, spend: DataFrame, models: Sequence[str]) -> DataFrame:
    """One row per month, currency, channel, campaign and group of persons, as `Month.read` takes.

    Who is not known is a person of his own. Sums are exact before they become floating numbers, so
    no order and no partition changes one.
    """
    named = called(credits, platform_names(spend), "conversion_date")
    earned = named.where(F.col("touchpoint_id").isNotNull()).select(
        F.trunc("conversion_date", "month").alias("month"), "currency", *CELL,
        _group().alias("group"), "model", *FIGURES.values(), F.lit(None).alias("cost"),
    )  # fmt: skip
    booked = spend.select(
        F.trunc("spend_date", "month").alias("month"), "currency",
        "channel", label().alias("campaign"), F.lit(-1).alias("group"), F.lit(None).alias("model"),
        *(F.lit(None).alias(name) for name in FIGURES.values()), "cost",
    )  # fmt: skip
    sums = [
        F.sum(F.when(F.col("model") == model, F.col(column)))
        .cast("double")
        .alias(f"{what}_{model}")
        for model in models
        for what, column in FIGURES.items()
    ]
    cost = F.sum("cost").cast("double").alias("cost")
    return earned.unionByName(booked).groupBy(*KEYS, *CELL, "group").agg(*sums, cost)


def _group() -> Column:
    person = F.coalesce("person_id", "conversion_id")
    return F.pmod(F.xxhash64(person), F.lit(GROUPS)).cast("int")
