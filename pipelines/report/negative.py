"""What follows a negative touch, on the page: figures and what they say."""

from __future__ import annotations

from datetime import date

import duckdb

from pipelines.report.language import Language
from pipelines.report.queries import Row, Rows, rows_of

_EFFECTS = """
    FROM negative_touches
    WHERE as_of_date = (
        SELECT max(as_of_date) FROM negative_touches WHERE as_of_date <= $through::DATE + 1)
    ORDER BY kind = '(any)' DESC, touches DESC, kind"""


def effects(con: duckdb.DuckDBPyConnection, through: date) -> Rows:
    """List the newest effects, all kinds together first."""
    return rows_of(con, _EFFECTS, through=through)


def verdict(row: Row) -> str:
    """Say which way the whole interval lies: less, more, chance; unmatched without an effect.

    >>> verdict({"effect": -0.09, "effect_low": -0.12, "effect_high": -0.05})
    'less'
    >>> verdict({"effect": 0.01, "effect_low": None, "effect_high": None})
    'chance'
    """
    if row["effect"] is None:
        return "unmatched"
    low, high = row["effect_low"], row["effect_high"]
    if low is None or high is None or low <= 0 <= high:
        return "chance"
    return "less" if high < 0 else "more"


def sentence(row: Row, say: Language) -> str:
    """Say what becomes of people after one kind of negative touch."""
    named = {
        "kind": say.words(row["kind"]),
        "days": say.decimal(row["horizon_days"], 0),
        "touches": say.count(row["touches"]),
    }
    if row["effect"] is not None:
        named |= {
            "after": say.fine_percent(row["rate_after"]),
            "alike": say.fine_percent(row["rate_matched"]),
        }
    return say.t(f"negative.say_{verdict(row)}", **named)
