"""Records as real exports spoil them, a few per source, each listed with what should become of it.

Dirt is only ever added: without it the same seed writes the same good records.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import orjson

from pipelines.demo.ga4 import ADS_CUSTOMER, Event
from pipelines.demo.salesforce import COLUMNS, csv_bytes, salesforce_id

CUT = "truncated last line"
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
POISON = (EMPTY_MD5, "No response", "(not set)", "null")
YEAR_0001, YEAR_MINUS_2006 = -62_135_596_800_000_000, -125_469_043_200_000_000
YEAR_2124 = 4_865_000_000_000_000


class Spoiler(NamedTuple):
    """A way to spoil: from the good records of a file, one more, or none if there is no base."""

    kind: str
    fate: str
    make: Callable[[list[Any], np.random.Generator], Any]
    file: str = ""  # only in files of this kind


class Mess:
    """Spoilers of one source, handed out over its files until all have had their turn."""

    def __init__(self, spoilers: tuple[Spoiler, ...], files: int, seed: list[int]) -> None:
        self.waiting = list(spoilers) * max(files // 30, 1) if files else []
        self.turn = math.ceil(len(self.waiting) / max(files * 0.7, 1))
        self.rng = np.random.default_rng(seed)

    def spoil(self, good: list[Any], file: str = "") -> list[tuple[Spoiler, Any]]:
        """The spoilt records that go into a file of these good ones."""
        made: list[tuple[Spoiler, Any]] = []
        for spoiler in [s for s in self.waiting if s.file == file]:
            if len(made) == self.turn:
                break
            if (record := spoiler.make(good, self.rng)) is not None:
                self.waiting.remove(spoiler)
                made.append((spoiler, record))
        return sorted(made, key=lambda pair: pair[0].kind == CUT)


def _page_view(events: list[Event], rng: np.random.Generator) -> Event | None:
    views = [e for e in events if e["event_name"] == "page_view" and "user_pseudo_id" in e]
    return views[int(rng.integers(len(views)))] if views else None


def _with(**changes: object) -> Callable[[list[Event], np.random.Generator], bytes | None]:
    """A page view with other values; None leaves the column out."""

    def make(events: list[Event], rng: np.random.Generator) -> bytes | None:
        if (event := _page_view(events, rng)) is None:
            return None
        changed = {name: value for name, value in (event | changes).items() if value is not None}
        return orjson.dumps(changed)

    return make


def _cut(events: list[Event], rng: np.random.Generator) -> bytes | None:
    event = _page_view(events, rng)
    return orjson.dumps(event)[:400] if event else None


def _poison(value: str) -> Callable[[list[Event], np.random.Generator], bytes | None]:
    def make(events: list[Event], rng: np.random.Generator) -> bytes | None:
        if (event := _page_view(events, rng)) is None:
            return None
        at = str(int(event["event_timestamp"]) + 1)
        changes = {"event_name": "login", "user_id": value, "event_timestamp": at}
        return orjson.dumps(event | changes)

    return make


def _purchase_again(events: list[Event], rng: np.random.Generator) -> bytes | None:
    """The thank-you page was loaded again."""
    for event in events:
        if event["event_name"] == "purchase":
            at = str(int(event["event_timestamp"]) + 41_000_000)
            return orjson.dumps(event | {"event_timestamp": at})
    return None


def _purchase_without_currency(events: list[Event], rng: np.random.Generator) -> bytes | None:
    for event in events:
        if event["event_name"] == "purchase":
            order = event["ecommerce"]["transaction_id"].replace("T-", "X-")
            params = [p for p in event["event_params"] if p["key"] != "currency"]
            for place, param in enumerate(params):
                if param["key"] == "transaction_id":
                    params[place] = {"key": "transaction_id", "value": {"string_value": order}}
            ecommerce = event["ecommerce"] | {"transaction_id": order}
            return orjson.dumps(event | {"event_params": params, "ecommerce": ecommerce})
    return None


GA4_SPOILERS = (
    Spoiler("undecodable line", "bad_json", lambda e, r: b'{"event_name":"page_view","items":[}'),
    Spoiler("bytes that are not UTF-8", "bad_encoding", lambda e, r: b'{"event_name":"\xff\xfe"}'),
    Spoiler(CUT, "bad_json", _cut),
    Spoiler("year 2124", "time_out_of_range", _with(event_timestamp=str(YEAR_2124))),
    Spoiler("year 0001", "time_out_of_range", _with(event_timestamp=str(YEAR_0001))),
    Spoiler("year -2006", "time_out_of_range", _with(event_timestamp=str(YEAR_MINUS_2006))),
    Spoiler("non-numeric timestamp", "bad_timestamp", _with(event_timestamp="abc")),
    Spoiler("missing timestamp", "missing_required", _with(event_timestamp=None)),
    Spoiler("purchase without currency", "bad_currency", _purchase_without_currency),
    Spoiler("purchase reported twice", "kept", _purchase_again),
    # on several cookies each: whoever believes them merges strangers
    *(Spoiler("placeholder identity", "kept", _poison(value)) for value in POISON * 3),
)


def _message(**changes: object) -> Callable[[list[Event], np.random.Generator], Event | None]:
    """One more webhook event, under its own id, with other values."""

    def make(events: list[Event], rng: np.random.Generator) -> Event | None:
        if not events:
            return None
        event = events[int(rng.integers(len(events)))]
        event = event | {"sg_event_id": "spoilt-" + event["sg_event_id"][:12]} | changes
        return {name: value for name, value in event.items() if value is not None}

    return make


def _padded_email(events: list[Event], rng: np.random.Generator) -> Event | None:
    event = _message()(events, rng)
    return event and event | {"email": f"  {event['email'].upper()} "}


SENDGRID_SPOILERS = (
    Spoiler("non-numeric timestamp", "bad_timestamp", _message(timestamp="abc")),
    Spoiler("missing timestamp", "missing_required", _message(timestamp=None)),
    Spoiler("year 2124", "time_out_of_range", _message(timestamp=YEAR_2124 // 1_000_000)),
    Spoiler("padded e-mail in capitals", "kept", _padded_email),
    Spoiler("placeholder identity", "kept", _message(email="No response")),
    Spoiler("empty smtp-id", "kept", _message(**{"smtp-id": ""})),
)


def _crm(kind: str, **changes: str) -> Callable[[list[Any], np.random.Generator], bytes | None]:
    """One more record of the object, under its own id, with other values."""

    def make(rows: list[Any], rng: np.random.Generator) -> bytes | None:
        if not rows:
            return None
        values = rows[int(rng.integers(len(rows)))].values
        number = int(rng.integers(800_000_000, 900_000_000))
        one_line = {"Id": salesforce_id(values["Id"][:3], number), "Description": ""}
        values = values | one_line | changes
        return csv_bytes([[values.get(column, "") for column in COLUMNS[kind]]])

    return make


def _padded_contact(rows: list[Any], rng: np.random.Generator) -> bytes | None:
    if not rows:
        return None
    email = rows[0].values["Email"]
    return _crm("Contact", Email=f" {email.upper()}  ", LeadSource=" Web ")(rows[:1], rng)


def _short_row(rows: list[Any], rng: np.random.Generator) -> bytes:
    return csv_bytes([[salesforce_id("006", int(rng.integers(800_000_000))), "false", "", "", ""]])


SALESFORCE_SPOILERS = (
    Spoiler("row with too few columns", "column_count", _short_row, "Opportunity"),
    Spoiler(
        "amount that is no number", "bad_value", _crm("Opportunity", Amount="n/a"), "Opportunity"
    ),
    Spoiler(
        "year 0001",
        "time_out_of_range",
        _crm("Opportunity", SystemModstamp="0001-01-01T00:00:00.000Z"),
        "Opportunity",
    ),
    Spoiler("padded values", "kept", _padded_contact, "Contact"),
    Spoiler(
        "placeholder identity",
        "kept",
        _crm("Contact", Phone=EMPTY_MD5, Email="", Web_User_Id__c="(not set)"),
        "Contact",
    ),
    Spoiler("non-numeric timestamp", "bad_timestamp", _crm("Lead", SystemModstamp="abc"), "Lead"),
)


def _ads(*changes: str) -> Callable[[list[Any], np.random.Generator], bytes]:
    return lambda rows, rng: (",".join((ADS_CUSTOMER, *changes)) + "\n").encode()


GOOGLE_ADS_SPOILERS = (
    Spoiler("row with too few columns", "column_count", _ads("2026-01-05", "20011223399")),
    Spoiler(
        "cost that is no number",
        "bad_value",
        _ads("2026-01-05", "20011223399", "Old", "SEARCH", "EUR", "n/a", "1", "1", "0.0", "0.0"),
    ),
)
