"""Events of Google Analytics 4 as small worlds tell them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pipelines.demo.ga4 import text


def ga4(
    name: str,
    at: datetime,
    page: str,
    way: dict[str, str],
    money: tuple[str, str, int | None] | None,
) -> dict[str, Any]:
    """What every GA4 event says, where it came from and what was paid."""
    params = [text("page_location", f"https://shop.example/{page}")]
    made: dict[str, Any] = {
        "event_date": f"{at:%Y%m%d}", "event_timestamp": str(int(at.timestamp() * 1_000_000)),
        "event_name": name, "stream_id": "1", "event_params": params,
    }  # fmt: skip
    if "source" in way:
        manual = {f"manual_{k}": way[k] for k in ("source", "medium")}
        gclid = {"gclid": way["gclid"]} if "gclid" in way else {}
        named = {"manual_campaign_name": way["campaign"]}
        made["collected_traffic_source"] = manual | named | gclid
    if "referrer" in way:
        params.append(text("page_referrer", way["referrer"]))
    if money:
        order, currency, cents = money
        params.extend((text("transaction_id", order), text("currency", currency)))
        what = "purchase_revenue" if name == "purchase" else "refund_value"
        worth = {} if cents is None else {what: cents / 100}
        made["ecommerce"] = {"transaction_id": order} | worth
    return made
