"""Paths to fitted models, credits and the tables people read."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from pyspark.sql import DataFrame

from expectations.tables import (
    CONVERSIONS,
    CREDITS,
    IDENTITIES,
    LOST_PATHS,
    MODEL_VERSIONS,
    MONEY,
    PATHS,
    SPEND,
    TOUCHPOINTS,
)
from pipelines import dirty
from pipelines.lake_files import WHOLE
from pipelines.marts.money import campaigns, channels
from pipelines.marts.path_summary import path_summary
from pipelines.marts.reconciliation import reconciliation
from pipelines.model_versions import FITTED, fit, fit_days, training_paths, versions, windows
from pipelines.part_files import Finish
from pipelines.scoring import score
from pipelines.steps.consents import known_consents
from pipelines.work import Work


def due_fits(work: Work) -> set[date]:
    """Days a model should have been fitted as of by now, and was not; none if no model learns."""
    if not set(FITTED) & set(work.run.settings.models.use):
        return set()
    made = set(work.new[PATHS.name].digests)
    asked: set[date] = work.run.memory.get("refit", set())
    if not made:
        return asked
    planned = fit_days(
        date.fromisoformat(min(made)), date.fromisoformat(work.run.through),
        work.run.settings.models.fit_every,
    )  # fmt: skip
    if work.is_all_new:
        return set(planned) | asked
    return (set(planned) - {row["as_of_date"] for row in _kept_fits(work)}) | asked


def if_a_fit_is_due(work: Work) -> set[str]:
    """The whole table, if there is something to fit."""
    return {WHOLE} if work.is_all_new or due_fits(work) else set()


def make_model_versions(work: Work, days: set[str]) -> DataFrame:
    """Kept fits, frozen, and those that are due."""
    run, due = work.run, sorted(due_fits(work))
    models = run.settings.models
    fits = windows(run.spark, due, models.training_days)
    counted = training_paths(
        work.frame(PATHS), work.frame(TOUCHPOINTS), work.frame(CONVERSIONS),
        work.frame(IDENTITIES), fits, run.settings.path_rules, known_consents(work),
    )  # fmt: skip
    fresh = fit(counted.toArrow(), due, models) if due else run.lake.empty(MODEL_VERSIONS)
    kept = [] if work.is_all_new else [r for r in _kept_fits(work) if r["as_of_date"] not in due]
    rows = kept + fresh.to_pylist()
    return run.spark.createDataFrame(type(fresh).from_pylist(rows, schema=fresh.schema))


def _kept_fits(work: Work) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = work.run.lake.arrow(work.base).to_pylist()
    return rows


def credit_days(work: Work) -> set[str]:
    """Days whose paths changed."""
    return work.changed(PATHS)


def fits_changed(work: Work) -> bool:
    """Whether a fit may have changed, and not all is dirty anyway."""
    return not work.is_all_new and bool(work.changed(MODEL_VERSIONS))


def refitted_days(work: Work) -> set[str]:
    """Days a new fit speaks for."""
    lake = work.run.lake
    before, after = (
        {(row["as_of_date"], row["model_version"]) for row in lake.arrow(snapshot).to_pylist()}
        for snapshot in (work.old(MODEL_VERSIONS), work.new[MODEL_VERSIONS.name])
    )
    since = min((as_of.isoformat() for as_of, _ in before ^ after), default=None)
    made = work.new[PATHS.name].digests
    return {day for day in made if since is not None and day >= since}


def credit_keys(work: Work, days: set[str]) -> DataFrame | None:
    """Conversions whose paths are other than they were; None if all may be credited otherwise."""
    if fits_changed(work):
        return None
    every = work.frame(PATHS, days & work.as_a_whole).select("conversion_id")
    return work.differing(PATHS, "conversion_id").unionByName(every).distinct()


def paths_to_credit(work: Work, days: set[str]) -> DataFrame:
    """Paths of the conversions of some days."""
    made = work.frame(PATHS, days)
    return made.join(work.keys, on="conversion_id", how="left_semi") if work.keys else made


def scorer(work: Work) -> Finish:
    """What makes credits of paths."""
    fitted = work.run.lake.arrow(work.new[MODEL_VERSIONS.name])
    return partial(score, versions=tuple(versions(fitted, work.run.settings.models)))


def money_days(work: Work) -> set[str]:
    """Days whose credit or spend changed."""
    return work.changed(CREDITS) | work.changed(SPEND)


def make_channels(work: Work, days: set[str]) -> DataFrame:
    """Channels of some days."""
    models = work.run.settings.models.use
    return channels(work.frame(CREDITS, days), work.frame(SPEND, days), models)


def make_campaigns(work: Work, days: set[str]) -> DataFrame:
    """Campaigns of some days."""
    models = work.run.settings.models.use
    return campaigns(work.frame(CREDITS, days), work.frame(SPEND, days), models)


def summary_months(work: Work) -> set[str]:
    """Months whose won or lost paths changed."""
    return dirty.months(work.changed(PATHS)) | work.changed(LOST_PATHS)


def make_path_summary(work: Work, months: set[str]) -> DataFrame:
    """Path summaries of some months (named by their first days)."""
    inside = {day for day in work.new[PATHS.name].digests if dirty.months({day}) <= months}
    return path_summary(work.frame(PATHS, inside), work.frame(LOST_PATHS, months))


def reconciled_days(work: Work) -> set[str]:
    """Days whose credit changed, as with a changed order book, or the money of credited days.

    Money has days after the run's last, of touches and spend; their orders are not credited yet.
    """
    credited = set(work.new[CREDITS.name].digests)
    return work.changed(CREDITS) | (work.changed(MONEY) & credited)


def make_reconciliation(work: Work, days: set[str]) -> DataFrame:
    """Order book against credit on some days."""
    models = work.run.settings.models.use
    booked, given, cohorts = (work.frame(table, days) for table in (CONVERSIONS, CREDITS, MONEY))
    return reconciliation(booked, given, cohorts, models)
