"""The users' own rules and lists of channels, and what is said of mistakes in them."""

from pathlib import Path

import pytest

from pipelines.channels import (
    TouchSettings,
    rules_fingerprint,
)
from pipelines.errors import MissingInputError, SettingsError
from pipelines.rulebook import load_rules
from pipelines.taxonomy import load_taxonomy
from tests.pipelines.test_channels import classified, tagged

pytestmark = pytest.mark.spark


def write_rules(folder: Path, text: str) -> Path:
    path = folder / "rules.yaml"
    path.write_text(text)
    return path


def test_the_users_rules_click_ids_and_lists_go_first(spark, tmp_path):
    (tmp_path / "partners.csv").write_text("host\npartner.example\n")
    path = write_rules(
        tmp_path,
        r"""
        lists: {partners: partners.csv, seasons: [spring, summer]}
        click_ids: [{name: pclid, source: partner, medium: cpc}]
        referrers: [{list: partners, medium: affiliate, match: domain}]
        rules:
          - rule: season
            channel: Seasonal
            when:
              all: [{campaign: {list: seasons}}, {not: {medium: email}}]
              page_host: [a.example]
          - {rule: brand, channel: "It's \\ us", when: {source: {matches: '^us\d$'}}}
    """,
    )
    rows = [
        tagged("google", "cpc", "Spring", page_host="A.example"),
        tagged("google", "cpc", "Spring", page_host="b.example"),
        tagged("news", "email", "Spring", page_host="a.example"),
        tagged("US1", "cpc"),
        {"click_id": "pclid"},
        {"referrer_host": "www.partner.example"},
    ]
    found = classified(spark, rows, load_rules(path))
    assert [row["channel"] for row in found] == [
        "Seasonal", "Paid Search", "Email", "It's \\ us", "Paid Other", "Affiliates",
    ]  # fmt: skip
    assert found[0]["channel_rule"] == "season"


RULE = "rules:\n  - rule: a\n    channel: b\n    when:"
MISTAKES = [
    ("rulez: []", ":1: rulez: unknown section; did you mean 'rules'?"),
    ("- a", ":1: file: a rules file has sections;"),
    ("rules: {a: b}", ":1: rules: must be a list"),
    ("rules: [a]", ":1: rules.0: must have the keys rule, channel, when"),
    ("rules:\n  - {rule: a, chanel: b}", ":2: rules.0.chanel: unknown key; did you mean 'channel'"),
    ("rules:\n  - {rule: a, channel: b}", ":2: rules.0: 'when' is missing"),
    (f"{RULE} {{}}", ":4: rules.0.when: must have fields to test"),
    (f"{RULE} {{mediun: x}}", ":4: rules.0.when.mediun: unknown field; did you mean 'medium'?"),
    (f"{RULE} {{any: x}}", ":4: rules.0.when.any: must be a list of conditions"),
    (f"{RULE} {{medium: {{like: x}}}}", "'like' is no test; known: list, matches"),
    (f"{RULE} {{medium: {{list: sms, matches: x}}}}", "one test at a time"),
    (f"{RULE} {{medium: {{list: ga4_serch}}}}", "no list 'ga4_serch'; did you mean 'ga4_search'?"),
    (f"{RULE} {{medium: {{matches: '('}}}}", "'(' is no regular expression"),
    (f"{RULE} {{medium: x}}\n    option: ai", ":5: rules.0.option: 'ai': known: ai_assistants"),
    ("rules: [{rule: direct, channel: b, when: {medium: x}}]", "'direct' is a rule already"),
    ("referrers:\n  - {list: socials, medium: x, match: hots}", "did you mean 'host'?"),
    ("referrers:\n  - {list: social, medium: x}", "did you mean 'socials'?"),
    ("rules: [", "not valid YAML"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_in_a_rules_file_is_told_with_its_line(tmp_path, text, message):
    path = write_rules(tmp_path, text)
    with pytest.raises(SettingsError) as told:
        load_rules(path)
    assert f"{path}:" in str(told.value)
    assert message in str(told.value)


def test_a_list_file_that_is_not_there_is_named(tmp_path):
    path = write_rules(tmp_path, "lists:\n  mine: mine.csv\n")
    with pytest.raises(MissingInputError, match=r"rules.yaml:2: lists.mine: .*mine.csv cannot be"):
        load_rules(path)


def test_a_mistake_in_the_taxonomy_is_told_with_its_line(tmp_path):
    path = write_rules(tmp_path, "taxonomy:\n  channels:\n    Email: {stage: awarenes}\n")
    with pytest.raises(SettingsError, match=r":3: taxonomy.*'awarenes': did you mean 'awareness'"):
        load_taxonomy(path)


def test_the_fingerprint_changes_with_the_rules_and_only_with_them(tmp_path):
    path = write_rules(tmp_path, "lists: {mine: [a]}")
    before = rules_fingerprint(TouchSettings(channel_rules=path))
    assert before == rules_fingerprint(TouchSettings(channel_rules=str(path)))
    path.write_text("lists: {mine: [a]}  # a remark")
    assert before == rules_fingerprint(TouchSettings(channel_rules=path))
    path.write_text("lists: {mine: [b]}")
    assert before != rules_fingerprint(TouchSettings(channel_rules=path))
    path.write_text("taxonomy: {channels: {Email: {stage: advocacy}}}")
    assert before != rules_fingerprint(TouchSettings(channel_rules=path))
