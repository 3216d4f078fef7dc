"""Who lives in the demo world: people, their devices, and how keen they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from pipelines.demo.records import Array, People
from pipelines.demo.traffic import local_midnight

ACCOUNT, SUBSCRIBER, BUSINESS, DOLLARS, CONSENT = 0.55, 0.45, 0.06, 0.03, 0.96
MAX_DEVICES = 3
FORGETFUL = (1, 4, 5)  # entries of ga4_schema.DEVICES that run Safari
FAMILY = 0.03  # share of people who also use the device of the person before them
US_CITIES = 2  # the last entries of ga4_schema.CITIES
CITIES = 8


@dataclass
class Crowd:
    """The people a world moves: what changes from day to day, as arrays."""

    people: People
    zeal: Array  # how readily a person starts to look for something
    devices: Array  # person x slot -> device, the favourite first
    device_count: Array
    has_account: Array
    is_business: Array
    is_subscribed: Array
    interest: Array  # 0..1, falls each day
    warmth: Array  # what the touches so far have done
    signed_in: Array  # device -> person, or -1
    sessions: Array  # device -> visits so far
    last_click: Array
    first_touch: Array
    first_seen_at: Array  # device -> microseconds, 0 if never seen
    last_seen_at: Array
    forgets: Array  # devices whose browser drops cookies after a week

    def is_on(self, devices: Array, people: Array) -> Array:
        """Whether the person is the one signed in on the device."""
        return self.signed_in[devices] == people


def crowd(count: int, start: date, ways: int, seed: int) -> Crowd:
    """The people on the morning of the first day."""
    rng = np.random.default_rng([seed, 1])
    owned = rng.choice([1, 2, 3], count, p=[0.55, 0.33, 0.12])
    devices, device_count = _devices(owned, rng)
    total = int(owned.sum())
    is_business = rng.random(count) < BUSINESS
    has_account = rng.random(count) < np.where(is_business, 0.8, ACCOUNT)
    subscribed = rng.random(count) < np.where(is_business, 0.8, SUBSCRIBER)
    population = _people(count, total, has_account, is_business, rng)
    return Crowd(
        people=population,
        zeal=rng.gamma(1.5, 1 / 1.5, count),
        devices=devices,
        device_count=device_count,
        has_account=has_account,
        is_business=is_business,
        is_subscribed=subscribed,
        interest=np.where(rng.random(count) < 0.04, 0.6, 0.0),
        warmth=rng.gamma(0.5, 0.5, count),
        signed_in=np.full(total, -1),
        forgets=np.isin(population.device_kind, FORGETFUL),
        last_seen_at=np.zeros(total, "i8"),
        **_histories(total, start, ways, rng),
    )


def _devices(owned: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    first = np.cumsum(owned) - owned
    slots = np.arange(MAX_DEVICES)
    devices = np.where(slots < owned[:, None], first[:, None] + slots, -1)
    sharing = (rng.random(len(owned)) < FAMILY) & (owned < MAX_DEVICES)
    sharing[0] = False
    sharers = np.flatnonzero(sharing)
    devices[sharers, owned[sharers]] = first[sharers - 1]
    return devices, owned + sharing


def _people(
    count: int, devices: int, has_account: Array, is_business: Array, rng: np.random.Generator
) -> People:
    dollars = rng.random(count) < DOLLARS
    home = rng.integers(0, CITIES - US_CITIES, count)
    abroad = rng.integers(CITIES - US_CITIES, CITIES, count)
    companies = max(int(is_business.sum()) * 2 // 3, 1)
    company = np.where(is_business, rng.integers(0, companies, count), -1).tolist()
    return People(
        email=[_email(n, firm) for n, firm in enumerate(company)],
        user_id=[f"u_{n:07d}" if has else "" for n, has in enumerate(has_account)],
        currency=["USD" if is_us else "EUR" for is_us in dollars],
        city=np.where(dollars, abroad, home).tolist(),
        company=company,
        device_number=rng.integers(100_000_000, 2_147_483_647, devices).tolist(),
        device_kind=rng.choice(6, devices, p=[0.28, 0.14, 0.08, 0.22, 0.24, 0.04]).tolist(),
        has_consent=(rng.random(devices) < CONSENT).tolist(),
    )


def _email(person: int, company: int) -> str:
    domain = "example.org" if company < 0 else f"company{company}.example"
    return f"person{person}@{domain}"


def _histories(devices: int, start: date, ways: int, rng: np.random.Generator) -> dict[str, Array]:
    """Half of the devices have been here before the first day."""
    known = rng.random(devices) < 0.5
    opening = int(local_midnight(start).timestamp()) * 1_000_000
    age = rng.integers(86_400_000_000, 90 * 86_400_000_000, devices)
    touch = rng.integers(0, ways, devices)
    return {
        "sessions": np.where(known, rng.integers(1, 6, devices), 0),
        "last_click": np.where(known & (touch > 0), touch, -1),
        "first_touch": np.where(known, touch, 0),
        "first_seen_at": np.where(known, opening - age, 0),
    }
