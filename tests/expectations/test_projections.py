"""Arrow, Spark and Delta say the same of every table."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from expectations.arrow import ARROW, arrow_schema
from expectations.contract import Column, ListOf, MapOf, StructOf, Table, Type
from expectations.delta import delta_schema
from expectations.spark import SPARK, spark_schema
from expectations.tables import TABLES

EVERYTHING = Table(
    name="everything",
    about="One row per nothing.",
    grain=("string",),
    columns={kind.value: Column(kind, "a plain value") for kind in Type}
    | {
        "structs": Column(ListOf(StructOf({k.value: k for k in Type})), "records"),
        "strings": Column(ListOf(Type.STRING), "texts"),
        "map": Column(MapOf(), "texts by text"),
    },
)
EVERY_TABLE = pytest.mark.parametrize("table", [*TABLES.values(), EVERYTHING], ids=lambda t: t.name)


def test_every_type_has_an_arrow_and_a_spark_type():
    assert set(ARROW) == set(SPARK) == set(Type)


@EVERY_TABLE
def test_the_schemas_name_the_columns_in_contract_order(table):
    names = list(table.columns)
    assert arrow_schema(table).names == names
    assert spark_schema(table).names == names
    assert [field.name for field in delta_schema(table).fields] == names


@EVERY_TABLE
def test_delta_gives_the_arrow_schema_back(table):
    assert pa.schema(delta_schema(table).to_arrow()).equals(arrow_schema(table))


@EVERY_TABLE
def test_no_schema_claims_that_a_column_has_no_nulls(table):
    assert all(field.nullable for field in arrow_schema(table))
    assert all(field.nullable for field in spark_schema(table))
    assert all(field.nullable for field in delta_schema(table).fields)


@pytest.mark.spark
def test_files_written_by_spark_have_the_arrow_schema(spark, tmp_path: Path):
    for table in (EVERYTHING, *TABLES.values()):
        folder = str(tmp_path / table.name)
        spark.createDataFrame([], spark_schema(table)).coalesce(1).write.parquet(folder)
        file = next(Path(folder).glob("*.parquet"))
        assert pq.read_schema(file).remove_metadata().equals(arrow_schema(table)), table.name


@pytest.mark.spark
def test_spark_and_arrow_hand_each_other_the_same_schema(spark):
    empty = arrow_schema(EVERYTHING).empty_table()
    frame = spark.createDataFrame(empty, spark_schema(EVERYTHING))
    assert frame.schema == spark_schema(EVERYTHING)
    assert frame.toArrow().schema.remove_metadata().equals(arrow_schema(EVERYTHING))
