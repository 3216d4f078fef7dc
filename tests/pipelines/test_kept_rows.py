"""Rows that stay as they are, on a real lake: carried whole, and what was left behind is told."""

import pytest

from expectations.metrics import digest
from expectations.tables import EVENTS, IDENTITIES
from pipelines.lake import Lake
from pipelines.lake_files import WHOLE
from tests.pipelines.tables import table

pytestmark = pytest.mark.spark
FIRST, SECOND, THIRD = (f"2026-01-0{n}" for n in (1, 2, 3))
TOLD = {"ids": [{"type": "email", "value": "x", "trust": 3}], "click_ids": {"gclid": "1"}}


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "lake"))


def events(spark):
    rows = [{"event_id": id, "event_date": day, **told} for id, day, told in (
        ("a", FIRST, TOLD), ("b", FIRST, {}), ("c", SECOND, {}), ("d", THIRD, TOLD))]  # fmt: skip
    return table(spark, EVENTS, rows)


def put(lake, frame, of, days):
    staged = lake.stage(frame, of, "run")
    lake.commit(lake.snapshot(of), staged, dict.fromkeys(days, "0" * 16 + "1"), days, {})
    return lake.snapshot(of)


def carried(lake, spark, base, days, column, keys):
    """Rows carried, and the sums of those left behind."""
    gone = lake.kept(
        spark, spark.createDataFrame([(key,) for key in keys], f"{column} string"), "k"
    )
    fresh = lake.stage(spark.createDataFrame([], lake.read(spark, base).schema), base.table, "run")
    staged, left = lake.carry(base, days, gone, fresh)
    return lake.staged(spark, staged), left


def in_order(frame):
    return sorted(frame.toArrow().to_pylist(), key=str)


def test_rows_of_other_keys_are_carried_as_they_were(lake, spark):
    base = put(lake, events(spark), EVENTS, [FIRST, SECOND, THIRD])
    rows, left = carried(lake, spark, base, {FIRST, THIRD}, "event_id", ["a", "d", "nobody"])
    there = lake.read(spark, base)
    assert in_order(rows) == in_order(there.where("event_id = 'b'"))
    sums = {day: digest(there.where(f"event_id = '{id}'"), EVENTS)[::-1]
            for day, id in ((FIRST, "a"), (THIRD, "d"))}  # fmt: skip
    assert left == sums


def test_a_table_without_days_is_carried_too(lake, spark):
    rows = [{"identifier": name, "person_id": name} for name in ("x", "y", "z")]
    base = put(lake, table(spark, IDENTITIES, rows), IDENTITIES, [WHOLE])
    rows, left = carried(lake, spark, base, {WHOLE}, "identifier", ["y"])
    there = lake.read(spark, base)
    assert in_order(rows) == in_order(there.where("identifier <> 'y'"))
    assert left == {WHOLE: digest(there.where("identifier = 'y'"), IDENTITIES)[::-1]}


def test_nothing_is_left_behind_for_keys_that_nobody_has(lake, spark):
    base = put(lake, events(spark), EVENTS, [FIRST, SECOND, THIRD])
    rows, left = carried(lake, spark, base, {SECOND}, "event_id", [])
    assert [row["event_id"] for row in in_order(rows)] == ["c"]
    assert left == {}
