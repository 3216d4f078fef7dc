"""Who is who, in small stories."""

from datetime import UTC, datetime, timedelta

import pytest

from expectations.tables import EVENTS, IDENTITIES
from pipelines.identities import identities
from pipelines.settings import IdentitySection
from tests.pipelines.tables import table

pytestmark = pytest.mark.spark
NINE = datetime(2026, 1, 1, 9, tzinfo=UTC)
TRUST = {"ga_client_id": 1}


def seen(hour, *ids, **more):
    """An event at an hour of the story, carrying identifiers like `user_id:ann`."""
    pairs = [i.split(":") for i in ids]
    entries = [{"type": t, "value": v, "trust": TRUST.get(t, 3)} for t, v in pairs]
    at = NINE + timedelta(hours=hour)
    return {"event_id": f"{hour:03d}{'-'.join(ids)}", "occurred_at": at, "ids": entries,
            "op": "insert", **more}  # fmt: skip


def who(spark, events, **settings):
    """(identifier, hour) -> person, and identifier -> refusal."""
    made = identities(table(spark, EVENTS, events), IdentitySection(**settings))
    rows = made.toArrow().to_pylist()
    assert list(rows[0]) == list(IDENTITIES.columns)

    def person(identifier, hour=0):
        at = NINE + timedelta(hours=hour)
        [row] = [
            r
            for r in rows
            if r["identifier"] == identifier and r["valid_from"] <= at < r["valid_to"]
        ]
        return row["person_id"]

    return person, {row["identifier"]: row["refused"] for row in rows}


def test_identifiers_told_together_are_one_person_across_sources(spark):
    person, _ = who(spark, [
        seen(0, "user_id:ann", "email_sha256:a1"), seen(1, "crm_contact:003A", "email_sha256:a1"),
        seen(2, "user_id:bob"),
    ])  # fmt: skip
    assert person("user_id:ann") == person("crm_contact:003A") != person("user_id:bob")


def test_a_device_is_its_first_persons_before_and_its_latest_persons_after(spark):
    person, _ = who(spark, [
        seen(0, "ga_client_id:tablet"), seen(2, "ga_client_id:tablet", "user_id:ann"),
        seen(4, "ga_client_id:tablet", "user_id:bob"),
        seen(5, "ga_client_id:tablet", "user_id:bob"),
        seen(6, "ga_client_id:tablet", "user_id:ann"),
    ])  # fmt: skip
    ann, bob = person("user_id:ann"), person("user_id:bob")
    assert ann != bob
    story = [person("ga_client_id:tablet", hour) for hour in (0, 2, 3, 4, 5, 6, 99)]
    assert story == [ann, ann, ann, bob, bob, ann, ann]


def test_a_device_without_a_sign_in_is_a_person_of_its_own(spark):
    person, _ = who(spark, [seen(0, "ga_client_id:x"), seen(1, "ga_client_id:y")])
    assert person("ga_client_id:x") != person("ga_client_id:y")


def test_a_call_centre_browser_is_nobodys_and_merges_nobody(spark):
    events = [seen(n, "ga_client_id:desk", f"user_id:u{n}") for n in range(4)]
    person, refused = who(spark, events, max_people_per_device=3)
    assert refused["ga_client_id:desk"] == "fan_out"
    assert len({person(f"user_id:u{n}") for n in range(4)} | {person("ga_client_id:desk", 9)}) == 5


def test_a_role_mailbox_merges_nobody(spark):
    events = [seen(n, "email_sha256:info", f"user_id:u{n}") for n in range(4)]
    person, refused = who(spark, events, max_links=3)
    assert refused["email_sha256:info"] == "fan_out"
    assert len({person(f"user_id:u{n}") for n in range(4)}) == 4


def test_a_stopped_value_merges_nobody(spark):
    events = [
        seen(0, "phone_sha256:d41d8", "user_id:ann"),
        seen(1, "phone_sha256:d41d8", "user_id:bob"),
    ]
    person, refused = who(spark, events, stop_list=("phone_sha256:d41d8",))
    assert person("user_id:ann") != person("user_id:bob")
    assert refused["phone_sha256:d41d8"] == "stop_list"


def test_the_order_in_which_events_arrive_does_not_matter(spark):
    events = [
        seen(0, "ga_client_id:t", "user_id:ann"), seen(0, "ga_client_id:t", "user_id:bob"),
        seen(1, "user_id:ann", "email_sha256:a"), seen(2, "email_sha256:a", "crm_lead:l"),
    ]  # fmt: skip
    made = [
        sorted(map(str, identities(table(spark, EVENTS, order), IdentitySection()).collect()))
        for order in (events, events[::-1], events + events[1:3])
    ]
    assert made[0] == made[1] == made[2]
