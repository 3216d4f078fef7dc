"""Records to events: what a mapping does with real bodies, dirt, duplicates and shuffles."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path

import pytest
from pyspark.sql import functions as F

from expectations.spark import spark_schema
from expectations.tables import EVENTS
from pipelines.events import deduplicate, events, mapped
from pipelines.ingest.mapping import load_mapping, load_mappings
from tests.pipelines.landed import LANDED, land, records

pytestmark = pytest.mark.spark

GOLDEN = Path(__file__).parents[1] / "golden"
ANYMAIL = {
    "queued": "email_sent", "delivered": "email_delivered", "rejected": "email_bounce",
    "bounced": "email_bounce", "deferred": "other", "opened": "email_open",
    "clicked": "email_click",
}  # fmt: skip
ARRIVAL = [name for name, column in EVENTS.columns.items() if column.is_arrival]
OPERATORS = """\
source: shop
version: 1
read: {files: "shop/*"}
rows: data.items
let:
  who: {concat: [a.first, a.last], separator: "-"}
fields:
  event_type: {const: order}
  occurred_at: {path: at, ts: "dd.MM.yyyy HH:mm", tz: Europe/Berlin}
  sent_at: {path: sent, ts: epoch_ms}
  received_at: {path: got}
  value: {path: sum, decimal: {thousands: ".", point: ","}, sign: negative}
  currency: {path: cur}
  page_url: {path: url}
  utm_source: {path: url, url_param: utm_source}
  utm_term: {use: who}
  utm_content: {path: tag, extract: "t-(\\\\d+)"}
  stage:
    when: [{if: flag, then: {const: on}}, {if: n, in: [1, 2], then: {const: low}}]
    otherwise: Id
  event_name: {choose: n, cases: {1: {const: one}}, otherwise: {path: id, upper: true}}
ids:
  - {type: email_md5, value: {path: mail, normalise: email, hash: md5}}
