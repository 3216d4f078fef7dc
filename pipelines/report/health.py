"""What the page asks about the data itself: sources, quarantine, consent, audits, models."""

from __future__ import annotations

from datetime import date

import duckdb

from pipelines.report.queries import Rows, rows_of


def sources(con: duckdb.DuckDBPyConnection) -> Rows:
    """Count files, records and rejected records of each source."""
    sql = """
        SELECT source, coalesce(files, 0) AS files, coalesce(records, 0) AS records,
            coalesce(quarantined, 0) AS quarantined, last_received
        FROM (SELECT source, count(*) AS files, sum(records) AS records,
                max(received_at)::DATE AS last_received FROM batches GROUP BY source)
        FULL JOIN (SELECT source, count(*) AS quarantined FROM quarantine GROUP BY source)
            USING (source)
        ORDER BY source"""
    return rows_of(con, sql)


def quarantine(con: duckdb.DuckDBPyConnection) -> Rows:
    """Count rejected records by source, reason and field."""
    sql = """
        SELECT source, reason, field, count(*) AS records, min(received_date) AS first_date,
            max(received_date) AS last_date
        FROM quarantine GROUP BY source, reason, field
        ORDER BY records DESC, source, reason, field"""
    return rows_of(con, sql)


def consent(con: duckdb.DuckDBPyConnection, through: date) -> Rows:
    """Count what touches say of each purpose, those it is about, and what persons said since."""
    sql = """
        WITH touched AS (
            SELECT consent, ad_consent, ownership = 'paid' AS is_paid, count(*) AS touches
            FROM touchpoints WHERE touch_date <= $through GROUP BY ALL
        ), told AS (
            SELECT 1 AS place, 'analytics' AS purpose, consent AS state, touches FROM touched
            UNION ALL SELECT 2, 'advertising', ad_consent, touches FROM touched WHERE is_paid
        ), changed AS (
            SELECT purpose, count(DISTINCT event_id) FILTER (state = 'denied') AS withdrawals,
                count(DISTINCT event_id) FILTER (state = 'granted') AS grants
            FROM consents WHERE told_at < $through::DATE + 1 GROUP BY purpose
        )
        SELECT purpose, sum(touches) AS touches,
            sum(touches) FILTER (state = 'granted') AS granted,
            sum(touches) FILTER (state = 'denied') AS denied,
            sum(touches) FILTER (state = 'unset') AS unset,
            coalesce(any_value(withdrawals), 0) AS withdrawals,
            coalesce(any_value(grants), 0) AS grants
        FROM told LEFT JOIN changed USING (purpose) GROUP BY place, purpose ORDER BY place"""
    return rows_of(con, sql, through=through)


def left_out(con: duckdb.DuckDBPyConnection, through: date) -> Rows:
    """Count touches that converting people had and their paths have not, by the rule's name.

    A touch counts once for a rule, however many conversions it was left out of.
    """
    sql = """
        WITH dropped AS (
            SELECT conversion_id, unnest(dropped) AS touch FROM paths
            WHERE conversion_date <= $through
        )
        SELECT touch.rule AS rule, count(DISTINCT touch.touchpoint_id) AS touches,
            count(DISTINCT conversion_id) AS conversions
        FROM dropped GROUP BY rule ORDER BY touches DESC, rule"""
    return rows_of(con, sql, through=through)


def audits(con: duckdb.DuckDBPyConnection, run_id: str) -> Rows:
    """Count the promises a run kept and broke, by table."""
    sql = """
        SELECT table_name, count(*) FILTER (passed) AS kept, count(*) FILTER (NOT passed) AS broken,
            count(DISTINCT day) AS days
        FROM audits WHERE run_id = $run_id GROUP BY table_name ORDER BY broken DESC, table_name"""
    return rows_of(con, sql, run_id=run_id)


def broken(con: duckdb.DuckDBPyConnection, run_id: str, most: int) -> Rows:
    """List the `most` promises of a run with the most offending rows."""
    sql = """
        SELECT table_name, promise, "column", sum(offenders) AS offenders, count(*) AS days,
            min(examples) AS examples
        FROM audits WHERE run_id = $run_id AND NOT passed GROUP BY table_name, promise, "column"
        ORDER BY offenders DESC, table_name, promise, "column" LIMIT $most"""
    return rows_of(con, sql, run_id=run_id, most=most)


def model_versions(con: duckdb.DuckDBPyConnection, through: date) -> Rows:
    """List the newest fit of each model, with the number of its fits."""
    sql = """
        SELECT model, model_version, parameters, training_from, as_of_date, training_paths,
            training_conversions, metrics, count(*) OVER (PARTITION BY model) AS fits
        FROM model_versions WHERE as_of_date <= $through::DATE + 1
        QUALIFY row_number() OVER (PARTITION BY model ORDER BY as_of_date DESC) = 1
        ORDER BY model"""
    return rows_of(con, sql, through=through)
