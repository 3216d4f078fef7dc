"""The plan of a run on a real lake, held against the night that follows."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from pipelines import run as running
from pipelines.cli import runs  # noqa: F401  (adds its commands)
from pipelines.cli.app import app
from pipelines.errors import UsageError
from pipelines.flow import RESTATE
from pipelines.lake import Lake
from pipelines.plan import plan
from pipelines.query import connect, heads
from tests.pipelines.nights import DAYS, START, copied, night

LAST = START + timedelta(DAYS - 1)


def looked(settings, *words):
    found = CliRunner().invoke(app, ["--home", str(settings.home), *words])
    if found.exception:
        raise found.exception
    return found.stdout


def now():
    return datetime.now(UTC)


def versions(settings):
    return {name: one.version for name, one in heads(Lake(settings.lake_uri)).items()}


@pytest.mark.spark
def test_a_finished_lake_has_nothing_to_do_and_looking_leaves_no_trace(done):
    before = versions(done)
    assert "Nothing to do" in looked(done, "plan")
    assert all(
        step["does"] == "nothing" for step in json.loads(looked(done, "plan", "--json"))["steps"]
    )
    assert versions(done) == before


@pytest.mark.spark
def test_a_backfill_can_be_planned_by_both_commands(done):
    days = ("--from", str(START), "--to", str(START + timedelta(2)))
    found = json.loads(looked(done, "plan", *days, "--json"))
    before = versions(done)
    assert json.loads(looked(done, "backfill", *days, "--dry-run", "--json")) == found
    assert versions(done) == before
    [paths] = [step for step in found["steps"] if step["table"] == "paths"]
    assert (paths["first"], paths["last"], paths["count"]) == (days[1], days[3], 3)
    assert "asked for" in looked(done, "plan", *days)
    with pytest.raises(UsageError, match="both --from and --to"):
        looked(done, "plan", "--from", str(START))
    with pytest.raises(UsageError, match="swap them"):
        looked(done, "plan", "--from", str(LAST), "--to", str(START))


@pytest.fixture
def made(monkeypatch):
    """Days that a night makes again, by table."""
    found, make = {}, running._make

    def watched(work, todo, state):
        if work.step is not RESTATE:  # it tells of the others, and has no days
            found[work.step.into.name] = tuple(sorted(todo))
        return make(work, todo, state)

    monkeypatch.setattr(running, "_make", watched)
    return found


@pytest.mark.spark
def test_a_new_file_is_named_and_only_what_it_may_change_is_made(done, tmp_path, made):
    settings = copied(done, tmp_path / "home")
    [old, *_] = sorted((settings.landing_path / "ga4").glob("*.json"))
    shutil.copyfile(old, old.with_name("events_again.json"))
    assert plan(settings, LAST, None, now()).landing.ready == []  # known bytes
    stranger = {**json.loads(old.read_bytes().splitlines()[1]), "user_pseudo_id": "1.1"}
    old.with_name("events_more.json").write_text(json.dumps(stranger) + "\n")
    found = plan(settings, LAST, None, now())
    assert [one.file for one in found.landing.ready] == ["ga4/events_more.json"]
    text = looked(settings, "plan", "--day", str(LAST))
    assert "New files: ga4 1." in text
    assert "days that newly read records tell of" in text
    night(settings, LAST)
    assert {"events", "touchpoints"} <= set(made)
    assert set(made) <= {row.table for row in found.rows if row.does != "nothing"}
    assert "Nothing to do" in looked(settings, "plan", "--day", str(LAST))


@pytest.mark.spark
def test_a_night_after_a_changed_setting_makes_what_was_planned(done, tmp_path, made):
    settings = copied(done, tmp_path / "home", "echo_seconds = 0\nmax_touches = 2\n")
    found = plan(settings, LAST, None, now())
    by_table = {row.table: row for row in found.rows if row.does != "nothing"}
    assert set(by_table["paths"].why) == {
        "[paths] echo_seconds changed from 300 to 0", "[paths] max_touches changed from 500 to 2"
    }  # fmt: skip
    assert "events" not in by_table
    con = connect(Lake(settings.lake_uri))
    known = "SELECT count(DISTINCT conversion_id), count(DISTINCT person_id) FROM paths"
    again = found.radius["paths"]
    assert [(again.conversions, again.people)] == con.execute(known).fetchall()
    assert again.conversions > 0
    night(settings, LAST)
    certain = {name: row.days for name, row in by_table.items() if row.is_certain}
    assert certain["paths"]
    assert {name: made[name] for name in certain} == certain
    assert {name for name in made if not set(made[name]) <= set(by_table[name].days)} == set()
    assert "Nothing to do" in looked(settings, "plan")
