"""What the page asks of the published tables; every figure on it comes from one of these."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb

from expectations.tables.credit import UNATTRIBUTED

Row = dict[str, Any]
Rows = list[Row]

_MONEY = "sum(conversions) AS conversions, sum(attributed_value) AS value, sum(cost) AS cost"


def rows_of(con: duckdb.DuckDBPyConnection, sql: str, **named: Any) -> Rows:
    """Run a query and read its rows by column name."""
    cursor = con.execute(sql, named) if named else con.execute(sql)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def publication(con: duckdb.DuckDBPyConnection, publication_id: int | None = None) -> Row | None:
    """Read one publication, the newest if not told; none if it was never published."""
    sql = """
        FROM publications WHERE publication_id = coalesce($publication_id, publication_id)
        ORDER BY publication_id DESC LIMIT 1"""
    found = rows_of(con, sql, publication_id=publication_id)
    return found[0] if found else None


def first_day(con: duckdb.DuckDBPyConnection, through: date) -> date | None:
    """Find the first day with a conversion, credit or spend."""
    sql = """
        SELECT min(day) AS day FROM (
            SELECT min(conversion_date) AS day FROM conversions
            UNION ALL SELECT min(day) FROM channels
            UNION ALL SELECT min(day) FROM reconciliation
        ) WHERE day <= $through"""
    day: date | None = rows_of(con, sql, through=through)[0]["day"]
    return day


def order_book(con: duckdb.DuckDBPyConnection, through: date) -> Rows:
    """Sum the order book by currency and conversion type."""
    sql = """
        SELECT currency, conversion_type, sum(conversions) AS conversions,
            sum(gross_value) AS gross, sum(refunded_value) AS refunded, sum(net_value) AS value
        FROM conversions WHERE conversion_date <= $through
        GROUP BY currency, conversion_type ORDER BY currency, conversion_type"""
    return rows_of(con, sql, through=through)


def channels(con: duckdb.DuckDBPyConnection, through: date) -> Rows:
    """Sum credit and spend by currency, channel and model."""
    sql = f"""
        SELECT currency, channel, model, {_MONEY} FROM channels WHERE day <= $through
        GROUP BY currency, channel, model ORDER BY currency, channel, model"""
    return rows_of(con, sql, through=through)


def campaigns(con: duckdb.DuckDBPyConnection, through: date, most: int) -> Rows:
    """Sum credit and spend by currency, campaign and model.

    Campaigns after the `most` with the greatest cost and value are summed: `campaign` is null and
    `folded` says how many they are.
    """
    sql = f"""
        WITH sums AS (
            SELECT currency, channel, campaign, model, {_MONEY} FROM campaigns
            WHERE day <= $through AND channel <> $unattributed
            GROUP BY currency, channel, campaign, model
        ), places AS (
            SELECT currency, channel, campaign, row_number() OVER (
                PARTITION BY currency
                ORDER BY max(cost) + max(value) DESC, max(conversions) DESC, channel, campaign
            ) AS place FROM sums GROUP BY currency, channel, campaign
        )
        SELECT currency, model, {_MONEY.replace("attributed_value", "value")},
            CASE WHEN place <= $most THEN channel END AS channel,
            CASE WHEN place <= $most THEN campaign END AS campaign,
            least(place, $most + 1) AS place, count(*) AS folded
        FROM sums JOIN places USING (currency, channel, campaign)
        GROUP BY ALL ORDER BY currency, place, model"""
    return rows_of(con, sql, through=through, most=most, unattributed=UNATTRIBUTED)


def daily(con: duckdb.DuckDBPyConnection, first: date, through: date) -> Rows:
    """Sum conversions by currency, type and day; days without any are there with zero."""
    sql = """
        WITH sums AS (
            SELECT currency, conversion_type, conversion_date AS day,
                sum(conversions) AS conversions, sum(net_value) AS value
            FROM conversions WHERE conversion_date <= $through GROUP BY ALL
        ), days AS (
            SELECT unnest(generate_series($first, $through, INTERVAL 1 DAY))::DATE AS day
        )
        SELECT currency, conversion_type, day, coalesce(conversions, 0) AS conversions,
            coalesce(value, 0) AS value
        FROM (SELECT DISTINCT currency, conversion_type FROM sums) CROSS JOIN days
        LEFT JOIN sums USING (currency, conversion_type, day)
        ORDER BY currency, conversion_type, day"""
    return rows_of(con, sql, first=first, through=through)


def paths(con: duckdb.DuckDBPyConnection, through: date, most: int) -> Rows:
    """List the `most` converting paths of each currency, with the number and sum of all.

    `median_days` is the median of the months' medians, each counted as often as the month has
    conversions by that path.
    """
    sql = """
        WITH steps AS (
            SELECT *, sum(conversions) FILTER (median_days IS NOT NULL) OVER path_order AS upto,
                sum(conversions) FILTER (median_days IS NOT NULL) OVER whole AS timed
            FROM path_summary WHERE conversions > 0 AND month <= $through
            WINDOW whole AS (PARTITION BY currency, conversion_type, path),
                path_order AS (PARTITION BY currency, conversion_type, path
                    ORDER BY median_days NULLS LAST, month ROWS UNBOUNDED PRECEDING)
        ), sums AS (
            SELECT currency, conversion_type, path, sum(conversions) AS conversions,
                sum(net_value) AS value, min(median_days) FILTER (2 * upto >= timed) AS median_days
            FROM steps GROUP BY currency, conversion_type, path
        )
        SELECT *, count(*) OVER (PARTITION BY currency) AS all_paths,
            sum(conversions) OVER (PARTITION BY currency) AS all_conversions
        FROM sums QUALIFY row_number() OVER (PARTITION BY currency
            ORDER BY conversions DESC, value DESC, conversion_type, path) <= $most
        ORDER BY currency, conversions DESC, value DESC, conversion_type, path"""
    return rows_of(con, sql, through=through, most=most)


def losses(con: duckdb.DuckDBPyConnection, through: date, most: int) -> Rows:
    """List the `most` paths open at the end of the newest month, with the number and sum of all."""
    sql = """
        WITH open AS (
            SELECT month, path, sum(losses) AS losses FROM path_summary
            WHERE losses > 0 AND month <= $through GROUP BY month, path
            QUALIFY month = max(month) OVER ()
        )
        SELECT *, count(*) OVER () AS all_paths, sum(losses) OVER () AS all_losses
        FROM open ORDER BY losses DESC, path LIMIT $most"""
    return rows_of(con, sql, through=through, most=most)


def ends(con: duckdb.DuckDBPyConnection, through: date) -> Rows:
    """Count, by its last channel, open paths at the end of the newest month and its conversions.

    `all_losses` and `all_conversions` are the sums; conversions are of all currencies.
    """
    sql = """
        WITH ended AS (
            SELECT month, string_split(path, ' > ')[-1] AS channel, losses, conversions
            FROM path_summary WHERE month <= $through AND path <> $unattributed
            QUALIFY month = max(month) FILTER (losses > 0) OVER ()
        )
        SELECT month, channel, sum(losses)::BIGINT AS losses,
            sum(conversions)::BIGINT AS conversions,
            sum(sum(losses)) OVER ()::BIGINT AS all_losses,
            sum(sum(conversions)) OVER ()::BIGINT AS all_conversions
        FROM ended GROUP BY month, channel ORDER BY losses DESC, conversions DESC, channel"""
    return rows_of(con, sql, through=through, unattributed=UNATTRIBUTED)


def reconciliation(con: duckdb.DuckDBPyConnection, through: date) -> Rows:
    """Sum the reconciliation by currency, type and model; count rows that do not agree."""
    sums = ", ".join(
        f"sum({part}_{unit}) AS {part}_{unit}"
        for unit in ("conversions", "value")
        for part in ("booked", "credited", "unattributed", "difference")
    )
    sql = f"""
        SELECT currency, conversion_type, model, {sums}, count(*) AS days,
            count(*) FILTER (difference_conversions <> 0 OR difference_value <> 0) AS broken
        FROM reconciliation WHERE day <= $through
        GROUP BY currency, conversion_type, model ORDER BY currency, conversion_type, model"""
    return rows_of(con, sql, through=through)


def spend(con: duckdb.DuckDBPyConnection, first: date, through: date) -> Rows:
    """Sum what platforms report as spent, by currency."""
    sql = """
        SELECT currency, sum(cost) AS cost FROM spend
        WHERE spend_date BETWEEN $first AND $through GROUP BY currency ORDER BY currency"""
    return rows_of(con, sql, first=first, through=through)
