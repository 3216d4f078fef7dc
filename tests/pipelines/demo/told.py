"""Reads the demo's files back."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import orjson
import pyarrow.parquet as pq

IGNORED = (".part", ".tmp")


def files(landing: Path, pattern: str = "**/*") -> list[Path]:
    return sorted(p for p in landing.glob(pattern) if p.is_file() and p.suffix not in IGNORED)


def fingerprint(landing: Path) -> dict[str, tuple[str, float]]:
    found = sorted(p for p in landing.rglob("*") if p.is_file())
    return {
        str(path.relative_to(landing)): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime,
        )
        for path in found
    }


def ga4_events(landing: Path) -> Iterator[dict]:
    """Every event with its integers as the JSON export has them, repeats included."""
    for path in files(landing, "ga4/*.json"):
        yield from (orjson.loads(line) for line in path.read_bytes().splitlines())
    for path in files(landing, "ga4/*.parquet"):
        for row in pq.read_table(path).to_pylist():
            found = {name: value for name, value in row.items() if value is not None}
            yield found | {"event_timestamp": str(row["event_timestamp"])}


def webhooks(landing: Path) -> Iterator[dict]:
    for path in files(landing, "sendgrid/*/*.json"):
        yield from orjson.loads(path.read_bytes())


def table(path: Path) -> list[dict[str, str]]:
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    assert {len(row) for row in rows} == {len(rows[0])}, path
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def crm(landing: Path, kind: str) -> list[dict[str, str]]:
    return [row for path in files(landing, f"salesforce/{kind}-*.csv") for row in table(path)]


def param(event: dict, key: str) -> dict:
    return next((p["value"] for p in event["event_params"] if p["key"] == key), {})
