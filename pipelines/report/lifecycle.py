"""The map of touchpoints on the page: where each is over- or under-used, and how it is felt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import log2
from typing import Any

import duckdb

from expectations.star_lifecycle import EVERY
from expectations.tables.lifecycle import ALL
from pipelines.report.queries import Row, Rows, rows_of
from pipelines.report.shape import by

NEAR = 0.25  # an index from 1 / 1.25 to 1.25 is in line
FULL_HEAT = 4  # an index of 4, or of a quarter, has the full colour

# share of credit / share of touches; $through is the last day
USE = """
    SELECT model, channel, sum(eligible_touches) AS touches, sum(conversions) AS conversions,
        sum(eligible_touches) / sum(sum(eligible_touches)) OVER (PARTITION BY model) AS use_share,
        sum(conversions) / nullif(sum(sum(conversions)) OVER (PARTITION BY model), 0)
            AS credit_share,
        credit_share / nullif(use_share, 0) AS use_index
    FROM touchpoint_map WHERE day <= $through AND stage_number > 0
    GROUP BY model, channel HAVING touches > 0 OR conversions > 0"""
# what kinds of touchpoint a channel is made of, in the order of the taxonomy
_KINDS = """
    SELECT channel, list(word ORDER BY place, word) AS kinds FROM (
        SELECT DISTINCT channel, unnest([1, 2, 3, 4]) AS place,
            unnest([ownership, contact, setting, form]) AS word
        FROM touchpoint_map WHERE day <= $through AND stage_number > 0 AND eligible_touches > 0
    ) GROUP BY channel"""
USE_BY_STAGE = USE.replace("model, channel", "model, stage_number, stage, channel").replace(
    "PARTITION BY model, stage_number, stage, channel", "PARTITION BY model"
)
_FELT = """
    SELECT stage_number, stage, channel, sum(touches) AS touches, sum(persons) AS persons,
        sum(negative_touches) AS negative, sum(nps_answers) AS nps_answers,
        100 * (sum(nps_promoters) - sum(nps_detractors)) / nullif(sum(nps_answers), 0) AS nps,
        sum(csat_answers) AS csat_answers,
        sum(csat_sum) / nullif(sum(csat_answers), 0) AS csat
    FROM touchpoint_map WHERE day <= $through AND stage_number > 0
        AND model = (SELECT min(model) FROM touchpoint_map WHERE day <= $through)
    GROUP BY stage_number, stage, channel HAVING sum(touches) > 0
    ORDER BY stage_number, touches DESC, channel"""


@dataclass(frozen=True)
class Heat:
    """One cell of the heat map."""

    index: float | None

    @property
    def verdict(self) -> str:
        """Over-used, in line or under-used; empty if nothing was used.

        >>> [Heat(index).verdict for index in (0.5, 1.2, 3.0, None)]
        ['over', 'line', 'under', '']
        """
        if self.index is None:
            return ""
        if self.index > 1 + NEAR:
            return "under"
        return "over" if self.index < 1 / (1 + NEAR) else "line"

    @property
    def strength(self) -> float:
        """How deep its colour is, 0 to 1.

        >>> [Heat(index).strength for index in (2.0, 0.5, 16.0, 0.0, 1.0)]
        [0.5, 0.5, 1.0, 1.0, 0.0]
        """
        if not self.index:
            return float(self.index is not None)
        return min(1.0, abs(log2(self.index)) / log2(FULL_HEAT))


def use_index(con: duckdb.DuckDBPyConnection, segment: str | None) -> Rows:
    """List the indices over all stages with their intervals, by segment; all segments first.

    `con` has the star of the publication. Without segments in the settings all of them is enough.
    """
    sql = """
        SELECT * FROM use_index
        WHERE stage = $every AND segment = coalesce($segment, segment) AND segment <> $all
        ORDER BY model, segment <> $every, segment, touches DESC, channel"""
    return rows_of(con, sql, every=EVERY, all=ALL, segment=segment)


def segments(con: duckdb.DuckDBPyConnection, through: date) -> list[str]:
    """List the segments that touches of the publication are in."""
    sql = """
        SELECT DISTINCT segment FROM touchpoint_map
        WHERE day <= $through AND stage_number > 0 ORDER BY segment"""
    return [row["segment"] for row in rows_of(con, sql, through=through)]


def _of_segment(sql: str) -> str:
    """The query for one segment, or for all of them if $segment is null."""
    only = "stage_number > 0 AND segment = coalesce($segment, segment)"
    return sql.replace("stage_number > 0", only)


def felt(con: duckdb.DuckDBPyConnection, through: date, segment: str | None = None) -> Rows:
    """Count touches, person-days, negative touches and answers by stage and channel."""
    return rows_of(con, _of_segment(_FELT), through=through, segment=segment)


def maps(
    con: duckdb.DuckDBPyConnection,
    through: date,
    models: Sequence[str],
    segment: str | None = None,
) -> dict[str, Any]:
    """Stages in order, and for each model the lines of its heat map; most touched first."""
    named = {"through": through, "segment": segment}
    cells = rows_of(con, _of_segment(USE_BY_STAGE), **named)
    ordered = f"{_of_segment(USE)} ORDER BY model, touches DESC, channel"
    whole = rows_of(con, ordered, **named)
    stages = sorted({(row["stage_number"], row["stage"]) for row in cells})
    kinds = {row["channel"]: row["kinds"] for row in rows_of(con, _of_segment(_KINDS), **named)}
    at = {(row["model"], row["channel"], row["stage"]): row for row in cells}
    lines = {
        model: [
            {
                **_line(row, [at.get((model, row["channel"], name)) for _, name in stages]),
                "kinds": kinds.get(row["channel"], []),
            }
            for row in rows
        ]
        for (model,), rows in by(whole, "model").items()
    }
    known = [model for model in models if model in lines]
    return {"stages": [name for _, name in stages], "maps": [(m, lines[m]) for m in known]}


def _line(row: Row, cells: Sequence[Row | None]) -> dict[str, Any]:
    return {
        "channel": row["channel"],
        "cells": [Heat(cell["use_index"] if cell else None) for cell in cells],
        "all": Heat(row["use_index"]),
        "use_share": Decimal(str(row["use_share"] or 0)),
        "credit_share": Decimal(str(row["credit_share"] or 0)),
    }
