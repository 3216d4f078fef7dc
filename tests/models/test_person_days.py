"""The panel of people and days: what a plain loop over touches finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import exp, log1p

import numpy as np
import pyarrow as pa
import pytest

from models.observed import observe
from models.person_days import DAY, FADES_DAYS, Sample, person_days
from models.simulate import FIRST_DAY, simulate
from models.worlds import TRACKED

CHANNELS = list(TRACKED.switchable)
ALL = Sample(FIRST_DAY, 21, share=1.0)


@pytest.fixture(scope="module")
def seen():
    world = replace(TRACKED, hazard=0.02, fragmented=0.3)
    return observe(simulate(world, 40, 21, 9))


def made(seen, sample=ALL, **options):
    return person_days(seen.people, seen.touches, seen.conversions, CHANNELS, sample, **options)


def number(instant):
    return instant.toordinal() - date(1970, 1, 1).toordinal() - FIRST_DAY


def left(days, today):
    return [log1p(sum(exp(-(today - day) / fade) for day in days)) for fade in FADES_DAYS]


@pytest.mark.parametrize("same_day", [True, False])
def test_a_row_is_what_one_counts_by_hand(seen, same_day):
    days = made(seen, same_day_visits=same_day)
    people = seen.people["identifier"].to_pylist()
    touches = [
        (t["identifier"], t["channel"], number(t["touched_at"]), t["pages"])
        for t in seen.touches.to_pylist()
    ]
    sales = {(s["identifier"], number(s["converted_at"])) for s in seen.conversions.to_pylist()}
    assert len(sales) > 10
    assert len(days.bought) == len(people) * 21
    for row, (day, person) in enumerate((d, p) for d in range(21) for p in people):
        mine = [t for t in touches if t[0] == person and t[2] <= day]
        assert days.day[row] == day
        assert days.bought[row] == ((person, day) in sales)
        for place, channel in enumerate(CHANNELS):
            met = [t[2] for t in mine if t[1] == channel]
            assert days.exposure[row, place] == pytest.approx(left(met, day))
        known = [t for t in mine if t[2] <= day - (not same_day)]
        assert days.controls[row, :2] == pytest.approx(
            left([t[2] for t in known if t[1] == "direct"], day)
        )
        assert days.controls[row, 2:4] == pytest.approx(
            left([t[2] for t in known for _ in range(t[3])], day)
        )
        before = sum(p == person and d < day for p, d in sales)
        assert days.controls[row, days.names.index("purchases")] == pytest.approx(log1p(before))


def test_a_sample_keeps_every_purchase_and_stands_for_all_days(seen):
    whole, few = made(seen), made(seen, replace(ALL, share=0.25))
    assert few.bought.sum() == whole.bought.sum()
    assert len(few.bought) < 0.4 * len(whole.bought)
    assert few.weight.sum() == pytest.approx(whole.weight.sum(), rel=0.15)
    assert np.array_equal(few.day, made(seen, replace(ALL, share=0.25)).day)


def instants(*days):
    return pa.array([int((FIRST_DAY + day) * DAY) for day in days], pa.timestamp("us", "UTC"))


def test_a_touch_after_the_purchase_of_its_day_counts_from_the_next_day():
    people = pa.table({"identifier": [5]})
    sold = pa.table({"identifier": [5], "converted_at": instants(1.5)})
    for at, expected in ((1.4, log1p(1)), (1.5, log1p(1)), (1.6, 0.0)):
        met = pa.table({"identifier": [5], "channel": ["display"], "touched_at": instants(at),
                        "pages": [0]})  # fmt: skip
        days = person_days(people, met, sold, ["display"], Sample(FIRST_DAY, 3, share=1.0))
        assert days.exposure[1, 0, 0] == pytest.approx(expected)
        assert days.exposure[2, 0, 0] > 0


def test_traits_become_columns():
    people = pa.table({"identifier": [1, 2, 3], "size": [1.5, 2.5, 3.5], "kind": ["a", "b", "c"]})
    none = pa.table({"identifier": pa.array([], pa.int64()), "channel": pa.array([], pa.string()),
                     "touched_at": instants(), "pages": pa.array([], pa.int64())})  # fmt: skip
    sold = pa.table({"identifier": [2], "converted_at": instants(0.5)})
    days = person_days(people, none, sold, ["display"], Sample(FIRST_DAY, 1, share=1.0))
    assert days.names[-3:] == ["size", "kind b", "kind c"]
    assert days.controls[:, -3:].tolist() == [[1.5, 0, 0], [2.5, 1, 0], [3.5, 0, 1]]
    assert days.bought.tolist() == [False, True, False]


def test_somebody_who_is_not_among_people_is_refused(seen):
    short = seen.people.slice(1)
    first = seen.people["identifier"][0].as_py()
    with pytest.raises(ValueError, match=f"identifier {first} is not among people"):
        person_days(short, seen.touches, seen.conversions, CHANNELS, ALL)


@pytest.mark.parametrize("share", [0.0, 1.5])
def test_a_share_of_days_that_is_none_is_refused(seen, share):
    with pytest.raises(ValueError, match=f"share={share}; expected above 0 and at most 1"):
        made(seen, replace(ALL, share=share))
