"""GA4 events as BigQuery exports them: newline JSON (INT64 as text, nulls left out) or Parquet."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.demo.ga4_schema import CITIES, DEVICES, GA4_SCHEMA
from pipelines.demo.records import (
    People,
    Refund,
    Traffic,
    Visit,
    click_id,
    landing_url,
    page_url,
)

STREAM = "3145926535"
ADS_CUSTOMER = "2121450128"
SECOND = 1_000_000
ITEMS = (("SKU-100", "Lamp"), ("SKU-101", "Chair"), ("SKU-102", "Desk"), ("SKU-103", "Shelf"))

Event = dict[str, Any]
# when in the session (microseconds), event name, own parameters, further columns
Step = tuple[int, str, list[Event], Event]


class Ga4:
    """Turns visits and refunds into events; `integer` says how an INT64 is written."""

    def __init__(
        self, people: People, traffic: tuple[Traffic, ...], integer: Callable[[int], object]
    ) -> None:
        self.people, self.traffic, self.integer = people, traffic, integer
        self.session_sources = [_session_source(way) for way in traffic]
        self.user_sources = [_user_source(way) for way in traffic]

    def visit(self, day: date, visit: Visit) -> list[Event]:
        """The events of one visit, in order."""
        shared, session = self._shared(visit), self._session(visit)
        events, is_known = [], visit.is_signed_in and not visit.logs_in
        for place, (after, name, params, columns) in enumerate(self._steps(visit)):
            is_known = is_known or name == "login"
            event = {
                "event_date": f"{day:%Y%m%d}",
                "event_timestamp": self.integer(visit.started_at + after),
                "event_name": name,
                "event_params": session + params,
                "batch_event_index": self.integer(place + 1),
                **shared,
                **columns,
            }
            if is_known and "user_pseudo_id" in shared:
                event["user_id"] = self.people.user_id[visit.person]
            events.append(event)
        return events

    def refund(self, day: date, refund: Refund) -> Event:
        """The event a shop sends when it gives money back; it belongs to no session."""
        order, visit = f"T-{refund.visit.order}", refund.visit
        event: Event = {
            "event_date": f"{day:%Y%m%d}",
            "event_timestamp": self.integer(refund.at),
            "event_name": "refund",
            "event_params": self._money(order, visit, refund.cents),
            "stream_id": STREAM,
            "platform": "WEB",
            "user_properties": [],
            "items": [],
            "ecommerce": {"transaction_id": order, "refund_value": refund.cents / 100},
        }
        return event | self._who(visit)

    def _who(self, visit: Visit) -> Event:
        client_id = self.people.client_id(visit)
        storage = "Yes" if client_id else "No"
        consent = {"analytics_storage": storage, "ads_storage": storage}
        privacy = {"privacy_info": consent | {"uses_transient_token": "No"}}
        return privacy | ({"user_pseudo_id": client_id} if client_id else {})

    def _shared(self, visit: Visit) -> Event:
        page = self.integer(visit.started_at // 1000)
        return {
            **self._who(visit),
            "stream_id": STREAM,
            "platform": "WEB",
            "user_properties": [],
            "user_first_touch_timestamp": self.integer(visit.first_seen_at),
            "device": DEVICES[self.people.device_kind[visit.device]],
            "geo": CITIES[self.people.city[visit.person]],
            "traffic_source": self.user_sources[visit.first_touch],
            "session_traffic_source_last_click": self.session_sources[max(visit.last_click, 0)],
            "is_active_user": True,
            "items": [],
            "batch_page_id": page,
            "batch_ordering_id": self.integer(1),
            "event_bundle_sequence_id": page,
        }

    def _session(self, visit: Visit) -> list[Event]:
        if not self.people.has_consent[visit.device]:
            return []
        return [
            self._number("ga_session_id", visit.started_at // SECOND),
            self._number("ga_session_number", visit.session_number),
            text("session_engaged", "1" if visit.pages > 1 else "0"),
        ]

    def _steps(self, visit: Visit) -> Iterator[Step]:
        if not visit.pages:  # the shop's server tells an order; nobody looked at anything
            params, columns = self._purchase(visit)
            yield 0, "purchase", params, columns
            return
        way = self.traffic[visit.traffic]
        url = landing_url(visit, way)
        arrival = [text("page_location", url)]
        if way.referrer:
            arrival.append(text("page_referrer", way.referrer))
        source = {"collected_traffic_source": _collected(visit, way)} if visit.traffic else {}
        if visit.session_number == 1:
            yield 0, "first_visit", arrival, source
        yield 0, "session_start", arrival, source
        yield 0, "page_view", [*arrival, text("page_title", "Shop")], source
        if visit.logs_in:
            yield 9 * SECOND, "login", [text("page_location", url), text("method", "password")], {}
        yield from self._pages(visit, url)

    def _pages(self, visit: Visit, url: str) -> Iterator[Step]:
        after = 0
        for turn in range(1, visit.pages):
            # odd gaps without a random generator, so that a visit alone tells its events
            pause = 15 * SECOND + visit.started_at // 1000 * (turn + 7) % (95 * SECOND)
            after, before = after + pause, url
            url = page_url((visit.landing_page * 7 + 13 * turn) % 400)
            place = [text("page_location", url), text("page_referrer", before)]
            spent = self._number("engagement_time_msec", pause // 1000)
            yield after, "page_view", [*place, text("page_title", "Shop"), spent], {}
        if visit.order >= 0:
            params, columns = self._purchase(visit)
            yield after + 21 * SECOND, "purchase", [text("page_location", url), *params], columns

    def _purchase(self, visit: Visit) -> tuple[list[Event], Event]:
        order, amount = f"T-{visit.order}", visit.cents / 100
        code, name = ITEMS[visit.order % len(ITEMS)]
        item = {"item_id": code, "item_name": name, "price": amount, "item_revenue": amount}
        one = self.integer(1)
        ecommerce = {
            "transaction_id": order,
            "purchase_revenue": amount,
            "tax_value": visit.cents * 19 // 119 / 100,
            "shipping_value": 0.0,
            "total_item_quantity": one,
            "unique_items": one,
        }
        columns = {"ecommerce": ecommerce, "items": [item | {"quantity": one}]}
        return self._money(order, visit, visit.cents), columns

    def _money(self, order: str, visit: Visit, cents: int) -> list[Event]:
        # GA4 files a whole number under int_value, whatever the parameter means
        whole = self._number("value", cents // 100)
        value = whole if cents % 100 == 0 else _double("value", cents / 100)
        currency = self.people.currency[visit.person]
        return [text("transaction_id", order), value, text("currency", currency)]

    def _number(self, key: str, value: int) -> Event:
        return {"key": key, "value": {"int_value": self.integer(value)}}


def text(key: str, value: str) -> Event:
    """An event parameter that holds text."""
    return {"key": key, "value": {"string_value": value}}


def json_lines(events: list[Event]) -> list[bytes]:
    """Events as lines of a JSON export."""
    return [orjson.dumps(event) for event in events]


def parquet(events: list[Event]) -> bytes:
    """Events as a Parquet export, nested as BigQuery nests them."""
    file = io.BytesIO()
    table = pa.Table.from_pylist(events, schema=GA4_SCHEMA)
    pq.write_table(table, file, compression="snappy", row_group_size=100_000)
    return file.getvalue()


def _double(key: str, value: float) -> Event:
    return {"key": key, "value": {"double_value": value}}


def _collected(visit: Visit, way: Traffic) -> Event:
    """Source of this very visit; Google Ads clicks are now and then exported as organic."""
    found: Event = {"manual_source": way.source, "manual_medium": way.medium}
    if way.campaign:
        found["manual_campaign_name"] = way.campaign
    if way.campaign_id:
        found["manual_campaign_id"] = way.campaign_id
    if way.click_id == "gclid":
        found["gclid"] = click_id(visit)
        if way.medium == "cpc" and visit.started_at % 20 == 0:
            found["manual_medium"], found["manual_campaign_name"] = "organic", "(organic)"
            del found["manual_campaign_id"]
    return found


def _user_source(way: Traffic) -> Event:
    return {"source": way.source, "medium": way.medium, "name": way.campaign or "(direct)"}


def _session_source(way: Traffic) -> Event:
    campaign = {"campaign_name": way.campaign or "(direct)"}
    if way.campaign_id:
        campaign["campaign_id"] = way.campaign_id
    sides = {"source": way.source, "medium": way.medium} | campaign
    groups = {"default_channel_group": way.channel, "primary_channel_group": way.channel}
    found: Event = {"manual_campaign": sides, "cross_channel_campaign": sides | groups}
    if way.ad_type:
        found["google_ads_campaign"] = {"customer_id": ADS_CUSTOMER} | campaign
    return found
