"""Each shipped mapping against its sample. To write the expected files anew, after reading the
difference: TOUCHSTONE_GOLDEN=write make test."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.tables import EVENTS, SPEND
from pipelines import events, quarantine, spend
from pipelines.ingest.mapping import load_mappings
from pipelines.ingest.mapping_expr import url_param
from pipelines.versions import newest
from tests.pipelines.ingest import answers, answers_vendors
from tests.pipelines.ingest.answers_loaders import LOADED, LOADED_SPEND, NOBODY
from tests.pipelines.landed import land, records

pytestmark = pytest.mark.spark

GOLDEN = Path(__file__).parents[2] / "golden"
MAPPINGS = sorted(path.name for path in GOLDEN.iterdir() if list(path.glob("*[0-9].*")))
PROVIDERS = {"amazon_ses": 26, "mailgun": 38, "mailjet": 30, "brevo": 23, "sparkpost": 27,
             "mailersend": 23, "resend": 14}  # and how many values are asserted  # fmt: skip
DEFAULTS = {
    "quality": "source", "is_bot": False, "is_test": False, "op": "insert", "instance": "",
}  # fmt: skip
COSTS = {"salesforce": "salesforce_campaign"}  # where a platform is no mapping's name
# a plan per mapping is interpreted in half the time it takes to compile; nights compile theirs
INTERPRETED = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
MICROS = f"{1772616123410000:016x}"  # 2026-03-04 09:22:03.410, when the collector saw it
ARRIVAL = {"batch_id", "received_at", "extracted_at", "payload_hash", "payload", "file"}


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    return str(value.normalize() + 0) if isinstance(value, Decimal) else value


def _row(row: dict[str, object], names: list[str]) -> dict[str, object]:
    found = {name: _plain(row[name]) for name in names if name not in ARRIVAL}
    found |= {n: dict(found[n]) for n in ("click_ids", "consent", "attributes") if n in found}
    if "ids" in found:
        found["ids"] = [f"{one['type']}:{one['value']}" for one in row["ids"]]
    return {n: v for n, v in found.items() if v not in (None, [], {}) and v != DEFAULTS.get(n)}


def _landed(landing: Path, mappings: dict) -> None:
    """All samples, and the bodies of all answer keys."""
    for name in MAPPINGS:
        for sample in (GOLDEN / name).iterdir():
            if sample.name != "expected.json":
                land(landing, f"{mappings[name].source}/{sample.name}", sample)
    for esp in PROVIDERS:
        for number, case in enumerate(answers.cases(esp)):
            land(landing, f"{esp}/answers-{number:03}.json", answers.body(case))
    for file, content in answers_vendors.landed():
        land(landing, file, content)


def _sorted_out(rejected: list[dict], accepted: list[dict], booked: list[dict]) -> dict:
    found: dict = {name: {"accepted": [], "rejected": []} for name in MAPPINGS}
    for row in accepted:
        found[row["mapping"].split("@")[0]]["accepted"].append(_row(row, list(EVENTS.columns)))
    for row in rejected:
        names = ["line", "part", "reason", "field", "value"]
        found[row["mapping"].split("@")[0]]["rejected"].append(_row(row, names))
    for row in booked:
        name = COSTS.get(row["platform"], row["platform"])
        name = name if name in found else "cost"
        found[name]["accepted"].append(_row(row, list(SPEND.columns)))
    return found


def _kept(frame: DataFrame) -> DataFrame:
    """The same rows without the long plan that made them, which each use would plan anew.

    One task makes them: each of many would read the plans of all mappings before it ran one.
    """
    return frame.sparkSession.createDataFrame(frame.coalesce(1).toArrow(), frame.schema)


@pytest.fixture(scope="module")
def interpreted(_spark) -> Iterator[SparkSession]:
    before = {name: _spark.conf.get(name) for name in INTERPRETED}
    for name, value in INTERPRETED.items():
        _spark.conf.set(name, value)
    yield _spark
    for name, value in before.items():
        _spark.conf.set(name, value)


@pytest.fixture(scope="module")
def mapped(interpreted, tmp_path_factory) -> dict:
    """One job over all samples and answer keys: each mapping costs a plan."""
    landing, mappings = tmp_path_factory.mktemp("landing"), load_mappings()
    _landed(landing, mappings)
    raw = _kept(records(interpreted, landing, mappings))
    told = _kept(events.mapped(raw, mappings))
    paid = _kept(spend.mapped(raw, mappings))
    is_sample = ~F.contains("file", F.lit("answers-"))
    of_samples = raw.filter(is_sample)
    rejected = quarantine.quarantine(
        of_samples, mappings, told.filter(is_sample), paid.filter(is_sample)
    )
    accepted = events.events(told.filter(is_sample)).orderBy("mapping", "line", "event_id")
    booked = _kept(spend.spend(of_samples, mappings)).orderBy(
        "platform", "campaign_id", "spend_date"
    )
    answered = told.filter(~is_sample).orderBy("file", "part")
    return {
        "samples": _sorted_out(
            rejected.orderBy("file", "line", "part").toArrow().to_pylist(),
            accepted.toArrow().to_pylist(),
            booked.toArrow().to_pylist(),
        ),
        "answers": answered.toArrow().to_pylist(),
        "paid": paid.filter(~is_sample).toArrow().to_pylist(),
        "newest": newest(accepted.where("source = 'snowplow'")).toArrow().to_pylist(),
        "unread": raw.filter(~is_sample & F.col("error").isNotNull()).toArrow().to_pylist(),
    }


@pytest.fixture(scope="module")
def seen(mapped) -> dict[str, dict[str, list[dict[str, object]]]]:
    return mapped["samples"]


@pytest.mark.parametrize("name", MAPPINGS)
def test_the_sample_of_a_mapping_becomes_what_we_expect(seen, name: str):
    path = GOLDEN / name / "expected.json"
    if os.environ.get("TOUCHSTONE_GOLDEN") == "write":
        path.write_text(json.dumps(seen[name], indent=1, ensure_ascii=False) + "\n")
    assert seen[name] == json.loads(path.read_text())


def test_a_ticket_told_by_a_webhook_is_the_one_in_the_file_of_tickets(seen):
    told, filed = (
        {r["event_id"] for r in seen[name]["accepted"] if r.get("source_event_id") == "35436"}
        for name in ("zendesk_webhooks", "zendesk_tickets")
    )
    assert told == filed
    assert len(told) == 1


def test_every_shipped_mapping_has_a_sample():
    assert set(load_mappings()) == set(MAPPINGS)


@pytest.mark.parametrize("esp", PROVIDERS)
def test_events_are_what_the_maintainers_of_anymail_assert(mapped, esp: str):
    rows = [row for row in mapped["answers"] if row["source"] == esp]
    told = answers.compared(answers.cases(esp), rows)
    print(f"{esp}: {sum(t.agrees for t in told)} of {len(told)} asserted values agree")
    assert {f"{t.test} {t.name}" for t in told if not t.agrees} == set(answers.WHY_NOT[esp])
    assert len(told) == PROVIDERS[esp]


def test_of_an_event_told_twice_the_one_the_collector_saw_first_counts(mapped):
    found = [row for row in mapped["newest"] if row["source_event_id"] == "e-1"]
    assert [(row["line"], row["payload_hash"][:16]) for row in found] == [(1, MICROS)]


def _agree(told: list[answers.Told], name: str, known: dict[str, str], how_many: int) -> None:
    print(f"{name}: {sum(t.agrees for t in told)} of {len(told)} expected values agree")
    assert {f"{t.test} {t.name}" for t in told if not t.agrees} == set(known)
    assert len(told) == how_many


@pytest.mark.parametrize(("vendor", "how_many"), [("customer_io", 109), ("mailjet", 12)])
def test_webhooks_become_what_rudderstack_expects(mapped, vendor: str, how_many: int):
    told = answers_vendors.webhooks(vendor, mapped["answers"])
    _agree(told, vendor, answers_vendors.WHY_NOT[vendor], how_many)


def test_snowplow_events_are_what_its_own_loader_makes_of_them(mapped):
    _agree(answers_vendors.snowplow(mapped["answers"]), "snowplow", {}, 48 * 13)


def test_snowplow_lines_that_its_own_loader_refuses_are_refused_here(mapped):
    """input-events.tsv and invalidtimestamp.tsv, for the reasons of expected_bad.jsonl."""
    text = (answers_vendors.SNOWPLOW / "expected_bad.jsonl").read_text()
    wanted = [json.loads(line) for line in text.splitlines()]
    odd = [one["event_id"] for one in wanted if one["failure"] == "FieldNumberMismatch"]
    unread = {row["payload"].split("\t")[6]: row["error"] for row in mapped["unread"]}
    assert unread == dict.fromkeys(odd, "column_count")
    times = [row for row in mapped["answers"] if row["file"].endswith("answers-times.tsv")]
    assert [(row["reason"], row["bad_field"]) for row in times] == [
        ("time_out_of_range", "etl_tstamp"), (None, None), ("time_out_of_range", "etl_tstamp"),
    ]  # fmt: skip
    assert len(wanted) == len(unread) + 2


def test_snowplow_sessions_are_those_a_dbt_package_makes_of_two_loads(mapped):
    """sp_event.csv, then sp_event_update.csv."""
    _agree(answers_vendors.sessions(mapped["answers"]), "sessions", {}, 5 * 12)


@pytest.mark.parametrize("file", LOADED)
def test_tables_as_fivetran_names_them_are_read(mapped, file: str):
    name, types = LOADED[file]
    rows = answers_vendors.of_file(mapped["answers"], file)
    print(f"{name}: {len(rows)} rows of {sum(types.values())} are accepted")
    assert Counter(row["event_type"] for row in rows) == types
    assert all(row["ids"] for row in rows) or file.startswith(NOBODY)


@pytest.mark.parametrize("file", LOADED_SPEND)
def test_tables_of_cost_as_fivetran_names_them_are_read(mapped, file: str):
    _, reasons = LOADED_SPEND[file]
    rows = [row for row in mapped["paid"] if row["file"] == file]
    assert Counter(row["reason"] for row in rows) == reasons
    assert all(row["cost"] is not None and row["campaign_id"] is not None for row in rows)


def test_parameters_of_addresses_are_what_dbt_ga4_finds(interpreted, samples):
    folder = samples / "ga4" / "velir"
    urls = (folder / "urls.csv").read_text().split()[1:]
    names, *expected = csv.reader((folder / "expected_parameters.csv").open())
    frame = interpreted.createDataFrame(list(enumerate(urls)), "n int, url string").orderBy("n")
    found = frame.select(*[url_param(F.col("url"), name) for name in names]).toArrow().to_pylist()
    ours = [["" if value is None else value for value in row.values()] for row in found]
    assert ours == expected
