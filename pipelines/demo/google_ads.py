"""Google Ads campaign report as CSV: one row per campaign and day, cost in micros."""

from __future__ import annotations

import csv
import io

from pipelines.demo.ga4 import ADS_CUSTOMER
from pipelines.demo.records import SpendRow, Traffic, columns

COLUMNS = columns(
    "customer_id date campaign_id campaign_name advertising_channel_type currency_code "
    "cost_micros impressions clicks conversions conversions_value"
)


def report(rows: list[SpendRow], traffic: tuple[Traffic, ...]) -> bytes:
    """An extraction: the last days, newest figures."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(line(row, traffic[row.traffic]) for row in rows)
    return text.getvalue().encode()


def line(row: SpendRow, way: Traffic) -> list[object]:
    """One row's values in the order of the columns."""
    return [
        ADS_CUSTOMER,
        row.day.isoformat(),
        way.campaign_id,
        way.campaign,
        way.ad_type,
        "EUR",
        row.cost_micros,
        row.impressions,
        row.clicks,
        float(row.conversions),
        row.cents / 100,
    ]
