"""Which landed files are ready, what a batch is, and what reading one tells."""

from __future__ import annotations

import gzip
import hashlib
import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from expectations.arrow import arrow_schema
from expectations.tables import BATCHES
from pipelines.errors import MissingInputError, SettingsError
from pipelines.ingest.batch import identify
from pipelines.ingest.landing import Look, Problem, Route, glob_pattern, known_looks, scan, sort_out
from pipelines.ingest.reading import Reading, new_batches, read_batch

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
OLD = NOW - timedelta(hours=1)
GA4 = Route("ga4", "ga4", ("ga4/**/*.json",))
DEALS = Route("salesforce_opportunity", "salesforce", ("salesforce/**/*pportunity*.csv",))
ROUTES = {route.mapping: route for route in (GA4, DEALS)}


def looks(*files: str, at: datetime = OLD) -> list[Look]:
    return [Look(file, 10, at) for file in files]


def land(landing: Path, file: str, content: bytes = b'{"a":1}\n', at: datetime = OLD) -> Path:
    path = landing / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def test_a_file_that_one_mapping_claims_is_ready():
    found = sort_out(looks("ga4/dt=1/a.json", "salesforce/Opportunity.csv"), ROUTES, (), NOW)
    assert [(one.file, one.route.mapping) for one in found.ready] == [
        ("ga4/dt=1/a.json", "ga4"),
        ("salesforce/Opportunity.csv", "salesforce_opportunity"),
    ]


@pytest.mark.parametrize("file", ["ga4/a.json.gz", "ga4/x/a.json.zst"])
def test_compression_does_not_change_who_claims_a_file(file: str):
    assert [one.file for one in sort_out(looks(file), ROUTES, (), NOW).ready] == [file]


@pytest.mark.parametrize(
    "file",
    [
        "ga4/a.json.part",
        "ga4/a.json.crdownload",
        "ga4/A.JSON.TMP",
        "ga4/.a.json",
        "ga4/_temporary/0/a.json",
        "ga4/a.json~",
        "ga4/~a.json",
    ],
)
def test_unfinished_names_wait(file: str):
    found = sort_out(looks(file), ROUTES, (), NOW)
    assert [one.file for one in found.waiting] == [file]
    assert found.ready == found.unknown == []


def test_a_file_that_was_just_written_waits():
    for seconds, is_ready in ((0, False), (4.9, False), (5, True), (-4, False), (-3600, True)):
        one = looks("ga4/a.json", at=NOW - timedelta(seconds=seconds))
        assert bool(sort_out(one, ROUTES, (), NOW).ready) is is_ready, seconds


def test_a_file_that_grew_between_two_looks_waits():
    before = [Look("ga4/a.json", 9, OLD)]
    found = sort_out(looks("ga4/a.json"), ROUTES, (), NOW, before)
    assert "changed since the last look" in found.waiting[0].sentence
    assert sort_out(looks("ga4/a.json"), ROUTES, (), NOW, found.looks).ready


def test_a_file_that_is_a_batch_already_is_not_read_again():
    found = sort_out(looks("ga4/a.json", "ga4/b.json"), ROUTES, looks("ga4/a.json"), NOW)
    assert (found.known, [one.file for one in found.ready]) == (["ga4/a.json"], ["ga4/b.json"])


def test_a_file_overwritten_since_it_became_a_batch_is_read():
    known = [Look("ga4/a.json", 9, OLD)]
    assert sort_out(looks("ga4/a.json"), ROUTES, known, NOW).ready


def test_a_file_nobody_claims_is_told_with_what_to_do():
    found = sort_out(looks("salesforce/Leads.csv", "hubspot/a.csv", "b.csv"), ROUTES, (), NOW)
    assert [one.sentence for one in found.unknown] == [
        "No mapping reads b.csv, nor anything in the landing folder itself. Folders that are "
        "read: ga4, salesforce. Move the file to one of them, or add a mapping.",
        "No mapping reads hubspot/a.csv, nor anything in folder hubspot. Folders that are read: "
        "ga4, salesforce. Move the file to one of them, or add a mapping.",
        "No mapping reads salesforce/Leads.csv. Files of folder salesforce that are read: "
        "salesforce/**/*pportunity*.csv (salesforce_opportunity). Rename the file, or add its "
        "name to read.files of a mapping.",
    ]


def test_a_file_two_mappings_claim_is_a_settings_error():
    greedy = {**ROUTES, "all": Route("all", "all", ("**",))}
    with pytest.raises(SettingsError, match=r"ga4/a.json is claimed 2 times, by all and ga4"):
        sort_out(looks("ga4/a.json"), greedy, (), NOW)


def test_the_order_of_files_and_mappings_does_not_matter():
    files = looks(*(f"ga4/{n}.json" for n in range(20)), "x/a", "ga4/a.tmp")
    expected = sort_out(files, ROUTES, (), NOW)
    shuffled = random.Random(7).sample(files, len(files))
    found = sort_out(shuffled, dict(reversed(ROUTES.items())), (), NOW)
    assert (found.ready, found.waiting, found.unknown) == (
        expected.ready,
        expected.waiting,
        expected.unknown,
    )


