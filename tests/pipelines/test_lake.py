"""The lake on real Delta tables: what a reader sees, whatever a writer does."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from expectations.arrow import arrow_schema
from expectations.tables import CHANNELS, CONSENTS, MODEL_VERSIONS, PUBLICATIONS
from pipelines.errors import ConflictError, MissingInputError
from pipelines.lake import Lake
from pipelines.lake_files import changed_days
from pipelines.publish import latest, publish, published
from pipelines.query import connect, views
from tests.pipelines import arrow_lake
from tests.pipelines.tables import table

DAYS = [f"2026-01-0{n}" for n in (1, 2, 3)]


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "lake"))


def channels(spark, **conversions_of_day):
    rows = [{"day": day.replace("_", "-")[1:], "channel": "Email", "conversions": n}
            for day, n in conversions_of_day.items()]  # fmt: skip
    return table(spark, CHANNELS, rows)


def put(lake, spark, frame, days, digests, state=None):
    base = lake.snapshot(CHANNELS)
    staged = lake.stage(frame, CHANNELS, "run")
    return lake.commit(base, staged, digests, days, state or {})


def held(lake, spark, version=None):
    rows = lake.read(spark, lake.snapshot(CHANNELS, version)).toArrow().to_pylist()
    return {str(row["day"]): row["conversions"] for row in rows}


@pytest.mark.spark
def test_staged_rows_are_unseen_until_they_are_committed(lake, spark):
    staged = lake.stage(channels(spark, _2026_01_01=1), CHANNELS, "run")
    assert lake.snapshot(CHANNELS).version == -1
    assert lake.staged(spark, staged).count() == 1
    lake.commit(lake.snapshot(CHANNELS), staged, {DAYS[0]: "d1"}, DAYS[:1], {})
    assert held(lake, spark) == {DAYS[0]: 1}


@pytest.mark.spark
def test_a_commit_replaces_exactly_the_days_it_owns_and_days_may_become_empty(lake, spark):
    first = channels(spark, _2026_01_01=1, _2026_01_02=2, _2026_01_03=3)
    before = put(lake, spark, first, DAYS, dict.fromkeys(DAYS, "a"))
    put(lake, spark, channels(spark, _2026_01_01=9), DAYS[:2], {DAYS[0]: "b"})
    assert held(lake, spark) == {DAYS[0]: 9, DAYS[2]: 3}
    assert held(lake, spark, before) == {DAYS[0]: 1, DAYS[1]: 2, DAYS[2]: 3}
    old, new = lake.snapshot(CHANNELS, before), lake.snapshot(CHANNELS)
    assert changed_days(old, new) == set(DAYS[:2])


@pytest.mark.spark
def test_a_day_with_the_same_digest_is_left_as_it_is(lake, spark):
    put(lake, spark, channels(spark, _2026_01_01=1), DAYS[:1], {DAYS[0]: "same"})
    before = lake.snapshot(CHANNELS)
    put(lake, spark, channels(spark, _2026_01_01=1), DAYS[:1], {DAYS[0]: "same"}, {"run": 2})
    assert lake.snapshot(CHANNELS).files == before.files
    assert lake.snapshot(CHANNELS).state == {"run": 2}


@pytest.mark.spark
def test_an_old_version_says_what_its_own_run_said(lake, spark):
    first = put(lake, spark, channels(spark, _2026_01_01=1), DAYS[:1], {DAYS[0]: "a"}, {"run": 1})
    put(lake, spark, channels(spark, _2026_01_01=2), DAYS[:1], {DAYS[0]: "b"}, {"run": 2})
    assert lake.snapshot(CHANNELS, first).state == {"run": 1}
    assert lake.snapshot(CHANNELS).state == {"run": 2}


@pytest.mark.spark
def test_who_commits_on_an_old_snapshot_is_told_to_look_again(lake, spark):
    put(lake, spark, channels(spark, _2026_01_01=1), DAYS[:1], {DAYS[0]: "a"})
    old = lake.snapshot(CHANNELS)
    lake.note(lake.snapshot(CHANNELS), {"run": "other"})
    staged = lake.stage(channels(spark, _2026_01_02=2), CHANNELS, "late")
    with pytest.raises(ConflictError, match="committed by another run"):
        lake.commit(old, staged, {DAYS[1]: "b"}, DAYS[1:2], {})
    assert held(lake, spark) == {DAYS[0]: 1}


@pytest.mark.spark
def test_files_carry_statistics_that_hold(lake, spark):
    put(lake, spark, channels(spark, _2026_01_01=1), DAYS[:1], {DAYS[0]: "a"})
    actions = pa.table(lake.snapshot(CHANNELS).handle.get_add_actions(flatten=True)).to_pylist()
    assert actions[0]["num_records"] == 1
    assert actions[0]["min.channel"] == actions[0]["max.channel"] == "Email"


@pytest.mark.spark
def test_any_engine_reads_what_spark_wrote(lake, spark):
    from deltalake import DeltaTable

    put(lake, spark, channels(spark, _2026_01_01=1), DAYS[:1], {DAYS[0]: "a"})
    publish(lake, "run", date(2026, 1, 1), "f", datetime(2026, 1, 2, tzinfo=UTC), None)
    rows = DeltaTable(lake.uri(CHANNELS)).to_pyarrow_table().to_pylist()
    assert rows[0]["conversions"] == Decimal(1)
    found = connect(lake).execute("SELECT day, conversions FROM channels").fetchall()
    assert found == [(date(2026, 1, 1), Decimal(1))]


@pytest.mark.spark
def test_a_reader_of_a_publication_sees_its_versions_until_the_next_one(lake, spark):
    at = datetime(2026, 1, 2, tzinfo=UTC)
    put(lake, spark, channels(spark, _2026_01_01=1), DAYS[:1], {DAYS[0]: "a"})
    assert publish(lake, "one", date(2026, 1, 1), "f", at, None) == 1
    put(lake, spark, channels(spark, _2026_01_01=2), DAYS[:1], {DAYS[0]: "b"})
    count = "SELECT conversions FROM channels"
    assert connect(lake).execute(count).fetchone() == (Decimal(1),)
    assert publish(lake, "two", date(2026, 1, 1), "f", at, latest(lake)) == 2
    assert connect(lake).execute(count).fetchone() == (Decimal(2),)
    assert connect(lake, 1).execute(count).fetchone() == (Decimal(1),)
    assert publish(lake, "three", date(2026, 1, 1), "f", at, latest(lake)) == 2


def test_a_publication_that_is_not_there_is_named(lake):
    with pytest.raises(MissingInputError, match="touchstone run"):
        published(lake)


def test_a_lake_of_a_newer_version_is_refused(lake):
    from deltalake import write_deltalake

    newer = (
        arrow_schema(PUBLICATIONS).empty_table().append_column("mood", pa.array([], pa.string()))
    )
    write_deltalake(lake.uri(PUBLICATIONS), newer)
    with pytest.raises(MissingInputError, match="newer Touchstone"):
        lake.snapshot(PUBLICATIONS)


def test_a_table_made_before_it_had_a_column_is_read_with_nulls(lake):
    from deltalake import write_deltalake

    older = arrow_schema(CONSENTS).remove(arrow_schema(CONSENTS).get_field_index("source"))
    row = {name: "x" for name in older.names} | {"told_at": datetime(2026, 1, 1, tzinfo=UTC)}
    write_deltalake(lake.uri(CONSENTS), pa.Table.from_pylist([row], schema=older))
    con = views(lake, {CONSENTS.name: lake.snapshot(CONSENTS)})
    assert con.execute("SELECT purpose, source FROM consents").fetchall() == [("x", None)]


def _fits(day):
    row = {name: "" for name in MODEL_VERSIONS.columns} | {
        "training_from": day, "training_paths": 1, "training_conversions": 1, "metrics": [],
        "as_of_date": day, "model_version": f"markov@{day}", "model": "markov",
    }  # fmt: skip
    return pa.Table.from_pylist([row], schema=arrow_schema(MODEL_VERSIONS))


def test_a_table_that_another_run_creates_meanwhile_is_a_conflict(lake, monkeypatch):
    from deltalake import DeltaTable
    from deltalake.exceptions import CommitFailedError

    def beaten(*_given, **_named):
        raise CommitFailedError("Protocol changed since last commit")

    monkeypatch.setattr(DeltaTable, "create", beaten)
    with pytest.raises(ConflictError, match="model_versions was created by another run"):
        lake.append(lake.snapshot(MODEL_VERSIONS), [("a", _fits(date(2026, 1, 1)))], {})


def test_rows_that_another_run_put_into_a_new_table_are_seen_before_more_are_added(lake):
    unmade = lake.snapshot(MODEL_VERSIONS)
    lake.append(unmade, [("a", _fits(date(2026, 1, 1)))], {})
    with pytest.raises(ConflictError, match="created by another run"):
        lake.append(unmade, [("b", _fits(date(2026, 1, 2)))], {})


def test_a_table_whose_maker_was_killed_before_its_first_commit_can_be_made(lake):
    Path(lake.uri(MODEL_VERSIONS), "_delta_log").mkdir(parents=True)
    assert lake.snapshot(MODEL_VERSIONS).version == -1
    lake.append(lake.snapshot(MODEL_VERSIONS), [("a", _fits(date(2026, 1, 1)))], {})
    assert lake.arrow(lake.snapshot(MODEL_VERSIONS)).num_rows == 1


def test_a_file_is_found_again_whatever_its_name(lake):
    rows = _fits(date(2026, 1, 1))
    lake.append(lake.snapshot(MODEL_VERSIONS), [("my mapping, 100%20", rows)], {})
    assert lake.arrow(lake.snapshot(MODEL_VERSIONS)) == rows
    assert lake.snapshot(MODEL_VERSIONS).files[0].path == "my mapping, 100%20.parquet"


def test_a_run_that_makes_a_day_twice_leaves_its_first_version_as_it_was(lake):
    day = date(2026, 1, 1)
    versions = [
        lake.commit(lake.snapshot(CHANNELS), arrow_lake.stage(lake, rows, run), {DAYS[0]: digest},
                    DAYS[:1], {})
        for run, digest, rows in (
            ("night", "same", arrow_lake.channels(day, 1, 2)),
            ("other", "else", arrow_lake.channels(day, 3)),
            ("night", "same", arrow_lake.channels(day, 2, 1)),
        )
    ]  # fmt: skip
    first, last = (lake.snapshot(CHANNELS, versions[n]) for n in (0, 2))
    assert {f.digest for f in (*first.files, *last.files)} == {"same"}
    assert not set(first.files) & set(last.files)


def test_a_reader_whom_a_publication_overtakes_does_not_hear_of_it(lake):
    class Overtaken(Lake):
        def snapshot(self, table, version=None):
            if table is CHANNELS and version is not None:
                arrow_lake.put(lake, date(2026, 1, 2), 5)
                arrow_lake.announce(lake)
            return super().snapshot(table, version)

    arrow_lake.put(lake, date(2026, 1, 1), 1)
    arrow_lake.announce(lake)
    query = "SELECT (SELECT max(publication_id) FROM publications), count(*) FROM channels"
    assert connect(Overtaken(lake.root)).execute(query).fetchone() == (1, 1)
    assert connect(lake).execute(query).fetchone() == (2, 2)
