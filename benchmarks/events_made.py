"""Writes an invented shop's events, and what its ads cost, straight into a lake, day by day.

python -m benchmarks.events_made LAKE [--events 1000000] [--days 90] [--seed 1]
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from expectations.arrow import arrow_schema
from expectations.contract import Table
from expectations.tables import EVENTS, SPEND
from pipelines.lake import Lake
from pipelines.lake_files import file_path

FIRST = date(2026, 1, 1)
EVENTS_OF_A_PERSON = 20
ACTIVITY = 1.82  # of which EVENTS_OF_A_PERSON come
HERE = Path(__file__).parent
SPENT = """
    SELECT platform, 'account 1' AS account_id, printf('%d%d', 1000 + kind, n) AS campaign_id,
        printf('%s %d', utm_source, n) AS campaign,
        CASE utm_medium WHEN 'cpc' THEN 'Paid Search' ELSE 'Paid Social' END AS channel,
        (5 + floor(u(kind * 8 + n, 41 + $number) * 9000) / 100)::DECIMAL(18, 6) AS cost,
        'EUR' AS currency, 1000 AS impressions, 50 AS clicks,
        $day::TIMESTAMP + INTERVAL 30 HOUR AS extracted_at, $day AS spend_date
    FROM kinds, range(8) AS r(n) WHERE platform IS NOT NULL ORDER BY campaign_id"""


def make(root: str, events: int, days: int = 90, seed: int = 1, people: int = 0) -> int:
    """Fill a new lake with about so many events; return how many there are."""
    lake = Lake(root)
    with tempfile.TemporaryDirectory() as scratch:
        con = duckdb.connect(f"{scratch}/plan.duckdb", config={"memory_limit": "3GB"})
        con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        con.execute("SET preserve_insertion_order = false")
        plan(con, people or max(1, events // EVENTS_OF_A_PERSON), days, seed)
        of_day = (HERE / "events_of_day.sql").read_text()
        calendar = [FIRST + timedelta(n) for n in range(days)]
        rows = write(lake, EVENTS, {day: (of_day, {"day": day}) for day in calendar}, con)
        spent = {day: (SPENT, {"day": day, "number": n}) for n, day in enumerate(calendar)}
        write(lake, SPEND, spent, con)
    return rows


def plan(con: duckdb.DuckDBPyConnection, people: int, days: int, seed: int) -> None:
    """Make the tables of who does what when; narrow, for all days."""
    known = {"people": people, "days": days, "seed": seed, "first": FIRST, "activity": ACTIVITY}
    for statement in (HERE / "events_made.sql").read_text().split(";\n"):
        for name, value in known.items():  # a macro and DDL take no parameters
            text = f"DATE '{value}'" if isinstance(value, date) else str(value)
            statement = statement.replace(f"${name}", text)
        con.execute(statement)


def write(
    lake: Lake,
    table: Table,
    queries: dict[date, tuple[str, dict[str, object]]],
    con: duckdb.DuckDBPyConnection,
) -> int:
    """Commit one file per day; return the number of rows."""
    paths, rows = [], 0
    for day, (sql, known) in queries.items():
        made = conform(con.sql(sql, params=known).to_arrow_table(), table)
        name = f"made{day:%Y%m%d}-{made.num_rows}"
        with lake.writer(table, day.isoformat(), name) as writer:
            writer.write_table(made.select(writer.schema.names))
        paths.append(file_path(table, day.isoformat(), name))
        rows += made.num_rows
    lake.add(lake.snapshot(table), paths, {"run": "made"})
    return rows


def conform(made: pa.Table, table: Table) -> pa.Table:
    """The contract's types: DuckDB names the elements of lists otherwise and knows no zone."""
    schema = arrow_schema(table)
    return made.select(schema.names).cast(schema)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lake")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"{make(given.lake, given.events, given.days, given.seed):,} events")


if __name__ == "__main__":
    main()
