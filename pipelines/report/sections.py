"""What the page shows that has no one currency: lost paths, lifecycle, restatements, health."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb

from pipelines.report import currencies, health, lifecycle, moved, queries, sentences
from pipelines.report.blocks import LIMITS
from pipelines.report.language import Language
from pipelines.report.queries import Row

MOST_BROKEN = 20


def all_of(
    con: duckdb.DuckDBPyConnection,
    run: Row | None,
    through: date,
    models: Sequence[str],
    say: Language,
) -> dict[str, Any]:
    """Everything beside the blocks of the currencies."""
    return {
        "losses": queries.losses(con, through, LIMITS["most_paths"]),
        **_lifecycle(con, through, models, say),
        **_moved(con, run["publication_id"] if run else 0),
        **_health(con, run, through, say),
    }


def _lifecycle(
    con: duckdb.DuckDBPyConnection, through: date, models: Sequence[str], say: Language
) -> dict[str, Any]:
    found = lifecycle.maps(con, through, models)
    return {
        "lifecycle": found,
        "lifecycle_models": [(model, say.words(model)) for model, _ in found["maps"]],
        "felt": lifecycle.felt(con, through),
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
