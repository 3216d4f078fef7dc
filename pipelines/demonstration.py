"""The demo: an invented shop's files, one backfill over all its days, what came out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pipelines.lake import Lake
from pipelines.nightly import ingest, run
from pipelines.query import connect
from pipelines.settings import Settings

CREDIT = """
PIVOT (SELECT channel, model, currency, sum(attributed_value)::DECIMAL(18, 2) AS value
       FROM channels GROUP BY ALL)
ON model USING sum(value) GROUP BY channel, currency ORDER BY currency, linear DESC NULLS LAST"""
AGREEMENT = """
SELECT model, currency, sum(booked_conversions) AS booked,
       sum(booked_value)::DECIMAL(18, 2) AS value,
       sum(credited_value)::DECIMAL(18, 2) AS credited,
       sum(unattributed_value)::DECIMAL(18, 2) AS unattributed,
       max(abs(difference_value))::DECIMAL(18, 2) AS difference
FROM reconciliation GROUP BY ALL ORDER BY currency, model"""
HEALTH = """
SELECT source, reason, count(*) AS records FROM quarantine GROUP BY ALL ORDER BY ALL"""


@dataclass(frozen=True)
class Shown:
    """What the demo shows on the screen."""

    tables: dict[str, tuple[list[str], list[tuple[Any, ...]]]]
    report: Path
    example: str  # a conversion worth explaining


def demonstrate(
    settings: Settings, people: int, days: int, start: date, seed: int, dirt: bool,
    say: Callable[[str], None] = lambda _: None,
) -> Shown:  # fmt: skip
    """Write the files, take them in, attribute them, report."""
    from pipelines.demo import write_demo
    from pipelines.flow import STAGES
    from pipelines.report.page import write_report

    say(f"writing files of {people} people over {days} days to {settings.landing_path}")
    write_demo(settings.landing_path, people=people, days=days, start=start, seed=seed, dirt=dirt)
    say("ingest")
    ingest(settings)
    through = start + timedelta(days - 1)
    run(settings, through, STAGES, say=say)
    con = connect(Lake(settings.lake_uri))
    tables = {
        "Credit by channel and model": _answer(con, CREDIT),
        "Order book against credit (differences must be 0.00)": _answer(con, AGREEMENT),
        "Records set aside, by reason": _answer(con, HEALTH),
    }
    told = settings.report
    written = write_report(
        con, settings.home / "report.html", told.title or None, language=told.language
    )
    order = con.execute(
        "SELECT conversion_id FROM paths ORDER BY touch_count DESC, conversion_id LIMIT 1"
    ).fetchone()
    name = order[0][:12] if order else "CONVERSION"
    return Shown(tables, written, name)


def _answer(con: Any, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    answer = con.execute(query)
    return [column[0] for column in answer.description], answer.fetchall()
