"""Nights, backfills and maintenances killed anywhere: readers see whole publications, the rest is
completed by whoever comes next. TOUCHSTONE_KILLS says how often; `make kills` has fifty.
"""

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from itertools import cycle

import pytest

from expectations.tables import BATCHES, RECORDS
from pipelines.lake import Lake
from pipelines.publish import all_publications
from pipelines.query import connect, views
from tests.conftest import ONE_NIGHT_JAVA
from tests.pipelines.killed_run import LAST, LATER, maintain
from tests.pipelines.nights import START, TOML, contents, home, is_whole, land, night, world

pytestmark = [pytest.mark.spark, pytest.mark.slow]
KILLS = int(os.environ.get("TOUCHSTONE_KILLS", "3"))
SHARES = 3 + KILLS // 3  # files land in so many parts, the next one before each night
FARTHEST = {"night": 25, "backfill": 30, "maintain": 6}  # of the points where one is killed
TURNS = ("night", "maintain", "backfill")
KEEP_FEW = "[maintain]\nkeep_publications = 3\n"


class Reader(threading.Thread):
    """Reads the newest publication and the one before in a loop and keeps what it saw."""

    def __init__(self, settings):
        super().__init__(daemon=True)
        self.settings, self.is_over, self.problem = settings, threading.Event(), None
        self.seen, self.torn, self.looks = set(), 0, 0

    def run(self):
        try:
            while not self.is_over.is_set():
                self.look(Lake(self.settings.lake_uri))
                time.sleep(1)
        except Exception as error:
            self.problem = error
            raise

    def look(self, lake):
        newest = all_publications(lake)[-1]["publication_id"]
        for number in {newest, max(newest - 1, 1)}:
            sums = "SELECT sum(attributed_value), count(*), min(conversion_date) FROM credits"
            self.seen.add((number, *connect(lake, number).execute(sums).fetchone()))
        self.torn += not is_whole(self.settings)
        self.looks += 1


class Killer:
    """Runs operations that die, in turn, each at a point that a seed chose."""

    def __init__(self, settings, shares, files):
        self.settings, self.shares, self.files = settings, shares, files
        self.deaths, self.random = Counter(), random.Random(5)

    def kill(self, operation):
        if operation == "night" and self.shares:
            land(self.settings.home, self.files, self.shares.pop())
        point = self.random.randint(1, FARTHEST[operation])
        self.deaths[operation] += killed_at(self.settings, operation, point)

    def kill_many(self, times):
        turns = cycle(TURNS)
        while self.deaths.total() < times:
            self.kill(next(turns))


def killed_at(settings, operation, point):
    """Run an operation that dies at a point; whether it died."""
    command = [sys.executable, "-m", "tests.pipelines.killed_run", str(settings.home), operation]
    done = subprocess.run(
        [*command, str(point)], capture_output=True, text=True, check=False, timeout=600,
        env={**os.environ, "TOUCHSTONE_JAVA_OPTIONS": ONE_NIGHT_JAVA},
    )  # fmt: skip
    assert done.returncode in (0, -9), done.stderr[-3000:]
    how = "killed" if done.returncode else f"got through its {done.stdout.strip()} points before"
    print(f"{operation}: {how} {point}", flush=True)
    return done.returncode == -9


def taken_in(settings):
    """How often each file was taken in, and the records of each."""
    lake = Lake(settings.lake_uri)
    con = views(lake, {table.name: lake.snapshot(table) for table in (BATCHES, RECORDS)})
    return [
        con.execute(f"SELECT batch_id, count(*) FROM {table} GROUP BY 1 ORDER BY 1").fetchall()
        for table in ("batches", "records")
    ]


@pytest.mark.usefixtures("_spark")
def test_whatever_is_killed_is_completed_by_the_next_and_never_half_seen(
    tmp_path_factory, tmp_path
):
    began = time.monotonic()
    files = world(200, (LAST - START).days + 1, tmp_path_factory.getbasetemp())
    paths = sorted(path for path in files.rglob("*") if path.is_file())
    random.Random(7).shuffle(paths)
    first, *shares = (paths[n::SHARES] for n in range(SHARES))
    settings = home(tmp_path / "killed", toml=TOML + KEEP_FEW)
    land(settings.home, files, first)
    night(settings, START)
    reader = Reader(settings)
    reader.start()
    killer = Killer(settings, shares, files)
    killer.kill_many(KILLS)
    land(settings.home, files, paths)
    night(settings, LAST)
    maintain(settings, LATER)
    reader.is_over.set()
    reader.join()
    undisturbed = home(tmp_path / "undisturbed", files)
    night(undisturbed, LAST)
    assert reader.problem is None
    assert reader.torn == 0
    assert len(reader.seen) == len({number for number, *_ in reader.seen})
    assert contents(settings) == contents(undisturbed)
    assert taken_in(settings) == taken_in(undisturbed)
    numbers = [row["publication_id"] for row in all_publications(Lake(settings.lake_uri))]
    assert numbers == list(range(1, len(numbers) + 1))
    print(f"{killer.deaths.total()} killed ({dict(killer.deaths)}), {reader.looks} looks at "
          f"{len(numbers)} publications, {time.monotonic() - began:.0f} s")  # fmt: skip
