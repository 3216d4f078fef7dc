"""Runs what a user would write instead of the chain, on the same files."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.lake import Lake
from pipelines.query import heads, views

SCRIPT = Path(__file__).with_name("by_hand.sql")
BY_CHANNEL = """SELECT model, channel, sum(conversions)::DOUBLE, sum(attributed_value)::DOUBLE
    FROM {table} GROUP BY model, channel"""
Totals = dict[tuple[str, str], tuple[float, float]]  # model, channel: conversions, value


def run(lake: str, out: str) -> None:
    """Make touches, credits and channels as Parquet files."""
    con = duckdb.connect(config={"memory_limit": "4GB", "temp_directory": f"{out}/scratch"})
    con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    for statement in SCRIPT.read_text().split(";\n"):
        con.execute(statement.replace("$lake", lake).replace("$out", out))
    con.close()


def by_hand(out: str) -> Totals:
    """Credit by model and channel as the script made it."""
    return _totals(duckdb.connect(), f"read_parquet('{out}/channels.parquet')")


def by_chain(lake: str) -> Totals:
    """Credit by model and channel as the chain made it."""
    found = heads(Lake(lake))
    return _totals(views(Lake(lake), {"channels": found["channels"]}), "channels")


def _totals(con: duckdb.DuckDBPyConnection, table: str) -> Totals:
    rows = con.sql(BY_CHANNEL.format(table=table)).fetchall()
    return {(m, c): (credit, value) for m, c, credit, value in rows if credit or value}


def gaps(ours: Totals, theirs: Totals) -> dict[str, tuple[float, float]]:
    """Of each model of both: the largest difference of a channel's credit and of its value."""
    found = {}
    for model in sorted({model for model, _ in theirs}):
        keys = [key for key in ours.keys() | theirs.keys() if key[0] == model]
        pairs = [(ours.get(key, (0.0, 0.0)), theirs.get(key, (0.0, 0.0))) for key in keys]
        found[model] = (max(abs(a[0] - b[0]) for a, b in pairs),
                        max(abs(a[1] - b[1]) for a, b in pairs))  # fmt: skip
    return found
