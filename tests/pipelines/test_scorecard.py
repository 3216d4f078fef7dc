"""The scorecard of a publication, on tables written down here."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import duckdb
import pytest

from expectations.tables import SCORECARD, TABLES
from pipelines.lake import Lake
from pipelines.lake_files import Snapshot
from pipelines.lift_checks import compared, exported
from pipelines.lift_tests import named_file
from pipelines.query import views
from pipelines.scorecard import FUTURE, keep, scorecard
from pipelines.settings import Settings

HEAD = "channel,scope,period_start,period_end,estimate,standard_error,spend\n"
TESTS = HEAD + "".join(
    f"{name},all,2026-01-05,2026-01-10,{lift},4,900\n"
    for name, lift in (("Ads", 22), ("Mail", 11), ("Search", 33))
)  # fmt: skip
LATER = "Talk,DE,2026-01-05,2026-01-10,3,1,\n"


def publication(tmp_path) -> duckdb.DuckDBPyConnection:
    """Views of empty tables, and tables with rows where a scorecard looks."""
    lake = Lake(str(tmp_path / "lake"))
    con = views(lake, {name: Snapshot(table, -1) for name, table in TABLES.items()})
    con.execute("CREATE TABLE one AS SELECT DATE '2026-04-10' AS through_date, 7 AS publication_id")
    people = """
        SELECT 'p' || n AS person_id, ['Ads'] AS channels, m AS month
        FROM range(400) t(n), (VALUES (DATE '2026-01-01'), (DATE '2026-02-01')) u(m)"""
    bought = """
        SELECT 'p' || n AS person_id, 1 AS conversions, moment AS converted_at
        FROM range(0, 400, 4) t(n),
            (VALUES (TIMESTAMPTZ '2026-02-03 12:00:00+00'), ('2026-03-05 12:00:00+00')) u(moment)"""
    credit = """
        SELECT 'linear' AS model, 'EUR' AS currency, c AS channel, 10.0 * k AS conversions,
            DATE '2026-01-05' + n::INTEGER AS day, CASE c WHEN 'Ads' THEN 30.0 ELSE 0.0 END AS cost
        FROM range(0, 30) t(n), (VALUES ('Ads', 1.0), ('Mail', 0.5), ('Search', 1.5)) u(c, k)"""
    booked = "SELECT 'EUR' AS currency, 40.0 AS net_value, 1 AS conversions"
    for name, query in {
        "publications": "FROM one", "lost_paths": people, "paths": bought, "channels": credit,
        "conversions": booked,
    }.items():  # fmt: skip
        con.execute(f"DROP VIEW {name}")
        con.execute(f"CREATE TABLE {name} AS {query}")
    return con


def home(tmp_path, text: str = TESTS) -> Settings:
    (tmp_path / "lift.csv").write_text(text)
    return Settings(home=tmp_path, certainty={"lift_tests": "lift.csv"})


def test_paths_are_cut_at_a_month_s_end_before_anybody_knows_how_they_end(tmp_path):
    con = publication(tmp_path)
    con.execute("INSERT INTO paths VALUES ('p1', 1, TIMESTAMPTZ '2026-01-31 23:59:59+00')")
    con.execute("INSERT INTO paths VALUES ('p2', 1, TIMESTAMPTZ '2026-03-01 00:00:00+00')")
    asked = {"month": date(2026, 1, 1)}
    told = [
        row for half in (True, False)
        for row in con.execute(FUTURE, {**asked, "is_learned_from": half}).fetchall()
    ]  # fmt: skip
    assert sum(people for _, is_converted, people in told if is_converted) == 100
    assert sum(people for *_, people in told) == 400, "each person is on one side only"


def test_the_scorecard_judges_on_other_people_a_month_later(tmp_path):
    found = scorecard(publication(tmp_path), home(tmp_path))
    (loss,) = (row for row in found if (row.model, row.metric) == ("markov", "log_loss"))
    assert "learned on 2026-02-01, judged on other people from 2026-03-01" in loss.sentence
    assert [row.part for row in found][-3:] == ["verdict"] * 3
    (cause,) = (row for row in found if row.metric.startswith("How many conversions"))
    assert cause.model == "linear"


def test_a_channel_paid_for_on_every_day_is_said_to_need_a_lift_test(tmp_path):
    found = scorecard(publication(tmp_path), home(tmp_path))
    (row,) = (row for row in found if row.metric == "always_on")
    assert (row.subject, row.number) == ("Ads", 30.0)
    assert "without a lift test nobody can tell" in row.sentence


def test_without_lift_tests_and_months_it_says_that_nothing_can_be_said(tmp_path):
    con = publication(tmp_path)
    con.execute("DELETE FROM lost_paths WHERE month > DATE '2026-01-31'")
    found = scorecard(con, Settings())
    assert next(row for row in found if row.part == "future").number is None
    assert {row.model for row in found if row.part == "verdict"} == {"(all)"}


def test_scorecards_are_kept_beside_each_other(tmp_path):
    lake = Lake(str(tmp_path / "lake"))
    found = scorecard(publication(tmp_path), home(tmp_path))
    for minute in (1, 2):
        keep(lake, found, 7, datetime(2026, 4, 11, 6, minute, tzinfo=UTC))
    rows = lake.arrow(lake.snapshot(SCORECARD)).to_pylist()
    assert len(rows) == 2 * len(found)
    assert {row["publication_id"] for row in rows} == {7}
    assert len({tuple(row[key] for key in SCORECARD.grain) for row in rows}) == len(rows)


def test_a_check_says_of_each_test_whether_it_counts_and_what_the_others_say(tmp_path):
    file = named_file(home(tmp_path, TESTS + LATER))
    told = {row["test"]: row for row in compared(publication(tmp_path), file, "linear")}
    ads = told["Ads in all, 2026-01-05..2026-01-10"]
    assert (ads["counts"], ads["model_says"], ads["is_inside"]) == ("yes", 60.0, True)
    assert ads["others_low"] < 22 < ads["others_high"]
    german = told["Talk in DE, 2026-01-05..2026-01-10"]
    assert german["counts"] == "is of DE, and credit is not kept by scope"
    assert json.loads(json.dumps(german))["model_says"] is None


@pytest.mark.parametrize("tool", ["meridian", "robyn", "pymc-marketing"])
def test_priors_are_of_the_channels_that_were_tested_or_cost_money(tmp_path, tool):
    table = exported(publication(tmp_path), home(tmp_path), tool, "linear", "EUR")
    names = table["channel"].to_pylist()
    assert names == (["Ads"] if tool == "meridian" else ["Ads", "Mail", "Search"])
    if tool == "meridian":  # 300 conversions of 40 on 900 of cost, about 0.37 of them caused
        assert 2.718 ** table["loc"][0].as_py() == pytest.approx(300 * 40 / 900 * 0.37, rel=0.1)
