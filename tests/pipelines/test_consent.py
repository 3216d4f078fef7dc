"""Who allowed what, when and for what: the consents told, and what they make of touches."""

from functools import reduce

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.tables import CONSENTS, CONVERSIONS, EVENTS, TOUCHPOINTS
from pipelines.consent import consents, is_told_of
from pipelines.paths import eligible, paths
from pipelines.settings import Settings
from tests.pipelines.tables import read, table
from tests.pipelines.test_paths import at, bought, people, touch

pytestmark = pytest.mark.spark
USER = [("user_id", "ann", 5)]


def changed(event_id, state, purpose="analytics", **more):
    return {"event_id": event_id, "source": "cmp", "event_type": "consent_change", "ids": USER,
            "consent": {purpose: state}} | more  # fmt: skip


def told(when, state, purpose="analytics"):
    return {"told_at": when, "state": state, "purpose": purpose}


def made(spark, stories, **policy):
    """By person: names of the touches that their order has, and the rules of those it has not.

    A story is a person's touches and consent changes.
    """
    mine = {who: {"identifier": f"user_id:{who}"} for who in stories}
    touches = [one | mine[who] for who, (met, _) in stories.items() for one in met]
    records = [one | mine[who] for who, (_, said) in stories.items() for one in said]
    rows = paths(
        table(spark, TOUCHPOINTS, touches),
        table(spark, CONVERSIONS, [bought(who) | mine[who] for who in stories]),
        people(spark, tuple(stories)), Settings(consent=policy).path_rules,
        table(spark, CONSENTS, records),
    ).toArrow().to_pylist()  # fmt: skip
    return {
        row["conversion_id"]: ([t["touchpoint_id"] for t in row["touches"]],
                               {d["touchpoint_id"]: d["rule"] for d in row["dropped"]})
        for row in rows
    }  # fmt: skip


POLICIES = [
    ({}, {"denied": "consent_analytics", "paid": "consent_advertising"}),
    ({"analytics": {"denied": "use"}}, {"paid": "consent_advertising"}),
    ({"advertising": {"denied": "use"}}, {"denied": "consent_analytics"}),
    ({"analytics": {"unset": "drop"}},
     {"denied": "consent_analytics", "paid": "consent_advertising", "unset": "consent_analytics"}),
    ({"advertising": {"unset": "drop"}},
     {"denied": "consent_analytics", "paid": "consent_advertising", "ad": "consent_advertising"}),
]  # fmt: skip


def test_each_purpose_has_its_policy_and_advertising_is_about_paid_touches(spark):
    touches = table(spark, TOUCHPOINTS, [
        touch("ad", at(-1), ownership="paid", ad_consent="unset"),
        touch("denied", at(-1), consent="denied"),
        touch("no ads", at(-1), ownership="owned", ad_consent="denied"),
        touch("paid", at(-1), ownership="paid", ad_consent="denied"),
        touch("unset", at(-1), ownership="owned", consent="unset"),
    ])  # fmt: skip
    ruled = [
        eligible(touches, Settings(consent=policy).path_rules).select(
            F.lit(number).alias("number"), "touchpoint_id", "rule"
        ).where("rule IS NOT NULL") for number, (policy, _) in enumerate(POLICIES)
    ]  # fmt: skip
    expected = [(n, *one) for n, (_, rules) in enumerate(POLICIES) for one in rules.items()]
    found = read(reduce(DataFrame.unionAll, ruled), "number", "touchpoint_id", "rule")
    assert found == sorted(expected, key=repr)


