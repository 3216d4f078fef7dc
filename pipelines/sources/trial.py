"""One file as a mapping's route would read it, without a lake: rows in, accepted or rejected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.arrow import arrow_schema
from expectations.spark import spark_schema
from expectations.tables import RECORDS
from pipelines import events, spend
from pipelines.errors import MissingInputError
from pipelines.ingest.batch import Batch, check_unchanged, identify
from pipelines.ingest.decode import decode, plain_name
from pipelines.ingest.landing import Route, glob_pattern
from pipelines.ingest.mapping import Expr, Mapping
from pipelines.ingest.mapping_reasons import CUT
from pipelines.ingest.routes import routes

WORD = "touchstone_word"  # attribute that carries the source's own word for the kind of event
SHOWN = 4000  # characters of a record that are kept to be shown
PART = {
    "events": ("event_id", "record_version", "event_type", "event_name", "occurred_at", "ids",
               "value", "currency", "payload_hash", "attributes"),
    "spend": ("platform", "account_id", "campaign_id", "spend_date", "cost", "currency"),
}  # fmt: skip


@dataclass
class Trial:
    """What one mapping makes of one file."""

    mapping: Mapping
    file: str
    route: Route
    records: int = 0
    is_whole: bool = True
    is_named: bool = True  # a file of this name would be read once it lands
    undecoded: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)  # accepted parts and rejected ones
    samples: list[dict[str, Any]] = field(default_factory=list)  # a few of them in full


def tried(
    spark: SparkSession, mapping: Mapping, path: Path,
    limit: int, as_of: datetime | None, samples: int,
) -> Trial:  # fmt: skip
    """Read at most `limit` records and map them by the plan that a run would use.

    `as_of` is when the file landed; its modification time, as in a run, if None.
    """
    if not path.is_file():
        raise MissingInputError(f"There is no file {path}.")
    route, is_named = route_for(mapping, path)
    trial = Trial(mapping, path.name, route, is_named=is_named)
    read = _read(trial, path, limit, as_of)
    if not trial.records:
        return trial
    mapped = _mapped(spark.createDataFrame(read, spark_schema(RECORDS)), mapping)
    trial.rows = _rows(mapped, PART[mapping.kind])
    lines = _chosen(trial.rows, samples)
    if lines:
        trial.samples = _samples(mapped.where(F.col("line").isin(lines)), samples)
    return trial


def route_for(mapping: Mapping, path: Path) -> tuple[Route, bool]:
    """The mapping's route for a file, and whether it is the one for a file of this name.

    Only the name counts, since the file need not lie in the landing folder yet.
    """
    own = list(routes({mapping.name: mapping}).values())
    for route in own:
        names = [glob_pattern(glob.rsplit("/", 1)[-1]) for glob in route.globs]
        if any(name.fullmatch(plain_name(path.name)) for name in names):
            return route, True
    suffix = Path(plain_name(path.name)).suffix.lstrip(".").lower()
    near = [route for route in own if route.read.format.startswith(suffix or "?")]
    return (near or own)[0], False


def _read(trial: Trial, path: Path, limit: int, as_of: datetime | None) -> pa.Table:
    """Records as they would land; those that cannot be decoded are kept aside as well."""
    batch = identify(path, path.name, trial.route.source, trial.route.mapping)
    landed = batch if as_of is None else replace(batch, received_at=as_of)
    read = []
    for records in _limited(trial, path, landed, limit):
        read.append(records)
        trial.records += records.num_rows
        trial.undecoded += _undecoded(records)
    check_unchanged(path, batch)
    return pa.Table.from_batches(read, arrow_schema(RECORDS))


def _limited(trial: Trial, path: Path, batch: Batch, limit: int) -> Iterator[pa.RecordBatch]:
    for records in decode(path, batch, trial.route.read):
        left = limit - trial.records
        trial.is_whole = records.num_rows <= left
        if left:
            yield records.slice(0, left)
        if not trial.is_whole:
            return


def _undecoded(records: pa.RecordBatch) -> list[dict[str, Any]]:
    bad = records.filter(records["error"].is_valid()).select(["line", "error", "payload"])
    return [
        {"line": row["line"], "reason": row["error"], "field": None, "value": row["payload"][:CUT]}
        for row in bad.to_pylist()
    ]


def _mapped(records: DataFrame, mapping: Mapping) -> DataFrame:
    """Parts, accepted or not. The mapping is the user's, but for one attribute more."""
    if mapping.kind == "spend":
        return spend.mapped(records, {mapping.name: mapping})
    word = source_word(mapping)
    more = {WORD: word} if word else {}
    told = mapping.model_copy(update={"attributes": {**mapping.attributes, **more}})
    return events.mapped(records, {mapping.name: told})


def source_word(mapping: Mapping) -> Expr | None:
    """What the event type is translated from, None if it is not one translation of one value."""
    expr = mapping.fields.get("event_type")
    if expr is None or expr.map is None:
        return None
    given = expr.model_dump(exclude_unset=True, by_alias=True, exclude={"map", "default"})
    return Expr.model_validate(given)


def _rows(mapped: DataFrame, names: tuple[str, ...]) -> list[dict[str, Any]]:
    told = mapped.select(*names, "line", "part", "reason", "bad_field", "bad_value")
    found: list[dict[str, Any]] = told.orderBy("line", "part").toArrow().to_pylist()
    return found


def _chosen(rows: list[dict[str, Any]], samples: int) -> list[int]:
    """Lines of the first accepted parts, and of the first rejected one."""
    accepted = (row["line"] for row in rows if row["reason"] is None)
    rejected = (row["line"] for row in rows if row["reason"] is not None)
    return sorted({*islice(accepted, samples), *islice(rejected, 1 if samples else 0)})


def _samples(mapped: DataFrame, samples: int) -> list[dict[str, Any]]:
    raw = F.substring("payload", 1, SHOWN).alias("payload")
    few = mapped.withColumn("payload", raw).orderBy("line", "part").limit(2 * samples + 1)
    found: list[dict[str, Any]] = few.toArrow().to_pylist()
    return found
