"""SendGrid's event webhook: bodies that are JSON arrays of events of many messages."""

from __future__ import annotations

import base64
import hashlib
from itertools import groupby
from typing import Any

import orjson

from pipelines.demo.records import MAIL_KINDS, Mail, People, Send, Traffic, page_url, utm_tags

WINDOW = 4 * 3600  # a body holds what happened in this many seconds
BODY = 2_000  # and at most this many events
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"
PROXY = "Mozilla/5.0"  # what Apple's mail proxy says
UNSUBSCRIBE_GROUP = 14201

Event = dict[str, Any]


class SendGrid:
    """Turns what happened to messages into webhook events."""

    def __init__(self, people: People, sends: list[Send], traffic: tuple[Traffic, ...]) -> None:
        self.people, self.sends, self.traffic = people, sends, traffic

    def event(self, mail: Mail, crm_contact: dict[int, str]) -> Event:
        """One event, with the sender's own arguments at the top level as SendGrid puts them."""
        send, kind = self.sends[mail.send], MAIL_KINDS[mail.kind]
        message = _token("message", mail.send, mail.person)
        event: Event = {
            "email": self.people.email[mail.person],
            "timestamp": mail.at,
            "smtp-id": f"<{message}@geopod.mail.example>",
            "event": "open" if kind == "machine_open" else kind,
            "category": send.category,
            "sg_event_id": _token("event", *mail),
            "sg_message_id": f"{message}.recvd-canary-{mail.send}.0",
            "marketing_campaign_id": send.campaign_id,
            "marketing_campaign_name": send.campaign,
        }
        return event | self._arguments(mail, crm_contact) | self._details(mail, kind, send)

    def _arguments(self, mail: Mail, crm_contact: dict[int, str]) -> Event:
        found: Event = {}
        if contact := crm_contact.get(mail.person):
            # senders store either form of the id of one record
            found["crm_contact"] = contact[:15] if mail.person % 4 == 0 else contact
        if (user := self.people.user_id[mail.person]) and mail.person % 2 == 0:
            found["user_id"] = user
        return found

    def _details(self, mail: Mail, kind: str, send: Send) -> Event:
        person = {"ip": f"203.0.113.{mail.person % 254 + 1}", "useragent": AGENT}
        if kind == "click":
            tags = "&".join(utm_tags(self.traffic[send.traffic]))
            link = {"url": f"{page_url(mail.page)}?{tags}", "url_offset": {"index": 0}}
            return person | link
        details: dict[str, Event] = {
            "open": person | {"sg_machine_open": False},
            "machine_open": {"ip": "198.51.100.7", "useragent": PROXY, "sg_machine_open": True},
            "bounce": {"reason": "550 no such user", "status": "5.1.1", "type": "bounce"},
            "deferred": {"response": "400 try again later", "attempt": "1"},
            "delivered": {"response": "250 OK"},
            "unsubscribe": person,
            "group_unsubscribe": person | {"asm_group_id": UNSUBSCRIBE_GROUP},
        }
        return details.get(kind, {})


def bodies(mails: list[Mail]) -> list[tuple[str, list[Mail]]]:
    """Events in order of time, cut into posts: name of the post, its events."""
    posts = []
    for window, group in groupby(mails, key=lambda mail: mail.at // WINDOW):
        minute = (window * WINDOW + WINDOW - 60) % 86_400 // 60
        name, part = f"{minute // 60:02}{minute % 60:02}", list(group)
        for first in range(0, len(part), BODY):
            posts.append((f"{name}-{first // BODY:03}", part[first : first + BODY]))
    return posts


def body(events: list[Event]) -> bytes:
    """What SendGrid posts: the array and a line break, which its signature covers."""
    return orjson.dumps(events) + b"\r\n"


def _token(*parts: object) -> str:
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=16).digest()
    return base64.urlsafe_b64encode(digest)[:22].decode()
