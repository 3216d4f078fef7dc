"""What a touch carries besides its traffic: consent, campaigns, the taxonomy."""

import pytest

from expectations.spark import spark_schema
from expectations.tables import TOUCHPOINTS
from pipelines.channels import TouchSettings
from pipelines.errors import SettingsError
from tests.pipelines.tables import read
from tests.pipelines.test_touchpoints import mail, page, touched

pytestmark = pytest.mark.spark


def test_consent_and_flags_of_a_session_are_those_of_all_its_events(spark):
    def said(event_id, session, word=None, **more):
        consent = {"analytics_storage": word, "ad_storage": "denied"} if word else {}
        return page(event_id, "09:00", session_id=session, consent=consent, **more)

    found = touched(spark, [
        said("a", "1", "granted"), said("b", "1", is_bot=True),
        said("c", "2", "granted"), said("d", "2", "denied", is_test=True),
        said("e", "3", "unset"), said("f", "4"), said("g", "5", "maybe"),
        mail("h", "email_open", consent={"analytics": "granted", "email": "denied"}),
    ])  # fmt: skip
    assert read(found, "touchpoint_id", "consent", "ad_consent", "is_bot", "is_test") == [
        ("a", "granted", "denied", True, False), ("c", "denied", "denied", False, True),
        ("e", "unset", "denied", False, False), ("f", "unset", "unset", False, False),
        ("g", "unset", "denied", False, False), ("h", "granted", "unset", False, False),
    ]  # fmt: skip


def test_consent_of_a_session_is_told_after_midnight_too(spark):
    ads = {"ad_storage": "granted"}
    found = touched(spark, [
        page("a", "23:59", consent={"analytics": "granted"}),
        page("b", "", occurred_at="2026-01-02 00:01", consent={"analytics": "denied", **ads}),
        page("c", "23:59", session_id="2", consent=ads),
    ])  # fmt: skip
    assert read(found, "touchpoint_id", "consent", "ad_consent") == [
        ("a", "denied", "granted"), ("c", "unset", "granted"),
    ]  # fmt: skip


def test_campaign_and_its_id_come_with_the_evidence(spark):
    found = touched(spark, [
        page("a", "09:00"),
        page("b", "09:01", utm_source="google", utm_medium="cpc", utm_campaign=" Spring Sale ",
             campaign_id="77"),
        page("c", "09:00", session_id="2", utm_source="google", utm_medium="organic",
             utm_campaign="(organic)"),
    ])  # fmt: skip
    assert read(found, "touchpoint_id", "campaign", "campaign_id") == [
        ("a", "Spring Sale", "77"), ("c", "(not set)", None),
    ]  # fmt: skip


def test_every_touch_carries_the_taxonomy_and_the_contract_holds(spark):
    found = touched(spark, [
        page("a", "09:00", utm_source="x", utm_medium="display"),
        page("b", "09:00", session_id="2"),
        mail("c", "activity"),
    ])  # fmt: skip
    assert found.schema.simpleString() == spark_schema(TOUCHPOINTS).simpleString()
    words = ("stage", "ownership", "is_direct_contact", "is_online", "form")
    assert read(found, "touchpoint_id", *words) == [
        ("a", "awareness", "paid", False, True, "communication"),
        ("b", "decision", "owned", True, True, "communication"),
        ("c", "decision", "owned", True, False, "human"),
    ]
    assert found.where(" OR ".join(
        f"{name} IS NULL" for name, column in TOUCHPOINTS.columns.items() if not column.nullable
    )).count() == 0  # fmt: skip


def test_the_users_file_rules_channels_and_taxonomy(spark, tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(
        "rules: [{rule: club, channel: Club, when: {source: club}}]\n"
        "taxonomy: {channels: {Club: {stage: advocacy}, Direct: {form: sensory}}}\n"
    )
    rows = [page("a", "09:00", utm_source="club"), page("b", "09:00", session_id="2")]
    found = touched(spark, rows, TouchSettings(channel_rules=path))
    assert read(found, "channel", "channel_rule", "stage", "form") == [
        ("Club", "club", "advocacy", "communication"), ("Direct", "direct", "decision", "sensory"),
    ]  # fmt: skip
    path.write_text("rules: [{rule: club}]")
    with pytest.raises(SettingsError, match=r"rules.yaml:1: rules.0: 'channel' is missing"):
        touched(spark, rows, TouchSettings(channel_rules=path))


def test_no_events_make_no_touches(spark):
    assert touched(spark, []).count() == 0
