from decimal import Decimal

import pytest

from expectations.spark import spark_schema
from expectations.tables import CONVERSIONS, EVENTS
from pipelines.conversions import ConversionRule, conversions
from pipelines.errors import SettingsError
from tests.pipelines.tables import read, table, utc

pytestmark = pytest.mark.spark

RULES = (
    ConversionRule("order", source="ga4"),
    ConversionRule("opportunity", source="salesforce"),
)
MONEY = ("gross_value", "refunded_value", "net_value", "currency", "status", "conversions")


def told(event_id, order_id, value=None, kind="order", at="2026-01-01 09:00", **more):
    currency = None if value is None else "EUR"
    return {"event_id": event_id, "source": "ga4", "instance": "shop", "event_type": kind,
            "order_id": order_id, "value": value, "currency": currency, "occurred_at": at,
            **more}  # fmt: skip


def refund(event_id, order_id, value=None, **more):
    return told(event_id, order_id, value, "refund", **{"at": "2026-02-01 09:00"} | more)


def deal(event_id, version, value=None, **more):
    changed = f"2026-03-{version:02} 00:00"
    return told(event_id, event_id, value, source="salesforce", record_version=changed, **more)


def book(spark, rows, rules=RULES):
    return conversions(table(spark, EVENTS, rows), rules).cache()


def test_an_order_told_twice_is_one_conversion_the_earliest(spark):
    found = book(spark, [
        told("b", "o1", 10, at="2026-01-01 10:00"),
        told("a", "o1", 20, at="2026-01-01 09:00"),
        told("c", "o1", 30, at="2026-01-01 09:00"),
        told("d", "o1", 5, instance="other"),
        told("e", None, 7), told("f", None, 7),
    ])  # fmt: skip
    assert read(found, "event_id", "order_id", "gross_value") == [
        ("a", "o1", Decimal(20)), ("d", "o1", Decimal(5)),
        ("e", None, Decimal(7)), ("f", None, Decimal(7)),
    ]  # fmt: skip
    assert found.select("conversion_id").distinct().count() == 4


def test_refunds_lower_the_order_they_name(spark):
    found = book(spark, [
        told("a", "o1", "10.10"), refund("r1", "o1", "-3.05"), refund("r2", "o1", "-2"),
        told("b", "o2", 10), refund("r3", "o2", -10),
        told("c", "o3", 10), refund("r4", "o3"),
        told("d", "o4", 10), refund("r5", "o4", 4),
        told("e", "o5", 10), refund("r6", "o5", 0),
        told("f", "o6"), refund("r7", "o6"),
    ])  # fmt: skip
    assert read(found, "order_id", *MONEY) == [
        (order, Decimal(gross), Decimal(back), Decimal(net), currency, status, 1)
        for order, gross, back, net, currency, status in [
            ("o1", "10.10", "-5.05", "5.05", "EUR", "partially_refunded"),
            ("o2", 10, -10, 0, "EUR", "refunded"),
            ("o3", 10, -10, 0, "EUR", "refunded"),
            ("o4", 10, -4, 6, "EUR", "partially_refunded"),
            ("o5", 10, 0, 10, "EUR", "complete"),
            ("o6", 0, 0, 0, "XXX", "refunded"),
        ]
    ]


def test_a_refund_of_an_unknown_order_or_another_currency_is_its_own_row(spark):
    found = book(spark, [
        told("a", "o1", 10),
        refund("r1", "o1", -3, currency="USD"),
        refund("r2", "o9", -4),
        refund("r3", "o1", -1, instance="other"),
        refund("r4", None, -2),
        refund("r5", "o9"),
    ])  # fmt: skip
    assert read(found, "event_id", "refunded_value", "currency", "status", "conversions") == [
        ("a", Decimal(0), "EUR", "complete", 1),
        ("r1", Decimal(-3), "USD", "refund_only", 0),
        ("r2", Decimal(-4), "EUR", "refund_only", 0),
        ("r3", Decimal(-1), "EUR", "refund_only", 0),
        ("r4", Decimal(-2), "EUR", "refund_only", 0),
        ("r5", Decimal(0), "XXX", "refund_only", 0),
    ]
    late = found.where("status = 'refund_only'")
    assert {str(day) for day in read(late, "conversion_date")} == {"2026-02-01"}
    assert found.select("conversion_id").distinct().count() == 6


