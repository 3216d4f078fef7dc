"""Where Ann is in her life with the brand, touch by touch, and what cannot matter to it."""

from datetime import timedelta
from itertools import pairwise

import pytest

from expectations.tables import CONVERSIONS, TOUCHPOINTS
from pipelines.errors import SettingsError
from pipelines.person_stages import customers, met, staged
from pipelines.settings import Settings
from pipelines.stages import load_stage_map
from tests.pipelines.tables import table
from tests.pipelines.test_paths import at, bought, people, touch

SETTINGS = Settings()


def stages(spark, touches, conversions=(), name="four", memory=90.0, **more):
    """touchpoint -> stage, '-' before it if it is an echo."""
    whose = people(spark)
    rules = SETTINGS.path_rules
    told = met(table(spark, TOUCHPOINTS, touches), whose, rules)
    done = customers(table(spark, CONVERSIONS, conversions), whose, more.get("customer_by", ()))
    made = staged(told, done, load_stage_map(name), memory, rules.echo_seconds)
    rows = made.select("touchpoint_id", "stage", "stage_number", "is_echo").toArrow().to_pylist()
    names = [stage.name for stage in load_stage_map(name).stages]
    assert all(names[row["stage_number"] - 1] == row["stage"] for row in rows)
    return {r["touchpoint_id"]: "-" * r["is_echo"] + r["stage"] for r in rows}


LIFE = [
    touch("a", at(-20)), touch("b", at(-10)), touch("c", at(-5), stage="decision"),
    touch("d", at(-4)), touch("e", at(0)), touch("f", at(1)), touch("g", at(40)),
    touch("ticket", at(-9), stage="retention", weight_class="signal"),
    touch("other", at(-1), identifier="user_id:bob"), touch("nobody", at(-1), identifier=None),
    touch("robot", at(-30), is_bot=True),
]  # fmt: skip


@pytest.mark.spark
def test_a_person_moves_on_by_what_came_before_and_a_purchase_makes_a_customer(spark):
    assert stages(spark, LIFE, [bought()]) == {
        "a": "awareness", "b": "evaluation", "c": "evaluation", "d": "purchase",
        "e": "purchase",  # at the instant of the conversion: it has led there
        "f": "loyalty", "g": "loyalty", "ticket": "loyalty",
        "other": "awareness", "nobody": "awareness",
    }  # fmt: skip


@pytest.mark.spark
def test_the_six_stages_tell_knowing_from_considering_and_the_second_purchase(spark):
    found = stages(spark, LIFE, [bought(), bought("again", at(30))], "six")
    assert [found[name] for name in "abcdefg"] == [
        "awareness", "knowledge", "consideration", "trial", "trial", "satisfaction", "loyalty"
    ]  # fmt: skip


@pytest.mark.spark
def test_nothing_that_comes_later_changes_a_stage_and_ties_break_by_id(spark):
    tied = [touch(name, at(-3)) for name in "zyx"]
    every = [row for row in (*LIFE, *tied) if row["identifier"] == "user_id:ann"]
    orders = [bought(), bought("refund", at(-2), conversions=0)]
    whole = stages(spark, every, orders, "six")
    ordered = sorted(every, key=lambda row: (row["touched_at"], row["touchpoint_id"]))
    half = ordered[: len(ordered) // 2]
    last = half[-1]["touched_at"]
    early = stages(spark, half, [o for o in orders if o["converted_at"] <= last], "six")
    assert early == {name: whole[name] for name in early}
    alone = stages(spark, tied)
    assert [alone[name] for name in "xyz"] == ["awareness", "evaluation", "evaluation"]


@pytest.mark.spark
def test_touches_are_forgotten_and_purchases_are_not(spark):
    touches = [touch("old", at(-40)), touch("edge", at(-30)), touch("late", at(0, 1))]
    found = stages(spark, touches, memory=10)
    assert found == {"old": "awareness", "edge": "evaluation", "late": "awareness"}
    assert stages(spark, touches, [bought("first", at(-39))], memory=10)["late"] == "loyalty"
    lead = [bought("first", at(-39), conversion_type="lead")]
    assert stages(spark, touches, lead, memory=10, customer_by=("order",))["late"] == "awareness"


@pytest.mark.spark
def test_an_echo_has_a_stage_and_moves_none(spark):
    second = timedelta(seconds=20)
    touches = [
        touch("click", at(-1), source="sendgrid", weight_class="click"),
        touch("landing", at(-1) + second), touch("later", at(-0.5)),
        touch("own", at(-0.5) + second, weight_class="click"),
    ]  # fmt: skip
    six = stages(spark, [*touches, touch("fifth", at(-0.1))], name="six")
    assert six == {"click": "awareness", "landing": "-knowledge", "later": "knowledge",
                   "own": "knowledge", "fifth": "consideration"}  # fmt: skip


def test_a_map_of_ones_own_is_read_and_its_mistakes_are_told_with_their_line(tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text("stage_maps:\n  ours:\n    new: {}\n    known: {touches: 2, is: [advocacy]}\n")
    known = load_stage_map("ours", rules).stages[1]
    assert (known.name, known.touches, known.kinds) == ("known", 2, ("advocacy",))
    assert load_stage_map("six", rules) == load_stage_map("six")
    broken = {
        "new: {touches: 1}\n    known: {touches: 2}": ":3: .*where everybody begins",
        "new: {}\n    known: {}": ":4: .*needs a condition",
        "new: {}\n    known: {visits: 2}": ":4: .*unknown condition",
        "new: {}\n    known: {touches: 0}": ":4: .*whole number from 1, got 0",
        "new: {}\n    known: {after: [advocat]}": ":4: .*did you mean 'advocacy'",
        "new: {}": ":2: .*two stages or more",
    }
    for text, message in broken.items():
        rules.write_text(f"stage_maps:\n  ours:\n    {text}\n")
        with pytest.raises(SettingsError, match=message):
            load_stage_map("ours", rules)
    with pytest.raises(SettingsError, match="no stage map 'fore'; did you mean 'four'"):
        load_stage_map("fore")


def test_every_built_in_map_ends_after_the_purchase():
    for name, count in (("four", 4), ("six", 6)):
        found = load_stage_map(name)
        assert len(found.stages) == count
        assert found.stages[-1].conversions
        assert all(one != other for one, other in pairwise(found.stages))
