"""`touchstone sources list`, and the table in the docs that says the same."""

import json
from pathlib import Path

from typer.testing import CliRunner

from pipelines.cli import sources  # noqa: F401  (adds its commands)
from pipelines.cli.app import app
from pipelines.ingest.mapping import load_mappings
from pipelines.ingest.mapping_yaml import read
from pipelines.sources.listing import listed, makes, table
from pipelines.sources.listing import sources as found_in
from pipelines.sources.samples import Sampled, counted, samples
from tests.pipelines.ingest import answers

TESTS = Path(__file__).parents[2]
OWN = """
source: kasse
version: 1
read: {files: "kasse/*.csv", format: csv}
fields: {event_type: {const: order}, occurred_at: {path: am, ts: iso}}
"""


def machine(home):
    found = CliRunner().invoke(app, ["--home", str(home), "sources", "list", "--json"])
    return {row["name"]: row for row in json.loads(found.stdout)}


def test_the_shipped_counts_are_those_of_the_samples():
    assert samples() == counted(TESTS, load_mappings())


def test_rows_counted_as_real_are_read_by_a_test():
    real = read(TESTS / "samples" / "read_by.yaml").content
    texts = "".join(path.read_text() for path in TESTS.glob("pipelines/**/*.py"))
    others = {name: files for name, files in real.items() if name not in answers.WHY_NOT}
    assert all(Path(file).name in texts for files in others.values() for file in files)
    assert len(real) == len(others) + len(answers.WHY_NOT)


def test_a_mapping_of_yours_is_listed_and_has_no_tested_rows(tmp_path):
    (tmp_path / "touchstone.toml").write_text('mappings = "own"\n')
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "kasse.yaml").write_text(OWN)
    (tmp_path / "own" / "stripe.yaml").write_text(OWN)
    rows = machine(tmp_path)
    assert rows["kasse"]["makes"] == ["order"]
    assert rows["stripe"]["is_shipped"] is False
    assert rows["stripe"]["tested_rows"] == {"real": None, "written": None}
    assert rows["sendgrid"]["tested_rows"]["real"] == 10


def test_event_types_are_found_behind_names_that_a_mapping_uses():
    mappings = load_mappings()
    assert set(makes(mappings["stripe"])) == {
        "order", "refund", "subscription_start", "subscription_cancel", "identify", "other",
    }  # fmt: skip
    assert makes(mappings["touchstone"]) == ("any",)
    assert makes(mappings["cost"]) == ("spend",)


def test_the_docs_table_has_a_line_for_each_shipped_mapping():
    mappings = load_mappings()
    rows = table(found_in(mappings, {"ga4": Sampled(3, 4)})).splitlines()
    assert len(rows) == 2 + len(mappings)
    assert next(row for row in rows if "`ga4`" in row).endswith("| 3 | 4 |")
    page = listed("a\n<!-- sources:begin -->\nold\n<!-- sources:end -->\nb", [])
    assert page.startswith("a\n<!-- sources:begin -->\n| mapping |")
    assert page.endswith("<!-- sources:end -->\nb")
