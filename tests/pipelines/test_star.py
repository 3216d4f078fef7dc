"""The star over a lake made from landed files, and the questions a BI user asks of it."""

import duckdb
import pytest

from expectations.arrow import arrow_schema
from expectations.measures import MEASURES, measure_sql
from expectations.star import STAR
from expectations.tables import TABLES
from pipelines.lake import Lake
from pipelines.query import add_star, connect, rows
from tests.pipelines.questions import QUESTIONS

pytestmark = pytest.mark.spark
LINEAR = "model = 'linear'"


@pytest.fixture(scope="module")
def con(done):
    return connect(Lake(done.lake_uri))


def answers(con, query):
    return con.execute(query).fetchall()


@pytest.mark.parametrize("view", STAR, ids=lambda view: view.name)
def test_a_view_keeps_its_key_and_its_types(con, view):
    schema = con.sql(f"FROM {view.name}").to_arrow_table().schema
    assert schema == arrow_schema(view.table)
    key = ", ".join(f'"{name}"' for name in view.table.grain)
    [(count, keys)] = answers(con, f"SELECT count(*), count(DISTINCT ({key})) FROM {view.name}")
    assert count == keys > 0
    nulls = " OR ".join(f'"{n}" IS NULL' for n, c in view.table.columns.items() if not c.nullable)
    assert answers(con, f"SELECT count(*) FROM {view.name} WHERE {nulls}") == [(0,)]


def test_facts_have_the_rows_of_their_tables(con):
    of = {"fct_credit": "credits", "fct_spend": "spend", "fct_conversion": "conversions",
          "fct_money": "money", "fct_touchpoint": "touchpoint_map"}  # fmt: skip
    for fact, table in of.items():
        found = f"(SELECT count(*) FROM {fact}), (SELECT count(*) FROM {table})"
        [(in_fact, in_table)] = answers(con, f"SELECT {found}")
        assert in_fact == in_table > 0


@pytest.mark.parametrize(
    ("mart", "by"),
    [
        ("channels", ["day", "channel", "currency"]),
        ("campaigns", ["day", "channel", "campaign", "currency"]),
    ],
)
def test_measures_of_the_star_are_the_figures_of_the_marts(con, mart, by):
    keys = ", ".join(by)
    names = {"attributed_value": "attributed_value", "credited_conversions": "conversions",
             "touches": "touches", "cost": "cost", "roas": "roas", "cpa": "cpa"}  # fmt: skip
    for name, column in names.items():
        star = f"SELECT * FROM ({measure_sql(MEASURES[name], by, LINEAR)}) WHERE {name} <> 0"
        ours = answers(con, f"{star} ORDER BY {keys}")
        told = answers(
            con, f"SELECT {keys}, {column} FROM {mart} WHERE {LINEAR} AND {column} <> 0 "
            f"ORDER BY {keys}",
        )  # fmt: skip
        assert [row[:-1] for row in ours] == [row[:-1] for row in told]
        assert [float(row[-1]) for row in ours] == pytest.approx([float(row[-1]) for row in told])
        assert ours


def test_every_measure_can_be_asked_by_day(con):
    for measure in MEASURES.values():
        assert len(answers(con, measure_sql(measure, ["day"], LINEAR))) > 1


def test_every_fact_meets_its_dimensions(con):
    for fact in ("fct_credit", "fct_spend", "fct_money"):
        for dimension, key in (("channel",) * 2, ("campaign", "campaign_key"), ("day", "day")):
            orphans = f"SELECT count(*) FROM {fact} ANTI JOIN dim_{dimension} USING ({key})"
            assert answers(con, orphans) == [(0,)]
    for fact, dimension, key in (("fct_conversion", "day", "day"), ("fct_touchpoint", "day", "day"),
                                 ("fct_touchpoint", "segment", "segment")):  # fmt: skip
        orphans = f"SELECT count(*) FROM {fact} ANTI JOIN dim_{dimension} USING ({key})"
        assert answers(con, orphans) == [(0,)]


def test_days_have_no_gap_and_count_back_from_the_last_published(con):
    [(days, span)] = answers(con, "SELECT count(*), max(day) - min(day) + 1 FROM dim_day")
    assert days == span
    [(through, ago)] = answers(
        con, "SELECT through_date = day, months_ago FROM dim_day, this_publication "
        "WHERE days_ago = 0",
    )  # fmt: skip
    assert (through, ago) == (True, 0)


def test_the_questions_are_numbered_without_a_gap():
    assert list(QUESTIONS) == list(range(1, 19))


@pytest.mark.parametrize("number", QUESTIONS)
def test_a_question_has_an_answer(con, number):
    found = rows(con, QUESTIONS[number])
    assert found or number in (3, 18)  # nothing restated, no look due yet
    assert all(len(row) == len(found[0]) for row in found)


def test_the_best_channel_of_last_month_is_the_best_of_the_mart(con):
    mart = """
        WITH sums AS (
            SELECT model, currency, channel, sum(attributed_value) AS attributed_value
            FROM channels, publications
            WHERE date_trunc('month', day) = date_trunc('month', through_date) - INTERVAL 1 MONTH
                AND channel <> '(unattributed)' AND model IN ('linear', 'markov')
            GROUP BY model, currency, channel
        )
        FROM sums WHERE attributed_value > 0
        QUALIFY row_number() OVER (
            PARTITION BY model, currency ORDER BY attributed_value DESC, channel) = 1
        ORDER BY model, currency"""
    assert answers(con, QUESTIONS[1]) == answers(con, mart) != []


def test_spend_that_met_no_credit_is_spend_of_campaigns_nobody_touched(con):
    told = {(row["channel"], row["campaign"]) for row in rows(con, QUESTIONS[4])}
    spent = "SELECT DISTINCT channel, campaign FROM campaigns WHERE cost > 0"
    touched = "SELECT DISTINCT channel, campaign FROM campaigns WHERE touches > 0"
    assert told == set(answers(con, spent)) - set(answers(con, touched))
    returned = {(row["channel"], row["campaign"]) for row in rows(con, QUESTIONS[2])}
    assert returned == set(answers(con, spent))  # all days are among the last 30


def test_the_unexplained_part_is_what_reconciliation_says(con):
    told = sum(row["without_touch"] for row in rows(con, QUESTIONS[7]))
    [(booked,)] = answers(
        con, f"SELECT sum(unattributed_conversions) FROM reconciliation WHERE {LINEAR}"
    )
    assert told == booked > 0


def test_what_changed_is_what_this_publication_restated_and_no_older_one():
    con = duckdb.connect()
    for table in TABLES.values():
        con.register(f"no_{table.name}", arrow_schema(table).empty_table())
        con.execute(f"CREATE TABLE {table.name} AS FROM no_{table.name}").fetchall()
    con.execute("INSERT INTO publications BY NAME SELECT unnest([1, 2, 3]) AS publication_id")
    add_star(con, 2)
    con.execute("""
        INSERT INTO restatements BY NAME
        SELECT *, 'linear' AS model, 'Email' AS channel, 'EUR' AS currency,
            DATE '2026-01-01' AS conversion_date, 10 AS value_before,
            1 AS conversions_before, 1 AS conversions_after
        FROM (VALUES (1, 'a', 'refund', 5), (2, 'b', 'late_touch', 4), (2, 'c', 'late_touch', 13),
            (3, 'd', 'identity', 0)) t(publication_id, conversion_id, reason, value_after)""")
    [row] = rows(con, QUESTIONS[3])
    assert (row["reason"], row["moved"], row["attributed_value"]) == ("late_touch", 2, -3)
