"""What the maintainers of django-anymail assert about webhooks, next to what we make of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

KEYS = Path(__file__).parents[2] / "samples" / "email_webhooks_anymail"
TYPES = {
    "queued": "email_sent", "sent": "email_sent", "delivered": "email_delivered",
    "rejected": "email_bounce", "bounced": "email_bounce", "deferred": "other",
    "failed": "other", "autoresponded": "other", "unknown": "other", "opened": "email_open",
    "clicked": "email_click", "complained": "email_complaint",
    "unsubscribed": "email_unsubscribe", "subscribed": "consent_change",
}  # fmt: skip
# where we differ on purpose
WHY_NOT: dict[str, dict[str, str]] = {
    "amazon_ses": {
        "test_bounce_event timestamp": "theirs is when SNS published, ours when it bounced",
        "test_send_event timestamp": "theirs is when SNS published, ours when it was sent",
    },
    "mailgun": {
        "test_delivered_event event_id": "theirs is a token that is new each time it is told",
    },
    "mailjet": {},
    "brevo": {},
    "sparkpost": {
        "test_initial_open_event_as_unknown event_type": "they test a setting to ignore these",
    },
    "mailersend": {},
    "resend": {
        "test_sent_event event_id": "it is in a header of the post, not in its body",
    },
}


@dataclass(frozen=True)
class Told:
    """One asserted value of one body, and ours."""

    test: str
    name: str
    theirs: object
    ours: object

    @property
    def agrees(self) -> bool:
        return self.theirs == self.ours


def cases(esp: str) -> list[dict]:
    return [json.loads(line) for line in (KEYS / f"{esp}.jsonl").read_text().splitlines()]


def body(case: dict) -> bytes:
    """What is posted; of Amazon SES that is the message of SNS."""
    payload = case["payload"]
    names = ("raw_sns_message", "raw_events", "raw_event")
    return json.dumps(next(payload[name] for name in names if name in payload)).encode()


def compared(cases: list[dict], rows: list[dict]) -> list[Told]:
    """Every asserted value; rows are in the order of files and parts."""
    found = []
    for number, case in enumerate(cases):
        mine = [row for row in rows if row["file"].endswith(f"answers-{number:03}.json")]
        for name, ours, theirs in _values(mine, case["expected_first_event"]):
            found.append(Told(case["test"].split(".")[-1], name, theirs, ours))
    return found


def _values(rows: list[dict], wanted: dict) -> Iterator[tuple[str, object, object]]:
    row = rows[0] if rows else {}
    ours = {
        "event_type": row.get("event_type"),
        "timestamp": row.get("occurred_at"),
        "event_id": row.get("source_event_id"),
        "message_id": _bare(dict(row.get("attributes") or {}).get("message_id")),
        "recipient": _address(rows, 0),
        "recipient__2": _address(rows, 1),
        "click_url": row.get("page_url"),
    }
    for name in sorted(ours.keys() & wanted.keys()):
        yield name, ours[name], _theirs(name, wanted[name])


def _address(rows: list[dict], at: int) -> str | None:
    ids = rows[at]["ids"] if len(rows) > at else []
    return next((one["value"] for one in ids if one["type"] == "email_sha256"), None)


def _theirs(name: str, value: str | None) -> object:
    if value is None:
        return None
    if name == "timestamp":
        return datetime.fromisoformat(value)
    if name.startswith("recipient"):
        return hashlib.sha256(value.lower().encode()).hexdigest()
    if name == "message_id":
        return _bare(value)
    return TYPES[value] if name == "event_type" else value


def _bare(message_id: str | None) -> str | None:
    """Some bodies have it in angle brackets; it is the same id."""
    return message_id.strip("<>") if message_id else message_id
