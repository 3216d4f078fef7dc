"""However often, under whatever name and in whatever order it is told: each event once."""

from __future__ import annotations

import json
from itertools import permutations

import pytest
from pyspark.sql import functions as F

from expectations.spark import spark_schema
from expectations.tables import BATCHES, RECORDS
from pipelines.events import deduplicate, events, mapped
from pipelines.ingest.mapping import load_mappings
from tests.pipelines.landed import land
from tests.pipelines.test_collect import CLICKS, Place

MORE = [{**CLICKS[0], "sg_event_id": f"f{n}", "timestamp": 1767226000 + n} for n in range(3)]


def lines(told: list[dict]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in told)


TOLD = {
    "webhook.json": json.dumps(CLICKS[:2]).encode(),
    "webhook-again.json": json.dumps([CLICKS[1], {**CLICKS[2], "attempt": "2"}], indent=1).encode(),
    "copy.json": json.dumps(CLICKS[:2]).encode(),
}
EVERY = ["e0", "e1", "e2", "f0", "f1", "f2"]
GROWING = (lines(MORE[:1]), lines(MORE))


@pytest.fixture
def places(tmp_path):
    """One place per order of arrival, all having been told the same."""
    found = []
    for number, order in enumerate(permutations(TOLD)):
        (tmp_path / str(number)).mkdir()
        place = Place(tmp_path / str(number))
        for turn, name in enumerate(order):
            land(place.landing, f"sendgrid/{name}", TOLD[name])
            if turn < len(GROWING):
                land(place.landing, "sendgrid/log.jsonl", GROWING[turn])
            place.ingest()
        found.append(place)
    return found


def test_the_ledger_says_what_was_read_and_not_what_repeats_it(places):
    for place in places:
        read = {(row["file"], row["records"]) for row in place.held(BATCHES)}
        copies = {("sendgrid/webhook.json", 2), ("sendgrid/copy.json", 2)}
        assert read - copies == {
            ("sendgrid/log.jsonl", 1), ("sendgrid/log.jsonl", 3), ("sendgrid/webhook-again.json", 2)
        }  # fmt: skip
        assert len(read & copies) == 1  # whichever came first


@pytest.mark.spark
def test_every_order_of_arrival_ends_in_the_same_events(spark, places):
    mappings, schema = {"sendgrid": load_mappings()["sendgrid"]}, spark_schema(RECORDS)
    rows = [
        tuple({**row, "file": f"{number}/{row['file']}"}[name] for name in schema.names)
        for number, place in enumerate(places)
        for row in place.held(RECORDS)
    ]
    told = mapped(spark.createDataFrame(rows, schema), mappings)
    told = spark.createDataFrame(told.toArrow(), told.schema)  # planned once for all places
    for number in range(len(places)):
        of_place = told.where(F.startswith("file", F.lit(f"{number}/")))
        found = deduplicate(events(of_place)).toArrow().to_pylist()
        assert sorted(row["source_event_id"] for row in found) == EVERY
