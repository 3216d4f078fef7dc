"""A small table with one promise of every kind, and rows that keep or break them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from expectations.arrow import arrow_schema
from expectations.contract import Column, ListOf, MapOf, StructOf, Table, Type
from expectations.spark import spark_schema

VISITS = Table(
    name="visits",
    about="One row per visit.",
    grain=("visit_id", "part"),
    columns={
        "visit_id": Column(Type.STRING, "The visit"),
        "part": Column(Type.INTEGER, "Part of it", at_least=0),
        "mood": Column(Type.STRING, "How it was", nullable=True, one_of=("good", "bad", "don't")),
        "share": Column(Type.SHARE, "Share of the visit", at_least=0, at_most=1),
        "pages": Column(ListOf(Type.STRING), "Pages seen"),
        "clicks": Column(ListOf(StructOf({"x": Type.LONG, "at": Type.TIMESTAMP})), "Clicks"),
        "labels": Column(MapOf(), "Labels"),
        "note": Column(Type.STRING, "Words", nullable=True),
        "page_count": Column(Type.INTEGER, "Length of pages"),
        "arrived_at": Column(Type.TIMESTAMP, "When we got it", is_arrival=True),
        "visit_date": Column(Type.DATE, "Day of the visit"),
    },
    rules={
        "page_count counts pages": "SELECT * FROM {table} WHERE page_count <> SIZE(pages)",
        "the shares of a visit sum to 1": "SELECT visit_date, visit_id, SUM(share) AS share "
        "FROM {table} GROUP BY ALL HAVING SUM(share) <> 1",
    },
    partitioned_by="visit_date",
)

Row = dict[str, Any]
MONDAY, TUESDAY = date(2026, 1, 5), date(2026, 1, 6)


def visit(visit_id: str = "v1", day: date = MONDAY, **changed: Any) -> Row:
    """A visit that keeps every promise, but for what is changed."""
    noon = datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=UTC)
    return {
        "visit_id": visit_id,
        "part": 0,
        "mood": "good",
        "share": Decimal(1),
        "pages": ["/", "/buy"],
        "clicks": [{"x": 1, "at": noon}, {"x": None, "at": noon}],
        "labels": {"a": "1", "b": "2"},
        "note": None,
        "page_count": 2,
        "arrived_at": noon,
        "visit_date": day,
    } | changed


def frame(spark: SparkSession, rows: Iterable[Row], table: Table = VISITS) -> DataFrame:
    data = pa.Table.from_pylist(list(rows), schema=arrow_schema(table))
    return spark.createDataFrame(data, spark_schema(table))
