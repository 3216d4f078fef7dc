"""Small worlds told in vendors' records: a few people, what they do in five days, what goes wrong.

A world is made of its seed alone. Its label stands in all its identifiers and orders, so that a row
of any table leads back to it; its first day may be any.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, NamedTuple

from pipelines.demo.salesforce import stamp
from tests.pipelines.world_crm import DAY, LENGTH, Crm
from tests.pipelines.world_events import ga4

HOURS = (0, 60, 43_200, 86_100, 86_399)  # of the day, in seconds: where rules change their mind
WAYS = (
    {},
    {"source": "google", "medium": "cpc", "campaign": "brand", "gclid": "Cj0"},
    {"source": "newsletter", "medium": "email", "campaign": "spring"},
    {"source": "shoes", "medium": "affiliate", "campaign": "deal"},
    {"referrer": "https://www.google.com/"},
    {"referrer": "https://blog.example/a"},
)  # fmt: skip
MAILS = ("click", "click", "open", "bounce", "unsubscribe")


class Told(NamedTuple):
    """One record: which kind of file holds it, what it says, and when it arrives.

    `arrives` has a share of all landings for each time it is told: 0 is the first, 0.99 the last.
    """

    kind: str
    values: Any
    arrives: tuple[float, ...]


@dataclass(frozen=True)
class World:
    """A world by its seed, or with `kept` only some of its records."""

    seed: str
    kept: tuple[int, ...] | None = None

    def told(self, label: str, start: date) -> list[Told]:
        """Its records, as the world of that label that begins on that day."""
        every = Life(self.seed, label, start).told
        return every if self.kept is None else [every[n] for n in self.kept]


class Life(Crm):
    """Lives a world; what happens is drawn in one order, whatever the label and the day."""

    def __init__(self, seed: str, label: str, start: date) -> None:
        self.rng, self.label, self.start = random.Random(seed), label, start
        self.told: list[Told] = []
        self.lateness = self.rng.choice((0.0, 0.2, 1.0))  # how much of it comes whenever it likes
        self.people = self.rng.randint(1, 4)
        self.devices = [f"{label}.{n}" for n in range(self.rng.randint(1, 3))]
        self.orders: list[tuple[str, str, int, int]] = []
        for live, least, most in (
            (self.visit, 1, 4), (self.mail, 0, 3), (self.refund, 0, 2), (self.lead, 0, 1),
            (self.contact, 0, 2), (self.deal, 0, 1), (self.member, 0, 1), (self.spend, 0, 2),
        ):  # fmt: skip
            for number in range(self.rng.randint(least, most)):
                live(number)
        self.role_mailbox()
        if self.rng.random() < 0.2:
            self.spoilt()
        for number in range(self.rng.choice((0, 0, 1, 2))):
            self.request(number)

    def tell(self, kind: str, values: Any, at: float, again: bool = True) -> None:
        """Tell a record of something that happened `at` seconds, perhaps late, perhaps twice."""
        rng = self.rng
        times = 2 if again and rng.random() < 0.15 else 1
        on_time = min(at / (LENGTH * DAY), 0.999)
        drawn = [(rng.random(), rng.random()) for _ in range(times)]
        arrives = [when if free < self.lateness else on_time for free, when in drawn]
        self.told.append(Told(kind, values, tuple(sorted(arrives))))

    def instant(self) -> float:
        """Seconds since the world began, often at the edge of a day."""
        rng = self.rng
        second = rng.choice(HOURS) if rng.random() < 0.5 else rng.randrange(DAY)
        return rng.randrange(LENGTH) * DAY + second

    def at(self, seconds: float) -> datetime:
        """The instant so many seconds after the world began."""
        return datetime.combine(self.start, time(), UTC) + timedelta(seconds=seconds)

    def user(self, person: int) -> str:
        return f"{self.label}-u{person}"

    def email(self, person: int) -> str:
        return f"{self.label}-p{person}@mail.example"

    def visit(self, number: int) -> None:
        """A session: it may sign in, go on past midnight, change its traffic, buy."""
        rng, began = self.rng, self.instant()
        device, way, person = rng.choice(self.devices), rng.choice(WAYS), rng.randrange(self.people)
        signs_in, goes_on, buys = (rng.random() < p for p in (0.5, 0.6, 0.45))
        is_denied = rng.random() < 0.1
        other = rng.choice(WAYS) if rng.random() < 0.3 else {}
        event = partial(self.event, session=began, device=device, is_denied=is_denied)
        user = self.user(person) if signs_in else None
        event("session_start", began, way=way)
        event("page_view", began, way=way)
        if signs_in:
            event("login", began + 9, user=user)
        if goes_on:
            event("page_view", began + 600, way=other, user=user)
        if buys:
            self.purchase(number, began + 620, event, user)

    def purchase(self, number: int, at: float, event: Any, user: str | None) -> None:
        order, cents = f"{self.label}-o{number}", self.rng.choice((100, 1999, 10_000))
        currency = self.rng.choice(("EUR", "EUR", "USD"))
        self.orders.append((order, currency, cents, int(at)))
        event("purchase", at, user=user, money=(order, currency, cents))

    def event(
        self, name: str, at: float, session: float, device: str, is_denied: bool,
        way: dict[str, str] | None = None, user: str | None = None,
        money: tuple[str, str, int] | None = None,
    ) -> None:  # fmt: skip
        """A GA4 event; now and then told in two ways."""
        made = ga4(name, self.at(at), self.label, way or {}, money)
        if is_denied:
            made["privacy_info"] = {"analytics_storage": "No", "ads_storage": "No"}
        else:
            made["user_pseudo_id"] = device
            number = str(int(self.at(session).timestamp()))
            made["event_params"].append({"key": "ga_session_id", "value": {"int_value": number}})
        if user:
            made["user_id"] = user
        self.tell("ga4", made, at)
        if self.rng.random() < 0.07:
            self.tell("ga4", made | {"geo": {"country": "Austria"}}, at)

    def refund(self, number: int) -> None:
        """Money given back: of an order or of one nobody knows, in part or all of it."""
        rng = self.rng
        unknown = (f"{self.label}-o9", "EUR", 500, 0)
        order, currency, cents, since = rng.choice([*self.orders, unknown])
        amount = rng.choice((None, cents, cents // 3))
        currency = currency if rng.random() < 0.8 else "GBP"
        at = min(since + rng.randrange(DAY * 2), LENGTH * DAY - 1)
        made = ga4("refund", self.at(at), self.label, {}, (order, currency, amount))
        device = rng.choice(self.devices)
        self.tell("ga4", made | {"user_pseudo_id": device}, at)

    def mail(self, number: int) -> None:
        """What happened to an e-mail; it may name the user and the contact too."""
        rng, person, at = self.rng, self.rng.randrange(self.people), self.instant()
        kind = rng.choice(MAILS)
        made = self._mail(f"m{number}", kind, person, at)
        if rng.random() < 0.4:
            made["user_id"] = self.user(rng.randrange(self.people))
        if rng.random() < 0.3:
            made["crm_contact"] = self.crm("003", rng.randrange(2))
        self.tell("sendgrid", made, at)

    def _mail(self, name: str, kind: str, person: int, at: float) -> dict[str, Any]:
        made = {
            "email": self.email(person), "timestamp": int(self.at(at).timestamp()), "event": kind,
            "sg_event_id": f"{self.label}-{name}", "marketing_campaign_name": "spring",
        }  # fmt: skip
        url = "https://shop.example/?utm_source=newsletter&utm_medium=email&utm_campaign=spring"
        return made | ({"url": url} if kind == "click" else {})

    def role_mailbox(self) -> None:
        """Sometimes one address is used by more and more people, until a guard refuses it."""
        for person in range(self.rng.choice((0, 0, 0, 3, 5))):
            at = self.instant()
            made = self._mail(f"r{person}", "open", 9, at) | {"user_id": self.user(person)}
            self.tell("sendgrid", made, at)

    def spend(self, number: int) -> None:
        """An extraction: what some days cost, as it was known then. A file, so never split."""
        rng, extracted = self.rng, self.instant()
        days = sorted(rng.sample(range(LENGTH), 2))
        rows = [
            {"customer_id": self.label, "date": self.at(day * DAY).date().isoformat(),
             "campaign_id": f"{self.label}-{campaign}", "campaign_name": f"brand {campaign}",
             "advertising_channel_type": "SEARCH", "currency_code": "EUR",
             "cost_micros": rng.randrange(10**7), "impressions": 10, "clicks": 1,
             "_fivetran_synced": stamp(self.at(extracted) + timedelta(milliseconds=number))}
            for day in days for campaign in range(rng.randint(1, 2))
        ]  # fmt: skip
        self.tell(f"spend{number}", rows, extracted, again=False)

    def request(self, number: int) -> None:
        """Somebody withdraws what he allowed, in whole or for a purpose, or grants it again."""
        rng, person, at = self.rng, self.rng.randrange(self.people), self.instant()
        who = rng.choice((("email", self.email(person)),
                          ("controller_customer_id", self.user(person))))  # fmt: skip
        made: dict[str, Any] = {
            "subject_request_id": f"{self.label}-q{number}",
            "subject_request_type": rng.choice(("withdrawal", "withdrawal", "consent", "erasure")),
            "submitted_time": self.at(at).isoformat(),
            "subject_identities": [{"identity_type": who[0], "identity_value": who[1]}],
        }
        if made["subject_request_type"] == "consent" or rng.random() < 0.3:
            word = "granted" if made["subject_request_type"] == "consent" else "denied"
            made["consent"] = {rng.choice(("analytics", "advertising")): word}
        self.tell("privacy_requests", made, at)

    def spoilt(self) -> None:
        """A record that no mapping accepts; once, since each is kept."""
        made = {"event_timestamp": "1", "user_pseudo_id": self.devices[0], "event_params": []}
        self.tell("ga4", made, self.instant(), again=False)
