"""What happened, in our words: records to `events`."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.tables import EVENTS
from pipelines.ingest.mapping import Mapping
from pipelines.ingest.mapping_compile import map_records

WINNER = ("payload_hash", "batch_id", "line")


def mapped(records: DataFrame, mappings: Dict[str, Mapping]) -> DataFrame:
    """One row per part of a record, as its mapping reads it, accepted or not.

    The columns of EVENTS, then file, part, payload and received_date of the record, then
    `reason` (null if accepted), `bad_field` and `bad_value`.
    """
    of_events = [one for _, one in sorted(mappings.items()) if one.kind == "events"]
    return reduce(DataFrame.unionByName, [map_records(records, one) for one in of_events])


def events(mapped: DataFrame) -> DataFrame:
    """One row per accepted part of a record; the same event may be told more than once."""
    return mapped.filter(F.col("reason").isNull()).select(*EVENTS.columns)


def deduplicate(events: DataFrame) -> DataFrame:
    """One row per version of an event: the one with the smallest payload_hash.

    Equal payloads are told apart by batch and line, so arrival order decides nothing.
    """
    names = [name for name in EVENTS.columns if name not in EVENTS.grain]
    row = F.struct(*names)
    chosen = F.min_by(row, F.struct(*WINNER)).alias("row")
    return (
        events.groupBy(*EVENTS.grain)
        .agg(chosen)
        .select(*[F.col("row")[n].alias(n) if n in names else F.col(n) for n in EVENTS.columns])
    )
