"""Which touches count for which conversion, in small stories about Ann."""

from datetime import UTC, datetime, timedelta

import pytest

from expectations.tables import CONVERSIONS, IDENTITIES, TOUCHPOINTS
from pipelines.paths import lost_paths, paths
from pipelines.settings import Settings
from tests.pipelines.tables import table

pytestmark = pytest.mark.spark
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


def at(days=0.0, microseconds=0):
    return NOON + timedelta(days=days, microseconds=microseconds)


def touch(name, when, channel="Email", **more):
    return {"touchpoint_id": name, "identifier": "user_id:ann", "channel": channel, "source": "ga4",
            "weight_class": "visit", "consent": "granted", "touched_at": when, **more}  # fmt: skip


def bought(name="order", when=NOON, **more):
    return {"conversion_id": name, "identifier": "user_id:ann", "conversions": 1,
            "converted_at": when, "status": "complete", "currency": "EUR", **more}  # fmt: skip


def people(spark, names=("ann", "bob")):
    return table(spark, IDENTITIES, [
        {"identifier": f"user_id:{n}", "person_id": n, "tier": "strong",
         "valid_from": datetime(1970, 1, 1, tzinfo=UTC),
         "valid_to": datetime(9999, 12, 31, tzinfo=UTC)}
        for n in names
    ])  # fmt: skip


def made(spark, touches, conversions, **settings):
    """conversion -> (names of kept touches, {dropped touch: rule})."""
    rows = paths(
        table(spark, TOUCHPOINTS, touches), table(spark, CONVERSIONS, conversions), people(spark),
        Settings(paths=settings).path_rules,
    ).toArrow().to_pylist()  # fmt: skip
    return {
        r["conversion_id"]: ([t["touchpoint_id"] for t in r["touches"]],
                             {d["touchpoint_id"]: d["rule"] for d in r["dropped"]})
        for r in rows
    }  # fmt: skip


def test_a_touch_at_the_instant_counts_and_one_after_it_does_not(spark):
    found = made(spark, [touch("now", at()), touch("after", at(microseconds=1))], [bought()])
    assert found == {"order": (["now"], {})}


def test_the_lookback_is_exact_to_the_microsecond(spark):
    found = made(
        spark, [touch("edge", at(-7)), touch("old", at(-7, -1))], [bought()], lookback_days=7
    )
    assert found["order"][0] == ["edge"]


def test_a_calendar_lookback_begins_with_the_day(spark):
    early = datetime(2026, 3, 24, 0, tzinfo=UTC)
    touches = [touch("edge", early), touch("old", early - timedelta(microseconds=1))]
    found = made(spark, touches, [bought()], lookback_days=7, calendar_days=True)
    assert found["order"][0] == ["edge"]


def test_a_channel_may_have_a_lookback_of_its_own_and_what_it_drops_is_listed(spark):
    touches = [touch("mail", at(-3)), touch("ad", at(-3), "Display")]
    found = made(spark, touches, [bought()], lookback_days=7, lookback_by_channel={"Display": 1})
    assert found == {"order": (["mail"], {"ad": "lookback"})}


def test_ties_in_time_break_by_id(spark):
    found = made(spark, [touch("b", at(-1)), touch("c", at(-1)), touch("a", at(-1))], [bought()])
    assert found["order"][0] == ["a", "b", "c"]


def test_what_a_rule_drops_is_listed_with_its_name(spark):
    touches = [
        touch("robot", at(-1), is_bot=True), touch("trial", at(-1), is_test=True),
        touch("no", at(-1), consent="denied"), touch("open", at(-1), weight_class="open"),
        touch("fine", at(-1)),
    ]  # fmt: skip
    kept, dropped = made(spark, touches, [bought()])["order"]
    assert kept == ["fine"]
    assert dropped == {
        "robot": "bot",
        "trial": "test",
        "no": "consent_analytics",
        "open": "weight_class",
    }


def test_several_orders_a_day_share_touches_unless_the_path_resets(spark):
    touches = [touch("first", at(-2)), touch("second", at(-0.5))]
    orders = [bought("one", at(-1)), bought("two", at())]
    both = made(spark, touches, orders)
    assert both["two"][0] == ["first", "second"]
    reset = made(spark, touches, orders, reset_on_conversion=True)
    assert reset["one"][0] == ["first"]
    assert reset["two"] == (["second"], {"first": "reset"})


def test_a_visit_that_repeats_a_click_told_by_another_source_is_an_echo(spark):
    touches = [
        touch("click", at(-1), source="sendgrid", weight_class="click"),
        touch("landing", at(-1, 20_000_000)), touch("later", at(-0.5)),
    ]  # fmt: skip
    kept, dropped = made(spark, touches, [bought()])["order"]
    assert (kept, dropped) == (["click", "later"], {"landing": "echo"})
    assert made(spark, touches, [bought()], echo_seconds=0)["order"][0] == [
        "click",
        "landing",
        "later",
    ]


def test_a_very_long_path_keeps_its_newest_touches(spark):
    touches = [touch(f"t{n}", at(-1, n)) for n in range(5)]
    kept, dropped = made(spark, touches, [bought()], max_touches=2)["order"]
    assert kept == ["t3", "t4"]
    assert set(dropped.values()) == {"too_many"}


def test_strangers_touches_do_not_count_and_an_order_without_touches_stays(spark):
    touches = [
        touch("bobs", at(-1), identifier="user_id:bob"),
        touch("nobodys", at(-1), identifier=None),
    ]
    orders = [
        bought(),
        bought("unknown", identifier="user_id:zoe"),
        bought("blank", identifier=None),
    ]
    assert made(spark, touches, orders) == {
        name: ([], {}) for name in ("order", "unknown", "blank")
    }


def test_a_refund_of_an_unknown_order_has_no_path(spark):
    found = made(spark, [touch("mail", at(-1))], [bought(conversions=0)])
    assert found == {"order": ([], {})}


def test_an_open_path_has_the_touches_since_the_last_conversion_inside_its_window(spark):
    touches = [
        touch("before", at(-9)), touch("won", at(-3), "Display"),
        touch("open", at(-1), "Organic Search"),
        touch("bobs", at(-1), "Direct", identifier="user_id:bob"),
        touch("too late", at(1), "Direct"),
    ]  # fmt: skip
    window = spark.createDataFrame([(at(-5), at())], "opens_at timestamp, closes_at timestamp")
    lost = lost_paths(
        table(spark, TOUCHPOINTS, touches), table(spark, CONVERSIONS, [bought(when=at(-2))]),
        people(spark), window, Settings().path_rules,
    )  # fmt: skip
    found = {row["person_id"]: row["channels"] for row in lost.toArrow().to_pylist()}
    assert found == {"ann": ["Organic Search"], "bob": ["Direct"]}
