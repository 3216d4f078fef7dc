"""What becomes of an e-mail campaign: delivered, bounced, opened, clicked, unsubscribed."""

from __future__ import annotations

import numpy as np

from pipelines.demo.people import Crowd
from pipelines.demo.records import MAIL, MAIL_KINDS, Array, Send

HOUR = 3600
PAGES = 400


def post(crowd: Crowd, number: int, send: Send, rng: np.random.Generator) -> Array:
    """All that follows from one campaign, today or later, in no particular order."""
    person = np.flatnonzero(_audience(crowd, send))
    count = len(person)
    processed = send.at + rng.integers(0, 900, count)
    bounces = rng.random(count) < 0.008
    is_slow = rng.random(count) < 0.02
    delivered = processed + rng.integers(2, 30, count) + np.where(is_slow, HOUR, 0)
    by_machine = ~bounces & (rng.random(count) < 0.22)
    opens = ~bounces & (rng.random(count) < 0.3)
    opened = by_day(delivered + 20 + _exponential(4 * HOUR, count, rng))
    clicks = opens & (rng.random(count) < 0.16)
    leaves, complains = _regrets(opens, rng)
    crowd.is_subscribed[person[bounces | leaves | complains]] = False
    return np.concatenate(
        [
            _events(number, "processed", person, processed),
            _events(number, "deferred", person[is_slow], processed[is_slow] + 3),
            _events(number, "bounce", person[bounces], delivered[bounces]),
            _events(number, "delivered", person[~bounces], delivered[~bounces]),
            _events(number, "machine_open", person[by_machine], delivered[by_machine] + 2),
            _events(number, "open", person[opens], opened[opens]),
            _clicks(number, person[clicks], opened[clicks] + 15, rng),
            _leaving(number, person[leaves], opened[leaves] + 45),
            _events(number, "spamreport", person[complains], opened[complains] + 60),
        ]
    )


def by_day(at: Array) -> Array:
    """Nobody reads mail at night: what falls there happens next morning (UTC)."""
    hour = at // HOUR % 24
    return at + np.where(hour >= 20, 11 * HOUR, np.where(hour < 5, 6 * HOUR, 0))


def is_click(mails: Array) -> Array:
    """Which of the events are clicks."""
    return mails["kind"] == MAIL_KINDS.index("click")


def _audience(crowd: Crowd, send: Send) -> Array:
    if send.audience == "business":
        return crowd.is_subscribed & crowd.is_business
    if send.audience == "regulars":
        return crowd.is_subscribed & (np.arange(len(crowd.zeal)) % 3 == 0)
    return crowd.is_subscribed


def _regrets(opens: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    draw = rng.random(len(opens))
    return opens & (draw < 0.012), opens & (draw > 0.9985)


def _exponential(mean: int, count: int, rng: np.random.Generator) -> Array:
    return np.minimum(rng.exponential(mean, count), 40 * HOUR).astype("i8")


def _clicks(number: int, person: Array, at: Array, rng: np.random.Generator) -> Array:
    clicks = _events(number, "click", person, at)
    clicks["page"] = rng.integers(1, PAGES, len(clicks))
    return clicks


def _leaving(number: int, person: Array, at: Array) -> Array:
    rows = _events(number, "unsubscribe", person, at)
    rows["kind"][person % 3 == 0] = MAIL_KINDS.index("group_unsubscribe")
    return rows


def _events(number: int, kind: str, person: Array, at: Array) -> Array:
    rows = np.zeros(len(person), MAIL)
    rows["at"], rows["person"], rows["send"] = at, person, number
    rows["kind"], rows["page"] = MAIL_KINDS.index(kind), -1
    return rows
