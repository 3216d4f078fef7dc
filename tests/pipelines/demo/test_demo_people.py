"""The people of the demo: what they do hangs together, and none of them could be real."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import pyarrow.parquet as pq
import pytest

from pipelines.demo import write_demo
from pipelines.demo.__main__ import main
from pipelines.demo.ga4_schema import GA4_SCHEMA
from pipelines.demo.salesforce import COLUMNS
from pipelines.demo.world import World
from pipelines.errors import UsageError
from tests.pipelines.demo.told import (
    crm,
    files,
    ga4_events,
    param,
    webhooks,
)


def test_the_parquet_export_has_the_schema_and_the_shape_of_the_json_one(clean):
    paths = files(clean[0], "ga4/*.parquet")
    assert [p.name[-10:-8] for p in paths] == ["07", "17", "27"]
    for path in paths:
        assert pq.read_schema(path).remove_metadata() == GA4_SCHEMA
    known = set(GA4_SCHEMA.names)
    assert {name for e in ga4_events(clean[0]) for name in e} <= known


def test_a_click_in_an_email_is_followed_by_a_session_of_that_page(clean):
    landing = clean[0]
    urls = {
        param(e, "page_location")["string_value"]
        for e in ga4_events(landing)
        if e.get("collected_traffic_source", {}).get("manual_medium") == "email"
    }
    clicks = [e["url"] for e in webhooks(landing) if e["event"] == "click"]
    assert len(clicks) > 10
    assert set(clicks) == urls


def test_email_and_crm_name_the_same_person(clean):
    landing = clean[0]
    contacts = {row["Id"][:15]: row["Email"] for row in crm(landing, "Contact")}
    named = [e for e in webhooks(landing) if "crm_contact" in e]
    assert named
    assert {e["email"] for e in named} == {contacts[e["crm_contact"][:15]] for e in named}
    users = {e.get("user_id") for e in ga4_events(landing)}
    assert users & {row["Web_User_Id__c"] for row in crm(landing, "Contact")} - {""}


def test_a_converted_lead_points_at_records_that_exist(clean):
    landing = clean[0]
    deals, contacts = ({r["Id"] for r in crm(landing, k)} for k in ("Opportunity", "Contact"))
    converted = [row for row in crm(landing, "Lead") if row["IsConverted"] == "true"]
    assert converted
    assert {row["ConvertedContactId"] for row in converted} <= contacts
    assert {row["ConvertedOpportunityId"] for row in converted} <= deals
    assert {len(row["Id"]) for kind in COLUMNS for row in crm(landing, kind)} == {18}


def test_deals_are_won_lost_deleted_and_opened_again():
    stages: dict[str, list[str]] = {}
    is_deleted = False
    for day in World(3000, 60, date(2026, 1, 1), 7).days():
        for row in day.crm:
            if row.kind == "Opportunity":
                stages.setdefault(row.id, []).append(row.values["StageName"])
                is_deleted |= row.values["IsDeleted"] == "true"
    lives = [" ".join(found) for found in stages.values()]
    assert is_deleted
    assert any(life.endswith("Closed Lost") for life in lives)
    assert any("Closed Won Negotiation" in life for life in lives)


def test_a_family_shares_a_device():
    crowd = World(500, 1, date(2026, 1, 1), 7).crowd
    owners = Counter(device for row in crowd.devices.tolist() for device in row if device >= 0)
    assert max(owners.values()) == 2


def test_people_without_consent_have_no_cookie(clean):
    denied = [e for e in ga4_events(clean[0]) if e["privacy_info"]["analytics_storage"] == "No"]
    assert denied
    assert not any("user_pseudo_id" in e or "user_id" in e for e in denied)


def test_nobody_in_the_demo_could_be_real(dirty):
    allowed = re.compile(rb"@([\w.-]+\.)?(example|example\.org|EXAMPLE|EXAMPLE\.ORG)\b")
    for path in files(dirty[0]):
        if path.suffix != ".parquet":
            data = path.read_bytes()
            assert len(re.findall(rb"@", data)) == len(allowed.findall(data)), path


def test_most_visitors_buy_nothing_and_buyers_came_before(clean):
    visits, bought = Counter(), set()
    for event in ga4_events(clean[0]):
        if (device := event.get("user_pseudo_id")) is None:
            continue
        visits[device] += event["event_name"] == "session_start"
        if event["event_name"] == "purchase":
            bought.add(device)
    losing = [count for device, count in visits.items() if device not in bought]
    winning = [visits[device] for device in bought]
    assert len(losing) > 5 * len(winning)
    assert sum(winning) / len(winning) > sum(losing) / len(losing)


def test_a_landing_folder_in_use_is_refused(tmp_path):
    (tmp_path / "ga4").mkdir()
    (tmp_path / "ga4" / "mine.json").write_text("{}")
    with pytest.raises(UsageError, match="already holds files"):
        write_demo(tmp_path, 5, 1)


def test_nobody_and_no_day_are_refused(tmp_path):
    with pytest.raises(UsageError, match="people must be at least 1, got 0"):
        write_demo(tmp_path, people=0)
    with pytest.raises(UsageError, match="days must be at least 1, got -3"):
        write_demo(tmp_path, days=-3)


def test_a_single_person_on_a_single_day_is_a_world(tmp_path):
    assert write_demo(tmp_path, 1, 1).files > 0


def test_the_command_says_what_it_wrote(tmp_path, capsys):
    arguments = [str(tmp_path), "--people", "50", "--days", "5", "--start", "2026-02-01"]
    assert main([*arguments, "--seed", "3", "--clean"]) == 0
    said = capsys.readouterr().out
    assert "0 spoilt records or files" in said
    assert main(arguments) == 2
    assert "already holds files" in capsys.readouterr().err
