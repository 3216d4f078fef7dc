"""What we could not use, and why: records to `quarantine`."""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.spark import spark_type
from expectations.tables import QUARANTINE
from pipelines.ingest.mapping_reasons import CUT


def quarantine(records: DataFrame, known: Collection[str], *mapped: DataFrame) -> DataFrame:
    """One row per rejected record, or rejected part of one, with its first reason.

    `mapped` are the results of `events.mapped` and `spend.mapped`. A record that arrived for a
    mapping which is no longer among the `known` waits here until the mapping is back.
    """
    rejected = [_unread(records, known), *[_rejected(one) for one in mapped]]
    return reduce(DataFrame.unionByName, rejected)


def _unread(records: DataFrame, known: Collection[str]) -> DataFrame:
    orphan = F.when(~F.col("mapping").isin(sorted(known)), "unknown_mapping")
    unread = records.withColumn("reason", F.coalesce("error", orphan))
    given = {"part": F.lit(0), "field": F.lit(None), "value": F.substring("payload", 1, CUT)}
    return _as_contract(unread.filter(F.col("reason").isNotNull()), given)


def _rejected(mapped: DataFrame) -> DataFrame:
    given = {"field": F.col("bad_field"), "value": F.col("bad_value")}
    return _as_contract(mapped.filter(F.col("reason").isNotNull()), given)


def _as_contract(rows: DataFrame, given: dict[str, Column]) -> DataFrame:
    return rows.select(
        *[
            given.get(name, F.col(name)).cast(spark_type(column.type)).alias(name)
            for name, column in QUARANTINE.columns.items()
        ]
    )
