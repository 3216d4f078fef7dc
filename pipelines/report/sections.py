"""What the page shows that has no one currency: lost paths, lifecycle, restatements, health."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb

from expectations.star_lifecycle import USE_DAYS
from pipelines.report import (
    certainty,
    currencies,
    health,
    lifecycle,
    moved,
    negative,
    queries,
    sentences,
)  # fmt: skip
from pipelines.report.blocks import LIMITS
from pipelines.report.language import Language
from pipelines.report.queries import Row

MOST_BROKEN = 20


def all_of(
    con: duckdb.DuckDBPyConnection,
    run: Row | None,
    through: date,
    models: Sequence[str],
    segment: str | None,
    say: Language,
) -> dict[str, Any]:
    """Everything beside the blocks of the currencies."""
    return {
        "losses": queries.losses(con, through, LIMITS["most_paths"]),
        "path_ends": queries.ends(con, through),
        **_lifecycle(con, through, models, segment, say),
        **_certainty(con, run["publication_id"] if run else 0, through, models, say),
        **_moved(con, run["publication_id"] if run else 0),
        **_health(con, run, through, say),
    }


def _lifecycle(
    con: duckdb.DuckDBPyConnection, through: date, models: Sequence[str], segment: str | None,
    say: Language,
) -> dict[str, Any]:  # fmt: skip
    found = lifecycle.maps(con, through, models, segment)
    return {
        "lifecycle": found,
        "lifecycle_models": [(model, say.words(model)) for model, _ in found["maps"]],
        "felt": lifecycle.felt(con, through, segment),
        "use_index": lifecycle.use_index(con, segment),
        "use_days": USE_DAYS,
        "negative": (effects := negative.effects(con, through)),
        "negative_sentences": [negative.sentence(row, say) for row in effects],
    }


def _certainty(
    con: duckdb.DuckDBPyConnection, publication_id: int, through: date, models: Sequence[str],
    say: Language,
) -> dict[str, Any]:  # fmt: skip
    month = certainty.month(con, through)
    found = certainty.scores(con, publication_id)
    return {
        "sure_month": month,
        "sure": certainty.sure(con, month["month"] if month else None),
        "sure_tables": certainty.tables,
        "scored_on": found["scored_on"],
        "score_verdicts": found["verdicts"],
        "scores": found["scores"],
    }


def _moved(con: duckdb.DuckDBPyConnection, publication_id: int) -> dict[str, Any]:
    return {
        "moved_since": moved.before(con, publication_id),
        "moved_reasons": moved.by_reason(con, publication_id),
        "moved_channels": moved.by_channel(con, publication_id),
        "moved_lines": moved.lines,
    }


def _health(
    con: duckdb.DuckDBPyConnection, run: Row | None, through: date, say: Language
) -> dict[str, Any]:
    run_id = run["run_id"] if run else ""
    sources, audits = health.sources(con), health.audits(con, run_id)
    return {
        "sources": sources,
        "quarantine": health.quarantine(con),
        "consent": health.consent(con, through),
        **_currencies(con, through, say),
        "left_out": health.left_out(con, through),
        "audits": audits,
        "broken": health.broken(con, run_id, MOST_BROKEN),
        "model_versions": health.model_versions(con, through),
        "health_sentence": sentences.health(sources, audits, run, say) if run else "",
    }


def _currencies(con: duckdb.DuckDBPyConnection, through: date, say: Language) -> dict[str, Any]:
    rows, reporting = currencies.by_currency(con, through), currencies.reporting_currency(con)
    return {
        "currencies": rows,
        "reporting": reporting,
        "currency_sentence": currencies.sentence(rows, reporting, say),
        "rated": currencies.by_channel(con, through) if reporting else [],
    }
