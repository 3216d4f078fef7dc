"""What a maintenance merges, and how far back it leaves the log. No Spark."""

import os
from pathlib import Path

import pyarrow as pa
import pytest

from expectations.arrow import arrow_schema
from expectations.tables import AUDITS, BATCHES, CHANNELS, PUBLICATIONS
from pipelines import lake_upkeep
from pipelines.errors import MissingInputError
from pipelines.lake import Lake
from pipelines.maintain import maintain
from pipelines.publish import all_publications, published
from pipelines.query import connect
from pipelines.settings import Settings
from tests.pipelines.arrow_lake import AT, DAY, announce, put
from tests.pipelines.test_maintain import (
    LATER,
    NOW,
    OLD,
    conversions,
    on_disk,
)


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, maintain={"keep_publications": 2})


@pytest.fixture
def lake(settings):
    return Lake(settings.lake_uri)


def rows_of(table, n):
    values = {name: {"string": "x", "int64": n, "bool": True}.get(str(arrow_schema(table).field(
        name).type)) for name in table.columns}  # fmt: skip
    return [values | {table.grain[0]: str(n)}]


def append(lake, table, n, state=None):
    rows = pa.Table.from_pylist(rows_of(table, n), schema=arrow_schema(table))
    return lake.append(lake.snapshot(table), [(f"file-{n}", rows)], state or {})


def test_small_files_are_merged_and_old_publications_read_them_as_they_were(
    lake, settings, monkeypatch
):
    monkeypatch.setattr(lake_upkeep, "MANY_FILES", 3)
    put(lake, DAY, 1)
    for n in range(3):
        append(lake, BATCHES, n)
        append(lake, AUDITS, n)
    announce(lake)
    append(lake, BATCHES, 3, {"run": "last"})
    append(lake, AUDITS, 3)
    announce(lake)
    done = maintain(settings, LATER)
    assert [done.tables[name].merged_files for name in ("batches", "audits", "channels")] == [
        4,
        4,
        0,
    ]
    for table in (BATCHES, AUDITS):
        assert len(lake.snapshot(table).files) == 1
        assert sorted(lake.arrow(lake.snapshot(table))[table.grain[0]].to_pylist()) == list("0123")
        held = connect(lake, 1).execute(f"SELECT count(*) FROM {table.name}").fetchone()
        assert held == (3,)
    assert lake.snapshot(BATCHES).state == {"run": "last"}
    assert maintain(settings, LATER).total.merged_files == 0


def test_merged_publications_are_the_same_and_their_numbers_go_on(lake, settings, monkeypatch):
    monkeypatch.setattr(lake_upkeep, "MANY_FILES", 3)
    for n in range(1, 6):
        put(lake, DAY, n)
        announce(lake)
    before = all_publications(lake)
    assert maintain(settings, LATER).tables["publications"].merged_files == 5
    assert all_publications(lake) == before
    assert len(on_disk(lake, PUBLICATIONS)) == 1
    put(lake, DAY, 6)
    assert announce(lake) == 6
    with pytest.raises(MissingInputError, match="Publications 4 to 6 can be read"):
        connect(lake, 3)


def test_merging_is_nothing_to_publish(lake, settings, monkeypatch):
    from pipelines.publish import publish

    monkeypatch.setattr(lake_upkeep, "MANY_FILES", 1)
    for n in range(3):
        append(lake, BATCHES, n)
    put(lake, DAY, 1)
    assert publish(lake, "run", DAY, "same", AT, None) == 1
    assert maintain(settings, NOW).tables["batches"].merged_files == 3
    assert publish(lake, "run", DAY, "same", AT, None) == 1


def test_the_log_is_cut_below_what_is_needed_and_old_kept_versions_open(lake, settings):
    for n in range(12):
        put(lake, DAY, n, state={"n": n})
    assert maintain(settings, LATER).tables["channels"].checkpoints == 1
    for n in range(12, 40):
        put(lake, DAY, n, state={"n": n})
        if n > 37:
            announce(lake)
    kept = published(lake)["channels"].version
    done = maintain(settings, LATER).tables["channels"]
    assert done.log_files == 12
    for version in range(kept - 19, kept + 1):
        assert lake.snapshot(CHANNELS, version).state == {"n": version - 1}
    with pytest.raises(MissingInputError, match="deleted as too old"):
        lake.snapshot(CHANNELS, 5)
    assert conversions(lake) == [39]
    assert maintain(settings, LATER).tables["channels"].log_files == 0


def test_the_log_keeps_its_old_entries_however_often_the_table_is_committed(lake):
    from deltalake import DeltaTable

    from expectations.delta import delta_schema

    Path(lake.root).mkdir()
    DeltaTable.create(lake.uri(CHANNELS), delta_schema(CHANNELS), partition_by=["day"],
                      configuration={"delta.checkpointInterval": "3"})  # fmt: skip
    for n in range(4):
        put(lake, DAY, n)
    for path in Path(lake.uri(CHANNELS), "_delta_log").iterdir():
        os.utime(path, (OLD - 86_400 * 60,) * 2)
    for n in range(4):
        put(lake, DAY, n)
    assert lake.snapshot(CHANNELS, 1).version == 1
