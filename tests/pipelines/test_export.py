"""A publication taken elsewhere as files: whole, and replaced whole."""

import csv
import json
import sys
import threading

import duckdb
import pytest
from typer.testing import CliRunner

from expectations.star import STAR
from expectations.tables import CHANNELS
from pipelines.cli import exports  # noqa: F401  (adds its command)
from pipelines.cli.app import app
from pipelines.errors import ConflictError, MissingInputError, UsageError
from pipelines.export.content import LEFT_OUT, content
from pipelines.export.csv_files import to_csv
from pipelines.export.duckdb_file import to_duckdb
from pipelines.export.postgres import to_postgres
from pipelines.lake import Lake
from tests.pipelines.arrow_lake import DAY, announce, put

# every row of `channels` says which publication it is of
WHOLE = """
SELECT publication_id, count(*), min(conversions)::INT, max(conversions)::INT
FROM channels, this_publication GROUP BY 1"""


@pytest.fixture
def lake(tmp_path):
    lake = Lake(str(tmp_path / "lake"))
    grown(lake, 1)
    return lake


def grown(lake, number):
    """Publish once more: as many channels as the publication's number, each with so much."""
    put(lake, DAY, *[number] * number)
    announce(lake)


def asked(path, query):
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(query).fetchall()


def test_a_duckdb_file_holds_one_publication_its_star_and_its_dictionary(lake, tmp_path):
    path = tmp_path / "out" / "bi.duckdb"
    grown(lake, 2)
    rows = to_duckdb(content(lake, 1), path)
    assert rows["channels"] == 1
    assert asked(path, WHOLE) == [(1, 1, 1, 1)]
    assert asked(path, "SELECT publication_id FROM publications") == [(1,)]
    assert not {name for (name,) in asked(path, "SHOW TABLES")} & set(LEFT_OUT)
    assert all(asked(path, f"SELECT count(*) >= 0 FROM {view.name}") for view in STAR)
    about = "SELECT comment FROM duckdb_columns() WHERE column_name = 'roas' AND comment <> ''"
    assert asked(path, about)[0] == ("attributed_value / cost; null without cost",)
    assert [file.name for file in path.parent.iterdir()] == ["bi.duckdb"]


def test_a_file_of_views_reads_the_lake_and_stays_with_its_publication(lake, tmp_path):
    path = tmp_path / "views.duckdb"
    to_duckdb(content(lake, None), path, is_views=True)
    grown(lake, 2)
    assert asked(path, WHOLE) == [(1, 1, 1, 1)]
    kinds = "SELECT table_type FROM information_schema.tables WHERE table_name = 'channels'"
    assert asked(path, kinds) == [("VIEW",)]


def test_who_has_the_old_file_open_keeps_reading_it_and_the_next_sees_the_new(lake, tmp_path):
    path = tmp_path / "bi.duckdb"
    to_duckdb(content(lake, None), path)
    grown(lake, 2)
    with duckdb.connect(str(path), read_only=True) as reader:
        to_duckdb(content(lake, None), path)
        assert reader.execute(WHOLE).fetchall() == [(1, 1, 1, 1)]
    assert asked(path, WHOLE) == [(2, 2, 2, 2)]


def test_a_file_somebody_writes_into_is_left_alone(lake, tmp_path):
    path = tmp_path / "bi.duckdb"
    to_duckdb(content(lake, None), path)
    (tmp_path / "bi.duckdb.wal").write_bytes(b"changes")
    with pytest.raises(ConflictError, match="somebody writes into"):
        to_duckdb(content(lake, None), path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "bi.duckdb",
        "bi.duckdb.wal",
        "lake",
    ]


def told(folder):
    """What a reader of CSV files makes of an export: its number, and the channels' figures."""
    manifest = json.loads((folder / "export.json").read_text())
    with (folder / "channels.csv").open() as file:
        figures = [int(float(row["conversions"])) for row in csv.DictReader(file)]
    return manifest["publication_id"], figures


def test_csv_files_are_numbered_and_latest_points_at_the_newest(lake, tmp_path):
    folder = tmp_path / "csv"
    for number in (1, 2, 3):
        to_csv(content(lake, None), folder)
        assert told(folder / "latest") == (number, [number] * number)
        grown(lake, number + 1)
    assert sorted(path.name for path in folder.iterdir()) == ["000002", "000003", "latest"]


def test_lists_and_maps_are_json_in_csv_and_a_null_is_empty(lake, tmp_path):
    to_csv(content(lake, None, also=["batches"]), tmp_path / "csv")
    with (tmp_path / "csv" / "latest" / "publications.csv").open() as file:
        [row] = csv.DictReader(file)
    assert json.loads(row["versions"])["channels"] == str(lake.snapshot(CHANNELS).version)
    assert (tmp_path / "csv" / "latest" / "batches.csv").exists()
    with (tmp_path / "csv" / "latest" / "channels.csv").open() as file:
        assert [row["roas"] for row in csv.DictReader(file)] == [""]


def test_a_reader_who_follows_latest_sees_whole_publications_only(lake, tmp_path):
    folder, seen, done = tmp_path / "csv", [], threading.Event()
    to_csv(content(lake, None), folder)

    def read():
        while not done.is_set():
            seen.append(told((folder / "latest").resolve()))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(2, 5):
        grown(lake, number)
        to_csv(content(lake, None), folder)
    done.set()
    reader.join()
    assert all(figures == [number] * number for number, figures in seen)
    assert seen[0][0] == 1
    assert len({number for number, _ in seen}) > 1


def test_what_is_no_export_is_not_written_over(lake, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        to_csv(content(lake, None), tmp_path / "file")
    (tmp_path / "folder" / "latest").mkdir(parents=True)
    with pytest.raises(UsageError, match="no link"):
        to_csv(content(lake, None), tmp_path / "folder")
    with pytest.raises(UsageError, match="name a file"):
        to_duckdb(content(lake, None), tmp_path / "folder")
    with pytest.raises(UsageError, match="Did you mean events"):
        content(lake, None, also=["event"])
    with pytest.raises(MissingInputError, match="publication 9"):
        content(lake, 9)


def test_a_missing_driver_is_named(lake, monkeypatch):
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    with pytest.raises(MissingInputError, match="pip install adbc-driver-postgresql"):
        to_postgres(content(lake, None), "host=127.0.0.1", "touchstone", "")
    with pytest.raises(UsageError, match="too long"):
        to_postgres(content(lake, None), "host=127.0.0.1", "t" * 60, "")


def test_the_command_exports_and_says_how_much(lake, tmp_path):
    words = ["--home", str(tmp_path), "export", "--to", "duckdb", str(tmp_path / "x.duckdb")]
    said = CliRunner().invoke(app, [*words, "--json"])
    assert json.loads(said.stdout)["rows"]["channels"] == 1
    assert "publication 1, through 2026-01-01" in CliRunner().invoke(app, words).stdout
    wrong = CliRunner().invoke(
        app, ["--home", str(tmp_path), "export", "--to", "csv", "x", "--views"]
    )
    assert isinstance(wrong.exception, UsageError)
