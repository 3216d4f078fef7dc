"""Which days a change touches. Pure: days are ISO texts, sets in, sets out."""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import date, timedelta


def shift(day: str, by: int) -> str:
    """The day some days later.

    >>> shift("2026-02-28", 1), shift("2026-01-01", -1)
    ('2026-03-01', '2025-12-31')
    """
    return (date.fromisoformat(day) + timedelta(by)).isoformat()


def around(days: Collection[str], before: int, after: int) -> set[str]:
    """The days, and those up to `before` days earlier and `after` days later.

    >>> sorted(around({"2026-01-31"}, 1, 1))
    ['2026-01-30', '2026-01-31', '2026-02-01']
    """
    return {shift(day, by) for day in days for by in range(-before, after + 1)}


def path_days(
    touch_days: Collection[str], conversion_days: Collection[str], lookback_days: float
) -> set[str]:
    """Conversion days whose paths a changed touch day, or a changed conversion day, may change.

    A touch late on its day still counts for a conversion `lookback_days` later, on that day of the
    calendar or, with a calendar lookback, on the one after.
    """
    reach = math.ceil(lookback_days) + 1
    return around(touch_days, 0, reach) | set(conversion_days)


def months(days: Collection[str]) -> set[str]:
    """First days of the months that the days lie in.

    >>> sorted(months({"2026-01-31", "2026-01-02", "2026-02-01"}))
    ['2026-01-01', '2026-02-01']
    """
    return {day[:8] + "01" for day in days}


def days_between(first: str, last: str) -> set[str]:
    """All days from `first` to `last`, both in.

    >>> sorted(days_between("2026-01-31", "2026-02-01"))
    ['2026-01-31', '2026-02-01']
    """
    start = date.fromisoformat(first)
    return {shift(first, n) for n in range((date.fromisoformat(last) - start).days + 1)}
