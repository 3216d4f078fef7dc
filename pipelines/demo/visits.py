"""Who visits the shop on a day, how they came, and whether they buy."""

from __future__ import annotations

import numpy as np

from pipelines.demo.people import Crowd
from pipelines.demo.records import VISIT, Array, Refund, Traffic, Visit
from pipelines.demo.traffic import DIRECT, WAYS

HOUR = 3_600_000_000
DAY = 24 * HOUR
PAGES = 400
COLD, WARMING, WARM = -5.3, 0.95, 4.5  # log-odds of an order at warmth 0, per unit, and the cap
LATE = 0.02
COOKIE_LIFE = 7 * DAY


def wander(crowd: Crowd, midnight: int, rng: np.random.Generator) -> Array:
    """Visits people make of their own accord: when, where from, with which device."""
    count = len(crowd.zeal)
    crowd.interest *= 0.82
    crowd.warmth *= 0.93
    crowd.interest[rng.random(count) < 0.024 * crowd.zeal] = 1.0
    chance = 1 - np.exp(-(0.02 * crowd.zeal + 0.7 * crowd.interest))
    person = np.flatnonzero(rng.random(count) < chance)
    visits = np.zeros(len(person), VISIT)
    visits["person"] = person
    visits["started_at"] = midnight + _time_of_day(len(person), rng)
    visits["traffic"] = _ways(crowd.warmth[person], rng)
    visits["device"] = _device(crowd, person, rng)
    visits["landing_page"] = np.where(rng.random(len(person)) < 0.3, 0, _pages(len(person), rng))
    return visits


def from_mail(crowd: Crowd, clicks: Array, sends: Array, rng: np.random.Generator) -> Array:
    """Visits that follow clicks in e-mails; `sends` says the traffic of each campaign."""
    visits = np.zeros(len(clicks), VISIT)
    visits["person"] = clicks["person"]
    visits["started_at"] = clicks["at"] * 1_000_000 + rng.integers(
        1_000_000, 6_000_000, len(clicks)
    )
    visits["traffic"] = sends[clicks["send"]]
    visits["device"] = crowd.devices[clicks["person"], 0]
    visits["landing_page"] = clicks["page"]
    return visits


def live(
    crowd: Crowd, visits: Array, traffic: tuple[Traffic, ...], orders: int, day_seed: list[int]
) -> Array:
    """The day's visits in order of time, with sessions, sign-ins and orders from `orders` on."""
    rng = np.random.default_rng(day_seed)
    visits = visits[np.lexsort((visits["device"], visits["started_at"]))]
    person = visits["person"]
    _forget(crowd, visits)
    lift = np.array([way.lift for way in traffic])
    np.add.at(crowd.warmth, person, lift[visits["traffic"]])
    odds = COLD + WARMING * np.minimum(crowd.warmth[person], WARM)
    buys = rng.random(len(visits)) < 1 / (1 + np.exp(-odds))
    visits["order"] = np.where(buys, orders + np.cumsum(buys) - 1, -1)
    visits["cents"] = np.where(buys, np.exp(rng.normal(8.6, 0.7, len(visits))), 0).astype("i8")
    visits["pages"] = np.clip(1 + rng.poisson(2.2, len(visits)) + 2 * buys, 1, 9)
    visits["is_late"] = rng.random(len(visits)) < LATE
    _sign_in(crowd, visits, buys, rng)
    _number_sessions(crowd, visits)
    crowd.interest[person[buys]] *= 0.1
    crowd.warmth[person[buys]] *= 0.25
    return visits


