"""Seconds to export rows of `credits` to PostgreSQL, beside plain COPY of the same, in one run.

Plain COPY is `psql`'s, from a CSV file that DuckDB writes and from PostgreSQL's own binary format
(which somebody would first have to make: a floor). All into new tables without an index. The
export's seconds are all it takes: the facts' and dimensions' making, statistics and the switch.

    python -m benchmarks.export DSN [--rows 10000000] [--write]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import duckdb

from benchmarks.results import machine, write
from expectations.arrow import arrow_schema
from expectations.tables import TABLES
from pipelines.export.content import LEFT_OUT, Content
from pipelines.export.postgres import to_postgres
from pipelines.lake import Lake
from pipelines.query import add_star

SCHEMA = "touchstone_benchmark"
PLAIN = "touchstone_benchmark_plain"
CREDITS = """
SELECT sha256((i // 35)::VARCHAR) AS conversion_id, 'order' AS conversion_type,
    sha256((i // 70)::VARCHAR) AS person_id,
    ['first_touch', 'last_touch', 'last_non_direct', 'linear', 'position_based', 'time_decay',
        'markov'][i % 7 + 1] AS model,
    model AS model_version, (i // 7 % 5)::INTEGER AS position, sha256(i::VARCHAR) AS touchpoint_id,
    'Channel ' || i // 7 % 11 AS channel, 'Campaign ' || i // 7 % 101 AS campaign,
    NULL::VARCHAR AS campaign_id, 0.2::DECIMAL(18, 12) AS credit, credit AS conversions,
    ((i // 35 % 997) / 5)::DECIMAL(18, 6) AS attributed_value, 'EUR' AS currency,
    TIMESTAMPTZ '2026-01-01 08:00:00.123456+00' + INTERVAL (i // 35 % 86400) SECOND AS touched_at,
    touched_at + INTERVAL 3 DAY AS converted_at, converted_at::DATE AS conversion_date
FROM range({rows}) t(i)"""


def made(folder: Path, rows: int) -> Content:
    """A publication of that many credit rows in a Parquet file, all other tables empty."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'").fetchall()
    file = folder / "credits.parquet"
    con.execute(f"COPY ({CREDITS.format(rows=rows)}) TO '{file}'").fetchall()
    for table in TABLES.values():
        con.register(f"empty_{table.name}", arrow_schema(table).empty_table())
        source = f"'{file}'" if table.name == "credits" else f"empty_{table.name}"
        con.execute(f"CREATE VIEW {table.name} AS FROM {source}").fetchall()
    add_star(con, 1)
    tables = tuple(table for name, table in TABLES.items() if name not in LEFT_OUT)
    return Content(Lake(str(folder)), {}, tables, con, 1, date(2026, 1, 4))


def psql(dsn: str, *commands: str) -> float:
    """Run commands; seconds."""
    begun = time.perf_counter()
    words = [word for command in commands for word in ("-c", command)]
    quiet = os.environ | {"PGOPTIONS": "-c client_min_messages=warning"}
    command = ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn, *words]
    subprocess.run(command, check=True, env=quiet)
    return time.perf_counter() - begun


def measured(dsn: str, rows: int, folder: Path) -> dict[str, float]:
    """Seconds by way."""
    content = made(folder, rows)
    seconds = {}
    begun = time.perf_counter()
    to_postgres(content, dsn, SCHEMA, "")
    seconds["export"] = time.perf_counter() - begun
    text, binary = folder / "credits.csv", folder / "credits.binary"
    begun = time.perf_counter()
    content.con.execute(f"COPY (FROM credits) TO '{text}' (FORMAT csv, HEADER false)").fetchall()
    seconds["writing CSV"] = time.perf_counter() - begun
    psql(dsn, f"\\copy {SCHEMA}.credits TO '{binary}' (FORMAT binary)")
    for name, file in (("csv", text), ("binary", binary)):
        new = f"DROP TABLE IF EXISTS {PLAIN}; CREATE TABLE {PLAIN} (LIKE {SCHEMA}.credits)"
        psql(dsn, new)
        seconds[f"plain COPY, {name}"] = psql(dsn, f"\\copy {PLAIN} FROM '{file}' (FORMAT {name})")
    psql(dsn, f"DROP TABLE {PLAIN}", f"DROP SCHEMA {SCHEMA} CASCADE")
    return seconds


def section(rows: int, seconds: dict[str, float]) -> str:
    """The run in Markdown."""
    text = seconds["writing CSV"] + seconds["plain COPY, csv"]
    lines = [
        f"## Export to PostgreSQL, {rows:,} credit rows", "",
        f"`python -m benchmarks.export DSN --rows {rows} --write` on {machine()}; "
        f"duckdb {version('duckdb')}, adbc-driver-postgresql {version('adbc-driver-postgresql')}.",
        "", "| way | seconds | rows/s |", "|---|---:|---:|",
        *(f"| {way} | {took:.1f} | {rows / took:,.0f} |" for way, took in seconds.items()), "",
        f"**Ratio to plain COPY {seconds['export'] / seconds['plain COPY, csv']:.2f}**, to writing "
        f"the CSV and copying it {seconds['export'] / text:.2f}.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dsn", help="of a database on this machine that may be written to")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--write", action="store_true", help="keep the figures in RESULTS.md")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = section(asked.rows, measured(asked.dsn, asked.rows, Path(folder)))
    print(text)
    if asked.write:
        write(text)


if __name__ == "__main__":
    main()
