"""Rows that stay as they are, copied where Spark's tasks run: no plan, no shuffle, no sort."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyspark.sql import functions as F
from pyspark.sql import types as T

from expectations.contract import Table
from expectations.metrics import day_of, row_hash, sum_of_hashes
from expectations.spark import spark_schema
from pipelines.part_files import HELD_ROWS, Batches, Parts, file_system

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from pipelines.lake_files import File

FILES_OF_A_TASK = 8

PATH = "_path"  # of a file that was written; no table has a column of that name


@dataclass(frozen=True)
class Carried:
    """Which rows to carry: all but those whose `key` is among the keys in the folder `keys`.

    `schema` is the table's, partitioned by `column` if it has days.
    """

    table: str
    into: str
    keys: str
    key: str
    schema: pa.Schema
    column: str | None

    def told(self) -> pa.Schema:
        """What `carrier` gives: rows that are not carried, or the path of a file with the others.

        All may be null, since a row tells of one of the two.
        """
        return pa.schema([*(f.with_nullable(True) for f in self.schema), (PATH, pa.string())])


def carry(
    spark: SparkSession, table: Table, what: Carried, files: Sequence[File]
) -> tuple[list[str], dict[str, tuple[int, int]]]:
    """Carry rows of some files, those of a day into one file; the paths of those written, and what
    was left behind: day to the sum of the rows' hashes and their number.
    """
    asked = pa.table({"path": [f.path for f in files], "day": [f.day for f in files]})
    tasks = len(files) // FILES_OF_A_TASK + 1
    given = T.StructType([*spark_schema(table), T.StructField(PATH, T.StringType())])
    by_day = spark.createDataFrame(asked).repartition(tasks, "day")
    told = by_day.mapInArrow(carrier(what), given)
    hashed = told.withColumn("hash", F.when(F.isnull(PATH), row_hash(table)))
    found = hashed.groupBy(day_of(table).alias("day")).agg(
        F.collect_list(PATH).alias("paths"), F.count("hash").alias("rows"),
        F.coalesce(sum_of_hashes(), F.lit(0)).alias("total"),
    )  # fmt: skip
    rows = found.toArrow().to_pylist()
    paths = [path for row in rows for path in row["paths"]]
    return paths, {row["day"]: (int(row["total"]), row["rows"]) for row in rows if row["rows"]}


def carrier(what: Carried) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """What a Spark task does with the paths (below the table) and days of files to carry."""

    def carry(asked: Batches) -> Iterator[pa.RecordBatch]:
        fs, folder = file_system(what.keys)
        keys = ds.dataset(folder, filesystem=fs, format="parquet").to_table()[what.key]
        parts, told = Parts(what.into, what.schema, what.column), what.told()
        for batch in asked:
            for path, day in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                for rows in _rows(what, path, day):
                    is_gone = pc.is_in(rows[what.key], keys)
                    parts.add(rows.filter(pc.invert(is_gone)))
                    yield _as(told, rows.filter(is_gone))
        paths = pa.array(parts.close(), pa.string())
        yield _as(told, pa.RecordBatch.from_arrays([paths], [PATH]))

    return carry


def _rows(what: Carried, path: str, day: str) -> Iterable[pa.RecordBatch]:
    """Rows of a file, with their day."""
    fs, folder = file_system(what.table)
    with fs.open_input_file(f"{folder}/{path}") as file:
        for batch in pq.ParquetFile(file).iter_batches(HELD_ROWS):
            yield _as(what.schema, batch, **({what.column: day} if what.column else {}))


def _as(schema: pa.Schema, rows: pa.RecordBatch, **same: str) -> pa.RecordBatch:
    """Rows in the columns of a schema: those they have, those `same` for all, and nulls."""

    def column(field: pa.Field) -> pa.Array:
        if field.name in rows.schema.names:
            return rows[field.name].cast(field.type)
        if field.name in same:
            return pa.repeat(pa.scalar(same[field.name]).cast(field.type), rows.num_rows)
        return pa.nulls(rows.num_rows, field.type)

    return pa.RecordBatch.from_arrays([column(field) for field in schema], schema=schema)
