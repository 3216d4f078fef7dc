"""The commands an analyst types, on a lake made from landed files."""

import json

import pytest
from typer.testing import CliRunner

from pipelines.cli import looks, runs, setup, upkeep  # noqa: F401  (each adds its commands)
from pipelines.cli.app import app
from pipelines.errors import MissingInputError, UsageError
from pipelines.lake import Lake
from pipelines.query import connect

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def con(done):
    return connect(Lake(done.lake_uri))


def asked(done, *words):
    """What a command prints; an error of ours is raised as it is."""
    found = CliRunner().invoke(app, ["--home", str(done.home), *words])
    if found.exception:
        raise found.exception
    return found.stdout


def machine(done, *words):
    return json.loads(asked(done, *words, "--json"))


def test_tables_says_rows_and_a_digest_of_each(done):
    rows = {row["table"]: row for row in machine(done, "tables", "--digest")}
    [(credits,)] = connect(Lake(done.lake_uri)).execute("SELECT count(*) FROM credits").fetchall()
    assert rows["credits"]["rows"] == credits
    assert all(row["digest"] for row in rows.values())
    assert "credits" in asked(done, "tables")


def test_show_gives_rows_and_names_the_nearest_table(done):
    assert len(machine(done, "show", "channels", "--limit", "3")) == 3
    with pytest.raises(UsageError, match="Did you mean channels"):
        asked(done, "show", "chanels")


def test_sql_asks_the_publication_and_refuses_in_a_sentence(done):
    assert machine(done, "sql", "SELECT 1 AS one") == [{"one": 1}]
    assert machine(done, "sql", "SELECT count(*) AS n FROM channels")[0]["n"] > 0
    with pytest.raises(UsageError, match="does not run"):
        asked(done, "sql", "SELECT nonsense FROM channels")
    with pytest.raises(MissingInputError, match="publication 99"):
        asked(done, "sql", "SELECT 1", "--publication", "99")


@pytest.mark.parametrize("word", ["[brand] shoes", "[/brand]", "zen:ticket:35"])
def test_what_is_in_the_data_is_printed_as_it_is(done, word):
    assert word in asked(done, "sql", f"SELECT '{word}' AS word")


def test_explain_shows_every_touch_its_credit_and_where_it_was_read(done, con):
    longest = "SELECT conversion_id, touch_count FROM paths ORDER BY 2 DESC, 1 LIMIT 1"
    [(conversion, touches)] = con.execute(longest).fetchall()
    found = machine(done, "explain", conversion[:12])
    assert found["conversion"]["conversion_id"] == conversion
    assert len(found["kept"]) == touches > 1
    by_model = {}
    for row in found["credits"]:
        by_model[row["model"]] = by_model.get(row["model"], 0) + float(row["credit"])
    assert {model: round(credit, 9) for model, credit in by_model.items()} == dict.fromkeys(
        by_model, 1.0
    )
    read = {row["event_id"]: row for row in found["lineage"]}
    assert {touch["touchpoint_id"] for touch in found["kept"]} <= set(read)
    assert all(row["file"] and row["line"] for row in read.values())
    assert found["identity"]


def test_explain_tells_which_rule_left_a_touch_out(done, con):
    [(conversion,)] = con.execute(
        "SELECT conversion_id FROM paths WHERE len(dropped) > 0 ORDER BY 1 LIMIT 1"
    ).fetchall()
    assert all(touch["rule"] for touch in machine(done, "explain", conversion)["dropped"])
    assert "Touches left out" in asked(done, "explain", conversion)


def test_explain_finds_an_order_by_its_number_and_shows_an_id_for_a_wrong_one(done, con):
    [(order,)] = con.execute(
        "SELECT order_id FROM conversions WHERE order_id IS NOT NULL ORDER BY 1 LIMIT 1"
    ).fetchall()
    assert machine(done, "explain", order)["conversion"]["order_id"] == order
    with pytest.raises(UsageError, match="An id looks like"):
        asked(done, "explain", "nobody")
    with pytest.raises(UsageError, match="fits several"):
        asked(done, "explain", "")


def test_audits_lists_broken_promises_only_unless_asked(done):
    assert machine(done, "audits") == []
    assert "No promise was ever broken" in asked(done, "audits")
    assert all(row["passed"] for row in machine(done, "audits", "--all"))


def test_the_report_is_one_file_that_needs_no_network(done):
    path = asked(done, "report").strip().replace("\n", "")
    text = (done.home / "report.html").read_text()
    assert path.endswith("report.html")
    assert 'src="http' not in text
    assert 'href="http' not in text
    answer = machine(done, "report", "--language", "de", "--to", str(done.home / "bericht.html"))
    assert answer["publication_id"] == 1
    assert '<html lang="de">' in (done.home / "bericht.html").read_text()


def test_maintain_says_what_is_kept_and_a_dry_run_is_for_machines_too(done):
    answer = machine(done, "maintain", "--dry-run")
    assert answer["kept_publications"] == {"from": 1, "to": 1}
    assert answer["dry_run"] is True
    assert set(answer["total"].values()) == {0, answer["total"]["checkpoints"]}
    assert "Publications 1 to 1 are kept" in asked(done, "maintain", "--dry-run")


def test_doctor_finds_nothing_wrong(done):
    assert "Java" in asked(done, "doctor")
