"""Backfills and nights at the same time: all succeed, and the tables are what one run makes."""

import json
import os
import subprocess
import sys
from datetime import timedelta

import pyarrow as pa
import pytest

from expectations.arrow import arrow_schema
from expectations.tables import CREDITS, PATHS, PUBLICATIONS
from pipelines import nightly
from pipelines import run as running
from pipelines.lake import Lake
from pipelines.nightly import ingest, run
from pipelines.processes import family, stop
from pipelines.publish import all_publications, latest
from pipelines.query import connect, heads, views
from tests.conftest import ONE_NIGHT_JAVA
from tests.pipelines.nights import (
    DAYS,
    START,
    TOML,
    contents,
    copied,
    home,
    is_whole,
    night,
)

pytestmark = pytest.mark.spark
LAST = START + timedelta(DAYS - 1)
OTHER_RULES = """
transforms = ["collapse", "remove_trailing_direct_unless_all"]
[conversions.order]
source = "ga4"
lookback_days = 1.5
[conversions.opportunity]
source = "salesforce"
lookback_days = 5
"""


@pytest.fixture(scope="module")
def changed(done, tmp_path_factory):
    """The lake under other path rules, made again in one night."""
    settings = copied(done, tmp_path_factory.mktemp("changed") / "home", OTHER_RULES)
    night(settings, LAST)
    return settings


def test_a_lake_made_again_under_other_path_rules_is_as_if_made_under_them(
    done, changed, files, tmp_path
):
    anew = home(tmp_path / "anew", files, TOML + OTHER_RULES)
    night(anew, LAST)
    assert contents(changed) == contents(anew)
    assert contents(changed)["paths"] != contents(done)["paths"]
    assert is_whole(changed)


@pytest.fixture
def touchstone():
    """Starts the command in a process of its own; none outlives the test."""
    started = []

    def start(settings, *words):
        started.append(subprocess.Popen(
            [sys.executable, "-m", "pipelines.cli", "--home", str(settings.home), *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "TOUCHSTONE_JAVA_OPTIONS": ONE_NIGHT_JAVA},
        ))  # fmt: skip
        return started[-1]

    yield start
    for one in started:
        if one.poll() is None:
            stop(family(one.pid), 5.0)


@pytest.mark.slow
def test_backfills_that_overlap_and_a_night_at_once_end_in_what_one_run_makes(
    done, changed, tmp_path, touchstone
):
    settings = copied(done, tmp_path / "home", OTHER_RULES)
    first, second, third, last = (str(START + timedelta(n)) for n in (0, 2, 3, DAYS - 1))
    runs = [
        touchstone(settings, "backfill", "--from", first, "--to", third),
        touchstone(settings, "backfill", "--from", second, "--to", last),
        touchstone(settings, "run", "--day", last),
    ]
    said = [run.communicate(timeout=900)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], "\n".join(said)
    assert contents(settings) == contents(changed)
    assert all_whole(settings)


def all_whole(settings):
    """Whether every publication there ever was agrees with itself."""
    published = all_publications(Lake(settings.lake_uri))
    return all(is_whole(settings, one["publication_id"]) for one in published)


@pytest.fixture
def meanwhile(monkeypatch):
    """Lets something happen just before a run does something for the first time."""

    def arrange(module, name, happens, when=lambda *_: True):
        method, is_over = getattr(module, name), []

        def called(*given, **named):
            if not is_over and when(*given):
                is_over.append(True)
                happens()
            return method(*given, **named)

        monkeypatch.setattr(module, name, called)

    return arrange


def test_a_backfill_that_another_one_overtakes_does_not_chase_it(
    done, changed, tmp_path, meanwhile, monkeypatch
):
    settings = copied(done, tmp_path / "home", OTHER_RULES)
    other, made, make = [], [], running._make

    def watched(work, *given):
        made.append((work.run.run_id, work.step.into.name))
        return make(work, *given)

    def overtake():
        end = START + timedelta(4)  # a day that neither is asked for is out of date too
        other.append(night(settings, end, first=START + timedelta(2)))

    monkeypatch.setattr(running, "_make", watched)
    meanwhile(running, "keep_audits", overtake, lambda run, rows: made[-1][1] == PATHS.name)
    mine = night(settings, START + timedelta(3), first=START)
    assert mine.publication_id == other[0].publication_id == 2
    assert contents(settings) == contents(changed)
    by_me = [name for run_id, name in made if run_id == mine.run_id]
    assert by_me == ["conversions", "paths", "paths", "lost_paths", "restatements"]


def stranger(settings, name, **fields):
    """A file with one event of somebody unknown, landed."""
    [old, *_] = sorted((settings.landing_path / "ga4").glob("events_2*.json"))
    told = {**json.loads(old.read_bytes().splitlines()[1]), "user_pseudo_id": name, **fields}
    (old.parent / f"events_of_{name}.json").write_text(json.dumps(told) + "\n")


def test_who_took_in_more_records_is_not_undone_by_who_began_before(done, tmp_path, meanwhile):
    settings = copied(done, tmp_path / "home")

    def take_in(name):
        stranger(settings, name, event_timestamp="never")
        ingest(settings)
        run(settings, LAST, ("events",), use_gx=False)

    meanwhile(running, "keep_audits", lambda: take_in("2.1"))  # when events are made
    for name in ("1.1", "3.1"):
        take_in(name)
    con = views(Lake(settings.lake_uri), heads(Lake(settings.lake_uri)))
    rejected = "SELECT file FROM quarantine WHERE contains(file, '_of_') ORDER BY file"
    found = [file for (file,) in con.execute(rejected).fetchall()]
    assert found == [f"ga4/events_of_{n}.1.json" for n in (1, 2, 3)]


def test_restatements_compare_with_what_was_published_meanwhile(done, changed, tmp_path, meanwhile):
    settings = copied(done, tmp_path / "home", OTHER_RULES)
    lake = Lake(settings.lake_uri)

    def overtake():  # by somebody who published the tables as they were
        row = {**latest(lake), "publication_id": 2, "run_id": "other"}
        rows = pa.Table.from_pylist([row], schema=arrow_schema(PUBLICATIONS))
        lake.append(lake.snapshot(PUBLICATIONS), [("other", rows)], {})

    meanwhile(nightly, "publish", overtake)
    assert night(settings, LAST).publication_id == 3
    told = connect(lake).execute("SELECT DISTINCT publication_id FROM restatements").fetchall()
    assert told == [(3,)]
    assert contents(settings) == contents(changed)


def test_a_backfill_that_died_goes_on_where_it_was(done, changed, tmp_path, monkeypatch):
    settings = copied(done, tmp_path / "home", OTHER_RULES)
    lake, made, make = Lake(settings.lake_uri), [], running._make

    def watched(work, *given):
        if work.step.into is CREDITS and CREDITS.name not in made:
            made.append(CREDITS.name)
            raise SystemExit
        made.append(work.step.into.name)
        return make(work, *given)

    monkeypatch.setattr(running, "_make", watched)
    with pytest.raises(SystemExit):
        night(settings, LAST, first=START)
    until = ["conversions", "paths", "lost_paths", "model_versions", "credits"]
    assert made == until
    paths = lake.snapshot(PATHS).version
    assert night(settings, LAST, first=START).publication_id == 2
    assert lake.snapshot(PATHS).version == paths
    assert made[len(until) :][:2] == ["credits", "channels"]
    assert contents(settings) == contents(changed)
