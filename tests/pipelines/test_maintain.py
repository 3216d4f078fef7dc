"""What a maintenance deletes, merges and leaves alone. No Spark."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from expectations.arrow import arrow_schema
from expectations.tables import AUDITS, BATCHES, CHANNELS, CREDITS, PUBLICATIONS
from pipelines import lake_upkeep
from pipelines.differences import difference
from pipelines.errors import MissingInputError
from pipelines.lake import Lake
from pipelines.lake_files import STAGING, file_path
from pipelines.maintain import kept_publications, maintain
from pipelines.publish import all_publications, published
from pipelines.query import connect, views
from pipelines.settings import Settings
from tests.pipelines.arrow_lake import AT, DAY, announce, channels, put, stage

NOW = datetime.now(UTC)
LATER = NOW + timedelta(30)
OLD = (NOW - timedelta(9)).timestamp()


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, maintain={"keep_publications": 2})


@pytest.fixture
def lake(settings):
    return Lake(settings.lake_uri)


@pytest.fixture
def four(lake):
    """Four publications of one day, each saying otherwise than the one before."""
    for n in range(1, 5):
        put(lake, DAY, n)
        assert announce(lake) == n
    return lake


def on_disk(lake, table=CHANNELS):
    """Data files in a table's folder, staged ones too."""
    root = Path(lake.uri(table))
    return {str(path.relative_to(root)) for path in root.rglob("*.parquet")
            if "_delta_log" not in path.parts}  # fmt: skip


def everything(lake):
    return {str(path) for path in Path(lake.root).rglob("*")}


def conversions(lake, publication=None):
    return told(connect(lake, publication))


def told(con):
    rows = con.execute("SELECT conversions FROM channels ORDER BY 1")
    return [int(value) for (value,) in rows.fetchall()]


def seen(lake, snapshot):
    return told(views(lake, {"channels": snapshot}))


def aged(place):
    """Let a folder and all in it be of nine days ago."""
    for path in (*Path(place).rglob("*"), Path(place)):
        os.utime(path, (OLD, OLD))


def test_kept_publications_stay_readable_and_files_of_others_go(four, settings):
    done = maintain(settings, LATER)
    kept = {f.path for n in (3, 4) for f in published(four, n)["channels"].files}
    assert on_disk(four) == kept
    assert (done.kept_from, done.newest) == (3, 4)
    assert done.tables["channels"].files == 2
    assert done.tables["channels"].bytes > 0
    assert [conversions(four, n) for n in (3, 4, None)] == [[3], [4], [4]]


def test_a_publication_that_is_no_longer_kept_says_so_and_which_are(four, settings):
    maintain(settings, LATER)
    said = "Publication 2 is no longer kept.*Publications 3 to 4 can be read.*keep_publications"
    with pytest.raises(MissingInputError, match=said):
        connect(four, 2)
    with pytest.raises(MissingInputError, match=said):
        difference(four, 2, 4)
    assert difference(four, 3, 4)["figures"]


def test_a_publication_let_go_stays_so_whatever_is_published_or_kept_later(four, settings):
    maintain(settings, LATER)
    put(four, DAY, 5)
    announce(four)
    maintain(Settings(home=settings.home, maintain={"keep_publications": 30}), LATER)
    with pytest.raises(MissingInputError, match="Publications 3 to 5 can be read"):
        connect(four, 2)
    assert [conversions(four, n) for n in (3, 4, 5)] == [[3], [4], [5]]


def test_publications_are_kept_by_number_or_by_age_whichever_keeps_more():
    rows = [{"publication_id": n, "published_at": AT + timedelta(n)} for n in range(1, 6)]

    def kept(newest, since, deleted_to=0):
        found = kept_publications(rows, newest, AT + timedelta(since), deleted_to)
        return [row["publication_id"] for row in found]

    assert kept(2, 9) == [4, 5]
    assert kept(2, 3) == [3, 4, 5]
    assert kept(9, 9) == [1, 2, 3, 4, 5]
    assert kept(9, 0, deleted_to=2) == [3, 4, 5]


