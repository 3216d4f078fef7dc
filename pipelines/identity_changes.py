"""What new links make of who is who: only people and devices they can touch are solved again."""

from __future__ import annotations

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


def renewed(
    events: DataFrame, gained: DataFrame, old: DataFrame, settings: IdentitySection, keep: Keep
) -> DataFrame | None:
    """All rows of identities, as they are now, of identifiers that gained events may change.

    `events` has all, the gained ones too; nothing was lost. What a link can change are the people
    at its ends, and devices on which those of them were seen whose person is another now. Guards
    only ever refuse more. None if a component is touched that is kept apart for its size, since
    who would be in it is not known: then everybody must be solved again.
    """
    came, told = telling(gained), telling(events)
    touched = keep(among(old, each(came, strong_ids())))
    if touched.where("refused = 'component'").limit(1).toArrow().num_rows:
        return None
    mine = keep(_theirs(old, touched).unionByName(each(came, strong_ids())).distinct())
    together = keep(naming(told, strong_ids(), mine).select("ids").distinct())
    people = keep(_people(together, mine, settings, keep))
    moved = _moved(people, old)
    weak = each(came, weak_ids()).unionByName(
        each(naming(together, strong_ids(), moved), weak_ids())
    )
    weak = keep(weak.distinct())
    seen = keep(naming(_signed_in(told), weak_ids(), weak).select("event_id", "occurred_at", "ids"))
    others = old.where("tier = 'strong'").join(mine, on="identifier", how="left_anti")
    everybody = people.unionByName(others.select(*people.columns))
    sets, most = seen.select("ids").distinct(), settings.max_people_per_device
    return people.unionByName(devices(weak, seen, sets, everybody, most)).select(
        *IDENTITIES.columns
    )


def among(rows: DataFrame, identifiers: DataFrame) -> DataFrame:
    """Rows of some identifiers."""
    return rows.join(identifiers.select("identifier"), on="identifier", how="left_semi")


def naming(rows: DataFrame, ids: Column, identifiers: DataFrame) -> DataFrame:
    """Rows that name any of some identifiers among `ids`, once for each."""
    each_id = F.explode(F.transform(ids, identifier_of)).alias("identifier")
    return among(rows.where(F.size(ids) > 0).select("*", each_id), identifiers).drop("identifier")


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
