"""Money by the day it was spent, new and returning buyers, and the roles of channels: `money`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb

from expectations.tables.credit import UNATTRIBUTED
from expectations.tables.money import NONE
from pipelines.report.queries import Row, Rows, rows_of
from pipelines.report.shape import ZERO, by

_CREDIT = "sum(conversions) AS conversions, sum(value) AS value"

# `money` is large and read once; all else is asked of `told`, its sums by month
_TOLD = """
    SELECT currency, channel, model, customer, position, touch_day >= $first AS is_inside,
        date_trunc('month', day)::DATE AS month,
        date_trunc('month', touch_day)::DATE AS touch_month,
        sum(conversions) AS conversions, sum(attributed_value) AS value, sum(cost) AS cost,
        sum(unmatched_cost) AS unmatched_cost, sum(margin) AS margin,
        sum(path_touches)::BIGINT AS path_touches, sum(assists)::BIGINT AS assists
    FROM money WHERE day <= $through GROUP BY ALL"""
_COHORT = f"""
    SELECT currency, channel, model, {_CREDIT}, sum(cost) AS cost,
        sum(unmatched_cost) AS unmatched_cost, sum(margin) AS margin
    FROM told WHERE is_inside AND channel <> $unattributed
    GROUP BY currency, channel, model HAVING sum(conversions) <> 0 OR sum(cost) <> 0
    ORDER BY currency, channel, model"""
_MONTHS = """
    WITH both_views AS (
        SELECT currency, model, month, cost, conversions, value, 0 AS cohort_conversions,
            0 AS cohort_value
        FROM told WHERE channel <> $unattributed
        UNION ALL
        SELECT currency, model, touch_month, 0, 0, 0, conversions, value
        FROM told WHERE channel <> $unattributed AND is_inside
    )
    SELECT currency, model, month, sum(cost) AS cost, sum(conversions) AS conversions,
        sum(value) AS value, sum(cohort_conversions) AS cohort_conversions,
        sum(cohort_value) AS cohort_value
    FROM both_views GROUP BY currency, model, month
    HAVING sum(cost) <> 0 OR sum(conversions) <> 0 OR sum(cohort_conversions) <> 0
    ORDER BY currency, model, month"""
_CUSTOMERS = f"""
    SELECT currency, model, channel, customer, {_CREDIT}
    FROM told WHERE customer <> $none
    GROUP BY currency, model, channel, customer ORDER BY currency, model, channel, customer"""
# what is not credit is the same under every model: one of them is asked
_ROLES = """
    SELECT currency, channel, sum(path_touches) FILTER (position = 'first') AS first,
        sum(path_touches) FILTER (position = 'middle') AS middle,
        sum(path_touches) FILTER (position = 'last') AS last,
        sum(path_touches) FILTER (position = 'only') AS only, sum(assists) AS assists
    FROM told WHERE position <> $none AND model = (SELECT min(model) FROM told)
    GROUP BY currency, channel HAVING sum(path_touches) > 0
    ORDER BY currency, sum(path_touches) DESC, channel"""
_POSITIONS = f"""
    SELECT currency, position, model, {_CREDIT}
    FROM told WHERE position <> $none
    GROUP BY currency, position, model ORDER BY currency, position, model"""


def data_of(con: duckdb.DuckDBPyConnection, first: date, through: date) -> dict[str, Rows]:
    """Ask for everything that has a currency."""
    summed = con.sql(_TOLD, params={"first": first, "through": through}).to_arrow_table()
    con.register("told", summed)
    try:
        return {
            "cohort": rows_of(con, _COHORT, unattributed=UNATTRIBUTED),
            "cohort_months": rows_of(con, _MONTHS, unattributed=UNATTRIBUTED),
            "customers": rows_of(con, _CUSTOMERS, none=NONE),
            "roles": rows_of(con, _ROLES, none=NONE),
            "positions": rows_of(con, _POSITIONS, none=NONE),
        }
    finally:
        con.unregister("told")


def by_customer(rows: Rows, models: Sequence[str]) -> list[tuple[str, Rows]]:
    """Lay new, returning and unknown buyers of each channel side by side, for each model."""
    return [
        (model, _customers([row for row in rows if row["model"] == model]))
        for model in models
        if any(row["model"] == model for row in rows)
    ]


def _customers(rows: Rows) -> Rows:
    laid = []
    for (channel,), group in by(rows, "channel").items():
        at: dict[str, Row] = {row["customer"]: row for row in group}
        told: Row = {"channel": channel, "is_rest": channel == UNATTRIBUTED}
        for kind in ("new", "returning", "unknown"):
            for unit in ("conversions", "value"):
                told[f"{kind}_{unit}"] = at[kind][unit] if kind in at else ZERO
        told["known"] = told["new_conversions"] + told["returning_conversions"]
        laid.append(told)
    return sorted(laid, key=lambda row: (row["is_rest"], -row["known"], row["channel"]))


def by_position(rows: Rows, models: Sequence[str], unit: str) -> Rows:
    """Share of credit of each position under each model, in the order of a path."""
    whole = {
        model: sum((r[unit] for r in rows if r["model"] == model), ZERO) or 1 for model in models
    }
    at = {(row["position"], row["model"]): row[unit] for row in rows}
    places = [p for p in ("only", "first", "middle", "last") if any(k[0] == p for k in at)]
    return [
        {"position": p, "shares": [at.get((p, model), ZERO) / whole[model] for model in models]}
        for p in places
    ]