@pytest.mark.parametrize(
    ("glob", "file", "is_match"),
    [
        ("a/*.csv", "a/b.csv", True),
        ("a/*.csv", "a/b/c.csv", False),
        ("a/**/*.csv", "a/c.csv", True),
        ("a/**/*.csv", "a/b/c/d.csv", True),
        ("a/**", "a/b/c", True),
        ("a/?.[ct]sv", "a/b.tsv", True),
        ("a/[!b]*.csv", "a/b.csv", False),
        ("a/b+(1).csv", "a/b+(1).csv", True),
        ("a/*.csv", "b/a/b.csv", False),
    ],
)
def test_globs_match_paths_below_the_landing_folder(glob: str, file: str, is_match: bool):
    assert bool(glob_pattern(glob).fullmatch(file)) is is_match


def test_scanning_a_folder_tells_the_files_that_cannot_be_looked_at(tmp_path: Path):
    land(tmp_path, "ga4/a.json")
    (tmp_path / "ga4/b.json").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "ga4/c.json")
    found = scan(tmp_path, ROUTES, (), NOW)
    assert [one.file for one in found.ready] == ["ga4/a.json"]
    assert [one.sentence for one in found.failed] == [
        "ga4/b.json is not read: No such file or directory.",
        "ga4/c.json is not read: it is no regular file; land a file instead.",
    ]


def test_a_missing_landing_folder_is_told(tmp_path: Path):
    with pytest.raises(MissingInputError, match=r"no landing folder .*touchstone init"):
        scan(tmp_path / "landing", ROUTES, (), NOW)


def test_a_batch_is_named_by_its_source_and_bytes(tmp_path: Path):
    packed = gzip.compress(b'{"a":1}\n', mtime=0)
    first = identify(land(tmp_path, "ga4/a.json.gz", packed), "ga4/a.json.gz", "ga4", "ga4")
    again = identify(land(tmp_path, "ga4/b.json.gz", packed), "ga4/b.json.gz", "ga4", "ga4")
    other = identify(tmp_path / "ga4/a.json.gz", "ga4/a.json.gz", "web", "ga4")
    assert first.batch_id == hashlib.sha256(b"ga4\0" + packed).hexdigest() == again.batch_id
    assert other.batch_id != first.batch_id
    assert (first.bytes, first.received_at) == (len(packed), OLD)


def test_reading_a_batch_counts_and_fills_its_row(tmp_path: Path):
    path = land(tmp_path, "ga4/a.json", b'{"a":1}\n{"a":\n\n{"a":3}\n')
    reading = read_batch(path, GA4, tmp_path)
    with pytest.raises(RuntimeError, match="not read to its end"):
        reading.row()
    assert sum(records.num_rows for records in reading.batches()) == 3
    row = reading.row()
    assert row.schema.equals(arrow_schema(BATCHES))
    assert row.to_pylist() == [
        {
            "batch_id": reading.batch.batch_id,
            "source": "ga4",
            "mapping": "ga4",
            "file": "ga4/a.json",
            "bytes": 23,
            "records": 3,
            "bad_records": 1,
            "received_at": OLD,
        }
    ]
    assert scan(tmp_path, ROUTES, known_looks(pa.table(row)), NOW).known == ["ga4/a.json"]


def test_an_empty_file_is_a_batch_without_records(tmp_path: Path):
    reading = read_batch(land(tmp_path, "ga4/a.json", b""), GA4, tmp_path)
    assert list(reading.batches()) == []
    assert reading.row()["records"].to_pylist() == [0]


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path):
    path = land(tmp_path, "ga4/a.json")
    reading = read_batch(path, GA4, tmp_path)
    batches = reading.batches()
    next(batches)
    with path.open("ab") as file:
        file.write(b"{}\n")
    with pytest.raises(MissingInputError, match=r"ga4/a.json changed while it was read"):
        list(batches)
    assert not reading.is_complete


def test_half_a_reading_is_no_batch_and_reading_again_counts_anew(tmp_path: Path):
    reading = read_batch(land(tmp_path, "ga4/a.json"), GA4, tmp_path)
    reading.batches().close()
    killed = reading.batches()
    next(killed)
    killed.close()
    assert not reading.is_complete
    list(reading.batches())
    assert reading.row()["records"].to_pylist() == [1]


def test_equal_files_are_one_batch_and_known_ones_none(tmp_path: Path):
    for name in "cab":
        land(tmp_path, f"ga4/{name}.json")
    land(tmp_path, "ga4/d.json", b"{}")
    ready = scan(tmp_path, ROUTES, (), NOW).ready
    (first, *again, second) = new_batches(ready, tmp_path, {})
    assert (first.batch.file, second.batch.file) == ("ga4/a.json", "ga4/d.json")
    assert [one.sentence for one in again] == [
        f"ga4/{name}.json has the bytes of ga4/a.json, which was read." for name in "bc"
    ]
    (*repeats, only) = new_batches(ready, tmp_path, {first.batch.batch_id: "ga4/old.json"})
    assert only.batch.file == "ga4/d.json"
    assert [one.file for one in repeats] == [f"ga4/{name}.json" for name in "abc"]


def test_one_file_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path):
    for name in "ab":
        land(tmp_path, f"ga4/{name}.json", name.encode())
    ready = scan(tmp_path, ROUTES, (), NOW).ready
    (tmp_path / "ga4/a.json").unlink()
    (problem, reading) = new_batches(ready, tmp_path, {})
    assert isinstance(problem, Problem)
    assert "ga4/a.json was moved or deleted" in problem.sentence
    assert isinstance(reading, Reading)
