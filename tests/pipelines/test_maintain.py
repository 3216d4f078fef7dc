"""What a maintenance deletes, merges and leaves alone. No Spark."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from expectations.tables import CHANNELS, CREDITS
from pipelines.differences import difference
from pipelines.errors import MissingInputError
from pipelines.lake import Lake
from pipelines.lake_files import STAGING, file_path
from pipelines.maintain import kept_publications, maintain
from pipelines.publish import published
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


def test_an_empty_lake_has_nothing_to_do(settings):
    done = maintain(settings, NOW)
    assert done.total.is_nothing
    assert done.as_json()["kept_publications"] is None
