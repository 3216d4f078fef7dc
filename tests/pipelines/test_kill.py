"""A night killed at ten points: readers see the last publication whole, the rerun completes."""

import os
import random
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest

from pipelines.lake import Lake
from pipelines.query import connect
from tests.conftest import QUICK_JAVA
from tests.pipelines.nights import START, contents, home, is_whole, land, night, world

pytestmark = [pytest.mark.spark, pytest.mark.slow]
LAST = START + timedelta(3)
POINTS = random.Random(5).sample(range(1, 13), 10)  # each counted from where the last one got to


class Reader(threading.Thread):
    """Reads the newest publication in a loop and keeps what it saw."""

    def __init__(self, settings):
        super().__init__(daemon=True)
        self.settings, self.is_over, self.seen, self.torn = settings, threading.Event(), set(), 0

    def run(self):
        summary = """
            SELECT max(publication_id), (SELECT sum(attributed_value) FROM credits)
            FROM publications"""
        while not self.is_over.is_set():
            self.seen.add(connect(Lake(self.settings.lake_uri)).execute(summary).fetchone())
            self.torn += not is_whole(self.settings)
            time.sleep(1)


def killed_at(settings, point):
    """Run a night that dies at a point; whether it died."""
    command = [sys.executable, "-m", "tests.pipelines.killed_night", str(settings.home), str(LAST)]
    done = subprocess.run(
        [*command, str(point)], capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "TOUCHSTONE_JAVA_OPTIONS": QUICK_JAVA},
    )  # fmt: skip
    assert done.returncode in (0, -9), done.stderr[-3000:]
    return done.returncode == -9


@pytest.mark.usefixtures("_spark")
def test_a_night_killed_anywhere_is_completed_by_the_next_and_never_half_seen(
    tmp_path_factory, tmp_path
):
    files = world(40, 4, tmp_path_factory.getbasetemp())
    paths = sorted(path for path in files.rglob("*") if path.is_file())
    settings = home(tmp_path / "killed")
    land(settings.home, files, paths[::2])
    night(settings, START)
    land(settings.home, files, paths)
    reader = Reader(settings)
    reader.start()
    deaths = sum(killed_at(settings, point) for point in POINTS)
    night(settings, LAST)
    reader.is_over.set()
    reader.join()
    assert deaths == len(POINTS)
    assert reader.torn == 0
    assert len(reader.seen) == len({number for number, _ in reader.seen})
    undisturbed = home(tmp_path / "undisturbed")
    land(undisturbed.home, files, paths[::2])
    night(undisturbed, START)
    land(undisturbed.home, files, paths)
    night(undisturbed, LAST)
    assert contents(settings) == contents(undisturbed)
