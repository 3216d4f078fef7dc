"""What happened, in our words: records to `events`."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from functools import reduce

from pyspark.sql import DataFrame, Window
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
    """One row per version of an event and day: the one with the smallest payload_hash.

    Equal payloads are told apart by batch and line, so arrival order decides nothing.
    """
    order = Window.partitionBy(*EVENTS.grain).orderBy(*WINNER)
    ranked = events.withColumn("place", F.row_number().over(order))
    return ranked.filter("place = 1").select(*EVENTS.columns)
