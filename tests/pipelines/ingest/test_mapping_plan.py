"""What Spark does with a mapping: it compiles all of it but plain columns."""

import re

import pytest

from expectations.spark import spark_schema
from expectations.tables import RECORDS
from pipelines.ingest.mapping import load_mappings
from pipelines.ingest.mapping_compile import map_records

pytestmark = pytest.mark.spark


@pytest.fixture
def _whole(spark):
    """Plans are told with all their columns."""
    spark.conf.set("spark.sql.debug.maxToStringFields", "10000")
    yield
    spark.conf.unset("spark.sql.debug.maxToStringFields")


@pytest.mark.usefixtures("_whole")
def test_spark_interprets_no_more_of_a_mapping_than_plain_columns(spark, capsys):
    records = spark.createDataFrame([], spark_schema(RECORDS))
    map_records(records, load_mappings(None)["ga4"]).explain("extended")
    plan = capsys.readouterr().out.split("== Optimized Logical Plan ==")[1]
    sorts = len(re.findall(r"array_sort\(", plan))
    assert sorts > 0
    assert len(re.findall(r"array_sort\(array\(\w+#\d+L?\)", plan)) == sorts
    assert "map_filter(" not in plan
