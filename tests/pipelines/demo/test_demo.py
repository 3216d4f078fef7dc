"""The demo's files: the same every time, well formed, and as the summary says."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest

from pipelines.demo import write_demo
from pipelines.demo.salesforce import COLUMNS
from tests.pipelines.demo.conftest import DAYS, PEOPLE
from tests.pipelines.demo.told import (
    crm,
    files,
    fingerprint,
    ga4_events,
    param,
    table,
    webhooks,
)


def test_the_same_seed_writes_the_same_bytes_at_the_same_times(dirty, tmp_path):
    write_demo(tmp_path, PEOPLE, DAYS)
    assert fingerprint(tmp_path) == fingerprint(dirty[0])


def test_another_seed_writes_other_bytes(dirty, tmp_path):
    write_demo(tmp_path, PEOPLE, DAYS, seed=8)
    ours, theirs = fingerprint(tmp_path), fingerprint(dirty[0])
    assert ours["ga4/events_20260102.json"][0] != theirs["ga4/events_20260102.json"][0]


def test_dirt_is_only_ever_added(clean, dirty):
    """Without the listed lines, and byte order marks, the dirty files are the clean ones."""
    spoilt = {(d.file, d.line) for d in dirty[1].dirty if d.kind != "byte order mark"}
    for path in files(dirty[0]):
        name = str(path.relative_to(dirty[0]))
        data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
        if "broken" in name:
            continue
        if name.startswith("sendgrid"):
            kept = [e for n, e in enumerate(orjson.loads(data), 1) if (name, n) not in spoilt]
            assert kept == orjson.loads((clean[0] / name).read_bytes()), name
        elif path.suffix != ".parquet":
            lines = data.splitlines(keepends=True)
            kept = b"".join(x for n, x in enumerate(lines, 1) if (name, n) not in spoilt)
            assert kept == (clean[0] / name).read_bytes(), name


def test_every_kind_of_dirt_has_its_turn(dirty):
    from pipelines.demo import dirt

    wanted = {
        "ga4": dirt.GA4_SPOILERS,
        "sendgrid": dirt.SENDGRID_SPOILERS,
        "salesforce": dirt.SALESFORCE_SPOILERS,
        "google_ads": dirt.GOOGLE_ADS_SPOILERS,
    }
    found = Counter((d.source, d.kind, d.fate) for d in dirty[1].dirty)
    for source, spoilers in wanted.items():
        expected = Counter((source, s.kind, s.fate) for s in spoilers)
        assert {key: found[key] for key in expected} == dict(expected)
    assert sum(dirty[1].dirty_counts().values()) == len(dirty[1].dirty)
    assert [d.file for d in dirty[1].dirty if d.fate == "ignored"] == [
        "ga4/events_20260101.json.part",
        "sendgrid/2026-01-01/2359-001.json.tmp",
    ]


def test_an_undecodable_line_does_not_decode_and_a_kept_one_does(dirty):
    landing, summary = dirty
    for spot in (d for d in summary.dirty if d.source == "ga4" and d.line > 1):
        line = (landing / spot.file).read_bytes().splitlines()[spot.line - 1]
        if spot.fate in ("bad_json", "bad_encoding"):
            with pytest.raises(orjson.JSONDecodeError):
                orjson.loads(line)
        else:
            assert orjson.loads(line)["event_name"]


def test_clean_data_has_no_dirt(clean):
    landing, summary = clean
    assert summary.dirty == []
    assert files(landing) == sorted(p for p in landing.rglob("*") if p.is_file())
    assert not any(p.read_bytes().startswith(b"\xef\xbb\xbf") for p in files(landing, "**/*.csv"))


def test_the_ga4_counts_are_true(clean):
    landing, summary = clean
    events = list(ga4_events(landing))
    distinct = {orjson.dumps(e, option=orjson.OPT_SORT_KEYS) for e in events}
    assert len(distinct) == summary.events["ga4"]
    assert len(events) - len(distinct) == summary.duplicates["ga4"]
    regular = {
        line
        for path in files(landing, "ga4/*.json")
        if "update" not in path.name
        for line in path.read_bytes().splitlines()
    }
    updated = [
        line
        for path in files(landing, "ga4/*_update.json")
        for line in path.read_bytes().splitlines()
    ]
    assert sum(line not in regular for line in updated) == summary.late["ga4"] > 0


def test_the_order_book_is_true_to_the_cent(clean):
    landing, summary = clean
    orders, refunds = {}, {}
    for event in ga4_events(landing):
        if event["event_name"] in ("purchase", "refund"):
            money = param(event, "value")
            value = Decimal(str(money.get("double_value") or money.get("int_value")))
            order = param(event, "transaction_id")["string_value"]
            book = orders if event["event_name"] == "purchase" else refunds
            book[order] = (param(event, "currency")["string_value"], value)
    for book, count, total in (
        (orders, summary.orders, summary.order_value),
        (refunds, summary.refunds, summary.refund_value),
    ):
        sums: Counter[str] = Counter()
        for currency, value in book.values():
            sums[currency] += value
        assert len(book) == count
        assert dict(sums) == total
    assert summary.orders > 20


def test_the_webhook_counts_are_true(clean):
    landing, summary = clean
    told = Counter(event["sg_event_id"] for event in webhooks(landing))
    assert len(told) == summary.events["sendgrid"]
    assert told.total() - len(told) == summary.duplicates["sendgrid"] > 0
    late = [e for p in files(landing, "sendgrid/*/*-late-*") for e in orjson.loads(p.read_bytes())]
    assert len(late) == summary.late["sendgrid"] > 0


def test_the_crm_counts_are_true(clean):
    landing, summary = clean
    versions = Counter(
        (kind, row["Id"], row["SystemModstamp"]) for kind in COLUMNS for row in crm(landing, kind)
    )
    assert len(versions) == summary.events["salesforce"]
    assert versions.total() - len(versions) == summary.duplicates["salesforce"] > 0
    deals = {row["Id"]: row for row in sorted(_deals(landing), key=lambda r: r["SystemModstamp"])}
    assert len(deals) == summary.opportunities > 0
    won = [d for d in deals.values() if d["IsWon"] == "true" and d["IsDeleted"] == "false"]
    assert len(won) == summary.won_opportunities > 0
    assert sum(Decimal(d["Amount"]) for d in won) == sum(summary.won_value.values())


def _deals(landing: Path) -> list[dict[str, str]]:
    return crm(landing, "Opportunity")


def test_the_spend_is_that_of_the_newest_extractions(clean):
    landing, summary = clean
    newest = {}
    rows = [row for path in files(landing, "google_ads/*.csv") for row in table(path)]
    for row in rows:
        newest[row["date"], row["campaign_id"]] = Decimal(row["cost_micros"])
    assert sum(newest.values()) / 1_000_000 == summary.spend > 0
    assert len(rows) == summary.events["google_ads"] > len(newest)


def test_files_are_counted_and_land_in_the_night_after(clean):
    landing, summary = clean
    assert len(files(landing)) == summary.files
    first = landing / "ga4/events_20260103.json"
    assert first.stat().st_mtime == datetime(2026, 1, 4, 1, 30, tzinfo=UTC).timestamp()
    update = landing / "ga4/events_20260103_update.json"
    assert update.stat().st_mtime == datetime(2026, 1, 6, 1, 30, tzinfo=UTC).timestamp()


def test_nothing_lands_before_it_happened(clean):
    landing, _ = clean
    for path in files(landing, "ga4/*.json"):
        stamps = [int(orjson.loads(x)["event_timestamp"]) for x in path.read_bytes().splitlines()]
        assert max(stamps) / 1e6 < path.stat().st_mtime
    for path in files(landing, "sendgrid/*/*.json"):
        assert max(e["timestamp"] for e in orjson.loads(path.read_bytes())) < path.stat().st_mtime


def test_a_ga4_day_is_the_day_in_the_propertys_zone(clean):
    zone, is_other_in_utc = ZoneInfo("Europe/Berlin"), 0
    for event in ga4_events(clean[0]):
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
            microseconds=int(event["event_timestamp"])
        )
        assert event["event_date"] == f"{at.astimezone(zone):%Y%m%d}"
        is_other_in_utc += event["event_date"] != f"{at:%Y%m%d}"
    assert is_other_in_utc > 0


def test_days_of_daylight_saving_keep_their_dates(tmp_path):
    write_demo(tmp_path, 300, 2, start=date(2026, 3, 29), dirt=False)
    zone = ZoneInfo("Europe/Berlin")
    for event in ga4_events(tmp_path):
        at = datetime.fromtimestamp(int(event["event_timestamp"]) / 1e6, zone)
        assert event["event_date"] == f"{at:%Y%m%d}"
