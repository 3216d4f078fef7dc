"""Days with records that no run has seen: what reconcile can rely on when events were lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from expectations.tables import EVENTS, RECORDS
from pipelines.arrivals import untaken_days
from pipelines.lake import Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def land(lake: Lake, day: str, name: str) -> int:
    """An ingest's commit: records of one day."""
    lake.writer(RECORDS, day, name).close()
    return lake.add(lake.snapshot(RECORDS), [f"received_date={day}/{name}.parquet"], {})


def take_in(lake: Lake, version: int) -> None:
    """What a run of the stage `events` leaves behind."""
    lake.note(lake.snapshot(EVENTS), {"inputs": {"records": version}})


def test_an_empty_lake_has_nothing_to_take_in(lake: Lake):
    assert untaken_days(lake) == []


def test_days_count_until_a_run_has_seen_them_not_until_they_were_announced(lake: Lake):
    land(lake, "2026-01-31", "a")
    seen = land(lake, "2026-01-29", "b")
    assert untaken_days(lake) == ["2026-01-29", "2026-01-31"]
    take_in(lake, seen)
    assert untaken_days(lake) == []


def test_a_late_file_makes_its_day_count_again(lake: Lake):
    take_in(lake, land(lake, "2026-01-31", "a"))
    land(lake, "2026-01-31", "b")
    assert untaken_days(lake) == ["2026-01-31"]
