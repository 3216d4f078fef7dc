"""Spend is replaced by day and account and summed, never deduplicated."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from expectations.spark import spark_schema
from expectations.tables import SPEND
from pipelines.ingest.mapping import SHIPPED, load_mapping
from pipelines.spend import spend
from tests.pipelines.landed import land, records

pytestmark = pytest.mark.spark

HEADER = "customer_id,date,campaign_id,campaign_name,currency_code,cost_micros,_fivetran_synced\n"


def booked(spark, folder, mappings=None) -> list[tuple]:
    mappings = mappings or {"google_ads": load_mapping(SHIPPED / "google_ads.yaml")}
    found = spend(records(spark, folder, mappings), mappings)
    rows = found.orderBy("spend_date", "account_id", "campaign_id").collect()
    return [
        (r["account_id"], str(r["spend_date"]), r["campaign_id"], r["campaign"], r["cost"])
        for r in rows
    ]


def test_the_newest_extraction_replaces_a_day_of_an_account_whole(spark, tmp_path):
    old = "1,2026-01-01,A,a,EUR,1000000,2026-01-02\n1,2026-01-01,B,b,EUR,5000000,2026-01-02\n"
    new = "1,2026-01-01,A,a2,EUR,2000000,2026-01-03\n1,2026-01-01,A,a2,EUR,2000000,2026-01-03\n"
    other = "1,2026-01-02,A,a,EUR,7000000,2026-01-01\n2,2026-01-01,A,a,EUR,1,2026-01-01\n"
    land(tmp_path, "google_ads/z.csv", (HEADER + old + other).encode())
    land(tmp_path, "google_ads/a.csv", (HEADER + new).encode())
    assert booked(spark, tmp_path) == [
        ("1", "2026-01-01", "A", "a2", Decimal(4)),
        ("2", "2026-01-01", "A", "a", Decimal("0.000001")),
        ("1", "2026-01-02", "A", "a", Decimal(7)),
    ]


def test_the_google_ads_sample_adds_up_once_a_currency_is_said(spark, samples, tmp_path):
    text = (SHIPPED / "google_ads.yaml").read_text() + "\ndefault_currency: USD\n"
    (tmp_path / "google_ads.yaml").write_text(text)
    mappings = {"google_ads": load_mapping(tmp_path / "google_ads.yaml")}
    sample = samples / "google_ads/google_ads_campaign_stats_data.csv"
    land(tmp_path / "l", "google_ads/campaigns.csv", sample)
    header, *lines = sample.read_text().splitlines()
    at = header.split(",").index("cost_micros")
    total = sum(int(line.split(",")[at]) for line in lines)
    frame = spend(records(spark, tmp_path / "l", mappings), mappings)
    assert frame.schema.simpleString() == spark_schema(SPEND).simpleString()
    assert frame.agg({"cost": "sum"}).collect()[0][0] == Decimal(total).scaleb(-6)
    assert {row["currency"] for row in frame.collect()} == {"USD"}
    assert frame.collect()[0]["extracted_at"].replace(tzinfo=UTC) < datetime(2026, 1, 1, tzinfo=UTC)
