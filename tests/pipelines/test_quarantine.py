"""What cannot be used is told with its reason, and nothing is told twice or lost."""

from __future__ import annotations

import json

import pytest

from expectations.spark import spark_schema
from expectations.tables import QUARANTINE
from pipelines import events, spend
from pipelines.ingest.mapping import load_mappings
from pipelines.quarantine import quarantine
from tests.pipelines.landed import land, records

pytestmark = pytest.mark.spark


def test_every_record_is_an_event_or_in_quarantine(spark, tmp_path):
    mappings = {name: load_mappings()[name] for name in ("ga4", "google_ads")}
    base = {"event_name": "purchase", "event_timestamp": "1772616123456789", "stream_id": "1"}
    bad = [
        base | {"event_timestamp": "x" * 300},
        base | {"event_timestamp": "-62167219200000000"},
        {name: value for name, value in base.items() if name != "event_timestamp"},
        base | {"ecommerce": {"purchase_revenue": 1}},
        base | {"ecommerce": {"purchase_revenue": "1,50"}},
        "text",
    ]
    lines = [json.dumps(one).encode() for one in (base, *bad)] + [b'{"a":', b'{"a":"\xff"}']
    land(tmp_path, "ga4/1.json", b"\n".join(lines))
    ads = b"customer_id,date,cost_micros,currency_code\n1,2026-01-01,-5,EUR\n1,0000-01-01,5,EUR\n"
    land(tmp_path, "google_ads/1.csv", ads)
    raw = records(spark, tmp_path, mappings)
    told = events.mapped(raw, mappings)
    found = quarantine(raw, mappings, told, spend.mapped(raw, mappings))
    assert found.schema.simpleString() == spark_schema(QUARANTINE).simpleString()
    rows = found.orderBy("source", "line").collect()
    assert [(r["source"], r["line"], r["reason"], r["field"]) for r in rows] == [
        ("ga4", 2, "bad_timestamp", "occurred_at"),
        ("ga4", 3, "time_out_of_range", "occurred_at"),
        ("ga4", 4, "missing_required", "occurred_at"),
        ("ga4", 5, "bad_currency", "currency"),
        ("ga4", 6, "bad_value", "value"),
        ("ga4", 7, "bad_json", None),
        ("ga4", 8, "bad_json", None),
        ("ga4", 9, "bad_encoding", None),
        ("google_ads", 3, "time_out_of_range", "spend_date"),
    ]
    assert len(rows[0]["value"]) == 200
    assert json.loads(rows[0]["payload"]) == bad[0]
    assert events.events(told).count() == 1


def test_a_record_whose_mapping_is_gone_waits_in_quarantine(spark, tmp_path):
    mappings = {name: load_mappings()[name] for name in ("ga4", "google_ads")}
    land(tmp_path, "ga4/1.json", b'{"event_name": "purchase"}\n')
    raw = records(spark, tmp_path, mappings)
    left = {"google_ads": mappings["google_ads"]}
    found = quarantine(raw, left, spend.mapped(raw, left)).collect()
    assert [(r["mapping"], r["reason"], r["line"]) for r in found] == [
        ("ga4", "unknown_mapping", 1)
    ]
