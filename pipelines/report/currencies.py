"""What the page says of money in several currencies: kept apart, and added up where rates allow."""

from __future__ import annotations

from datetime import date

import duckdb

from pipelines.rates import CONVERTED
from pipelines.report.figures import NO_CURRENCY
from pipelines.report.language import Language
from pipelines.report.queries import Row, Rows, rows_of


def by_currency(con: duckdb.DuckDBPyConnection, through: date) -> Rows:
    """Sum the order book and spend of each currency, as they are and in the reporting currency.

    `unrated` days have money and no rate; their money is in `left_value` and `left_cost` only.
    """
    sql = f"""
        WITH money AS (
            SELECT currency, conversion_date AS day, net_value AS value, 0 AS cost FROM conversions
            UNION ALL SELECT currency, spend_date, 0, cost FROM spend
        )
        SELECT currency, sum(value) AS value, sum(cost) AS cost, sum(value * rate) AS rated_value,
            sum(cost * rate) AS rated_cost, count(DISTINCT day) FILTER (rate IS NULL) AS unrated,
            coalesce(sum(value) FILTER (rate IS NULL), 0) AS left_value,
            coalesce(sum(cost) FILTER (rate IS NULL), 0) AS left_cost
        FROM ({CONVERTED.format(table="money")})
        WHERE day <= $through AND currency <> '{NO_CURRENCY}' AND (value <> 0 OR cost <> 0)
        GROUP BY currency ORDER BY currency"""
    return rows_of(con, sql, through=through)


def by_channel(con: duckdb.DuckDBPyConnection, through: date) -> Rows:
    """Sum credit and spend by model and channel in the reporting currency, where rates allow."""
    sql = f"""
        SELECT model, channel, sum(attributed_value * rate) AS value, sum(cost * rate) AS cost
        FROM ({CONVERTED.format(table="channels")}) WHERE day <= $through AND rate IS NOT NULL
        GROUP BY model, channel ORDER BY model, channel"""
    return rows_of(con, sql, through=through)


def reporting_currency(con: duckdb.DuckDBPyConnection) -> str | None:
    """The currency of the rates file; None without one."""
    found = rows_of(con, "SELECT min(reporting_currency) AS name FROM rates")
    name: str | None = found[0]["name"]
    return name


def sentence(rows: Rows, reporting: str | None, say: Language) -> str:
    """Say which currencies there are, and what could not be added up; '' if there is one at most.

    >>> sentence([{"currency": "EUR"}, {"currency": "USD"}], None, Language("en"))
    'Money in EUR and USD is kept apart: no rates file is given.'
    """
    names = say.t("health.and").join(row["currency"] for row in rows)
    if reporting is None:
        return say.t("health.apart", names=names) if len(rows) > 1 else ""
    said = "; ".join(_left(row, say) for row in rows if row["unrated"])
    if said:
        return say.t("health.without_rate", reporting=reporting, left=said)
    return say.t("health.all_rated", reporting=reporting)


def _left(row: Row, say: Language) -> str:
    return say.t(
        "health.left", currency=row["currency"], days=say.plural(row["unrated"], "day"),
        value=say.money(row["left_value"], row["currency"]),
        cost=say.money(row["left_cost"], row["currency"]),
    )  # fmt: skip
