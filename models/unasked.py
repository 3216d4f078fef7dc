"""Which channels come unasked: met as often on days of interest as on others."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from models.person_days import DAY, micros, places

_MOST = 1.45  # times as often on days with a visit of one's own, or after one, as otherwise
_APART = 14  # days: long enough for interest to pass, and the same weekday
_SOON = 3  # days


def unasked(people: pa.Table, touches: pa.Table, causes: list[str], days: int) -> list[str]:
    """Those of `causes` that do not follow intent; only they can be thought to raise it.

    Search and coupons are met on days of visits of one's own (touches of other channels than
    `causes`) many times as often as by the same people two weeks before and after, retargeting
    follows such a visit more often than it precedes one; an ad that comes unasked does neither,
    whoever it is aimed at. Without such visits all are unasked.
    """
    channel = touches["channel"].to_numpy(zero_copy_only=False)
    who, day = places(people, touches), micros(touches, "touched_at") // DAY
    apart = min(_APART, max(days // 3, 1))
    place = who * (2 * days + 2 * apart) + (day - day.min() if len(day) else day)
    own = np.unique(place[~np.isin(channel, causes)])
    found = []
    for name in causes:
        met = np.unique(place[channel == name])
        together, before, after, follows, precedes = (
            len(np.intersect1d(met, own + shift, assume_unique=True))
            for shift in (0, -apart, apart, _SOON, -_SOON)
        )
        usual = (before + after) / 2 * days / (days - apart)
        if together <= _MOST * usual and follows <= _MOST * precedes:
            found.append(name)
    return found