def test_a_change_holds_from_its_instant_to_the_next_one_for_its_person_and_purpose(spark):
    ads, paid = ("denied", "advertising"), {"ownership": "paid", "ad_consent": "granted"}
    gone = "withdrawn_analytics"
    stories = {
        "ann": ([touch("before", at(-4)), touch("instant", at(-3)), touch("while", at(-2)),
                 touch("again", at(-1))], [told(at(-3), "denied"), told(at(-1), "granted")]),
        "bob": ([touch("stranger", at(-2))], []),
        "cem": ([touch("ad", at(-2), **paid), touch("mail", at(-1), ownership="owned")],
                [told(at(-3), *ads)]),
        "dan": ([touch("tie", at(-1))],
                [told(at(-3), "granted"), told(at(-2), "granted"), told(at(-2), "denied")]),
        "eve": ([touch("repeated", at(-2.5))], [told(at(-3), "denied"), told(at(-2), "denied")]),
    }  # fmt: skip
    assert made(spark, stories) == {
        "ann": (["before", "again"], {"instant": gone, "while": gone}),
        "bob": (["stranger"], {}),
        "cem": (["mail"], {"ad": "withdrawn_advertising"}),
        "dan": ([], {"tie": gone}),
        "eve": ([], {"repeated": gone}),
    }


def test_back_in_time_a_withdrawal_that_stands_drops_what_was_before_it(spark):
    stories = {
        "ann": ([touch("old", at(-4)), touch("new", at(-1))], [told(at(-2), "denied")]),
        "bob": ([touch("kept", at(-4))], [told(at(-3), "denied"), told(at(-2), "granted")]),
    }
    gone = {"old": "withdrawn_analytics", "new": "withdrawn_analytics"}
    found = made(spark, stories, withdrawal="back_in_time")
    assert found == {"ann": ([], gone), "bob": (["kept"], {})}


def test_a_grant_fills_in_what_a_touch_does_not_say_and_overrules_no_denial(spark):
    touches = [touch("unset", at(-2), consent="unset"), touch("no", at(-1), consent="denied"),
               touch("early", at(-4), consent="unset")]  # fmt: skip
    found = made(spark, {"ann": (touches, [told(at(-3), "granted")])}, analytics={"unset": "drop"})
    refused = {"no": "consent_analytics", "early": "consent_analytics"}
    assert found == {"ann": (["unset"], refused)}


def test_without_consents_nothing_is_joined_nor_shuffled_for_them(spark):
    tables = (table(spark, TOUCHPOINTS, []), table(spark, CONVERSIONS, []), people(spark))

    def shape(policy, records):
        made = paths(*tables, Settings(consent=policy).path_rules, records)
        plan = made._jdf.queryExecution().executedPlan().toString()
        return plan.count("Join"), plan.count("Exchange")

    unasked = {name: {"denied": "use"} for name in ("analytics", "advertising")}
    records = table(spark, CONSENTS, [])
    assert shape({}, None) == shape(unasked, None) == shape(unasked, records)
    assert shape({}, None) < shape({}, records)


def test_a_consent_change_is_a_row_for_each_identifier_and_purpose(spark):
    both = {"analytics_storage": "granted", "advertising": "denied", "email": "denied"}
    events = table(spark, EVENTS, [
        changed("a", "", consent=both, ids=[*USER, ("cookie", "1", 1), ("cookie", "1", 2)]),
        changed("b", "maybe"), changed("c", "denied", "email"), changed("d", "denied", ids=[]),
        changed("e", "denied", event_type="page_view"), changed("f", "denied", op="delete"),
    ])  # fmt: skip
    assert read(consents(events, []), "event_id", "identifier", "purpose", "state") == [
        ("a", "cookie:1", "advertising", "denied"), ("a", "cookie:1", "analytics", "granted"),
        ("a", "user_id:ann", "advertising", "denied"), ("a", "user_id:ann", "analytics", "granted"),
    ]  # fmt: skip


def test_of_a_source_that_changes_its_events_the_newest_version_counts(spark):
    old, new = "2026-01-01 09:00", "2026-01-02 09:00"
    versions = table(spark, EVENTS, [
        changed("a", "denied", occurred_at=old), changed("a", "granted", record_version=new),
        changed("b", "denied"), changed("b", "denied", record_version=new, op="delete"),
        changed("c", "denied"), changed("c", "", record_version=new, event_type="other"),
    ])  # fmt: skip
    assert read(consents(versions, ["cmp"]), "event_id", "state") == [("a", "granted")]
    assert is_told_of(versions, [])
    mails = versions.where("event_type = 'other'")
    assert not is_told_of(mails, [])
    assert is_told_of(mails, ["cmp"])
