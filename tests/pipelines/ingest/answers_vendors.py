"""What others expect of real records of web and e-mail tools, next to what we make of them.

Of the vendors whose webhooks RudderStack tests those are compared which we map. Out of scope are
AppsFlyer, Auth0, Braze, Canny, Formsort, Gainsight PX, Mailmodo, Olark, Refiner and SatisMeter,
which no shipped mapping reads, and of Shopify its carts, checkouts and fulfilments, which are
neither orders nor refunds. The rules of channels that awslabs' clickstream keeps have no expected
rows, and its collector's lines are a format of its own.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.pipelines.ingest.answers import Told
from tests.pipelines.ingest.answers_loaders import LOADED, LOADED_SPEND

SAMPLES = Path(__file__).parents[2] / "samples"
SNOWPLOW, LEGACY = SAMPLES / "snowplow", SAMPLES / "snowplow_dbt_legacy"
RUDDER = SAMPLES / "webhooks_rudder"
WEBHOOKS = {"customer_io": RUDDER / "customer_io.jsonl", "mailjet": RUDDER / "mailjet.jsonl"}
IN_NEW_YORK = timedelta(hours=5)  # the clock of the expected sessions, in January
LANDS = {
    "snowplow/answers-events.tsv": SNOWPLOW / "input-events.tsv",
    "snowplow/answers-times.tsv": SNOWPLOW / "invalidtimestamp.tsv",
    "snowplow/answers-legacy-1.csv": LEGACY / "sp_event.csv",
    "snowplow/answers-legacy-2.csv": LEGACY / "sp_event_update.csv",
    **{file: SAMPLES / name for file, (name, _) in {**LOADED, **LOADED_SPEND}.items()},
}
EMAIL_TYPES = {  # RudderStack's names, and Mailjet's own
    "Email Sent": "email_sent", "Email Delivered": "email_delivered", "Email Opened": "email_open",
    "Email Link Clicked": "email_click", "Email Bounced": "email_bounce", "open": "email_open",
    "bounce": "email_bounce", "sent": "email_delivered", "Customer Unsubscribed":
    "email_unsubscribe", "Customer Subscribed": "consent_change",
}  # fmt: skip
NO_ADDRESS = "theirs takes a phone number, a Slack channel or an URL for an address"
WHY_NOT = {
    "customer_io": {
        "0 user": "the time is 'abc', so the record is quarantined",
        "0 email": "the time is 'abc', so the record is quarantined",
        "0 event_id": "the time is 'abc', so the record is quarantined",
        "0 event_type": "the time is 'abc', so the record is quarantined",
        **{f"{number} email": NO_ADDRESS for number in (13, 14, 15, 19, 20)},
    },
    "mailjet": {
        "1 event_type": "a connection failed, so Mailjet tries again: hard_bounce is false",
        "3 event_type": "a connection failed, so Mailjet tries again: hard_bounce is false",
    },
}


def landed() -> Iterator[tuple[str, bytes]]:
    """Every file, with where it lands."""
    for file, path in LANDS.items():
        yield file, path.read_bytes()
    for vendor in WHY_NOT:
        for number, case in enumerate(cases(vendor)):
            body = json.dumps(case["payload"]).encode()
            yield f"{vendor}/answers-rudder-{number:03}.json", body


def cases(vendor: str) -> list[dict]:
    return [json.loads(line) for line in WEBHOOKS[vendor].read_text().splitlines()]


def of_file(rows: Iterable[dict], name: str) -> list[dict]:
    return [row for row in rows if row["file"].endswith(name) and row["reason"] is None]


def webhooks(vendor: str, rows: list[dict]) -> list[Told]:
    """Every value that RudderStack expects of a vendor's webhooks and that we have a word for."""
    found = []
    for number, case in enumerate(cases(vendor)):
        mine = of_file(rows, f"{vendor}/answers-rudder-{number:03}.json")
        for name, theirs in _expected(vendor, case["expected"]).items():
            ours = _ours(mine[0]).get(name) if mine else None
            found.append(Told(str(number), name, theirs, ours))
    return found


