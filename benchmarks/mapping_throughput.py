"""Events per second of mapping GA4's records to `events`, ours and by hand in DuckDB, in one run.

An invented shop's GA4 export (lines of JSON, some 1.7 kB each) is ingested; both read the same
`records` on two cores and write the columns of `events` as Parquet. Each runs in a process of its
own, Spark thrice: as a night begins, with nothing compiled, and twice warmer. What both say of
events, traffic, money and click ids must agree.

    python -m benchmarks.mapping_throughput [--people 30000] [--days 30] [--times 1]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from benchmarks.memory import cpu_seconds, measured

BY_HAND = Path(__file__).with_suffix("").with_name("ga4_events.sql")
SAID = """
    SELECT event_type, traffic_scope, utm_source, utm_medium, utm_campaign, platform, currency,
        is_test, source_local_date, count(*) AS events, sum(value) AS value,
        count(DISTINCT session_id) AS sessions, count(DISTINCT order_id) AS orders,
        count(click_ids['gclid']) AS gclids, count(attributes['country']) AS countries,
        count(DISTINCT campaign_id) AS campaigns, count(DISTINCT page_host) AS hosts,
        sum(len(ids)) AS ids, epoch_us(min(occurred_at)) AS first, max(seq) AS seq
    FROM read_parquet('{into}/**/*.parquet', hive_partitioning = false) GROUP BY ALL ORDER BY ALL"""
Cost = tuple[float, float]  # seconds, CPU seconds


def records(home: str, people: int, days: int) -> list[str]:
    """Ingest an invented export; the files of `records`."""
    from expectations.tables import RECORDS
    from pipelines.collect import collect
    from pipelines.demo import write_demo
    from pipelines.ingest.mapping import load_mappings
    from pipelines.ingest.routes import routes
    from pipelines.lake import Lake

    landing, lake = Path(home, "landing"), Lake(f"{home}/lake")
    write_demo(landing, people, days, date(2026, 1, 1), 7, False)
    ga4 = {name: one for name, one in routes(load_mappings(None)).items() if one.mapping == "ga4"}
    for path in landing.rglob("*"):
        if path.is_file() and (path.parts[len(landing.parts)] != "ga4" or path.suffix != ".json"):
            path.unlink()
    collect(lake, landing, ga4, "made", datetime.now(UTC))
    return [url.removeprefix("file://") for url in lake.urls(lake.snapshot(RECORDS))]


def timed(work: Callable[[], object]) -> Cost:
    begun, cpu = time.perf_counter(), cpu_seconds()
    work()
    return time.perf_counter() - begun, cpu_seconds() - cpu


def ours(files: list[str], into: str) -> list[Cost]:
    """Map with Spark: cold, then twice warmer."""
    from expectations.spark import spark_schema
    from expectations.tables import RECORDS
    from pipelines.events import events, mapped
    from pipelines.ingest.mapping import load_mappings
    from pipelines.session import start

    with tempfile.TemporaryDirectory() as scratch:
        spark = start({**os.environ, "SPARK_MASTER": "local[2]"}, scratch)
        read = spark.read.schema(spark_schema(RECORDS)).parquet(*files)
        ga4 = {"ga4": load_mappings(None)["ga4"]}

        def write() -> None:
            events(mapped(read, ga4)).write.mode("overwrite").parquet(into)

        costs = [timed(write) for _ in range(3)]
        spark.stop()
    return costs


def by_hand(files: list[str], into: str) -> list[Cost]:
    """Map with DuckDB."""
    Path(into).mkdir()
    con = duckdb.connect(config={"threads": 2})
    con.execute("SET TimeZone = 'UTC'")
    sql = BY_HAND.read_text().replace("$records", str(files)).replace(
        "$into", f"'{into}/events.parquet'"
    )  # fmt: skip
    return [timed(lambda: con.execute(sql))]


def said(into: str) -> list[tuple[object, ...]]:
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    rows: list[tuple[object, ...]] = con.execute(SAID.format(into=into)).fetchall()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--people", type=int, default=30_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--times", type=int, default=1, help="read each file so often")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="touchstone-bench-") as home:
        files = records(home, given.people, given.days) * given.times
        [(number,)] = duckdb.execute(f"SELECT count(*) FROM read_parquet({files})").fetchall()
        print(f"{number:,} records", flush=True)
        for name, work in (("spark", ours), ("duckdb", by_hand)):
            costs, peak = measured(work, files, f"{home}/{name}")
            for label, (seconds, cpu) in zip(("cold", "second", "third"), costs, strict=False):
                print(
                    f"{name:7} {label}: {seconds:6.1f} s, {cpu:6.1f} CPU s, "
                    f"{number / seconds:9,.0f} events/s, {number / cpu:9,.0f} per CPU second, "
                    f"peak {peak / 2**20:,.0f} MiB",
                    flush=True,
                )
        ours_said, theirs = said(f"{home}/spark"), said(f"{home}/duckdb")
        other = [pair for pair in zip(ours_said, theirs, strict=False) if pair[0] != pair[1]]
        print(f"{len(ours_said)} groups of events, {len(theirs)} by hand, {len(other)} differ")
        print("\n".join(f"{a}\n{b}" for a, b in other[:3]))


if __name__ == "__main__":
    main()
