"""What the ads cost: figures per campaign and day, corrected for two days after."""

from __future__ import annotations

from datetime import date

import numpy as np

from pipelines.demo.records import Array, SpendRow, Traffic

RESTATED_DAYS = 3


def spend_of(
    day: date, visits: Array, ways: tuple[Traffic, ...], seed: list[int]
) -> list[SpendRow]:
    """First figures of the day: clicks that led to visits and some that did not."""
    rng = np.random.default_rng(seed)
    rows = []
    for number, way in enumerate(ways):
        if not way.ad_type:
            continue
        came = visits[visits["traffic"] == number]
        clicks = int(len(came) * 1.12) + int(rng.integers(0, 4))
        cost = int(clicks * way.micros_per_click * rng.uniform(0.85, 1.15)) // 10_000 * 10_000
        shown = int((clicks + 1) / way.click_rate * rng.uniform(0.9, 1.1))
        orders = came[came["order"] >= 0]
        rows.append(
            SpendRow(day, number, cost, shown, clicks, len(orders), int(orders["cents"].sum()))
        )
    return rows


def restate(row: SpendRow, age: int) -> SpendRow:
    """The same day as the platform tells it `age` days later: fewer clicks, more conversions.

    >>> restate(SpendRow(date(2026, 1, 1), 3, 1_000_000, 900, 100, 2, 5000), 2).cost_micros
    980000
    """
    cost = row.cost_micros * (100 - age) // 100 // 10_000 * 10_000
    clicks = row.clicks * (100 - age) // 100
    late = 0.5 * age if row.conversions else 0
    return row._replace(cost_micros=cost, clicks=clicks, conversions=row.conversions + late)
