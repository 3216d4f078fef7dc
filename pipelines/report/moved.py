"""What a publication says otherwise than the one before, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from pipelines.report.queries import Row, Rows, rows_of
from pipelines.report.shape import ZERO, by

_CHANGE = """sum(conversions_after - conversions_before) AS conversions,
            sum(value_after - value_before) AS value"""


def before(con: duckdb.DuckDBPyConnection, publication_id: int) -> int | None:
    """Find the publication before; None if there is none."""
    sql = "SELECT max(publication_id) AS n FROM publications WHERE publication_id < $publication_id"
    found: int | None = rows_of(con, sql, publication_id=publication_id)[0]["n"]
    return found


def by_reason(con: duckdb.DuckDBPyConnection, publication_id: int) -> Rows:
    """Count conversions, models and days moved by currency and reason.

    `largest_value` and `largest_conversions` are the model's whose credit to channels moved most,
    counted once for what was taken and given: the sum of what rose.
    """
    sql = """
        WITH moved AS (FROM restatements WHERE publication_id = $publication_id),
        rises AS (
            SELECT currency, reason, model,
                sum(greatest(value_after - value_before, 0)) AS rise,
                sum(greatest(value_before - value_after, 0)) AS fall,
                sum(greatest(conversions_after - conversions_before, 0)) AS more,
                sum(greatest(conversions_before - conversions_after, 0)) AS less
            FROM moved GROUP BY ALL
        ), largest AS (
            SELECT currency, reason, max(greatest(rise, fall)) AS largest_value,
                max(greatest(more, less)) AS largest_conversions
            FROM rises GROUP BY ALL
        )
        SELECT currency, reason, count(DISTINCT conversion_id) AS conversions,
            count(DISTINCT model) AS models, min(conversion_date) AS first_day,
            max(conversion_date) AS last_day, any_value(largest_value) AS largest_value,
            any_value(largest_conversions) AS largest_conversions
        FROM moved JOIN largest USING (currency, reason)
        GROUP BY currency, reason ORDER BY currency, conversions DESC, reason"""
    return rows_of(con, sql, publication_id=publication_id)


def by_channel(con: duckdb.DuckDBPyConnection, publication_id: int) -> Rows:
    """Sum the change of credit by currency, channel and model."""
    sql = f"""
        SELECT currency, channel, model, {_CHANGE}
        FROM restatements WHERE publication_id = $publication_id
        GROUP BY currency, channel, model ORDER BY currency, channel, model"""
    return rows_of(con, sql, publication_id=publication_id)


def lines(rows: Rows, models: Sequence[str], unit: str) -> list[dict[str, Any]]:
    """Lay changes out by model, the largest first; a model without a row did not move."""
    laid = []
    for (channel,), group in by(rows, "channel").items():
        at: dict[str, Row] = {row["model"]: row for row in group}
        cells = [at[model][unit] if model in at else ZERO for model in models]
        laid.append({"channel": channel, "cells": cells})
    return sorted(
        laid, key=lambda line: (-max(map(abs, line["cells"]), default=0), line["channel"])
    )