def test_the_newest_version_of_a_deal_counts_and_one_reopened_or_deleted_vanishes(spark):
    found = book(spark, [
        deal("won", 1, 10), deal("won", 2, 12, op="update"),
        deal("reopened", 1, 10), deal("reopened", 2, 10, kind="stage_change"),
        deal("lost", 2, 10), deal("lost", 1, 99, kind="stage_change"),
        deal("deleted", 1, 10), deal("deleted", 2, 10, op="delete"),
        deal("tie", 1, 7, payload_hash="b"), deal("tie", 1, 8, payload_hash="a"),
        deal("moved", 1, 5, at="2026-01-01 00:00"), deal("moved", 2, 5, at="2026-02-01 00:00"),
    ])  # fmt: skip
    assert read(found, "order_id", "gross_value", "conversion_type") == [
        ("lost", Decimal(10), "opportunity"), ("moved", Decimal(5), "opportunity"),
        ("tie", Decimal(8), "opportunity"), ("won", Decimal(12), "opportunity"),
    ]  # fmt: skip
    moved = found.where("order_id = 'moved'")
    assert [str(day) for day in read(moved, "conversion_date")] == ["2026-02-01"]


def test_a_day_is_its_last_microsecond(spark):
    found = book(spark, [deal("a", 1, 1, precision="day", at="2026-01-31 00:00"), told("b", "o")])
    assert read(found, "event_id", "converted_at") == [
        ("a", utc("2026-01-31 23:59:59.999999")), ("b", utc("2026-01-01 09:00")),
    ]  # fmt: skip
    assert [str(day) for day in read(found, "conversion_date")] == ["2026-01-01", "2026-01-31"]


def test_an_order_without_a_value_counts_but_is_worth_nothing(spark):
    found = book(spark, [told("a", "o1"), told("b", "o2", 0)])
    assert read(found, "event_id", "gross_value", "currency", "conversions") == [
        ("a", Decimal(0), "XXX", 1), ("b", Decimal(0), "EUR", 1),
    ]  # fmt: skip


def test_tests_and_what_no_rule_names_are_not_in_the_book(spark):
    found = book(spark, [
        told("a", "o1", 1, is_test=True), refund("r", "o1", -1, is_test=True),
        told("b", "o2", 1, source="shopify"), refund("s", "o2", -1, source="shopify"),
        told("c", "o3", 1, kind="page_view"),
    ])  # fmt: skip
    assert found.count() == 0


def test_rules_choose_kind_source_and_value_and_one_event_may_meet_several(spark):
    rules = (
        ConversionRule("any"),
        ConversionRule("paid", source="ga4", requires_value=True),
        ConversionRule("lead", event_type="form_submit", currency="USD"),
    )
    rows = [
        told("a", "o1", 5), told("b", "o2"), told("c", None, 3, kind="form_submit", currency=None),
        refund("r", "o1", -1),
    ]  # fmt: skip
    found = book(spark, rows, rules)
    assert read(found, "conversion_type", "event_id", "net_value", "currency") == [
        ("any", "a", Decimal(4), "EUR"), ("any", "b", Decimal(0), "XXX"),
        ("lead", "c", Decimal(3), "USD"), ("paid", "a", Decimal(4), "EUR"),
    ]  # fmt: skip
    assert book(spark, rows, rules[2:]).count() == 1  # refunds belong to orders alone


def test_the_buyer_is_the_best_identifier_of_the_order(spark):
    ids = [("ga_client_id", "1", 1), ("user_id", "u", 3), ("email_sha256", "f", 3)]
    found = book(spark, [told("a", "o1", ids=ids), told("b", "o2")])
    assert read(found, "event_id", "identifier") == [("a", "email_sha256:f"), ("b", None)]


def test_the_order_of_arrival_does_not_matter_and_the_contract_holds(spark):
    rows = [told(f"e{i}", f"o{i % 5}", i, at=f"2026-01-0{1 + i % 7} 09:00") for i in range(20)]
    rows += [refund(f"r{i}", f"o{i % 7}", -i) for i in range(20)]
    columns = list(CONVERSIONS.columns)
    there = book(spark, rows)
    back = conversions(table(spark, EVENTS, rows[::-1]).repartition(3), RULES)
    assert read(there, *columns) == read(back, *columns)
    assert there.schema.simpleString() == spark_schema(CONVERSIONS).simpleString()
    money = there.selectExpr("sum(net_value) AS net").toArrow()["net"][0].as_py()
    first = {i: min((1 + e % 7, f"e{e}", e) for e in range(20) if e % 5 == i)[2] for i in range(5)}
    assert money == sum(first.values()) - sum(range(20))


def test_rules_that_make_no_sense_are_refused(spark):
    twice = (ConversionRule("order"), ConversionRule("order", "form_submit"))
    with pytest.raises(SettingsError, match=r"conversions.order: two rules have this name"):
        book(spark, [], twice)
    with pytest.raises(SettingsError, match="no rule, so nothing would ever convert"):
        book(spark, [], ())
    with pytest.raises(SettingsError, match="paths without one are called so"):
        book(spark, [], (ConversionRule("(none)"),))


def test_no_events_make_no_conversions(spark):
    assert book(spark, []).count() == 0
