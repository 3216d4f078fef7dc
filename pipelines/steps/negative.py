"""Touches and conversions to what follows negative touches, looked at when models are fitted."""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from expectations.arrow import arrow_schema
from expectations.tables import CONVERSIONS, EVENTS, IDENTITIES, NEGATIVE_TOUCHES, TOUCHPOINTS
from expectations.tables.lifecycle import ANY, BAGS
from models.negative_touches import negative_touches
from pipelines import dirty
from pipelines.negative_touches import by_bag, negative, outcomes
from pipelines.person_stages import customers, met, staged
from pipelines.segments import asks_attributes, with_attributes
from pipelines.stages import load_stage_map
from pipelines.steps.credit import due_fits
from pipelines.steps.lifecycle import user_file
from pipelines.work import Work

Window = tuple[date, date, date]  # looked at on, first and last day of touches


def make_negative_touches(work: Work, days: set[str]) -> DataFrame:
    """What was seen before, frozen, and what is to be looked at."""
    run = work.run
    kept = [] if work.is_all_new else run.lake.arrow(work.base).to_pylist()
    due = due_fits(work)
    rows = [row for row in kept if row["as_of_date"] not in due]
    rows += _looked(work, [_window(work, day) for day in sorted(due)])
    table = pa.Table.from_pylist(rows, schema=arrow_schema(NEGATIVE_TOUCHES))
    return run.spark.createDataFrame(table)


def _window(work: Work, day: date) -> Window:
    """Days whose touches are looked at: what follows the last of them is known by then."""
    settings = work.run.settings
    last = day - timedelta(math.ceil(settings.lifecycle.outcome_days) + 1)
    return day, last - timedelta(settings.models.training_days - 1), last


def _looked(work: Work, windows: list[Window]) -> list[dict[str, Any]]:
    """Rows of the contract for some windows."""
    if not windows:
        return []
    told = _moments(work, windows)
    found = reduce(DataFrame.unionByName, [by_bag(told, *window) for window in windows]).toArrow()
    return [row for window in windows for row in _rows(work, found, window)]


def _rows(work: Work, sums: pa.Table, window: Window) -> list[dict[str, Any]]:
    day, first, _ = window
    mine = sums.filter(pc.equal(sums["as_of_date"], pa.scalar(day)))
    felt = mine.filter(pc.is_valid(mine["kind"]))
    place = felt.schema.get_field_index("kind")
    every = felt.set_column(place, "kind", pa.array([ANY] * len(felt), pa.string()))
    found = negative_touches(pa.concat_tables([mine, every]), BAGS).to_pylist()
    nothing = {"kind": ANY, "touches": 0, "matched_touches": 0, "controls": 0}
    more = {"horizon_days": work.run.settings.lifecycle.outcome_days, "training_from": first,
            "as_of_date": day}  # fmt: skip
    return [{**row, **more} for row in found or [nothing]]


def _moments(work: Work, windows: list[Window]) -> DataFrame:
    """Touches of all windows with what followed them; written once."""
    run, chosen, rules = work.run, work.run.settings.lifecycle, work.run.settings.path_rules
    firsts, lasts = [w[1] for w in windows], [w[2] for w in windows]
    inside = dirty.days_between(min(firsts).isoformat(), max(lasts).isoformat())
    back = dirty.around(inside, math.ceil(chosen.memory_days) + 1, 0)
    whose, events = work.frame(IDENTITIES), work.frame(EVENTS, inside)
    told = met(work.frame(TOUCHPOINTS, back), whose, rules)
    if asks_attributes(run.settings.segments):
        told = with_attributes(told, work.frame(EVENTS, back))
    booked = work.frame(CONVERSIONS)
    stage_map = load_stage_map(chosen.stage_map, user_file(run))
    made = staged(
        told, customers(booked, whose, chosen.customer_by), stage_map, chosen.memory_days,
        rules.echo_seconds, run.settings.segments,
    )  # fmt: skip
    once = run.lake.keep(run.spark, made, f"{run.run_id}-felt-staged")
    found = outcomes(
        once, negative(once, events), customers(booked, whose, ()), chosen.outcome_days,
        chosen.memory_days,
    )  # fmt: skip
    return run.lake.keep(run.spark, found, f"{run.run_id}-felt")