"""


@pytest.fixture
def mappings(request):
    """Only the mapping a test is about: each costs a plan to compile."""
    return {name: one for name, one in load_mappings().items() if name == request.param}


def using(name: str):
    return pytest.mark.parametrize("mappings", [name], indirect=True)


def by_line(frame) -> list[dict]:
    return frame.orderBy("line", "part").toArrow().to_pylist()


def test_every_operator_does_what_the_page_says(spark, tmp_path):
    (tmp_path / "shop.yaml").write_text(OPERATORS)
    mapping = load_mapping(tmp_path / "shop.yaml")
    item = {
        "at": "04.07.2026 12:30", "sent": 1772616123456, "got": "2026-03-04T09:22:01.5+01:00",
        "sum": "1.234,50", "cur": "eur", "url": "//U:p@Shop.Example:80/?a=1&utm_source=a%20b|+c",
        "a": {"first": "Ana", "last": "B"}, "tag": "t-77", "n": 2, "Id": "X", "id": "y",
        "flag": False, "mail": "Ana <ANA@example.org>",
    }  # fmt: skip
    other = {**item, "flag": "TRUE", "n": 1, "mail": "x", "a": {"first": "Ana"}, "at": "1.1.26"}
    land(tmp_path / "l", "shop/a.json", json.dumps({"data": {"items": [item, other]}}).encode())
    rows = by_line(mapped(records(spark, tmp_path / "l", {"shop": mapping}), {"shop": mapping}))
    one, two = rows
    assert one["reason"] == "time_out_of_range"  # the file landed in June
    assert one["bad_value"] == "04.07.2026 12:30"
    assert (two["reason"], two["bad_field"]) == ("bad_timestamp", "occurred_at")
    assert one["sent_at"].isoformat() == "2026-03-04T09:22:03.456000+00:00"
    assert one["received_at"].isoformat() == "2026-03-04T08:22:01.500000+00:00"
    assert (str(one["value"]), one["currency"]) == ("-1234.500000", "EUR")
    assert (one["page_host"], one["utm_source"]) == ("shop.example", "a b| c")
    assert (one["utm_term"], two["utm_term"]) == ("Ana-B", None)
    assert (one["utm_content"], one["stage"], two["stage"]) == ("77", "low", "on")
    assert (one["event_name"], two["event_name"]) == ("Y", "one")
    assert one["ids"][0]["value"] == hashlib.md5(b"ana@example.org").hexdigest()
    assert two["ids"] == []
    assert [row["part"] for row in rows] == [0, 1]


@using("sendgrid")
def test_sendgrid_events_are_what_the_maintainers_of_anymail_assert(
    spark, samples, tmp_path, mappings
):
    cases = [
        json.loads(line)
        for line in (samples / "sendgrid_anymail/sendgrid.jsonl").read_text().splitlines()
    ]
    for number, case in enumerate(cases):
        body = json.dumps(case["payload"]["raw_events"]).encode()
        land(tmp_path, f"sendgrid/{number:03}.json", body)
    rows = mapped(records(spark, tmp_path, mappings), mappings).toArrow().to_pylist()
    checked = 0
    for row in rows:
        case = cases[int(row["file"][-8:-5])]["expected_first_event"]
        ours = {
            "event_type": row["event_type"],
            "timestamp": row["occurred_at"],
            "event_id": row["source_event_id"],
            "recipient": row["ids"][-1]["value"],
            "click_url": row["page_url"],
        }
        for name in ours.keys() & case.keys():
            checked += 1
            assert ours[name] == _theirs(name, case[name])
    assert (len(rows), checked) == (10, 29)


def _theirs(name: str, value: str) -> object:
    if name == "timestamp":
        return datetime.fromisoformat(value)
    if name == "recipient":
        return hashlib.sha256(value.lower().encode()).hexdigest()
    return ANYMAIL[value] if name == "event_type" else value


@using("salesforce_opportunity")
def test_all_deals_of_the_salesforce_sample_are_deleted(spark, samples, tmp_path, mappings):
    land(tmp_path, "salesforce/Opportunity-1.csv", samples / "salesforce/sf_opportunity_data.csv")
    found = mapped(records(spark, tmp_path, mappings), mappings)
    assert found.groupBy("reason", "op", "event_type").count().collect() == [
        (None, "delete", "stage_change", 10)
    ]
    assert found.select("event_id").distinct().count() == 10


@using("salesforce_opportunity")
def test_a_later_version_of_a_deal_is_the_same_event(spark, tmp_path, mappings):
    for path in (GOLDEN / "salesforce_opportunity").glob("*.csv"):
        land(tmp_path, f"salesforce/{path.name}", path)
    rows = by_line(events(mapped(records(spark, tmp_path, mappings), mappings)).withColumn(
        "part", F.lit(0)
    ))  # fmt: skip
    won, reopened = rows[:2]
    assert won["event_id"] == reopened["event_id"]
    assert won["record_version"] < reopened["record_version"]
    assert [won["event_type"], reopened["event_type"]] == ["order", "stage_change"]


@using("ga4")
def test_order_of_arrival_and_repeats_do_not_change_events(spark, tmp_path, mappings):
    lines = (GOLDEN / "ga4" / "events_20260304.json").read_bytes().splitlines()[:5]
    land(tmp_path / "a", "ga4/1.json", b"\n".join(lines))
    land(tmp_path / "b", "ga4/1.json", b"\n".join(lines[3:]))
    land(tmp_path / "b", "ga4/2.json", b"\n".join([*reversed(lines), lines[0]]))
    frames = [deduplicate(events(mapped(records(spark, tmp_path / f, mappings), mappings)))
              for f in "ab"]  # fmt: skip
    rows = [f.drop(*ARRIVAL).orderBy("event_id").toArrow().to_pylist() for f in frames]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 5
    assert frames[0].schema.simpleString() == spark_schema(EVENTS).simpleString()


@using("ga4")
def test_ga4_parameters_in_another_order_are_the_same_event(spark, tmp_path, mappings):
    line = json.loads((GOLDEN / "ga4" / "events_20260304.json").read_text().splitlines()[0])
    again = {**line, "event_params": line["event_params"][::-1], "new_column": 1}
    other = {**line, "event_params": line["event_params"][1:] + line["event_params"][:1]}
    other["event_params"][0] = {"key": "engagement", "value": {"int_value": "5"}}
    text = "\n".join(json.dumps(one) for one in (line, again, other))
    land(tmp_path, "ga4/1.json", text.encode())
    found = events(mapped(records(spark, tmp_path, mappings), mappings))
    assert [r["event_id"] for r in found.orderBy("line").collect()][0:2] == [
        found.orderBy("line").collect()[0]["event_id"]
    ] * 2
    assert deduplicate(found).count() == 2


@using("salesforce_opportunity")
def test_versions_saved_in_one_instant_on_two_days_are_the_same_seen_together_or_day_by_day(
    spark, tmp_path, mappings
):
    saved = "2026-01-05T10:00:00.000Z"
    head = "Id,StageName,IsWon,Amount,CurrencyIsoCode,CloseDate,CreatedDate,SystemModstamp"
    won = f"0065g00000XYZab,Closed Won,true,10,EUR,2026-01-03,{saved},{saved}"
    told = f"{head}\n{won}\n{won.replace('Closed Won,true', 'Qualification,false')}"
    land(tmp_path, "salesforce/Opportunity.csv", told.encode())
    found = events(mapped(records(spark, tmp_path, mappings), mappings))
    days = [deduplicate(found.where(f"event_date = '2026-01-0{day}'")) for day in (3, 5)]
    assert sorted(days[0].union(days[1]).collect()) == sorted(deduplicate(found).collect())
    assert [day.count() for day in days] == [1, 1]


@using("sendgrid")
def test_times_are_measured_from_when_the_file_landed(spark, tmp_path, mappings):
    at = int(LANDED.timestamp()) + 86_000
    late = [{"email": "a@b.c", "event": "open", "timestamp": at + n} for n in (0, 1_000)]
    land(tmp_path, "sendgrid/1.json", json.dumps(late).encode())
    rows = by_line(mapped(records(spark, tmp_path, mappings), mappings))
    assert [row["reason"] for row in rows] == [None, "time_out_of_range"]


@using("ga4")
def test_what_ga4_repeats_of_the_visit_before_is_no_traffic_of_this_one(spark, tmp_path, mappings):
    direct = {
        "event_name": "session_start", "event_timestamp": "1772616123456789", "stream_id": "1",
        "session_traffic_source_last_click": {
            "manual_campaign": {"source": "newsletter", "medium": "email"},
            "cross_channel_campaign": {"source": "newsletter", "medium": "email"},
            "google_ads_campaign": {"campaign_id": "7"},
        },
        "traffic_source": {"source": "google", "medium": "cpc", "name": "brand"},
    }  # fmt: skip
    land(tmp_path, "ga4/1.json", json.dumps(direct).encode())
    [row] = by_line(mapped(records(spark, tmp_path, mappings), mappings))
    told = ("reason", "utm_source", "utm_medium", "utm_campaign", "campaign_id", "traffic_scope")
    assert [row[name] for name in told] == [None, None, None, None, None, "none"]
