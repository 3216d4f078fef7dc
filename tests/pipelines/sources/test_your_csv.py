"""The session in docs/your_csv.md, done: a stranger's CSV becomes touchpoints and conversions."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines import events
from pipelines.channels import TouchSettings
from pipelines.cli import sources  # noqa: F401  (adds its commands)
from pipelines.cli.app import app
from pipelines.conversions import ConversionRule, conversions
from pipelines.ingest.mapping import load_mapping
from pipelines.touchpoints import touchpoints
from tests.pipelines.landed import land, records
from tests.pipelines.sources import german_shop
from tests.pipelines.tables import utc

pytestmark = pytest.mark.spark
PAGE = (Path(__file__).parents[3] / "docs" / "your_csv.md").read_text()
ASK = "sources check vorgaenge {} --as-of 2026-04-01 --samples 1"


def run(home, *words):
    return CliRunner().invoke(app, ["--home", str(home), *words], catch_exceptions=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with the mapping that init wrote, and the two edits of the page."""
    home = tmp_path_factory.mktemp("home")
    (home / "touchstone.toml").write_text('mappings = "mappings"\n')
    run(home, "sources", "init", str(german_shop.FILE), "--write")
    path = home / "mappings" / "vorgaenge.yaml"
    edits = [
        ("tz: UTC", "tz: Europe/Berlin"),
        ("Retoure: refund", "Retoure: refund, Katalog angefordert: lead_created"),
    ]
    text = path.read_text()
    for old, new in edits:
        assert old.replace("/", r"\/") in PAGE
        assert new.replace("/", r"\/") in PAGE
        text = text.replace(old, new)
    path.write_text(text)
    return home


def test_the_check_on_the_page_is_what_it_prints(spark, home):
    assert (
        f"$ touchstone --home shop {ASK.format('tests/invented/' + german_shop.FILE.name)}" in PAGE
    )
    found = run(home, *ASK.format(german_shop.FILE).split())
    printed = [line.rstrip() for line in found.stdout.splitlines() if line.strip()]
    assert len(printed) > 20
    assert [line for line in printed if line not in PAGE.splitlines()] == []


def test_a_strangers_csv_becomes_touchpoints_and_conversions(spark, home, tmp_path):
    mapping = load_mapping(home / "mappings" / "vorgaenge.yaml")
    land(tmp_path, "vorgaenge/mine.csv", german_shop.FILE)
    raw = records(spark, tmp_path, {mapping.name: mapping})
    told = events.events(events.mapped(raw, {mapping.name: mapping}))
    told = spark.createDataFrame(events.deduplicate(told).toArrow(), told.schema)
    rows = told.toArrow().to_pylist()
    text = german_shop.text()
    assert len(rows) == text.count("\n") - len(["header", "told twice", "mistyped", "sum"])
    assert min(row["occurred_at"] for row in rows) == utc("2026-03-20 08:02")  # 09:02 in Berlin
    found = touchpoints(told, TouchSettings()).groupBy("channel").count().toArrow().to_pylist()
    by_channel = {row["channel"]: row["count"] for row in found}
    assert set(by_channel) == {"Paid Search", "Email", "Organic Social", "Organic Search"}
    assert by_channel["Email"] >= text.count(";Newsletter-Klick;")
    booked = conversions(told, [ConversionRule("order", source="vorgaenge")])
    orders = booked.toArrow().to_pylist()
    assert len(orders) == text.count(";Bestellung;")
    refunded = [row for row in orders if row["status"] == "refunded"]
    assert len(refunded) == text.count(";Retoure;")