def plan_refunds(visits: Array, midnight: int, rng: np.random.Generator) -> list[Refund]:
    """Orders of the day that will be given back, in full or in part, days later."""
    bought = visits[visits["order"] >= 0]
    refunds = []
    for row in bought[rng.random(len(bought)) < 0.07].tolist():
        visit = Visit(*row)
        share = int(rng.integers(20, 70)) if rng.random() < 0.4 else 100
        at = midnight + int(rng.integers(3, 15)) * DAY + int(rng.integers(9, 17) * HOUR)
        refunds.append(
            Refund(at + int(rng.integers(0, HOUR)), visit, max(visit.cents * share // 100, 1))
        )
    return refunds


def _time_of_day(count: int, rng: np.random.Generator) -> Array:
    # no session may outlive its day, not even on the 23-hour day in March
    at_night = rng.random(count) < 0.06
    hours = np.where(at_night, rng.random(count) * 6, 6 + rng.beta(2.2, 1.7, count) * 16)
    return (hours * HOUR).astype("i8")


def _ways(warmth: Array, rng: np.random.Generator) -> Array:
    nears = rng.random(len(warmth)) < 1 - np.exp(-0.6 * warmth)
    shares = np.array([[way.upper for way in WAYS], [way.lower for way in WAYS]])
    edges = np.cumsum(shares, axis=1) / shares.sum(axis=1, keepdims=True)
    draw = rng.random(len(warmth))
    near, far = (np.searchsorted(edges[row], draw, side="right") for row in (1, 0))
    return np.where(nears, near, far)


def _device(crowd: Crowd, person: Array, rng: np.random.Generator) -> Array:
    count = crowd.device_count[person]
    other = (rng.random(len(person)) * count).astype("i8")
    slot = np.where(rng.random(len(person)) < 0.5, 0, other)
    return crowd.devices[person, slot]


def _pages(count: int, rng: np.random.Generator) -> Array:
    return rng.integers(1, PAGES, count)


def _forget(crowd: Crowd, visits: Array) -> None:
    """A cookie not refreshed for a week is gone, and its device looks new."""
    device, now = visits["device"], visits["started_at"]
    idle = now - crowd.last_seen_at[device]
    gone = device[crowd.forgets[device] & (crowd.sessions[device] > 0) & (idle > COOKIE_LIFE)]
    crowd.sessions[gone] = 0
    crowd.last_click[gone] = crowd.signed_in[gone] = -1
    np.maximum.at(crowd.last_seen_at, device, now)


def _sign_in(crowd: Crowd, visits: Array, buys: Array, rng: np.random.Generator) -> None:
    person, device = visits["person"], visits["device"]
    already = crowd.is_on(device, person)
    chance = np.where(buys, 0.85, 0.14)
    logs_in = crowd.has_account[person] & ~already & (rng.random(len(visits)) < chance)
    visits["logs_in"] = logs_in
    visits["is_signed_in"] = already | logs_in
    stays = logs_in & (rng.random(len(visits)) < 0.6)
    crowd.signed_in[device[stays]] = person[stays]


def _number_sessions(crowd: Crowd, visits: Array) -> None:
    """Sessions of one device follow each other, so a day's n-th ones are numbered together."""
    nth = _occurrence(visits["device"])
    for turn in range(int(nth.max(initial=-1)) + 1):
        rows = np.flatnonzero(nth == turn)
        device, way = visits["device"][rows], visits["traffic"][rows]
        is_new = crowd.sessions[device] == 0
        crowd.first_touch[device[is_new]] = way[is_new]
        crowd.first_seen_at[device[is_new]] = visits["started_at"][rows][is_new]
        crowd.last_click[device] = np.where(way == DIRECT, crowd.last_click[device], way)
        crowd.sessions[device] += 1
        visits["session_number"][rows] = crowd.sessions[device]
        visits["first_touch"][rows] = crowd.first_touch[device]
        visits["first_seen_at"][rows] = crowd.first_seen_at[device]
        visits["last_click"][rows] = crowd.last_click[device]


def _occurrence(values: Array) -> Array:
    """How often each value occurred before it.

    >>> _occurrence(np.array([7, 8, 7, 7])).tolist()
    [0, 0, 1, 2]
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.ones(len(values), bool)
    starts[1:] = ordered[1:] != ordered[:-1]
    run = np.maximum.accumulate(np.where(starts, np.arange(len(values)), 0))
    nth = np.empty(len(values), "i8")
    nth[order] = np.arange(len(values)) - run
    return nth
