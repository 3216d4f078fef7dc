"""Who earned what: the models' shares of every conversion, exact to the last digit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
from pyspark.sql import DataFrame

from expectations.spark import spark_schema
from expectations.tables import CREDITS
from pipelines.scoring import Version, score


def credits(paths: DataFrame, versions: Sequence[Version]) -> DataFrame:
    """One row per conversion, model and touch; one `(unattributed)` row if it has no touch.

    Credit and value are rounded so that they add up exactly: what rounding takes from one touch
    goes to the next.
    """
    ready = tuple(versions)

    def scored(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return score(batches, ready)

    return paths.mapInArrow(scored, spark_schema(CREDITS))
