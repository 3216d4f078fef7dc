"""`touchstone channels test`: the rule a visit meets, and why."""

import json

import pytest
from typer.testing import CliRunner

from pipelines.channel_trial import lines, visit
from pipelines.cli import channels  # noqa: F401  (adds its commands)
from pipelines.cli.app import app
from pipelines.errors import UsageError
from pipelines.rulebook import load_rules

OWN = """
rules:
  - rule: fair
    channel: Fairs
    when: {campaign: messe, not: {medium: email}}
"""


def asked(home, *words):
    args = ["--home", str(home), "channels", "test", *words]
    return CliRunner().invoke(app, args, catch_exceptions=False).stdout


def test_a_mistyped_name_is_told_with_the_nearest(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'utm_source'"):
        asked(tmp_path, "utm_sorce=x")
    with pytest.raises(UsageError, match="neither an address nor name=value"):
        asked(tmp_path, "google")
    with pytest.raises(UsageError, match="did you mean 'paid_search'"):
        asked(tmp_path, "utm_source=x", "--why-not", "paid_serch")


def test_what_is_typed_is_an_address_a_query_or_a_name_and_a_value():
    words = ["https://a.example/?gclid=1", "?utm_medium=e%20mail", "utm_campaign=a=b"]
    assert visit(words, load_rules()) == {
        "url": "https://a.example/?gclid=1", "utm_medium": "e mail", "utm_campaign": "a=b",
    }  # fmt: skip


@pytest.mark.spark
def test_the_rule_that_a_visit_meets_is_told_with_its_file_and_all_its_conditions(spark, tmp_path):
    (tmp_path / "touchstone.toml").write_text(
        '[touches]\nown_domains = ["shop.example"]\nchannel_rules = "rules.yaml"\n'
    )
    (tmp_path / "rules.yaml").write_text(OWN)
    url = "https://shop.example/?utm_source=Partner&utm_medium=cpc&utm_campaign=eShop"
    found = json.loads(asked(tmp_path, url, "referrer=https://pay.shop.example/", "--json"))
    assert (found["channel"], found["because"]) == ("Paid Shopping", "its tags")
    assert found["is_return"] is True
    met = [rule["rule"] for rule in found["rules"] if rule["is_met"]]
    assert met[0] == found["channel_rule"] == "paid_shopping"
    assert "paid_other" in met
    text = list(lines(found, why_not="fair"))
    assert text[text.index("rule fair: Fairs (rules.yaml:3)") + 1 :][:4] == [
        "  no  all of these hold",
        "  no    campaign is messe (it is eshop)",
        "  yes   this does not hold",
        "  no      medium is email (it is cpc)",
    ]
    assert any(line.startswith("rule paid_shopping: Paid Shopping (channels.yaml") for line in text)
