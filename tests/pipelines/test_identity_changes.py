"""What new links change of who is who is what solving everybody again would change."""

import random
from datetime import timedelta

import pytest
from pyspark.sql import functions as F

from expectations.tables import EVENTS
from pipelines.identities import each, identities
from pipelines.identity_changes import renewed, turned
from pipelines.settings import IdentitySection
from pipelines.versions import standing
from tests.pipelines.tables import table
from tests.pipelines.test_identities import NINE, seen

pytestmark = pytest.mark.spark
WORLDS, EVENTS_EACH = 150, 14


def world(name, rng, versions):
    """Events of some people who share devices and addresses, in the order they come in.

    A share of them are versions of two rows of a CRM.
    """
    pools = {"user_id": 4, "email_sha256": 4, "crm_contact": 3, "ga_client_id": 4}
    for hour in range(EVENTS_EACH):
        kinds = rng.sample(sorted(pools), rng.choice([1, 2, 2, 3]))
        ids = [f"{kind}:{name}{rng.randrange(pools[kind])}" for kind in kinds]
        version = {"record_version": NINE + timedelta(hours=hour), "payload_hash": str(hour)}
        if rng.random() < versions:
            version |= {"event_id": f"{name}crm{rng.randrange(2)}", "source": "crm",
                        "op": rng.choice(["update"] * 5 + ["delete"])}  # fmt: skip
        yield seen(hour, *ids, **{"source": "web", **version})


def stored(frame):
    """A frame computed once."""
    return frame.sparkSession.createDataFrame(frame.toArrow(), frame.schema)


def rows(frame):
    return sorted(
        frame.toArrow().to_pylist(), key=lambda row: (row["identifier"], row["valid_from"])
    )


def grown(spark, settings, late_share=0.12, versions=0.3):
    """Everybody as solved from old events and renewed, and as solved from all events."""
    rng = random.Random(11)
    told = [list(world(f"w{number}-", rng, versions)) for number in range(WORLDS)]
    late = [[rng.random() < late_share for _ in one] for one in told]
    flat = [(e, is_late) for one, flags in zip(told, late, strict=True)
            for e, is_late in zip(one, flags, strict=True)]  # fmt: skip
    every = stored(table(spark, EVENTS, [e for e, _ in flat]))
    gained = stored(table(spark, EVENTS, [e for e, is_late in flat if is_late]))
    there = every.join(gained, on=["event_id", "record_version"], how="left_anti")
    before, whole = (
        stored(identities(standing(told, ["crm"]), settings, stored)) for told in (there, every)
    )
    turn = turned(every, gained, ["crm"], stored)
    made = renewed(turn, before, settings, stored)
    return before, made, each(turn.lost, F.col("ids")), whole


@pytest.mark.parametrize(("max_links", "versions", "late_share"), [(2, 0.0, 0.12), (3, 0.5, 0.3)])
def test_links_that_come_and_go_end_in_the_same_people(spark, max_links, versions, late_share):
    settings = IdentitySection(max_links=max_links, max_component=11, max_people_per_device=2)
    before, made, lost, whole = grown(spark, settings, late_share, versions)
    made = stored(made)
    other = made.select("identifier").unionByName(lost.select("identifier"))
    kept = before.join(other, on="identifier", how="left_anti")
    assert rows(kept.unionByName(made)) == rows(whole)
    refused = {(row["tier"], row["refused"]) for row in rows(whole)}
    assert {("device", "fan_out"), ("strong", None)} <= refused
    assert (("strong", "fan_out") in refused) == (versions == 0)
    assert (lost.count() > 0) == (versions > 0)
    assert kept.count() > 0
    assert rows(before) != rows(whole)


def test_a_component_over_its_cap_that_is_touched_asks_for_everybody(spark):
    settings = IdentitySection(max_links=99, max_component=2)
    assert grown(spark, settings, versions=0.0)[1] is None


def test_an_identifier_with_too_many_links_that_loses_one_asks_for_everybody(spark):
    settings = IdentitySection(max_links=1, max_component=99)
    assert grown(spark, settings)[1] is None
