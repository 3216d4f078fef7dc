"""Worked examples of every measure, computed on one invented day of a shop: docs/metrics.md."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.arrow import arrow_schema
from expectations.measures import MEASURES, Measure
from expectations.tables import TABLES
from pipelines.query import add_star

if TYPE_CHECKING:
    import duckdb

SHOP = Path(__file__).with_name("worked.sql")
SUMMED = re.compile(r"SUM\((\w+)\)(?: FILTER \(WHERE (.+)\))?")
SHOWN = {
    "fct_credit": "channel, touch_day, conversions, attributed_value",
    "fct_spend": "channel, day, cost, impressions, clicks",
    "fct_conversion": "conversion_id, conversions, gross_value, refunded_value, net_value, "
    "touch_count",
    "fct_money": "channel, touch_day, conversion_type, assists, attributed_value, margin, cost, "
    "unmatched_cost",
    "fct_touchpoint": "stage, channel, touches, eligible_touches, negative_touches, nps_answers, "
    "nps_promoters, nps_detractors, csat_answers, csat_sum",
}
INTRODUCTION = """# Metrics, each with its formula and a worked example

Made from `expectations/measures.py` by `make docs`; do not edit. Each figure is defined once, over
one fact of the [star](star.md) or as a ratio of two figures, and computed here on one invented day
of a shop. {model}

Three orders on 10 March 2026: one of 120 EUR, of which 20 EUR were refunded, after a click on a
Search ad on the 8th and an e-mail on the 10th; one of 60 EUR after an e-mail on the 9th, by
somebody who had bought before; one of 40 EUR by somebody whom no touch is known of. The linear
model, margin 40 %.
"""


def shop() -> duckdb.DuckDBPyConnection:
    """The invented day: every table of the contract and the star."""
    import duckdb

    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'").fetchall()
    for table in TABLES.values():
        con.register(f"no_{table.name}", arrow_schema(table).empty_table())
        con.execute(f"CREATE TABLE {table.name} AS FROM no_{table.name}").fetchall()
    con.execute(SHOP.read_text()).fetchall()
    add_star(con, 1)
    return con


def page() -> str:
    """All measures, worked."""
    con = shop()
    rows = "\n".join(_table(con, fact, columns) for fact, columns in SHOWN.items())
    parts = [_section(con, measure) for measure in MEASURES.values()]
    model = "Where a fact has models, choose one: they share out the same conversions."
    return "\n".join([INTRODUCTION.format(model=model), rows, *parts])


def value(con: duckdb.DuckDBPyConnection, measure: Measure) -> float:
    """A measure over the whole day; all currencies that the shop has are euros."""
    if measure.fact:
        [(found,)] = con.execute(f"SELECT {measure.sql} FROM {measure.fact}").fetchall()
        return float(found)
    above, below = (value(con, MEASURES[name]) for name in measure.parts)
    return above / below


def _section(con: duckdb.DuckDBPyConnection, measure: Measure) -> str:
    whence = f" over `{measure.fact}`" if measure.fact else ""
    said = f"{measure.about} In {measure.unit}: `{measure.sql}`{whence}."
    return f"## {measure.name}\n\n{said}\n\nExample: {_example(con, measure)}\n"


def _example(con: duckdb.DuckDBPyConnection, measure: Measure) -> str:
    """The figures it is made of, and what they make."""
    made = _told(value(con, measure))
    if not measure.fact:
        above, below = (_told(value(con, MEASURES[name])) for name in measure.parts)
        return f"{above} ÷ {below} = {made}."
    terms = [_terms(con, measure.fact, *one) for one in SUMMED.findall(measure.sql)]
    if not terms:
        return f"{made} rows."
    if len(terms) > 1:
        return " - ".join(f"({one})" for one in terms) + f" = {made}."
    return f"{terms[0]} = {made}." if terms[0] != made else f"{made}."


def _terms(con: duckdb.DuckDBPyConnection, fact: str, column: str, where: str) -> str:
    """What a sum adds up, without zeros; in order of size."""
    kept = f"{where or 'true'} AND {column} <> 0"
    query = f"SELECT {column} FROM {fact} WHERE {kept} ORDER BY {column} DESC"
    found = [_told(float(one)) for (one,) in con.execute(query).fetchall()]
    return " + ".join(found) or "0"


def _told(number: float) -> str:
    """A figure with up to four decimals.

    >>> [_told(number) for number in (3.0, 3.333333, -0.125)]
    ['3', '3.3333', '-0.125']
    """
    return f"{number:.4f}".rstrip("0").rstrip(".")


def _table(con: duckdb.DuckDBPyConnection, fact: str, columns: str) -> str:
    names = columns.split(", ")
    found = con.execute(f"SELECT {columns} FROM {fact} ORDER BY ALL").fetchall()
    head = f"`{fact}`:\n\n| {' | '.join(names)} |\n|{'---|' * len(names)}"
    return head + "\n" + "\n".join(f"| {' | '.join(map(cell, row))} |" for row in found) + "\n"


def cell(given: object) -> str:
    """A value as a page shows it; nothing if there is none."""
    if given is None:
        return ""
    return _told(float(given)) if isinstance(given, int | Decimal) else str(given)
