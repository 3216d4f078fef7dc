"""What a night costs beside a full refresh: a day more, some of it late, some people merged.

An invented shop's events are in a lake and published, but for 0.5 % of those of the last 30 days.
Then these arrive, with one more day, on which 0.2 % of all people turn out to be somebody else too.
The night that follows is timed from events to the publication, and so is a refresh of everything
in an empty lake. Both must end in the same tables.

    python -m benchmarks.night [--events 10000000] [--days 93] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import duckdb

from benchmarks import results
from benchmarks.chain import audits, timed
from benchmarks.events_made import EVENTS_OF_A_PERSON, FIRST, HERE, SPENT, plan, write
from benchmarks.memory import measured
from benchmarks.results import StepCost
from expectations.tables import EVENTS, SPEND
from pipelines.lake import Lake

if TYPE_CHECKING:
    from pipelines.work import Run, Step

LATE_SHARE, LATE_DAYS, MERGED_SHARE = 0.005, 30, 0.002
# these rest on fits, which are frozen
FITTED = {
    "model_versions", "credits", "channels", "campaigns", "money", "touchpoint_map",
    "negative_touches", "intervals",
}  # fmt: skip
LATE = f"hash(event_id) % 1000000 < {LATE_SHARE * 1e6:.0f}"
IN_TIME = "SELECT * FROM ({of_day}) WHERE NOT ($day >= $since AND {late})"
TOO_LATE = "SELECT * FROM ({of_day}) WHERE {late}"
# somebody signs in with the mail address of the next person
MERGING = """
    SELECT * REPLACE (CASE WHEN row_number() OVER (ORDER BY event_type <> 'identify', event_id)
                           <= $merged AND event_type = 'identify'
        THEN list_append(ids, {{'type': 'email_sha256', 'trust': 3::INT, 'value': sha256(printf(
            'p%d@mail.example',
            (list_filter(ids, lambda i: i.type = 'user_id')[1].value[2:])::BIGINT + 1))}})
        ELSE ids END AS ids)
    FROM ({of_day})"""
Queries = dict[date, tuple[str, dict[str, object]]]


@dataclass
class Cost:
    """What a run cost, step by step."""

    start_seconds: float = 0.0
    steps: list[StepCost] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """From the first step to the publication."""
        return sum(step.seconds for step in self.steps)

    @property
    def cpu_seconds(self) -> float:
        """CPU time of all steps."""
        return sum(step.cpu_seconds for step in self.steps)


def make(root: str, late_root: str, events: int, days: int, seed: int = 1) -> tuple[int, int]:
    """Events of `days` days in one lake, and those that come afterwards in another; how many."""
    people = max(1, events // EVENTS_OF_A_PERSON)
    last, since = FIRST + timedelta(days), FIRST + timedelta(days - LATE_DAYS)
    of_day = (HERE / "events_of_day.sql").read_text()
    calendar = [FIRST + timedelta(n) for n in range(days)]
    with tempfile.TemporaryDirectory() as scratch:
        con = duckdb.connect(f"{scratch}/plan.duckdb", config={"memory_limit": "3GB"})
        con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        con.execute("SET preserve_insertion_order = false")
        plan(con, people * (days + 1) // days, days + 1, seed)
        in_time = IN_TIME.format(of_day=of_day, late=LATE)
        too_late = TOO_LATE.format(of_day=of_day, late=LATE)
        known: Queries = {day: (in_time, {"day": day, "since": since}) for day in calendar}
        came: Queries = {day: (too_late, {"day": day}) for day in calendar[-LATE_DAYS:]}
        merged = {"day": last, "merged": int(people * MERGED_SHARE)}
        came[last] = (MERGING.format(of_day=of_day), merged)
        made = (write(Lake(root), EVENTS, known, con), write(Lake(late_root), EVENTS, came, con))
        for place, some in ((root, calendar), (late_root, [last])):
            spent = {d: (SPENT, {"day": d, "number": (d - FIRST).days}) for d in some}
            write(Lake(place), SPEND, spent, con)
    return made


def arrive(root: str, late_root: str) -> None:
    """Add another lake's events and spend to a lake, as the step that reads records would."""
    target, source = Lake(root), Lake(late_root)
    for table in (EVENTS, SPEND):
        paths = []
        for file in source.snapshot(table).files:
            name = file.path.replace("/made", "/came")
            place = Path(target.uri(table)) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            os.link(Path(source.uri(table)) / file.path, place)
            paths.append(name)
        target.add(target.snapshot(table), paths, {"run": "came"})