def _expected(vendor: str, event: dict) -> dict[str, object]:
    properties, traits = event.get("properties", {}), event["context"].get("traits", {})
    wanted = {
        # Mailjet names no user: theirs is a hash of the address
        "user": event.get("userId") if vendor != "mailjet" else None,
        "email": _hashed(traits.get("email")),
        "event_id": properties.get("eventId"),
        "click_url": properties.get("link", {}).get("url"),
        "timestamp": _instant(event.get("originalTimestamp")),
        "event_type": EMAIL_TYPES.get(event["event"], "other"),
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _ours(row: dict) -> dict[str, object]:
    return {
        "user": _id(row, "user_id"),
        "email": _id(row, "email_sha256"),
        "event_id": row["source_event_id"],
        "click_url": row["page_url"],
        "timestamp": row["occurred_at"],
        "event_type": row["event_type"],
    }


def snowplow(rows: list[dict]) -> list[Told]:
    """Every value of the events that Snowplow's own loader accepts."""
    mine = {row["source_event_id"]: row for row in of_file(rows, "answers-events.tsv")}
    text = (SNOWPLOW / "expected_good.jsonl").read_text()
    found = []
    for number, wanted in enumerate(json.loads(line) for line in text.splitlines()):
        row = mine[wanted["event_id"]]
        ours = {
            "event_id": row["source_event_id"], "event_name": row["event_name"],
            "derived_tstamp": row["occurred_at"], "collector_tstamp": row["received_at"],
            "user_id": _id(row, "user_id"), "domain_userid": _id(row, "anonymous_id"),
            "network_userid": _id(row, "network_id"), "domain_sessionid": row["session_id"],
            "page_url": row["page_url"], "page_referrer": row["referrer_url"],
            "mkt_source": row["utm_source"], "mkt_medium": row["utm_medium"],
            "mkt_campaign": row["utm_campaign"],
        }  # fmt: skip
        for name, value in wanted.items():
            theirs = _instant(value) if name.endswith("tstamp") else value
            found.append(Told(str(number), name, theirs, ours[name]))
    return found


def sessions(rows: list[dict]) -> list[Told]:
    """Every value of the sessions that a dbt package makes of two loads, one after the other."""
    mine = of_file(rows, "answers-legacy-1.csv") + of_file(rows, "answers-legacy-2.csv")
    with (LEGACY / "snowplow_sessions_expected.csv").open() as text:
        expected = list(csv.DictReader(text))
    return [told for wanted in expected for told in _session(wanted, mine)]


def _session(wanted: dict[str, str], rows: list[dict]) -> Iterator[Told]:
    name = wanted["session_id"]
    events = [row for row in rows if row["session_id"] == name]
    events.sort(key=lambda row: (row["occurred_at"], row["source_event_id"]))
    first = events[0]
    ours = {
        "user_custom_id": _id(first, "user_id"),
        "user_snowplow_domain_id": _id(first, "anonymous_id"),
        "user_snowplow_crossdomain_id": _id(first, "network_id"),
        "first_page_url": f"{first['page_host']}/",
        "marketing_medium": first["utm_medium"], "marketing_source": first["utm_source"],
        "marketing_term": first["utm_term"], "marketing_campaign": first["utm_campaign"],
        "marketing_content": first["utm_content"],
        "referer_url": f"{first['referrer_host']}/" if first["referrer_host"] else None,
        "session_start": first["occurred_at"], "session_end": events[-1]["occurred_at"],
    }  # fmt: skip
    for column, value in ours.items():
        theirs: object = None if wanted[column] == "NULL" else wanted[column]
        if column in ("session_start", "session_end"):
            at = datetime.strptime(wanted[column], "%Y-%m-%d %H:%M:%S")
            theirs = (at + IN_NEW_YORK).replace(tzinfo=UTC)
        yield Told(name, column, theirs, value)


def _id(row: dict, kind: str) -> str | None:
    return next((one["value"] for one in row["ids"] if one["type"] == kind), None)


def _hashed(address: str | None) -> str | None:
    return hashlib.sha256(address.lower().encode()).hexdigest() if address else None


def _instant(text: str | None) -> datetime | None:
    """To the microsecond; Snowplow's generator writes nine digits."""
    if text is None:
        return None
    whole, _, digits = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{digits[:6]:0<6}+00:00")
