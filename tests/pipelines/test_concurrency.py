"""Six processes that publish eight times each: every one is there, and none is mixed."""

import multiprocessing
from collections import Counter
from datetime import timedelta

import pytest

from expectations.tables import CHANNELS
from pipelines.lake import Lake, retry
from pipelines.publish import all_publications
from pipelines.query import connect, views
from tests.pipelines.arrow_lake import DAY, announce, put

WORKERS, TIMES, ROWS = 6, 8, 3
ALL = WORKERS * TIMES
COUNT = "SELECT conversions, count(*) FROM channels WHERE conversions > 0 GROUP BY 1 ORDER BY 1"


def on_own_days(root, worker):
    """Each publication adds a day of its own."""
    lake = Lake(root)
    for n in range(TIMES):
        day = DAY + timedelta(worker * TIMES + n)
        publish(lake, f"w{worker}-{n}", lambda day=day, n=n: put(lake, day, *[n + 1] * ROWS))


def on_the_same_day(root, worker):
    """Each publication counts one up from what it found."""
    lake = Lake(root)

    def count_up():
        found = lake.snapshot(CHANNELS)
        [[number]] = (
            views(lake, {"channels": found})
            .execute("SELECT coalesce(max(conversions), 0) FROM channels")
            .fetchall()
        )
        put(lake, DAY, *[int(number) + 1] * ROWS, base=found)

    for n in range(TIMES):
        publish(lake, f"w{worker}-{n}", count_up)


def publish(lake, run, work):
    """As a run does it: work until nobody was in between, then publish."""
    retry(work, times=ALL)
    announce(lake, run)


def at_once(work, lake):
    spawn = multiprocessing.get_context("spawn")  # delta-rs hangs after a fork
    workers = [spawn.Process(target=work, args=(lake.root, w)) for w in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(180)
    return [worker.exitcode for worker in workers]


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "lake"))


def test_publications_on_different_days_all_succeed(lake):
    assert at_once(on_own_days, lake) == [0] * WORKERS
    published = all_publications(lake)
    assert [row["publication_id"] for row in published] == list(range(1, ALL + 1))
    assert Counter(row["run_id"] for row in published) == Counter(
        f"w{w}-{n}" for w in range(WORKERS) for n in range(TIMES)
    )
    found = (
        connect(lake).execute("SELECT day, list(conversions) FROM channels GROUP BY 1").fetchall()
    )
    assert dict(found) == {
        DAY + timedelta(w * TIMES + n): [n + 1] * ROWS for w in range(WORKERS) for n in range(TIMES)
    }


def test_publications_on_one_day_are_in_some_order_and_never_mixed(lake):
    assert at_once(on_the_same_day, lake) == [0] * WORKERS
    published = all_publications(lake)
    assert [row["publication_id"] for row in published] == list(range(1, ALL + 1))
    newest = lake.snapshot(CHANNELS).version
    for version in range(1, newest + 1):
        seen = views(lake, {"channels": lake.snapshot(CHANNELS, version)}).execute(COUNT).fetchall()
        assert seen == [(version, ROWS)]
    assert newest == ALL
    assert connect(lake).execute(COUNT).fetchall() == [(ALL, ROWS)]
