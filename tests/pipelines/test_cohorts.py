"""Money by the day of the touch and of the conversion: nothing lost, each part in its place."""

from decimal import Decimal

import duckdb
import pytest

from expectations.audit import audit
from expectations.tables import CONVERSIONS, CREDITS, MONEY, RECONCILIATION, SPEND, TOUCHPOINTS
from pipelines.marts.cohorts import firsts, money
from pipelines.marts.money import platform_names
from pipelines.marts.reconciliation import reconciliation
from pipelines.paths import eligible
from pipelines.person_stages import customers
from pipelines.settings import Settings
from tests.pipelines.tables import table
from tests.pipelines.test_paths import at, people, touch

pytestmark = pytest.mark.spark
MODELS = ("first_touch", "linear")
BUYER = [("Search", -3, "c1"), ("Email", -2, None), ("Search", -1, "c1")]
ORDERS = [("again", "ann", 0, 90), ("before", "ann", -10, 10), ("once", "bob", 0, 100),
          ("lone", None, 0, 7)]  # fmt: skip


def credits():
    """Ann buys again after three touches, a third each in the linear model, and bob after one."""
    rows = []
    for model in MODELS:
        shares = ("1", "0", "0") if model == "first_touch" else ("0.3", "0.3", "0.4")
        for place, ((channel, day, id), share) in enumerate(zip(BUYER, shares, strict=True)):
            rows.append(credit("again", "ann", model, place, channel, at(day), share, 90, id))
        rows.append(credit("once", "bob", model, 0, "Email", at(-1), "1", 100))
        rows.append(credit("lone", None, model, 0, "(unattributed)", None, "1", 7))
    return rows


def credit(order, person, model, place, channel, touched, share, value, campaign_id=None):
    return {"conversion_id": order, "person_id": person, "model": model, "position": place,
            "touchpoint_id": f"{order}-{place}" if touched else None, "channel": channel,
            "campaign": "tagged" if campaign_id else "(not set)", "campaign_id": campaign_id,
            "credit": share, "conversions": share, "attributed_value": value * Decimal(share),
            "touched_at": touched, "converted_at": at(0), "conversion_date": at(0).date(),
            "conversion_type": "order", "currency": "EUR"}  # fmt: skip


@pytest.fixture(scope="module")
def con(_spark):
    spark, settings = _spark, Settings()
    booked = table(spark, CONVERSIONS, [
        {"conversion_id": order, "identifier": who and f"user_id:{who}", "gross_value": value,
         "conversion_type": "order", "conversions": 1, "converted_at": at(day), "currency": "EUR"}
        for order, who, day, value in ORDERS
    ])  # fmt: skip
    told = table(spark, TOUCHPOINTS, [
        touch("seen", at(0), "Search", campaign_id="c1", campaign="tagged"),
        touch("view", at(0), "Video", campaign="clip", weight_class="view"),
    ])  # fmt: skip
    spent = [("Search", "c1", "Brand", 5, -3), ("Search", "c1", "Brand 2", 6, 0),
             ("Video", "v9", "clip", 3, 0), ("Social", "s1", "posts", 4, 0)]  # fmt: skip
    spend = table(spark, SPEND, [
        {"channel": channel, "campaign_id": id, "campaign": name, "cost": cost, "currency": "EUR",
         "spend_date": at(day).date()} for channel, id, name, cost, day in spent
    ])  # fmt: skip
    bought = firsts(customers(booked, people(spark, ["ann", "bob"]), ()))
    credited, today = table(spark, CREDITS, credits()), spend.where(f"spend_date = '{at().date()}'")
    made = money(
        credited, bought, eligible(told, settings.path_rules), today, platform_names(spend),
        MODELS, {"order": 0.4},
    ).cache()  # fmt: skip
    books = reconciliation(booked.where("conversion_id <> 'before'"), credited, made, MODELS)
    for rows, contract in ((made, MONEY), (books, RECONCILIATION)):
        report = audit(rows, contract, "run", None, use_gx=False)
        assert not report.broken, report.message()
    con = duckdb.connect()
    con.register("rows", made.toArrow())
    con.execute("CREATE TABLE money AS FROM rows")
    return con


def told(con, columns, where="true"):
    return con.execute(
        f"SELECT {columns} FROM money WHERE model = 'linear' AND {where} GROUP BY ALL ORDER BY ALL"
    ).fetchall()


def test_credit_of_each_day_of_touch_sums_to_the_credit_of_the_day(con):
    by_touch = told(con, "touch_day, sum(attributed_value)", "conversion_type = 'order'")
    assert by_touch == [(at(-3).date(), 27), (at(-2).date(), 27), (at(-1).date(), 136),
                        (at(0).date(), 7)]  # fmt: skip
    assert told(con, "day, sum(attributed_value)") == [(at(0).date(), 197)]


def test_who_had_bought_before_is_a_returning_customer(con):
    assert told(con, "customer, sum(attributed_value)", "customer <> '(none)'") == [
        ("new", 100), ("returning", 90), ("unknown", 7)
    ]  # fmt: skip


def test_roles_are_counted_by_position_and_an_assist_once_by_channel(con):
    columns = "channel, position, sum(path_touches), sum(conversions)"
    tenth = Decimal("0.1")
    assert told(con, columns, "path_touches > 0") == [
        ("Email", "middle", 1, 3 * tenth), ("Email", "only", 1, 1),
        ("Search", "first", 1, 3 * tenth), ("Search", "last", 1, 4 * tenth),
    ]  # fmt: skip
    assert told(con, "channel, sum(assists)", "assists > 0") == [("Email", 1), ("Search", 1)]


def test_a_touch_without_credit_still_counts_in_its_path(con):
    found = con.execute("SELECT model, sum(path_touches), sum(credited_touches) FROM money "
                        "GROUP BY 1 ORDER BY 1").fetchall()  # fmt: skip
    assert found == [("first_touch", 4, 2), ("linear", 4, 4)]


def test_a_campaign_is_called_what_the_platform_called_it_on_the_day_of_the_touch(con):
    assert told(con, "touch_day, campaign", "channel = 'Search'") == [
        (at(-3).date(), "Brand"), (at(-1).date(), "tagged"), (at(0).date(), "Brand 2")
    ]  # fmt: skip


def test_spend_that_nobody_met_stands_apart_and_touches_of_the_day_beside_it(con):
    columns = "channel, sum(touches), sum(cost), sum(unmatched_cost)"
    assert told(con, columns, "conversion_type = '(none)'") == [
        ("Search", 1, 6, 0), ("Social", 0, 4, 4), ("Video", 0, 3, 0)
    ]  # fmt: skip


def test_margin_is_the_share_set_for_the_type_and_null_without_value(con):
    found = told(con, "channel, sum(margin)", "customer = 'returning'")
    assert found == [("Email", Decimal("10.8")), ("Search", Decimal("25.2"))]
    assert told(con, "sum(margin)", "cost > 0") == [(None,)]
