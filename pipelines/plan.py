"""The plan of a run on a home as it lies there. No Spark, nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from expectations.contract import Table
from expectations.tables import BATCHES, CONVERSIONS, CREDITS, PATHS, TABLES
from pipelines.ingest.batch import batch_id
from pipelines.ingest.landing import Ready, Route, Scan, known_looks, scan
from pipelines.ingest.routes import routes
from pipelines.lake import Lake
from pipelines.lake_files import Snapshot
from pipelines.nightly import last_day, last_landed, mappings_of
from pipelines.plan_rows import Coming, Row, rows
from pipelines.publish import latest
from pipelines.query import views

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from pipelines.settings import Settings

NO_SPARK = cast("SparkSession", None)  # a plan that asked for it would fail at once


@dataclass(frozen=True)
class Radius:
    """What the lake has, as it is now, on the days that would be credited again."""

    days: tuple[str, ...]
    conversions: int
    people: int


@dataclass(frozen=True)
class Plan:
    """What a run would do."""

    through: date
    landing: Scan  # `ready` has what an ingest would take in
    rows: tuple[Row, ...]
    radius: dict[str, Radius]  # by table, and of all of them under ''

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "through": self.through.isoformat(),
            "new_files": [one.file for one in self.landing.ready],
            "steps": [row.as_json() | self._size(row.table) for row in self.rows],
            "credited_again": vars(self.radius[""]),
        }

    def _size(self, table: str) -> dict[str, int]:
        one = self.radius.get(table)
        return {"conversions": one.conversions, "people": one.people} if one else {}


class Still(Lake):
    """A lake looked at once: each version of a table is opened a single time."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self._seen: dict[tuple[str, int | None], Snapshot] = {}

    def snapshot(self, table: Table, version: int | None = None) -> Snapshot:
        """As a lake has it, at the first time of asking."""
        key = table.name, version
        if key not in self._seen:
            self._seen[key] = super().snapshot(table, version)
        return self._seen[key]


def plan(settings: Settings, through: date | None, first: date | None, now: datetime) -> Plan:
    """What `run` or, with `first`, `backfill` would do if it were started now.

    MissingInputError if nothing has ever landed.
    """
    from pipelines.flow import FLOW
    from pipelines.work import Run

    lake, mappings = Still(settings.lake_uri), mappings_of(settings)
    ledger = lake.arrow(lake.snapshot(BATCHES))
    landing = _landing(settings, routes(mappings), ledger, now)
    landed_at = {look.file: look.modified_at.date().isoformat() for look in landing.looks}
    coming = [Coming(one.route.mapping, landed_at[one.file]) for one in landing.ready]
    asked = through or _newest_day(settings, ledger, coming)
    last = latest(lake)
    day = last_day(asked, last)
    run = Run(lake, NO_SPARK, settings, mappings, "plan", day.isoformat(),
              first.isoformat() if first else None, asked.isoformat(),
              memory={"published": last})  # fmt: skip
    heads = {name: lake.snapshot(table) for name, table in TABLES.items()}
    made = tuple(rows(run, FLOW, heads, coming))
    return Plan(day, landing, made, _radius(lake, heads, made))


def _landing(
    settings: Settings, known: Mapping[str, Route], ledger: pa.Table, now: datetime
) -> Scan:
    """The landing folder as if all had settled: a run waits for what was written just now."""
    found = scan(settings.landing_path, known, known_looks(ledger), now, settle_seconds=0)
    return replace(found, ready=_new_files(found, settings.landing_path, ledger))


def _new_files(found: Scan, landing: Path, ledger: pa.Table) -> list[Ready]:
    """Ready files with bytes not seen before. Only files of a size seen before are read."""
    size = {look.file: look.bytes for look in found.looks}
    sizes = Counter([*ledger["bytes"].to_pylist(), *(size[one.file] for one in found.ready)])
    known, new = set(ledger["batch_id"].to_pylist()), []
    for one in found.ready:
        if sizes[size[one.file]] > 1:
            name = batch_id(landing / one.file, one.route.source)
            if name in known:
                continue
            known.add(name)
        new.append(one)
    return new


def _newest_day(settings: Settings, ledger: pa.Table, coming: Iterable[Coming]) -> date:
    """Newest day of arrival, counting what an ingest would take in."""
    days = [at.date() for at in ledger["received_at"].to_pylist()]
    days += [date.fromisoformat(one.day) for one in coming]
    return max(days) if days else last_landed(settings)  # which says what to do


def _radius(lake: Lake, heads: dict[str, Snapshot], made: Collection[Row]) -> dict[str, Radius]:
    """By table, and under '' of both tables: days, conversions and people credited again."""
    days = {row.table: set(row.days) for row in made if row.table in (PATHS.name, CREDITS.name)}
    days[""] = set().union(*days.values())
    return {name: _size(lake, heads, some) for name, some in days.items()}


def _size(lake: Lake, heads: dict[str, Snapshot], days: set[str]) -> Radius:
    listed = tuple(sorted(days))
    booked = sum(file.rows for file in heads[CONVERSIONS.name].files if file.day in days)
    con = views(lake, {PATHS.name: heads[PATHS.name]})
    query = """SELECT count(DISTINCT person_id) FROM paths
               WHERE list_contains($days, CAST(conversion_date AS VARCHAR))"""
    [(people,)] = con.execute(query, {"days": list(listed)}).fetchall()
    return Radius(listed, booked, people)
