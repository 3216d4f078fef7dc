"""The commands that judge, as they are typed, on a lake made without Spark."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from pipelines import simulated
from pipelines.cli import judging, looks  # noqa: F401  (each adds its commands)
from pipelines.cli.app import app
from pipelines.demo.simulated import TRUTH
from pipelines.errors import SettingsError, UsageError
from pipelines.lake import Lake
from pipelines.settings import Settings
from pipelines.simulated import FEW, judged_rows
from tests.pipelines.arrow_lake import DAY, announce, put

HEAD = "channel,scope,period_start,period_end,estimate,standard_error\n"
TESTS = HEAD + "c0,all,2026-01-01,2026-01-03,5,2\nc1,all,2026-01-01,2026-01-03,9,3\n"


@pytest.fixture
def home(tmp_path):
    """A home whose channels c0 and c1 got 4 and 6 conversions on each of five days."""
    lake = Lake(str(tmp_path / "lake"))
    for number in range(5):
        put(lake, DAY + timedelta(number), 4, 6)
    announce(lake)
    (tmp_path / "lift.csv").write_text(TESTS)
    (tmp_path / "touchstone.toml").write_text('[certainty]\nlift_tests = "lift.csv"\n')
    return tmp_path


def asked(home, *words):
    """What a command prints; an error of ours is raised as it is."""
    found = CliRunner().invoke(app, ["--home", str(home), *words])
    if found.exception:
        raise found.exception
    return found.stdout


def test_the_scorecard_ends_in_verdicts_and_is_kept_for_who_asks_later(home):
    found = json.loads(asked(home, "scorecard", "--json"))
    assert [row["part"] for row in found][-3:] == ["verdict"] * 3
    text = asked(home, "scorecard")
    assert text.rstrip().splitlines()[-2] == "Where do paths begin, pass and end?"
    query = "SELECT count(DISTINCT scored_at) AS n, count(*) AS k FROM scorecard"
    assert json.loads(asked(home, "sql", query, "--json")) == [{"n": 2, "k": 2 * len(found)}]


def test_lift_tests_are_checked_beside_a_model(home):
    told = json.loads(asked(home, "lift-tests", "check", str(home / "lift.csv"), "--json"))
    assert [(row["counts"], row["model_says"]) for row in told] == [("yes", 12.0), ("yes", 18.0)]
    assert "c0 in all" in asked(home, "lift-tests", "check", str(home / "lift.csv"))
    with pytest.raises(UsageError, match="No credit is of 'markov'; there are linear"):
        asked(home, "lift-tests", "check", str(home / "lift.csv"), "--model", "markov")
    (home / "lift.csv").write_text(HEAD + "c0,all,2026-01-01,2026-01-03,five,2\n")
    with pytest.raises(SettingsError, match=r"lift.csv, line 2: estimate is 'five'"):
        asked(home, "lift-tests", "check", str(home / "lift.csv"))


def test_priors_are_refused_for_a_tool_that_is_not_known_and_in_a_currency_nobody_paid(home):
    with pytest.raises(UsageError, match="no tool 'lightweight'; there are meridian"):
        asked(home, "priors", "--for", "lightweight")
    with pytest.raises(UsageError, match="Nothing was bought in EUR"):
        asked(home, "priors", "--for", "robyn")


def test_simulate_fills_the_landing_folder_and_tells_the_truth(tmp_path):
    words = ("simulate", "--people", "60", "--days", "3", "--world", "lower", "--fragmented", "0.2")
    told = json.loads(asked(tmp_path, *words, "--json"))
    assert told["files"] == sum(1 for path in (tmp_path / "landing").rglob("*") if path.is_file())
    assert json.loads((tmp_path / TRUTH).read_text())["caused"] == told["caused"]
    with pytest.raises(UsageError, match="already holds files"):
        asked(tmp_path, *words)


def test_models_in_use_are_judged_in_worlds_that_differ(monkeypatch):
    monkeypatch.setattr(simulated, "DAYS", 30)
    rows = judged_rows(Settings(models={"use": ["linear"]}), 500)
    told = {(row.model, row.metric): row.number for row in rows}
    assert told["linear", "worlds"] == len(FEW) >= 3, "else no model could be believed"
    assert told["linear", "wmape"] > 1
    assert told["linear", "interval_holds_truth"] < 1
    assert {row.model for row in rows} == {"linear", "hazard_logit"}