def test_a_dry_run_deletes_nothing_and_tells_what_the_real_one_does_and_there_is_no_more(
    four, settings
):
    before = everything(four)
    planned = maintain(settings, LATER, is_dry=True)
    assert everything(four) == before
    assert conversions(four, 1) == [1]
    done = maintain(settings, LATER)
    assert done.as_json() == planned.as_json() | {"dry_run": False}
    assert done.total.files == 2
    assert maintain(settings, LATER).total.files == 0


def test_nothing_young_is_deleted_so_that_runs_and_readers_go_on(four, settings):
    reader, base = connect(four, 1), four.snapshot(CHANNELS)
    staged = stage(four, channels(DAY, 8))
    moved = file_path(CHANNELS, "2026-01-02", "moved-but-not-committed-yet")
    rows = channels(date(2026, 1, 2), 9)
    with four.writer(CHANNELS, "2026-01-02", "moved-but-not-committed-yet") as writer:
        writer.write_table(rows.select(writer.schema.names))
    assert maintain(settings, NOW).total.files == 0
    assert told(reader) == [1]
    four.commit(base, staged, {str(DAY): "8"}, [str(DAY)], {})
    four.add(four.snapshot(CHANNELS), [moved], {})
    announce(four)
    assert conversions(four) == [8, 9]


def test_a_file_written_long_ago_but_let_go_lately_stays_for_who_reads_it(lake, settings):
    put(lake, DAY, 1)
    aged(lake.uri(CHANNELS))
    reader = lake.snapshot(CHANNELS)
    put(lake, DAY, 2)
    maintain(settings, NOW)
    assert seen(lake, reader) == [1]
    maintain(settings, LATER)
    with pytest.raises(duckdb.IOException):
        seen(lake, reader)


def test_what_dead_runs_left_goes_once_it_is_old(four, settings):
    dead, alive = (stage(four, channels(DAY, 1), run) for run in ("dead", "alive"))
    for name in ("dead-scratch", "live-scratch"):
        (Path(four.root) / STAGING / name).mkdir(parents=True)
        (Path(four.root) / STAGING / name / "part.parquet").write_bytes(b"12345")
    aged(f"{four.uri(CHANNELS)}/{dead.folder}")
    aged(Path(four.root) / STAGING / "dead-scratch")
    tables = maintain(settings, NOW).tables
    assert not (Path(four.uri(CHANNELS)) / dead.folder).exists()
    assert (Path(four.uri(CHANNELS)) / alive.folder).exists()
    assert [path.name for path in (Path(four.root) / STAGING).iterdir()] == ["live-scratch"]
    assert tables["channels"].left_by_runs == 1
    assert (tables["(scratch)"].left_by_runs, tables["(scratch)"].left_bytes) == (1, 5)


def test_a_file_that_was_moved_by_a_run_that_died_goes_once_it_is_old(four, settings):
    with four.writer(CHANNELS, str(DAY), "orphan") as writer:
        writer.write_table(channels(DAY, 9).select(writer.schema.names))
    path = Path(four.uri(CHANNELS)) / file_path(CHANNELS, str(DAY), "orphan")
    maintain(settings, NOW)
    assert path.exists()
    os.utime(path, (OLD, OLD))
    assert maintain(settings, NOW).tables["channels"].files == 1
    assert not path.exists()
    assert conversions(four) == [4]


def test_a_version_that_another_table_was_made_of_stays_for_the_next_run(lake, settings):
    read = put(lake, DAY, 1)
    lake.note(lake.snapshot(CREDITS), {"inputs": {"channels": read}})
    for n in (2, 3, 4):
        put(lake, DAY, n)
    maintain(settings, LATER)
    assert seen(lake, lake.snapshot(CHANNELS, read)) == [1]
    assert len(on_disk(lake)) == 2


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


def test_an_empty_lake_has_nothing_to_do(settings):
    done = maintain(settings, NOW)
    assert done.total.is_nothing
    assert done.as_json()["kept_publications"] is None
