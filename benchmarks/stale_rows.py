"""Whether history stays true: many nights with late touches and identities stitched late.

An invented shop's events arrive night by night; a part of the touches comes days late, and a part
of the people is recognised only weeks after. After each night the credit of the linear model is
compared with two others made of the same files: what `by_hand.sql` makes of all that has arrived
(a full refresh that shares no code with the pipeline), and a table that is only ever merged into,
by conversion and touch, as designs without deletion do. At last the lake is made once more from
everything, by one run, and must be equal by digest.

    python -m benchmarks.stale_rows [--people 3000] [--days 120] [--nights N] [--every 10]

With `--nights` only the last N days have nights of the pipeline of their own, the first of them
taking in all that arrived before; what is merged is merged night by night all the same.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from unittest import mock

import duckdb

from benchmarks import by_hand, results
from benchmarks.events_made import FIRST, HERE, SPENT, conform, plan, write
from expectations.tables import EVENTS, SPEND
from pipelines.lake import Lake
from pipelines.query import connect
from pipelines.session import CONF

STAGES = ("journeys", "credit")
SMALL = {"spark.sql.shuffle.partitions": "2"}  # a night of a small shop is many tiny jobs
QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"
TOML = '[models]\nuse = ["linear"]\n'
LATE = (HERE / "late_events.sql").read_text()
# a touch is known by its instant: two events of one instant may both have been a session's first
TOUCH = "coalesce(touched_at, TIMESTAMPTZ '1970-01-01 00:00:00+00') AS touched_at"
MERGED = """
    CREATE TABLE IF NOT EXISTS merged
    (order_id VARCHAR, touched_at TIMESTAMPTZ, value DOUBLE, PRIMARY KEY (order_id, touched_at));
    INSERT OR REPLACE INTO merged SELECT order_id, touched_at, value FROM truth"""
TRUTH = f"""
    CREATE OR REPLACE TABLE truth AS
    SELECT order_id, {TOUCH}, sum(attributed_value) AS value, sum(credit) AS credit
    FROM read_parquet('{{out}}/credits.parquet') WHERE model = 'linear' GROUP BY ALL"""
OURS = f"""
    SELECT order_id, {TOUCH}, sum(c.credit) AS credit, sum(c.attributed_value) AS value
    FROM credits AS c JOIN conversions USING (conversion_id) WHERE model = 'linear' GROUP BY ALL"""


@dataclass
class Night:
    """What was true after a night; figures in percent are of the revenue."""

    day: date
    seconds: float
    conversions: int
    ours_percent: float
    stale: int  # rows of ours that the full refresh has not, or with another credit
    missing: int  # rows of the full refresh that ours has not
    merged_percent: float
    merged_stale: int  # rows of the merged table that the full refresh has not

    def line(self) -> str:
        """The night as one line."""
        return (
            f"{self.day}: {self.seconds:5.1f} s, {self.conversions:5,} conversions, "
            f"ours {self.ours_percent:.3f} %, {self.stale} stale, {self.missing} missing; "
            f"merge only {self.merged_percent:.3f} %, {self.merged_stale:,} stale"
        )


def tell(con: duckdb.DuckDBPyConnection, people: int, days: int, seed: int) -> None:
    """Make `arriving`: all events, and the day on which each arrives."""
    con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    plan(con, people, days, seed)
    of_day = (HERE / "events_of_day.sql").read_text()
    for number in range(days):
        verb = "INSERT INTO told" if number else "CREATE TABLE told AS"
        con.execute(f"{verb} {of_day}", {"day": FIRST + timedelta(number)})
    for statement in LATE.split(";\n"):
        con.execute(statement)


def arrive(con: duckdb.DuckDBPyConnection, lake: Lake, day: date) -> None:
    """Add what arrives on a day to the lake's events, whichever days it is about."""
    parts = []
    query = "SELECT * EXCLUDE (arrives_on) FROM arriving WHERE arrives_on = $1 ORDER BY event_id"
    came = conform(con.execute(query, [day]).to_arrow_table(), EVENTS)
    for about in sorted(set(came["event_date"].to_pylist())):
        rows = came.filter([about == one for one in came["event_date"].to_pylist()])
        parts.append((f"made{day:%Y%m%d}-{rows.num_rows}", rows))
    lake.append(lake.snapshot(EVENTS), parts, {"run": "made"})


def nights(home: Path, con: duckdb.DuckDBPyConnection, days: int, own: int) -> Iterator[Night]:
    """Run the last `own` nights; say what was true after each."""
    from pipelines.nightly import run
    from pipelines.settings import load

    settings, out = load(home), home / "by_hand"
    lake = Lake(settings.lake_uri)
    out.mkdir()
    spent = {FIRST + timedelta(n): n for n in range(days)}
    write(lake, SPEND, {d: (SPENT, {"day": d, "number": n}) for d, n in spent.items()}, con)
    for day, number in spent.items():
        arrive(con, lake, day)
        by_hand.run(settings.lake_uri, str(out))
        con.execute(TRUTH.format(out=out))
        con.execute(MERGED)
        if number >= days - own:
            begun = time.perf_counter()
            run(settings, day, STAGES, use_gx=False)
            yield compared(con, lake, day, time.perf_counter() - begun)


