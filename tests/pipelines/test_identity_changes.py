"""What new links change of who is who is what solving everybody again would change."""

import random

import pytest

from expectations.tables import EVENTS
from pipelines.identities import identities
from pipelines.identity_changes import renewed
from pipelines.settings import IdentitySection
from tests.pipelines.tables import table
from tests.pipelines.test_identities import seen

pytestmark = pytest.mark.spark
WORLDS, EVENTS_EACH = 150, 14


def world(name, rng):
    """Events of some people who share devices and addresses, in the order they come in."""
    pools = {"user_id": 4, "email_sha256": 4, "crm_contact": 3, "ga_client_id": 4}
    for hour in range(EVENTS_EACH):
        kinds = rng.sample(sorted(pools), rng.choice([1, 2, 2, 3]))
        yield seen(hour, *[f"{kind}:{name}{rng.randrange(pools[kind])}" for kind in kinds])


def stored(frame):
    """A frame computed once."""
    return frame.sparkSession.createDataFrame(frame.toArrow(), frame.schema)


def rows(frame):
    return sorted(
        frame.toArrow().to_pylist(), key=lambda row: (row["identifier"], row["valid_from"])
    )


def grown(spark, settings, late_share):
    """Everybody as solved from old events and renewed, and as solved from all events."""
    rng = random.Random(11)
    told = [list(world(f"w{number}-", rng)) for number in range(WORLDS)]
    late = [[rng.random() < late_share for _ in one] for one in told]
    flat = [(e, is_late) for one, flags in zip(told, late, strict=True)
            for e, is_late in zip(one, flags, strict=True)]  # fmt: skip
    every = stored(table(spark, EVENTS, [e for e, _ in flat]))
    gained = stored(table(spark, EVENTS, [e for e, is_late in flat if is_late]))
    before = stored(identities(every.join(gained, on="event_id", how="left_anti"), settings))
    made = renewed(every, gained, before, settings, stored)
    return before, made, stored(identities(every, settings, stored))


def test_links_that_come_later_end_in_the_same_people(spark):
    settings = IdentitySection(max_links=3, max_component=11, max_people_per_device=2)
    before, made, whole = grown(spark, settings, 0.12)
    made = stored(made)
    kept = before.join(made.select("identifier"), on="identifier", how="left_anti")
    assert rows(kept.unionByName(made)) == rows(whole)
    refused = {row["refused"] for row in rows(whole)}
    assert refused == {None, "fan_out"}
    assert kept.count() > 0
    assert rows(before) != rows(whole)


def test_a_component_over_its_cap_that_is_touched_asks_for_everybody(spark):
    settings = IdentitySection(max_links=99, max_component=2)
    assert grown(spark, settings, 0.12)[1] is None
