"""Worked examples of the pages: what they say is what the queries on them answer."""

import re
from pathlib import Path

import pytest

from expectations.measures import MEASURES
from pipelines import worked

DOCS = Path(__file__).parents[2] / "docs"
SHOWN = re.compile(r"```sql\n(.*?)```\n\n((?:\|[^\n]*\n)+)", re.DOTALL)
MONEY = SHOWN.findall((DOCS / "cohorts.md").read_text())


@pytest.fixture(scope="module")
def con():
    return worked.shop()


@pytest.mark.parametrize("number", range(3))
def test_a_query_on_the_page_of_cohorts_answers_what_stands_below_it(con, number):
    query, table = MONEY[number]
    wanted = [tuple(c.strip() for c in line.strip("|\n").split("|")) for line in table.splitlines()]
    found = con.execute(query)
    assert tuple(column[0] for column in found.description) == wanted[0]
    assert [tuple(map(worked.cell, row)) for row in found.fetchall()] == wanted[2:]
    assert len(MONEY) == 3


def test_the_worked_shop_agrees_with_itself(con):
    asked = "SELECT sum(conversions), sum(attributed_value) FROM {} WHERE {}"
    sums = [con.execute(asked.format(table, kept)).fetchall() for table, kept in
            (("credits", "true"), ("money", "conversion_type <> '(none)'"))]  # fmt: skip
    assert sums[0] == sums[1]
    for fact, other in (("money", "spend"), ("fct_spend", "spend")):
        costs = [con.execute(f"SELECT sum(cost) FROM {name}").fetchall() for name in (fact, other)]
        assert costs[0] == costs[1]


def test_every_measure_is_worked_on_the_page():
    page = (DOCS / "metrics.md").read_text()
    parts = re.findall(r"^## (\w+)\n\n.*?\n\nExample: (.+)\.$", page, re.MULTILINE)
    assert [name for name, _ in parts] == list(MEASURES)
    assert dict(parts)["roas"] == "200 ÷ 60 = 3.3333"
    assert dict(parts)["nps"] == "3 ÷ 8 = 0.375"
