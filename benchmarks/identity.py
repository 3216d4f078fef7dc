"""Seconds and memory of finding people among links, on the driver and in Spark, which must agree.

    python -m benchmarks.identity [--links 5000000] [--dry]

Then what becomes of the identifiers that merge strangers elsewhere, as a table.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import duckdb
import pyarrow.parquet as pq

from benchmarks import identity_judged, links_made
from benchmarks.memory import cpu_seconds, measured
from benchmarks.results import machine, versions, write

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

CAPS = {"max_links": 10, "max_component": 200}
DIFFERENT = """
SELECT count(*) FROM driver FULL JOIN spark USING (key)
WHERE (driver.person_key, driver.refused, driver.links)
  IS DISTINCT FROM (spark.person_key, spark.refused, spark.links)"""
TWO_CORES = {"SPARK_MASTER": "local[2]"}
WHAT = """
SELECT count(*), count(DISTINCT person_key), count_if(refused = 'fan_out'),
  count_if(refused = 'component') FROM driver"""


@dataclass(frozen=True)
class Cost:
    """What some work cost; bytes are of all its processes, Spark's too."""

    seconds: float
    cpu_seconds: float
    bytes: int = 0


def clocked(work: Callable[[], object]) -> Cost:
    """What some work costs."""
    begun, cpu = time.perf_counter(), cpu_seconds()
    work()
    return Cost(time.perf_counter() - begun, cpu_seconds() - cpu)


def on_the_driver(folder: str) -> Cost:
    """Solve the links with SciPy, from Arrow to Arrow."""
    from pipelines.components import components

    links = pq.read_table(f"{folder}/links")
    return clocked(lambda: pq.write_table(components(links, **CAPS), f"{folder}/driver"))


def in_spark(folder: str) -> Cost:
    """Solve the links with Spark on two cores, from files to files."""
    from pipelines.components_spark import components_in_spark
    from pipelines.session import start

    spark, numbers = start(dict(os.environ) | TWO_CORES, f"{folder}/scratch"), count()

    def keep(frame: DataFrame) -> DataFrame:
        path = f"{folder}/kept-{next(numbers)}"
        frame.write.parquet(path)
        return spark.read.schema(frame.schema).parquet(path)

    def work() -> None:
        solved = components_in_spark(spark.read.parquet(f"{folder}/links"), **CAPS, keep=keep)
        solved.write.parquet(f"{folder}/spark")

    cost = clocked(work)
    spark.stop()
    return cost


def section(links: int, costs: dict[str, Cost], what: tuple[int, ...], different: int) -> str:
    """The run in Markdown."""
    keys, people, hubs, crowded = what
    driver, spark = costs["driver (SciPy)"], costs["Spark"]
    rows = [
        f"| {name} | {cost.seconds:.1f} | {cost.cpu_seconds:.1f} | {cost.bytes / 2**20:,.0f} |"
        for name, cost in costs.items()
    ]
    return "\n".join([
        f"## Identity, {links:,} links", "",
        f"`python -m benchmarks.identity --links {links}` on {machine()}; {versions()}.", "",
        f"- {keys:,} identifiers are {people:,} people; {hubs:,} link nothing since they have too "
        f"many neighbours, {crowded:,} stay apart since there are too many of them",
        f"- rows in which the two differ: **{different:,}**",
        f"- Spark needs {spark.seconds / driver.seconds:.1f} times the seconds, "
        f"{spark.cpu_seconds / driver.cpu_seconds:.1f} times the CPU seconds", "",
        "| where | seconds | CPU seconds | peak MB |", "|---|---:|---:|---:|", *rows,
    ]) + "\n"  # fmt: skip


def bench(links: int, folder: str) -> str:
    """Make the links, solve them twice, compare."""
    pq.write_table(links_made.make(links), f"{folder}/links")
    costs = {}
    for name, work in (("driver (SciPy)", on_the_driver), ("Spark", in_spark)):
        cost, peak = measured(work, folder)
        costs[name] = Cost(cost.seconds, cost.cpu_seconds, peak)
        print(f"{name}: {costs[name]}", flush=True)
    con = duckdb.connect(f"{folder}/compare.duckdb", config={"memory_limit": "3GB"})
    for name, files in (("driver", f"{folder}/driver"), ("spark", f"{folder}/spark/*.parquet")):
        con.execute(f"CREATE VIEW {name} AS FROM read_parquet('{files}')")
    [what] = con.execute(WHAT).fetchall()
    [(different,)] = con.execute(DIFFERENT).fetchall()
    return section(pq.read_metadata(f"{folder}/links").num_rows, costs, what, different)


def judged_cases(folder: str) -> str:
    """How the cases end, in Markdown."""
    from pipelines.session import start

    spark = start(dict(os.environ) | TWO_CORES, f"{folder}/cases")
    _, rows = identity_judged.solved(spark, folder)
    spark.stop()
    return identity_judged.section(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--links", type=int, default=5_000_000)
    parser.add_argument("--dry", action="store_true", help="leave RESULTS.md as it is")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="touchstone-bench-") as folder:
        sections = [bench(given.links, folder), measured(judged_cases, folder)[0]]
    for text in sections:
        print(text)
        if not given.dry:
            write(text)


if __name__ == "__main__":
    main()
