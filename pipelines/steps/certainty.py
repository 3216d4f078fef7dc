"""Credit, spend and lift tests to how sure the figures of a month are."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.tables import CHANNELS, CREDITS, SPEND
from models.lift_tests import LiftTest, said_of
from models.multipliers import Multipliers, learned
from pipelines import dirty
from pipelines.lake_files import Snapshot
from pipelines.lift_tests import counted, named_file, told_tests
from pipelines.marts.intervals import intervals
from pipelines.model_versions import FITTED
from pipelines.work import Run, Work


def lift_test_parts(run: Run) -> dict[str, str]:
    """What the file of lift tests says, if there is one."""
    file = named_file(run.settings)
    return {"lift tests": hashlib.sha256(file.read_bytes()).hexdigest()} if file else {}


def interval_months(work: Work) -> set[str]:
    """Months whose credit or spend changed; all, if what lift tests are compared with did."""
    credits, spend = work.new[CREDITS.name], work.new[SPEND.name]
    changed = work.changed(CREDITS)
    tests = _tests(work, credits)
    if tests != _tests(work, work.old(CREDITS)) or changed & _days(tests):
        return dirty.months({*credits.digests, *spend.digests})
    return dirty.months(changed | work.changed(SPEND))


def _tests(work: Work, credits: Snapshot) -> list[LiftTest]:
    """The tests whose days all have been credited."""
    file = named_file(work.run.settings)
    return counted(told_tests(file), credits.digests) if file else []


def _days(tests: Collection[LiftTest]) -> set[str]:
    spans = [dirty.days_between(str(t.period_start), str(t.period_end)) for t in tests]
    return set().union(*spans)


def make_intervals(work: Work, months: set[str]) -> DataFrame:
    """Intervals of some months (named by their first days)."""
    models = work.run.settings.models.use
    credits, spend = (
        work.frame(
            table, {day for day in work.new[table.name].digests if dirty.months({day}) <= months}
        )
        for table in (CREDITS, SPEND)
    )
    return intervals(credits, spend, models, sorted(set(FITTED) & set(models)), _learned(work))


def _learned(work: Work) -> dict[str, Multipliers]:
    """What lift tests teach of each model, by its credit in the days of each test."""
    tests = _tests(work, work.new[CREDITS.name])
    if not tests:
        return {}
    given = work.frame(CHANNELS, _days(tests)).groupBy("model", "channel", "day").agg(
        F.sum("conversions").alias("credit")
    ).orderBy("model", "channel", "day").toArrow()  # fmt: skip
    names = given["model"].to_pylist()
    return {
        model: learned(tests, said_of(tests, given.filter([name == model for name in names])))
        for model in work.run.settings.models.use
    }
