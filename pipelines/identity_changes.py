"""What new links make of who is who: only people and devices they can touch are solved again."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.tables import IDENTITIES
from pipelines.components_spark import solve
from pipelines.identities import (
    Keep,
    allowed,
    devices,
    each,
    identifier_of,
    links,
    people_rows,
    person_key,
    strong_ids,
    telling,
    weak_ids,
)
from pipelines.settings import IdentitySection
from pipelines.sql import among
from pipelines.versions import newest, standing


class Turn(NamedTuple):
    """Events as they stand now, those of them that are new, and those that stood and are not now.

    A new version of a CRM row, or its deletion, takes back what the version before it told.
    """

    told: DataFrame
    came: DataFrame
    lost: DataFrame


def turned(events: DataFrame, gained: DataFrame, changing: Collection[str], keep: Keep) -> Turn:
    """How gained events changed what is told; `events` has all, the gained ones too.

    An event of which nothing but other identifiers is new, or that names more than it did, has not
    taken anything back.
    """
    may_change = among("source", sorted(changing))
    told = telling(standing(events, changing))
    again = gained.where(may_change).select("event_id").distinct()
    versions = keep(events.where(may_change).join(again, on="event_id", how="left_semi"))
    key = ["event_id", "record_version", "payload_hash"]
    before = telling(newest(versions.join(gained.select(*key), on=key, how="left_anti")))
    now = telling(newest(versions))
    named = now.select("event_id", F.col("ids").alias("now"))
    is_less = "now IS NULL OR cardinality(array_except(ids, now)) > 0"
    lost = before.join(named, on="event_id", how="left").where(is_less).drop("now")
    once = telling(gained.where(f"NOT ({may_change})"))
    return Turn(told, once.unionByName(now), keep(lost))


def renewed(turn: Turn, old: DataFrame, settings: IdentitySection, keep: Keep) -> DataFrame | None:
    """All rows of identities, as they are now, of identifiers that changed events may change.

    Identifiers that nothing names any more have none. What a link can change are the people at its
    ends, and devices on which those of them were seen whose person is another now. None if a guard
    may let go, since who would be in it is not known and everybody must be solved again: if a
    component is touched that is kept apart for its size, or an identifier with too many links
    loses one.
    """
    told, came, lost = turn
    if _may_let_go(old, came, lost):
        return None
    named = each(came.unionByName(lost), strong_ids())
    theirs = _theirs(old, of(old, named)).unionByName(named).distinct()
    together = keep(naming(told, strong_ids(), theirs).select("ids").distinct())
    mine = keep(of(theirs, each(together, strong_ids())))
    people = keep(_people(together, mine, settings, keep))
    moved = _moved(people, old)
    weak = each(naming(together, strong_ids(), moved), weak_ids()).unionByName(
        each(came, weak_ids())
    )
    weak = keep(weak.unionByName(_still(told, each(lost, weak_ids()))).distinct())
    seen = keep(naming(_signed_in(told), weak_ids(), weak).select("event_id", "occurred_at", "ids"))
    others = old.where("tier = 'strong'").join(theirs, on="identifier", how="left_anti")
    everybody = people.unionByName(others.select(*people.columns))
    sets, most = seen.select("ids").distinct(), settings.max_people_per_device
    return people.unionByName(devices(weak, seen, sets, everybody, most)).select(
        *IDENTITIES.columns
    )


def _may_let_go(old: DataFrame, came: DataFrame, lost: DataFrame) -> bool:
    """Whether a guard that keeps strong identifiers apart may not do so any more."""
    full = of(old, each(came.unionByName(lost), strong_ids())).where("refused = 'component'")
    hubs = of(old, each(lost, strong_ids())).where("refused = 'fan_out'")
    return full.unionByName(hubs).limit(1).toArrow().num_rows > 0


def _still(told: DataFrame, weak: DataFrame) -> DataFrame:
    """Those of some devices that an event still names."""
    return of(weak, each(naming(told, weak_ids(), weak), weak_ids()))


def of(rows: DataFrame, identifiers: DataFrame) -> DataFrame:
    """Rows of some identifiers."""
    return rows.join(identifiers.select("identifier"), on="identifier", how="left_semi")


def naming(rows: DataFrame, ids: Column, identifiers: DataFrame) -> DataFrame:
    """Rows that name any of some identifiers among `ids`, once for each."""
    each_id = F.explode(F.transform(ids, identifier_of)).alias("identifier")
    return of(rows.where(F.size(ids) > 0).select("*", each_id), identifiers).drop("identifier")


def _theirs(old: DataFrame, touched: DataFrame) -> DataFrame:
    """Strong identifiers of the people whom some rows point at."""
    people = touched.select("person_id").distinct()
    theirs = old.where("tier = 'strong'").join(people, on="person_id", how="left_semi")
    return theirs.select("identifier", "identifier_type")


def _signed_in(told: DataFrame) -> DataFrame:
    """Events that tell of a known person on a device."""
    return told.where((F.size(strong_ids()) > 0) & (F.size(weak_ids()) > 0))


def _moved(people: DataFrame, old: DataFrame) -> DataFrame:
    """Identifiers that are new, or point at another person than they did."""
    before = old.where("tier = 'strong'").select("identifier", F.col("person_id").alias("before"))
    both = people.join(before, on="identifier", how="left")
    return both.where("before IS NULL OR before <> person_id").select("identifier")


def _people(
    together: DataFrame, mine: DataFrame, settings: IdentitySection, keep: Keep
) -> DataFrame:
    """One row per strong identifier of `mine`, whose links are all in `together`.

    A link with an end elsewhere is one with an identifier that is refused: it counts for the guard
    on links, and joins nobody.
    """
    pairs = keep(allowed(links(together), settings))
    keys = mine.select(person_key(F.col("identifier")).alias("key"))
    degrees = keep(_degrees(pairs, keys, settings.max_links))
    hubs = degrees.where("is_hub").select("key")
    free = keep(keys.join(hubs, on="key", how="left_anti"))
    inside = pairs.join(free.withColumnRenamed("key", "left"), on="left", how="left_semi").join(
        free.withColumnRenamed("key", "right"), on="right", how="left_semi"
    )
    caps = settings.max_links, settings.max_component
    solved = solve(inside, *caps, keep, settings.driver_links).drop("links")
    guard = F.when(F.col("is_hub"), "fan_out").otherwise(F.col("refused"))
    every = degrees.join(solved, on="key", how="left").withColumn("refused", guard)
    return people_rows(mine, every, settings)


def _degrees(pairs: DataFrame, keys: DataFrame, max_links: int) -> DataFrame:
    """One row per linked key: its links, and whether it has too many neighbours of one type."""
    ends = pairs.select(F.col("left").alias("key"), F.col("right_type").alias("type")).unionAll(
        pairs.select("right", "left_type")
    )
    of_type = ends.join(keys, on="key", how="left_semi").groupBy("key", "type").count()
    return of_type.groupBy("key").agg(
        F.sum("count").alias("links"), (F.max("count") > max_links).alias("is_hub")
    )
