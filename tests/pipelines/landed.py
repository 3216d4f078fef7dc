"""Files in a landing folder as the DataFrame `records`, as ingest would write it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from expectations.arrow import arrow_schema
from expectations.spark import spark_schema
from expectations.tables import RECORDS
from pipelines.ingest.landing import Claims
from pipelines.ingest.mapping import Mapping
from pipelines.ingest.reading import read_batch
from pipelines.ingest.routes import routes

LANDED = datetime(2026, 6, 1, tzinfo=UTC)


def land(landing: Path, file: str, content: bytes | Path) -> None:
    """Put a file below the landing folder, modified at a fixed time."""
    path = landing / file
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Path):
        copyfile(content, path)
    else:
        path.write_bytes(content)
    os.utime(path, (LANDED.timestamp(), LANDED.timestamp()))


def records(spark: SparkSession, landing: Path, mappings: dict[str, Mapping]) -> DataFrame:
    """All landed files as records."""
    claims = Claims(routes(mappings))
    found = []
    for path in sorted(path for path in landing.rglob("*") if path.is_file()):
        route = claims.route(path.relative_to(landing).as_posix())
        assert route is not None, f"no mapping reads {path}"
        found += list(read_batch(path, route, landing).batches())
    rows = pa.Table.from_batches(found).cast(arrow_schema(RECORDS)).to_pylist()
    return spark.createDataFrame([tuple(row.values()) for row in rows], spark_schema(RECORDS))
