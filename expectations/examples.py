"""Fetches a few of the values that break a promise. Runs only for promises that are broken."""

from __future__ import annotations

from collections.abc import Iterable

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from expectations.contract import Table
from expectations.metrics import day_of
from expectations.promises import Promise

EXAMPLES = 3
LONGEST = 200


def examples(frame: DataFrame, table: Table, promise: Promise) -> dict[str, tuple[str, ...]]:
    """Up to three offending values of each day as text, the smallest first."""
    first = Window.partitionBy("day").orderBy("value")
    few = (
        _offending(frame, table, promise)
        .distinct()
        .withColumn("n", F.row_number().over(first))
        .filter(F.col("n") <= EXAMPLES)
    )
    found: dict[str, list[str]] = {}
    for row in sorted(few.toArrow().to_pylist(), key=lambda row: (row["day"], row["n"])):
        found.setdefault(row["day"], []).append(row["value"])
    return {day: tuple(values) for day, values in found.items()}


def _offending(frame: DataFrame, table: Table, promise: Promise) -> DataFrame:
    """One row per offence: its `day`, and as `value` what is wrong, else whose row it is."""
    day = day_of(table).alias("day")
    if promise.offends:
        is_absent = promise.offends.endswith("IS NULL")
        value = F.col(promise.column) if promise.column and not is_absent else _json(table.grain)
        return frame.filter(promise.offends).select(day, _text(value))
    if promise.query:
        rows = frame.sparkSession.sql(promise.query, table=frame)
        is_whole = set(table.columns) <= set(rows.columns)
        said = [name for name in rows.columns if name != table.partitioned_by]
        return rows.select(day, _text(_json(table.grain if is_whole else said)))
    keys = frame.groupBy(*table.grain).agg(F.count("*").alias("n"), F.max(day).alias("last"))
    return keys.filter("n > 1").select(F.col("last").alias("day"), _text(_json(table.grain)))


def _json(names: Iterable[str]) -> SparkColumn:
    """Named values as JSON; as text, since JSON numbers and times would lose digits."""
    return F.to_json(F.struct(*(F.col(name).cast("string").alias(name) for name in names)))


def _text(value: SparkColumn) -> SparkColumn:
    return F.substring(value.cast("string"), 1, LONGEST).alias("value")
