"""Money by day of touch, buyers and roles are the sums of `money`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pipelines.report import cohorts

FIRST, THROUGH = date(2026, 1, 1), date(2026, 3, 1)


@pytest.fixture(scope="module")
def data(seeded):
    return cohorts.data_of(seeded, FIRST, THROUGH)


def asked(con, sql: str):
    return con.execute(sql).fetchall()[0]


def test_the_cohort_view_sums_what_touches_of_the_period_led_to(seeded, data):
    (row,) = (
        row for row in data["cohort"]
        if (row["currency"], row["channel"], row["model"]) == ("EUR", "Display", "markov")
    )  # fmt: skip
    assert (row["value"], row["cost"], row["unmatched_cost"]) == asked(
        seeded,
        "SELECT sum(attributed_value), sum(cost), sum(unmatched_cost) FROM money WHERE "
        "currency = 'EUR' AND channel = 'Display' AND model = 'markov' "
        "AND touch_day BETWEEN '2026-01-01' AND '2026-03-01'",
    )


def test_both_views_of_the_months_hold_the_same_spend_and_their_own_credit(seeded, data):
    rows = [r for r in data["cohort_months"] if (r["currency"], r["model"]) == ("EUR", "linear")]
    told = [sum((row[name] for row in rows), Decimal(0)) for name in ("cost", "value")]
    assert tuple(told) == asked(
        seeded,
        "SELECT sum(cost), sum(attributed_value) FROM money WHERE currency = 'EUR' "
        "AND model = 'linear' AND channel <> '(unattributed)'",
    )
    january, february = rows[0], rows[1]
    assert january["cohort_value"] != january["value"]
    assert (february["month"], february["cohort_value"]) == asked(
        seeded,
        "SELECT DATE '2026-02-01', sum(attributed_value) FROM money WHERE currency = 'EUR' AND "
        "model = 'linear' AND channel <> '(unattributed)' AND monthname(touch_day) = 'February'",
    )


def test_new_and_returning_buyers_of_a_channel_are_all_of_its_conversions(seeded, data):
    of = [row for row in data["customers"] if row["currency"] == "EUR"]
    laid = dict(cohorts.by_customer(of, ("linear", "markov")))
    (email,) = (row for row in laid["linear"] if row["channel"] == "Email")
    assert (email["new_conversions"] + email["returning_conversions"],) == asked(
        seeded,
        "SELECT sum(conversions) FROM channels WHERE model = 'linear' AND channel = 'Email' "
        "AND currency = 'EUR'",
    )
    assert laid["linear"][-1]["channel"] == "(unattributed)"


def test_roles_are_counted_once_and_not_for_each_model(seeded, data):
    (email,) = (r for r in data["roles"] if (r["currency"], r["channel"]) == ("EUR", "Email"))
    assert (email["only"], email["assists"]) == asked(
        seeded,
        "SELECT sum(path_touches) FILTER (position = 'only'), sum(assists) FROM money "
        "WHERE model = 'linear' AND channel = 'Email' AND currency = 'EUR'",
    )


def test_shares_of_positions_add_up_to_one_under_every_model(data):
    of = [row for row in data["positions"] if row["currency"] == "EUR"]
    laid = cohorts.by_position(of, ("linear", "markov"), "value")
    assert [row["position"] for row in laid] == ["only", "last"]
    for at in (0, 1):
        assert float(sum(row["shares"][at] for row in laid)) == pytest.approx(1)
