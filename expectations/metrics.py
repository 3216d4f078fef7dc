"""Counts what breaks each promise of a table, and sums its rows up, in one Spark job."""

from __future__ import annotations

from functools import reduce
from typing import Any

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contract import Column, ListOf, MapOf, Table
from expectations.promises import Promise, grain_promise, promises


def metrics(frame: DataFrame, table: Table) -> list[dict[str, Any]]:
    """One row per partition day of `frame`, by day; exactly one of day '' if unpartitioned.

    Has `day` (ISO date, '' if null), `rows`, `digest` (see `row_hash`) and for each promise, named
    by its sentence, how many rows break it. A key that occurs n times counts n - 1 times, on its
    last day. `frame` is read once for itself, once for its grain and once for each rule across
    rows, so let it be files, not a plan.
    """
    # numbers are counted much faster than keys, and if no number repeats no key does
    rows = _summed(frame, table, [F.xxhash64(*table.grain).alias("key")])
    if any(row[grain_promise(table).sentence] for row in rows):
        rows = _summed(frame, table, [F.col(name) for name in table.grain])
    return sorted(rows, key=lambda row: str(row["day"]))


def _summed(frame: DataFrame, table: Table, key: list[SparkColumn]) -> list[dict[str, Any]]:
    across = [promise for promise in promises(table) if promise.query]
    parts = [
        _counts(frame, table),
        _duplicates(frame, table, key),
        *(_rule(frame, table, promise) for promise in across),
    ]
    together = reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), parts)
    names = [name for name in together.columns if name != "day"]
    sums = [F.coalesce(F.sum(F.col(f"`{name}`")), F.lit(0)).alias(name) for name in names]
    rows: list[dict[str, Any]] = together.groupBy("day").agg(*sums).toArrow().to_pylist()
    return rows


def digest(frame: DataFrame, table: Table) -> tuple[int, int]:
    """Row count and sum of row hashes: equal for equal content in any order and layout."""
    hashed = frame.select(row_hash(table).alias("hash"))
    [row] = hashed.agg(F.count("*"), sum_of_hashes()).collect()
    return int(row[0]), int(row[1] or 0)


def row_hash(table: Table) -> SparkColumn:
    """64-bit hash of what a row says; columns that say how it arrived are left out.

    Spark's hash skips nulls and empty lists, so that (null, 'a') and ('a', null) would be equal;
    the shape says where they are.
    """
    said = {name: column for name, column in table.columns.items() if not column.is_arrival}
    shapes = [_shape(name, column) for name, column in said.items() if _has_shape(column)]
    return F.xxhash64(*shapes, *(_hashable(name, c) for name, c in said.items()))


def day_of(table: Table) -> SparkColumn:
    """Partition of a row as text; '' for null and for an unpartitioned table."""
    if table.partitioned_by is None:
        return F.lit("")
    return F.coalesce(F.col(table.partitioned_by).cast("string"), F.lit(""))


def _counts(frame: DataFrame, table: Table) -> DataFrame:
    about_rows = [promise for promise in promises(table) if promise.offends]
    broken = [F.count_if(F.expr(str(p.offends))).alias(p.sentence) for p in about_rows]
    # grouping by nothing gives one row even of no rows; grouping by '' would give none
    keys = [table.partitioned_by] if table.partitioned_by else []
    counted = frame.withColumn("hash", row_hash(table)).groupBy(*keys).agg(
        F.count("*").alias("rows"), sum_of_hashes().alias("digest"), *broken
    )  # fmt: skip
    sums = [F.col(f"`{name}`") for name in counted.columns if name not in keys]
    return counted.select(day_of(table).alias("day"), *sums)


def _duplicates(frame: DataFrame, table: Table, key: list[SparkColumn]) -> DataFrame:
    day = F.col(table.partitioned_by) if table.partitioned_by else F.lit(None).cast("date")
    per_key = frame.groupBy(*key).agg(F.count("*").alias("n"), F.max(day).alias("last"))
    surplus = F.sum(F.col("n") - 1).alias(grain_promise(table).sentence)
    last = F.coalesce(F.col("last").cast("string"), F.lit("")).alias("day")
    return per_key.filter("n > 1").groupBy(last).agg(surplus)


def _rule(frame: DataFrame, table: Table, promise: Promise) -> DataFrame:
    offending = frame.sparkSession.sql(str(promise.query), table=frame)
    counted = offending.groupBy(day_of(table).alias("day"))
    return counted.agg(F.count("*").alias(promise.sentence))


def sum_of_hashes() -> SparkColumn:
    """Exact sum of all hashes: by halves, since longs overflow and 38 digits are slow to add."""
    high, low = F.shiftright("hash", 32), F.col("hash").bitwiseAND(0xFFFFFFFF)
    return F.sum(high).cast("decimal(38,0)") * F.lit(2**32) + F.sum(low)


def _has_shape(column: Column) -> bool:
    return column.nullable or isinstance(column.type, ListOf | MapOf)


def _shape(name: str, column: Column) -> SparkColumn:
    if isinstance(column.type, ListOf | MapOf):
        return F.coalesce(F.size(name), F.lit(-1))
    return F.isnull(name).cast("int")


def _hashable(name: str, column: Column) -> SparkColumn:
    """Maps have no order, so their sorted entries are hashed.

    `sort_array` is compiled, `array_sort` is not: half the cost of the whole digest.
    """
    return F.sort_array(F.map_entries(name)) if isinstance(column.type, MapOf) else F.col(name)