def run_all(home: str, through: date, use_gx: bool) -> Cost:
    """Bring every table after `events` up to date and publish, as a night does."""
    from pipelines import run
    from pipelines.nightly import build_data_docs, make_and_publish, started
    from pipelines.settings import load

    cost, begun, settings = Cost(), time.perf_counter(), load(Path(home))
    real = run.bring_up_to_date
    with started(settings, through, None, print, use_gx) as work, audits() as spent:

        def clocked(run: Run, step: Step) -> int:
            one = timed(step.into.name, partial(real, run, step), spent)
            one.rows = run.lake.snapshot(step.into).rows
            cost.steps.append(one)
            return run.lake.snapshot(step.into).version

        cost.start_seconds = time.perf_counter() - begun
        with mock.patch.object(run, "bring_up_to_date", clocked):
            stages = ("journeys", "credit")
            whole = timed("all", partial(make_and_publish, work, stages, through), spent)
        cost.steps.append(rest("publication", whole, cost.steps))
        cost.steps.append(timed("docs", partial(build_data_docs, work), spent))
        work.spark.stop()
    return cost


def rest(name: str, whole: StepCost, parts: list[StepCost]) -> StepCost:
    """What a whole cost beyond its parts."""
    return StepCost(
        name, whole.seconds - sum(part.seconds for part in parts), 0.0,
        whole.cpu_seconds - sum(part.cpu_seconds for part in parts),
    )  # fmt: skip


def only_sources(root: str, copy: str) -> None:
    """A lake with another's events and spend and nothing made of them."""
    for table in (EVENTS, SPEND):
        shutil.copytree(Lake(root).uri(table), Lake(copy).uri(table), copy_function=os.link)


def differing(one: str, other: str) -> list[str]:
    """Tables that two lakes have otherwise; those that rest on fits are not compared."""
    from pipelines.digests import digests
    from pipelines.flow import FLOW

    steps = [step for stage in ("journeys", "credit") for step in FLOW[stage]]
    tables = [step.into for step in steps if step.into.name not in FITTED]
    found = [
        digests(lake, {table.name: lake.snapshot(table) for table in tables})
        for lake in (Lake(one), Lake(other))
    ]
    return sorted(name for name in found[0] if found[0][name] != found[1][name])


def bench(home: Path, events: int, days: int, use_gx: bool) -> str:
    """The night beside the refresh, in Markdown."""
    lake, late, again = (str(home / name / "lake") for name in ("shop", "late", "again"))
    made, came = measured(make, lake, late, events, days)[0]
    print(f"{made:,} events of {days} days, {came:,} come later", flush=True)
    last = FIRST + timedelta(days)
    history, _ = measured(run_all, str(home / "shop"), last - timedelta(1), use_gx)
    arrive(lake, late)
    only_sources(lake, again)
    night, night_peak = measured(run_all, str(home / "shop"), last, use_gx)
    full, full_peak = measured(run_all, str(home / "again"), last, use_gx)
    wrong = differing(lake, again)
    lines = [
        f"## A night, {made:,} events of {days} days",
        "",
        f"`python -m benchmarks.night --events {events} --days {days}` on {results.machine()}; "
        f"{results.versions()}.",
        "",
        f"- {came:,} events come: one more day, {LATE_SHARE:.1%} of the events of {LATE_DAYS} days "
        f"before, and {MERGED_SHARE:.1%} of all people merged",
        f"- the night: **{night.seconds:.1f} s** ({night.cpu_seconds:.0f} s of CPU), peak "
        f"{night_peak / 2**20:,.0f} MB; a refresh of everything: {full.seconds:.1f} s "
        f"({full.cpu_seconds:.0f} s of CPU), peak {full_peak / 2**20:,.0f} MB. "
        f"**{night.seconds / full.seconds:.0%}**",
        f"- starting Spark, in neither: {night.start_seconds:.1f} s; the first refresh took "
        f"{history.seconds:.1f} s",
        f"- tables that differ afterwards: {', '.join(wrong) or 'none'}",
        "",
        "| step | night, seconds | CPU seconds | refresh, seconds | CPU seconds | rows |",
        "|---|---:|---:|---:|---:|---:|",
        *(
            f"| {a.name} | {a.seconds:.1f} | {a.cpu_seconds:.1f} | {b.seconds:.1f} "
            f"| {b.cpu_seconds:.1f} | {a.rows:,} |"
            for a, b in zip(night.steps, full.steps, strict=True)
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=93)
    parser.add_argument("--keep", type=Path, help="folder to work in and leave as it is")
    parser.add_argument("--no-gx", action="store_true", help="judge audits without GX")
    parser.add_argument("--dry", action="store_true", help="leave RESULTS.md as it is")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="touchstone-night-") as folder:
        section = bench(given.keep or Path(folder), given.events, given.days, not given.no_gx)
    print(section)
    if not given.dry:
        results.write(section)


if __name__ == "__main__":
    main()
