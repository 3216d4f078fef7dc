"""How sure a month's figures are, and what the scorecard says of the models."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb

from pipelines.report.queries import Row, Rows, rows_of
from pipelines.report.shape import by

FIGURES = ("conversions", "value", "roas")  # of a channel, in this order; those that there are
PARTS = ("future", "stability", "lift_tests", "gates", "simulated")

# the newest whole month, else the newest
_MONTH = """
    SELECT month, last_day(month) <= $through AS is_whole FROM intervals
    WHERE month <= $through GROUP BY month ORDER BY is_whole DESC, month DESC LIMIT 1"""
_SURE = """
    SELECT model, channel, currency, figure, amount, sampling_low, sampling_high, band_low,
        band_low_model, band_high, band_high_model, calibrated, calibrated_low, calibrated_high,
        lift_tests, own_lift_tests, is_fit_given, doubt
    FROM intervals
    WHERE level = 'channel' AND month = $month AND list_contains($figures, figure)
    ORDER BY currency, model, list_position($figures, figure), amount DESC, channel"""
_SCORES = """
    SELECT part, model, metric, subject, number, unit, sentence, scored_at::DATE AS scored_on
    FROM scorecard
    WHERE scored_at = (SELECT max(scored_at) FROM scorecard WHERE publication_id <= $publication_id)
    ORDER BY part, metric, subject, model"""


def month(con: duckdb.DuckDBPyConnection, through: date) -> Row | None:
    """Find the month to look at; `is_whole` says whether it had ended."""
    found = rows_of(con, _MONTH, through=through)
    return found[0] if found else None


def sure(con: duckdb.DuckDBPyConnection, of_month: date | None) -> Rows:
    """List each channel's figures of the month with their three numbers."""
    if of_month is None:
        return []
    return rows_of(con, _SURE, month=of_month, figures=list(FIGURES))


def tables(rows: Rows, models: Sequence[str]) -> list[tuple[str, list[tuple[str, Rows]]]]:
    """Part rows by model, in the order of the models, and by figure."""
    parts = by(rows, "model", "figure")
    return [
        (model, [(f, parts[model, f]) for f in FIGURES if (model, f) in parts])
        for model in models
        if any(key[0] == model for key in parts)
    ]


def scores(con: duckdb.DuckDBPyConnection, publication_id: int) -> dict[str, Any]:
    """Read the newest scorecard of a publication or of one before it, parted."""
    rows = rows_of(con, _SCORES, publication_id=publication_id)
    parts = by(rows, "part")
    return {
        "scored_on": rows[0]["scored_on"] if rows else None,
        "verdicts": parts.get(("verdict",), []),
        "scores": [row for part in PARTS for row in parts.get((part,), [])],
    }
