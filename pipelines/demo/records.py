"""What a world hands to the writers of vendor files: visits, refunds, e-mails, deals, spend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# the GA4 property's and the ad account's zone; an event's day there is not always its UTC day
PROPERTY_ZONE = "Europe/Berlin"
SITE = "https://shop.example"

# structured arrays, because a day of a large world is millions of rows
VISIT = np.dtype(
    [
        ("started_at", "i8"),  # microseconds since 1970, UTC
        ("person", "i8"),
        ("device", "i8"),
        ("traffic", "i4"),  # how this visit came; index into the traffic table
        ("last_click", "i4"),  # newest traffic of the device that is not direct, or -1
        ("first_touch", "i4"),  # traffic of the device's first visit
        ("first_seen_at", "i8"),
        ("session_number", "i4"),
        ("pages", "i4"),
        ("landing_page", "i4"),
        ("logs_in", "?"),
        ("is_signed_in", "?"),
        ("is_late", "?"),  # the device was offline: reported only by the day's update
        ("order", "i8"),  # order number, or -1
        ("cents", "i8"),
    ]
)
MAIL = np.dtype(
    [
        ("at", "i8"),  # seconds since 1970, UTC
        ("person", "i8"),
        ("send", "i4"),
        ("kind", "i4"),  # index into MAIL_KINDS
        ("page", "i4"),  # page a click leads to, or -1
    ]
)
MAIL_KINDS = (
    "processed",
    "deferred",
    "delivered",
    "bounce",
    "machine_open",
    "open",
    "click",
    "unsubscribe",
    "group_unsubscribe",
    "spamreport",
)


class Visit(NamedTuple):
    """One row of a VISIT array, as plain Python values."""

    started_at: int
    person: int
    device: int
    traffic: int
    last_click: int
    first_touch: int
    first_seen_at: int
    session_number: int
    pages: int
    landing_page: int
    logs_in: bool
    is_signed_in: bool
    is_late: bool
    order: int
    cents: int


class Mail(NamedTuple):
    """One row of a MAIL array, as plain Python values."""

    at: int
    person: int
    send: int
    kind: int
    page: int


class Refund(NamedTuple):
    """Money given back: all or part of the order of an earlier visit."""

    at: int
    visit: Visit
    cents: int


class Traffic(NamedTuple):
    """A way to reach the site, as analytics sees it."""

    channel: str  # GA4's default channel group
    source: str
    medium: str
    campaign: str = ""
    campaign_id: str = ""
    referrer: str = ""
    click_id: str = ""  # URL parameter of the ad platform's click id
    upper: float = 0  # share among people who hardly know us
    lower: float = 0  # share among people who are about to decide
    lift: float = 0  # how much a visit warms a person
    micros_per_click: int = 0  # Google Ads only
    click_rate: float = 0
    ad_type: str = ""


class Send(NamedTuple):
    """One e-mail campaign that goes out at an instant."""

    at: int  # seconds since 1970, UTC
    campaign: str
    campaign_id: int
    category: str | list[str]
    audience: str  # everyone, regulars or business
    traffic: int


class CrmRow(NamedTuple):
    """One version of a CRM record, as it stood from `modified_at` on."""

    kind: str  # Opportunity, Contact, Lead or CampaignMember
    id: str
    modified_at: datetime
    values: dict[str, str]


class SpendRow(NamedTuple):
    """One campaign's figures for one day, as known at an extraction."""

    day: date
    traffic: int
    cost_micros: int
    impressions: int
    clicks: int
    conversions: float
    cents: int


@dataclass(frozen=True)
class People:
    """What a writer must look up: one entry per person, and one per device."""

    email: list[str]
    user_id: list[str]  # '' for people without an account
    currency: list[str]
    city: list[int]
    company: list[int]  # -1 for private people
    device_number: list[int]
    device_kind: list[int]
    has_consent: list[bool]

    def client_id(self, visit: Visit) -> str | None:
        """GA4's cookie: a random number and when it was set; none without consent."""
        if not self.has_consent[visit.device]:
            return None
        return f"{self.device_number[visit.device]}.{visit.first_seen_at // 1_000_000}"


@dataclass(frozen=True)
class Day:
    """Everything that happened on one day of the property's zone."""

    day: date
    visits: Array
    refunds: list[Refund]
    mails: Array
    crm: list[CrmRow]
    spend: list[SpendRow]
    crm_contact: dict[int, str]  # person -> Contact id, as known at the end of the day


class HasPeople(Protocol):
    """A crowd as far as writers ask for it."""

    @property
    def people(self) -> People:
        """What is looked up of each person."""


class Life(Protocol):
    """A world as far as writers ask for it."""

    seed: int
    length: int
    traffic: tuple[Traffic, ...]
    sends: list[Send]

    @property
    def crowd(self) -> HasPeople:
        """Who lives in it."""


def columns(names: str) -> list[str]:
    """Column names from a text of words."""
    return names.split()


def landing_url(visit: Visit, traffic: Traffic) -> str:
    """Address a visit lands on, with the tags and click id of the way it came."""
    is_auto_tagged = traffic.click_id == "gclid" and traffic.medium == "cpc"
    tags = utm_tags(traffic) if traffic.campaign_id and not is_auto_tagged else []
    if traffic.click_id:
        tags.append(f"{traffic.click_id}={click_id(visit)}")
    return page_url(visit.landing_page) + ("?" + "&".join(tags) if tags else "")


def page_url(page: int) -> str:
    """Address of a page of the shop.

    >>> page_url(0), page_url(42)
    ('https://shop.example/', 'https://shop.example/p/42')
    """
    return f"{SITE}/p/{page}" if page else f"{SITE}/"


def utm_tags(traffic: Traffic) -> list[str]:
    """Tags a marketer puts on a link of this campaign."""
    named = {
        "utm_source": traffic.source,
        "utm_medium": traffic.medium,
        "utm_campaign": traffic.campaign.replace(" ", "+"),
    }
    return [f"{name}={value}" for name, value in named.items()]


def click_id(visit: Visit) -> str:
    """Click id of a visit that came from an ad."""
    return f"Cj0KCQiA{visit.device:x}-{visit.started_at:x}_BwE"
