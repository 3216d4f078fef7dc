"""Landing to lake: each batch once, whatever lands again, changes, or dies half-way. No Spark."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest

from expectations.tables import BATCHES, RECORDS
from pipelines.collect import collect
from pipelines.ingest.mapping import load_mappings
from pipelines.ingest.routes import routes
from pipelines.lake import Lake
from tests.pipelines.landed import LANDED, land

NOW = LANDED + timedelta(days=1)
CLICKS = [{"email": f"p{n}@shop.example", "timestamp": 1767225600 + n, "event": "click",
           "sg_event_id": f"e{n}", "url": "https://shop.example/"} for n in range(3)]  # fmt: skip


class Place:
    """A landing folder and its lake."""

    def __init__(self, folder):
        self.landing = folder / "landing"
        self.landing.mkdir()
        self.lake = Lake(str(folder / "lake"))
        self.runs = 0

    def land(self, name, events):
        land(self.landing, f"sendgrid/{name}", json.dumps(events).encode())

    def ingest(self):
        self.runs += 1
        return collect(self.lake, self.landing, routes(load_mappings(None)), f"r{self.runs}", NOW)

    def held(self, table):
        handle = self.lake.snapshot(table).handle
        return handle.to_pyarrow_table().to_pylist() if handle else []

    def told(self):
        """Each event that `records` holds, as often as it does."""
        return sorted(json.loads(row["payload"])["sg_event_id"] for row in self.held(RECORDS))


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_a_batch_is_its_bytes_whatever_its_name(place):
    place.land("monday.json", CLICKS)
    assert place.ingest().batches == 1
    place.land("monday-again.json", CLICKS)
    again = place.ingest()
    assert (again.batches, again.failed) == (0, [])
    assert [problem.sentence for problem in again.repeated] == [
        "sendgrid/monday-again.json has the bytes of sendgrid/monday.json, which was read."
    ]
    assert [row["file"] for row in place.held(BATCHES)] == ["sendgrid/monday.json"]
    assert place.told() == ["e0", "e1", "e2"]


class Busy(Lake):
    """A lake in which something else happens just before or just after the n-th commit."""

    def __init__(self, lake, meanwhile, before=None, after=None):
        super().__init__(lake.root)
        self.meanwhile, self.before, self.after, self.commits = meanwhile, before, after, 0

    def add(self, *given):
        self.commits += 1
        if self.commits == self.before:
            self.meanwhile()
        version = super().add(*given)
        if self.commits == self.after:
            self.meanwhile()
        return version


@pytest.mark.parametrize("moment", [{"before": 2}, {"after": 1}, {"after": 2}])
def test_two_that_ingest_many_files_at_once_take_each_in_once(place, monkeypatch, moment):
    monkeypatch.setattr("pipelines.collect.FILES_PER_COMMIT", 1)
    other = Place.__new__(Place)
    vars(other).update(vars(place), runs=50)

    def meanwhile():
        other.ingest()
        place.land("third.json", CLICKS[2:])

    place.land("first.json", CLICKS[:1])
    place.land("second.json", CLICKS[1:2])
    place.lake = Busy(place.lake, meanwhile, **moment)
    place.ingest()
    place.ingest()
    assert place.told() == ["e0", "e1", "e2"]
    assert sorted(row["file"] for row in place.held(BATCHES)) == [
        f"sendgrid/{name}.json" for name in ("first", "second", "third")
    ]


def test_equal_files_that_land_together_are_one_batch(place):
    place.land("a.json", CLICKS)
    place.land("b.json", CLICKS)
    assert place.ingest().batches == 1
    assert place.told() == ["e0", "e1", "e2"]


def test_a_file_that_is_still_there_is_not_read_again(place):
    place.land("monday.json", CLICKS)
    place.ingest()
    versions = [place.lake.snapshot(table).version for table in (RECORDS, BATCHES)]
    assert place.ingest().as_json() == {
        "batches": 0, "records": 0, "bad_records": 0, "days": [],
        "waiting": [], "unknown": [], "failed": [], "repeated": [],
    }  # fmt: skip
    assert [place.lake.snapshot(table).version for table in (RECORDS, BATCHES)] == versions


def test_a_file_that_changed_is_a_new_batch_and_the_old_one_stays(place):
    place.land("monday.json", CLICKS[:2])
    place.ingest()
    place.land("monday.json", CLICKS)
    assert place.ingest().batches == 1
    assert [row["records"] for row in place.held(BATCHES)] in ([2, 3], [3, 2])
    assert place.told() == ["e0", "e0", "e1", "e1", "e2"]


def test_what_died_between_its_two_commits_is_completed_and_not_doubled(place, monkeypatch):
    place.land("monday.json", CLICKS)
    with monkeypatch.context() as broken:
        broken.setattr("pipelines.collect._complete", dies_after_the_records())
        with pytest.raises(SystemExit):
            place.ingest()
    assert place.told() == ["e0", "e1", "e2"]
    assert place.held(BATCHES) == []
    place.land("tuesday.json", CLICKS[:1])
    assert place.ingest().batches == 1
    assert sorted(row["records"] for row in place.held(BATCHES)) == [1, 3]
    assert place.told() == ["e0", "e0", "e1", "e2"]


def dies_after_the_records():
    """`_complete`, as if the process ended before it gave `batches` its rows."""

    def complete(lake, records):
        if records.state.get("batches"):
            raise SystemExit

    return complete


def test_an_unreadable_file_stops_no_other_and_is_named(place):
    place.land("good.json", CLICKS)
    land(place.landing, "sendgrid/bad.json.gz", gzip.compress(b"[" * 5000)[:-9])
    collected = place.ingest()
    assert collected.batches == 1
    assert [problem.file for problem in collected.failed] == ["sendgrid/bad.json.gz"]
    assert place.told() == ["e0", "e1", "e2"]


def test_files_land_on_the_utc_day_they_were_written(place):
    place.land("monday.json", CLICKS)
    assert place.ingest().days == {LANDED.date().isoformat()}
    assert place.held(BATCHES)[0]["received_at"] == datetime(2026, 6, 1, tzinfo=UTC)
