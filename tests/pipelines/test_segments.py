"""Segments by rules in settings, and what follows a negative touch, in small stories about Ann."""

from datetime import date

import pytest

from expectations.tables import CONVERSIONS, EVENTS, TOUCHPOINTS
from pipelines.errors import SettingsError
from pipelines.negative_touches import by_bag, negative, outcomes
from pipelines.person_stages import customers, met, staged
from pipelines.segments import with_attributes
from pipelines.settings import Settings, load
from pipelines.stages import load_stage_map
from tests.pipelines.tables import table
from tests.pipelines.test_paths import at, bought, people, touch

RULES = """
[segments.German]
attributes = {country = ["Germany"]}
[segments."big customer"]
conversions = 1
value = 100.0
touch = {channel = ["Email", "Search"]}
[segments.customer]
lifecycle = ["loyalty"]
[segments.newcomer]
conversions_below = 1
touch = {channel = ["Search"]}
"""
TOLD = [
    touch("first", at(-9), "Search"), touch("mail", at(-8)), touch("small", at(-5)),
    touch("big", at(-1)), touch("call", at(0), "Phone"), touch("abroad", at(1)),
    touch("later", at(50), "Phone"),
]  # fmt: skip
BOUGHT = [bought("one", at(-6), gross_value=60), bought("dollars", at(-6), gross_value=900,
                                                        currency="USD"),
          bought("two", at(-4), gross_value=40)]  # fmt: skip


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "touchstone.toml").write_text(RULES)
    return load(tmp_path)


@pytest.mark.spark
def test_the_first_segment_that_held_at_the_touch_is_its_segment(spark, settings):
    whose, rules = people(spark), settings.path_rules
    told = met(table(spark, TOUCHPOINTS, TOLD), whose, rules)
    versions = [("abroad", at(1), "France"), ("abroad", at(2), "Germany"), ("big", at(-1), "Italy")]
    events = table(spark, EVENTS, [
        {"event_id": id, "record_version": saved, "attributes": {"country": country},
         "occurred_at": at(1) if id == "abroad" else at(-1)} for id, saved, country in versions
    ])  # fmt: skip
    done = customers(table(spark, CONVERSIONS, BOUGHT), whose, ())
    made = staged(with_attributes(told, events), done, load_stage_map("four"), 90, 300,
                  settings.segments)  # fmt: skip
    rows = made.select("touchpoint_id", "segment").toArrow().to_pylist()
    assert {row["touchpoint_id"]: row["segment"] for row in rows} == {
        "first": "newcomer", "mail": "(other)", "small": "customer", "big": "big customer",
        "call": "customer", "abroad": "German", "later": "customer",
    }  # fmt: skip


def test_which_segment_comes_first_governs_and_an_unknown_condition_is_an_error(tmp_path):
    one = {"a": {"conversions": 1}, "b": {"conversions": 2}}
    two = dict(reversed(one.items()))
    parts = [Settings.model_validate({"segments": s}).parts("segments") for s in (one, two)]
    assert parts[0] != parts[1]
    (tmp_path / "touchstone.toml").write_text("[segments.a]\ntouch = {chanel = ['Email']}\n")
    with pytest.raises(SettingsError, match="chanel"):
        load(tmp_path)


@pytest.mark.spark
def test_a_negative_touch_is_set_beside_touches_with_the_same_past(spark):
    """Ann complains and then buys after the horizon; bob has the same past, and buys in time."""
    bob = {"identifier": "user_id:bob"}
    told = [
        touch("a1", at(-40)), touch("a2", at(-39), valence="negative"), touch("a3", at(-38)),
        touch("b1", at(-40), **bob), touch("b2", at(-39), **bob),
        touch("b3", at(-20), valence="negative", feedback_metric="nps", **bob),
        touch("lone", at(-39), identifier=None, valence="negative"),
    ]  # fmt: skip
    whose, rules = people(spark), Settings().path_rules
    rows = staged(met(table(spark, TOUCHPOINTS, told), whose, rules),
                  customers(table(spark, CONVERSIONS, []), whose, ()), load_stage_map("four"), 90,
                  300)  # fmt: skip
    complaint = table(spark, EVENTS, [{"event_id": "a2", "event_type": "email_complaint",
                                       "occurred_at": at(-39)}])  # fmt: skip
    orders = [bought("late", at(-8)), bought("soon", at(-9.5), identifier="user_id:bob")]
    done = customers(table(spark, CONVERSIONS, orders), whose, ())
    found = outcomes(rows, negative(rows, complaint), done, 30, 90)
    listed = {row["touchpoint_id"]: (row["kind"], row["is_bought"])
              for row in found.toArrow().to_pylist()}  # fmt: skip
    assert listed == {  # a3 comes after a complaint: it is no moment
        "a1": (None, False), "a2": ("email_complaint", False),
        "b1": (None, False), "b2": (None, True), "b3": ("low nps", True),
    }  # fmt: skip
    sums = by_bag(found, date(2026, 4, 1), at(-39).date(), at(-39).date()).toArrow().to_pylist()
    assert {(row["kind"], row["stratum"], row["moments"], row["bought"]) for row in sums} == {
        ("email_complaint", "2 | (all) | 1 | a day", 1, 0), (None, "2 | (all) | 1 | a day", 1, 1)
    }  # fmt: skip
