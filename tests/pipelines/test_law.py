"""One truth, however it arrived: many small worlds, any arrival, any schedule, equal tables.

An example of the law is a **world**: people, devices, sign-ins, merges, late and repeated records,
versions and deletions in the CRM, refunds, spend. A night of Spark costs the same for one world as
for fifty, so one Hypothesis example is a schedule of landings, nights, backfills, crashes and
reruns that WORLDS worlds live through in one lake; each has its own people, orders, lateness and
repetitions. `make law` plays 5,000 worlds.

Only models that do not learn take part. A fit is frozen: it knows what had arrived on its day, and
must not be what a full refresh learns. To refit at the end would not do either, since a refit
makes all credit after it anew and would hide a day that was forgotten. That a refit of everything
makes the fitted tables equal too is shown in test_night.py.
"""

import os
import shutil
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines import run, session
from pipelines.run import FEW_ROWS
from tests.pipelines.law import (
    DEADLY,
    Op,
    Schedule,
    broken,
    cast,
    is_whole,
    play,
    refreshed,
    restatements_that_miss,
    shrunk,
)
from tests.pipelines.worlds import World

pytestmark = pytest.mark.spark
EXAMPLES, WORLDS = (25, 200) if os.environ.get("TOUCHSTONE_LAW") else (2, 100)
# tables with more rows are asked which may change: all of them, or those a world never fills
FEWEST = (0, FEW_ROWS)
SHOWN = 20  # rows of a failing world
deaths = st.tuples(st.sampled_from(DEADLY), st.integers(1, 14), st.booleans())
ops = st.builds(
    Op, st.sampled_from(("run", "run", "backfill", "ingest")), st.floats(0, 1), st.floats(0, 1),
    st.none() | deaths,
)  # fmt: skip


@st.composite
def schedules(draw):
    """Two or three landings, each with one or two operations; some of them die, or come again."""
    apart = draw(st.sampled_from((0, 10)))
    landings = draw(st.lists(st.lists(ops, min_size=1, max_size=2), min_size=2, max_size=3))
    return Schedule(apart, tuple(map(tuple, landings)))


@pytest.fixture
def _tiny(_spark, monkeypatch):
    """Spark with a single partition after a shuffle: the tables are tiny."""
    monkeypatch.setitem(session.CONF, "spark.sql.shuffle.partitions", "1")


@pytest.mark.usefixtures("_tiny")
@settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None,
    phases=[Phase.explicit, Phase.generate],  # worlds are shrunk by `shrunk`, all at a time
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(schedules(), st.integers(0, 2**32 - 1), st.sampled_from(FEWEST))
def test_any_arrival_under_any_schedule_ends_in_the_tables_of_a_full_refresh(
    tmp_path_factory, schedule, seed, few_rows
):
    place = tmp_path_factory.mktemp("law")
    actors = cast((World(f"{seed}-{n}") for n in range(WORLDS)), schedule.apart)
    with mock.patch.object(run, "FEW_ROWS", few_rows):  # 0: only rows that may change are made
        lived = play(place / "lived", schedule, actors)
    bad = broken(lived, refreshed(place / "fresh", actors), actors)
    assert not bad, story(place, schedule, actors, bad)
    assert restatements_that_miss(lived) == []
    assert is_whole(lived)
    shutil.rmtree(place)


def story(place, schedule, actors, bad):
    """Which worlds broke the law, on which rows; and of one of them the records it takes."""
    lines = [f"{schedule}", f"rows differ of {', '.join(sorted(bad)) or 'no world'}"]
    for label in sorted(bad)[:3]:
        lines += [f"{label or 'of no world'}: {row}" for row in bad[label][:SHOWN]]
    named = sorted(label for label in bad if label)
    if named:
        label, start = named[0], actors.starts[named[0]]
        world = shrunk(place, schedule, actors.worlds[label], start)
        lines.append(f"{world} beginning on {start}, as {label}:")
        lines += [f"  {one}" for one in world.told(label, start)]
    return "\n".join(lines)
