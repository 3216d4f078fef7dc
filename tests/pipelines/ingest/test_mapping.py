"""What a mapping file may say, and how a mistake in one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import MissingInputError, SettingsError
from pipelines.ingest.landing import Claims
from pipelines.ingest.mapping import SHIPPED, load_mapping, load_mappings
from pipelines.ingest.routes import routes

GOOD = """\
source: shop
version: 3
read: {files: "shop/*.csv"}
let:
  page: {path: landing}
fields:
  event_type: {path: kind, map: {buy: order}, default: other}
  occurred_at: {path: at, ts: epoch_s}
  page_url: {use: page}
ids:
  - {type: user_id, value: customer}
dedupe: {parts: [id]}
"""
USUAL = {
    "amplitude/218028_2026-03-04_9#0.json.gz": "amplitude",
    "amplitude/event_type.csv": None,
    "hubspot/calls-1.json": "hubspot_engagements",
    "hubspot/contact_form_submission.csv": "hubspot_form_submissions",
    "hubspot/contacts.json": "hubspot_contacts",
    "hubspot/email_event_click.csv": None,
    "hubspot/emails.json": "hubspot_engagements",
    "hubspot/engagement_contact.csv": None,
    "hubspot/ticket.csv": "hubspot_tickets",
    "marketo/activity_click_email.csv": "marketo_activities",
    "marketo/lead.csv": "marketo_leads",
    "salesforce/Campaign.csv": "salesforce_campaign",
    "salesforce/CampaignMember.csv": "salesforce_campaign_member",
    "salesforce/Opportunity.csv": "salesforce_opportunity",
    "salesforce/OpportunityFieldHistory.csv": "salesforce_opportunity_history",
    "salesforce/event.csv": "salesforce_event",
    "salesforce/opportunity_contact_role.csv": "salesforce_opportunity_contact_role",
    "salesforce/opportunity_history.csv": "salesforce_opportunity_history",
    "shopify/customers/redact-1.json": "shopify_privacy",
    "shopify/orders.json": "shopify_orders",
    "snowplow/part-00000-a.c000.snappy.parquet": "snowplow",
    "snowplow/run=2026-03-04/part-00000.gz": "snowplow",
    "zendesk/ticket.csv": "zendesk_tickets",
}
CORRECTED = "{corrected: {received: got, sent: sent, created: at}}"


def written(folder: Path, text: str) -> Path:
    path = folder / "shop.yaml"
    path.write_text(text)
    return path


def test_a_mapping_is_called_after_its_file(tmp_path: Path):
    mapping = load_mapping(written(tmp_path, GOOD))
    assert (mapping.name, mapping.stamp, mapping.kind) == ("shop", "shop@3", "events")


def test_comments_and_layout_do_not_change_the_fingerprint_and_meaning_does(tmp_path: Path):
    plain = load_mapping(written(tmp_path, GOOD)).fingerprint
    commented = GOOD.replace("dedupe: {parts: [id]}", "# why\ndedupe:\n  parts:\n    - id")
    assert load_mapping(written(tmp_path, commented)).fingerprint == plain
    assert load_mapping(written(tmp_path, GOOD.replace("buy", "bought"))).fingerprint != plain


def test_shipped_mappings_load_and_a_users_file_wins(tmp_path: Path):
    shipped = load_mappings()
    assert set(shipped) == {path.stem for path in SHIPPED.glob("*.yaml")}
    (tmp_path / "ga4.yaml").write_text(GOOD)
    (tmp_path / "extra.yaml").write_text(GOOD)
    both = load_mappings(tmp_path)
    assert set(both) == {*shipped, "extra"}
    assert both["ga4"].version == 3


def test_a_shipped_mapping_reads_only_the_folder_of_its_source():
    for mapping in load_mappings().values():
        globs = [glob for read in mapping.read for glob in read.files]
        assert {glob.split("/")[0] for glob in globs} == {mapping.source}, mapping.name


def test_files_called_as_tools_call_them_are_each_read_by_one_mapping():
    claims = Claims(routes(load_mappings()))
    for file, mapping in USUAL.items():
        route = claims.route(file)
        assert (route and route.mapping) == mapping, file


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("fields:", "fiels:", ["shop.yaml:6: fiels", "did you mean 'fields'?"]),
        ("ts: epoch_s", "ts: epoch_z", ["shop.yaml:8: fields.occurred_at.ts", "'epoch_s'"]),
        ("page_url", "page_ulr", ["shop.yaml:9: fields.page_ulr", "did you mean 'page_url'?"]),
        ("buy: order", "buy: ordr", ["shop.yaml:7:", "'ordr' is not a word", "'order'"]),
        ("use: page", "use: pgae", ["shop.yaml:9: fields.page_url.use", "did you mean 'page'?"]),
        ("version: 3\n", "", ["the key 'version' is missing"]),
        ("version: 3", "version: x", ["shop.yaml:2: version", "got 'x'"]),
        ("path: at,", "path: a..t,", ["shop.yaml:8: fields.occurred_at.path", "'.t'"]),
        ("path: at,", "path: at, const: 1,", ["exactly one of", "path and const"]),
        ("path: at, ts", "ts", ["shop.yaml:8: fields.occurred_at", "it has none"]),
        ("type: user_id", "type: usr_id", ["shop.yaml:11: ids.0.type", "'user_id'"]),
        ("parts: [id]", "part: [id]", ["shop.yaml:12: dedupe", "parts"]),
        ("  occurred_at: {path: at, ts: epoch_s}\n", "", ["'occurred_at', and it is not given"]),
        ("version: 3", "version: 3\nversion: 4", ["shop.yaml:3: version: written twice"]),
        ("version: 3", "version: [", ["not valid YAML"]),
        ("version: 3", "version: 3\nname: x", ["shop.yaml:3: name"]),
        ("version: 3", "version: 3\nrequire: [pag_url]", ["shop.yaml:3: require.0", "page_url"]),
        ("version: 3", "version: 3\nrows: [a..b]", ["shop.yaml:3: rows", "'.b'"]),
        ("version: 3", "version: 3\neach: 'a[k=w]'", ["shop.yaml:3: each", "names with dots"]),
        ("path: kind", 'path: "@.kind"', ["shop.yaml:7", "which is not given"]),
        ("path: kind", "path: ^.kind", ["shop.yaml:7", "`rows` is the record itself"]),
        ("kind, map", "kind, lower: true, hsh: md5, map", ["shop.yaml:7", "did you mean 'hash'?"]),
        ("page_url: {use: page}", f"page_url: {CORRECTED}", ["shop.yaml:9", "a time is corrected"]),
        ("{path: at, ts: epoch_s}", CORRECTED.replace("sent", "snt"), ["mean 'sent'?"]),
        ("{path: at, ts: epoch_s}", CORRECTED[:-1] + ", ts: iso}", ["shop.yaml:8", "nothing more"]),
        (
            "version: 3",
            "version: 3\nnull_words: [NULL]",
            ["shop.yaml:3: null_words.0", "in quotes"],
        ),
        ("parts: [id]", "parts: [id], earlist: at", ["shop.yaml:12", "did you mean 'earliest'?"]),
    ],
)
def test_a_mistake_is_told_with_file_line_key_and_the_nearest_word(
    tmp_path: Path, old: str, new: str, told: list[str]
):
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(SettingsError) as caught:
        load_mapping(path)
    for part in told:
        assert part in str(caught.value)


def test_a_mapping_that_is_no_block_or_no_file_is_told(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"key: value"):
        load_mapping(written(tmp_path, "- a\n"))
    with pytest.raises(MissingInputError, match="cannot be read"):
        load_mapping(tmp_path / "none.yaml")