def compared(con: duckdb.DuckDBPyConnection, lake: Lake, day: date, seconds: float) -> Night:
    """The published credit, and the merged table's, beside the full refresh of the night."""
    published = connect(lake)
    con.register("ours", published.execute(OURS).to_arrow_table())
    booked = "SELECT coalesce(sum(net_value), 0), count(*) FROM conversions"
    [(revenue, conversions)] = published.execute(booked).fetchall()
    [(ours,)] = con.execute("SELECT coalesce(sum(value), 0) FROM ours").fetchall()
    [(merged,)] = con.execute("SELECT coalesce(sum(value), 0) FROM merged").fetchall()
    of = float(revenue) or 1.0
    same = "USING (order_id, touched_at)"
    return Night(
        day, seconds, conversions, 100 * float(ours) / of if revenue else 100.0,
        _count(con, f"FROM ours o LEFT JOIN truth t {same} "
               "WHERE t.credit IS NULL OR abs(o.credit - t.credit) > 1e-9"),
        _count(con, f"FROM truth ANTI JOIN ours {same}"),
        100 * merged / of if revenue else 100.0,
        _count(con, f"FROM merged ANTI JOIN truth {same}"),
    )  # fmt: skip


def _count(con: duckdb.DuckDBPyConnection, source: str) -> int:
    [(found,)] = con.execute(f"SELECT count(*) {source}").fetchall()
    return int(found)


def refreshed(home: Path, again: Path, last: date) -> list[str]:
    """Tables that one run makes otherwise of all that arrived."""
    from pipelines.digests import digests
    from pipelines.flow import FLOW
    from pipelines.nightly import run
    from pipelines.query import heads
    from pipelines.settings import load

    names = [step.into.name for stage in STAGES for step in FLOW[stage]]
    again.mkdir()
    (again / "touchstone.toml").write_text(TOML)
    for table in (EVENTS, SPEND):
        shutil.copytree(home / "lake" / table.name, again / "lake" / table.name)
    run(load(again), last, STAGES, use_gx=False)
    lakes = [Lake(load(place).lake_uri) for place in (home, again)]
    ours, fresh = (digests(lake, heads(lake)) for lake in lakes)
    return [name for name in names if ours[name] != fresh[name]]


def section(seen: list[Night], differing: list[str], people: int, days: int, command: str) -> str:
    """The outcome as a section of RESULTS.md."""
    last, bad = seen[-1], [n for n in seen if f"{n.ours_percent:.3f}" != "100.000"]
    stale = sum(n.stale + n.missing for n in seen)
    worst = max(seen, key=lambda n: n.merged_percent)
    seconds = sorted(n.seconds for n in seen)[len(seen) // 2]
    verdict = f"**{', '.join(differing)} differ**" if differing else "no table differs"
    return "\n".join([
        f"## Stale rows, {people:,} people, {days} days, {len(seen)} nights", "",
        f"`{command}` on {results.machine()}; {results.versions()}.", "",
        "10 % of the people are recognised 1 to 30 days late, 5 % of the touches come 1 to 7 days "
        f"late. {last.conversions:,} conversions; a night took {seconds:.1f} s (median; audits "
        "without GX).", "",
        f"- linear credit was 100.000 % of revenue after {len(seen) - len(bad)} of {len(seen)} "
        f"nights; stale or missing rows of all nights together: **{stale}**",
        f"- one run over everything at the end: {verdict}, by digest",
        f"- the same credit merged by conversion and touch, never deleted: "
        f"**{last.merged_percent:.3f} %** of revenue at the end with {last.merged_stale:,} stale "
        f"rows, at worst {worst.merged_percent:.3f} % ({worst.day})", "",
    ])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--people", type=int, default=3000)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=10, help="nights from one line to the next")
    parser.add_argument("--nights", type=int, help="as many as days if not given")
    parser.add_argument("--keep", type=Path, help="new folder to work in and leave as it is")
    parser.add_argument("--dry", action="store_true", help="leave RESULTS.md as it is")
    given = parser.parse_args()
    os.environ.setdefault("TOUCHSTONE_JAVA_OPTIONS", QUICK_JAVA)
    folders = tempfile.TemporaryDirectory(prefix="touchstone-stale-")
    with folders as folder, mock.patch.dict(CONF, SMALL):
        text = experiment(given.keep or Path(folder), given)
    print(text)
    if not given.dry:
        results.write(text)


def experiment(place: Path, given: argparse.Namespace) -> str:
    """All nights, and the full refresh at the end; the outcome as text."""
    home = place / "home"
    home.mkdir(parents=True)
    (home / "touchstone.toml").write_text(TOML)
    con, seen, own = duckdb.connect(), [], given.nights or given.days
    tell(con, given.people, given.days, given.seed)
    for number, night in enumerate(nights(home, con, given.days, own), 1):
        seen.append(night)
        if number % given.every == 0 or number == own:
            print(night.line(), flush=True)
    differing = refreshed(home, place / "again", seen[-1].day)
    flags = f"--people {given.people} --days {given.days} --nights {own}"
    command = f"python -m benchmarks.stale_rows {flags}"
    return section(seen, differing, given.people, given.days, command)


if __name__ == "__main__":
    main()
