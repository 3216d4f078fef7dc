"""Who is who: strong identifiers form people, devices belong to a person for a time."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from expectations.tables import IDENTITIES
from pipelines.components_spark import solve
from pipelines.settings import IdentitySection

STRONG = 2  # trust from which an identifier is a known person's
BEGINNING = "1970-01-01 00:00:00"
END = "9999-12-31 00:00:00"


Keep = Callable[[DataFrame], DataFrame]


def identities(
    events: DataFrame, settings: IdentitySection, keep: Keep = lambda frame: frame
) -> DataFrame:
    """One row per identifier and validity interval, with the person it points at.

    Strong identifiers seen in one event are one person, for all time. A device is the person's
    whose strong identifier was last seen on it (before the first sign-in: the first one seen);
    ties in `occurred_at` go to the greatest `event_id`. A device without a sign-in is its own
    anonymous person. Guards keep apart what they refuse and say so in `refused`.

    An event must be given as it stands (`versions.standing`): who was merged by a version since
    taken back is himself again. Events repeat a few sets of identifiers, which decide nearly
    everything; `keep` may store what several steps ask for.
    """
    told = telling(events)
    together = keep(told.select("ids").distinct())
    people = keep(_people(together, settings, keep))
    weak = each(together, weak_ids())
    owned = devices(weak, told, together, people, settings.max_people_per_device)
    return people.unionByName(owned).select(*IDENTITIES.columns)


def telling(events: DataFrame) -> DataFrame:
    """Events that tell whom they are about."""
    return events.where("op <> 'delete' AND cardinality(ids) > 0")


def person_key(identifier: Column) -> Column:
    """What a person made of this identifier alone is called."""
    return F.substring(F.sha2(identifier, 256), 1, 20)


def identifier_of(entry: Column) -> Column:
    """`type:value` of an entry of `ids`."""
    return F.concat_ws(":", entry["type"], entry["value"])


def strong_ids(ids: str = "ids") -> Column:
    """Entries that are a known person's."""
    return F.filter(ids, lambda i: i["trust"] >= STRONG)


def weak_ids(ids: str = "ids") -> Column:
    """Entries that are devices."""
    return F.filter(ids, lambda i: i["trust"] < STRONG)


def links(together: DataFrame) -> DataFrame:
    """One row per unordered pair of strong identifiers that some event told together."""
    named = together.where(F.size(strong_ids()) > 1).select(strong_ids().alias("ids")).distinct()
    ends = named.select(
        F.transform("ids", lambda i: F.struct(
            person_key(identifier_of(i)).alias("key"), i["type"].alias("type"),
            identifier_of(i).alias("identifier"))).alias("ids")
    )  # fmt: skip
    left = ends.select(F.explode("ids").alias("left"), "ids")
    pairs = left.select("left", F.explode("ids").alias("right")).where("left.key < right.key")
    return pairs.select(
        F.col("left.key").alias("left"), F.col("left.type").alias("left_type"),
        F.col("right.key").alias("right"), F.col("right.type").alias("right_type"),
        F.col("left.identifier").alias("left_identifier"),
        F.col("right.identifier").alias("right_identifier"),
    ).distinct()  # fmt: skip


def _people(together: DataFrame, settings: IdentitySection, keep: Keep) -> DataFrame:
    """One row per strong identifier, valid always."""
    caps = settings.max_links, settings.max_component
    solved = solve(allowed(links(together), settings), *caps, keep, settings.driver_links)
    return people_rows(each(together, strong_ids()), solved, settings)


def allowed(pairs: DataFrame, settings: IdentitySection) -> DataFrame:
    """Links without those of identifiers on the stop-list."""
    stopped = list(settings.stop_list)
    wanted = ~(F.col("left_identifier").isin(stopped) | F.col("right_identifier").isin(stopped))
    return pairs.where(wanted).select("left", "left_type", "right", "right_type")


def people_rows(identifiers: DataFrame, solved: DataFrame, settings: IdentitySection) -> DataFrame:
    """One row per strong identifier; `solved` has the person of each one that is linked."""
    joined = identifiers.withColumn("key", person_key(F.col("identifier"))).join(
        solved, on="key", how="left"
    )
    stop = F.when(F.col("identifier").isin(list(settings.stop_list)), F.lit("stop_list"))
    return joined.select(
        "identifier", "identifier_type",
        F.lit("strong").alias("tier"),
        F.coalesce("person_key", "key").alias("person_id"),
        F.to_timestamp(F.lit(BEGINNING)).alias("valid_from"),
        F.to_timestamp(F.lit(END)).alias("valid_to"),
        F.coalesce(stop, "refused").alias("refused"),
        F.coalesce("links", F.lit(0)).alias("links"),
    )  # fmt: skip


def each(together: DataFrame, ids: Column) -> DataFrame:
    """One row per identifier among some."""
    found = together.select(F.explode(ids).alias("id"))
    named = identifier_of(F.col("id")).alias("identifier")
    return found.select(named, F.col("id.type").alias("identifier_type")).distinct()


def _seen(told: DataFrame, people: DataFrame, *when: str) -> DataFrame:
    """One row per device and known person it was seen with, and whatever tells when."""
    both = (F.size(strong_ids()) > 0) & (F.size(weak_ids()) > 0)
    seen = told.where(both).select(
        *when, F.explode(weak_ids()).alias("device"), _best(strong_ids()).alias("known")
    )
    named = seen.select(
        *when, identifier_of(F.col("device")).alias("identifier"), "known"
    ).distinct()
    known = people.select(F.col("identifier").alias("known"), "person_id")
    return named.join(known, on="known", how="inner").drop("known")


def _best(ids: Column) -> Column:
    """The most trusted of some identifiers, ties to the smallest."""
    ranked = F.transform(ids, lambda i: F.struct(-i["trust"], identifier_of(i).alias("identifier")))
    return F.array_min(ranked)["identifier"]


def devices(
    weak: DataFrame, told: DataFrame, together: DataFrame, people: DataFrame, max_people: int
) -> DataFrame:
    """One row per device (of `weak`) and interval."""
    owners = _seen(together, people).groupBy("identifier").agg(
        F.countDistinct("person_id").alias("links"), F.min("person_id").alias("owner")
    )  # fmt: skip
    owned = weak.join(owners, on="identifier", how="left")
    shared = owners.where(f"links BETWEEN 2 AND {max_people}").select("identifier")
    intervals = _intervals(_sightings(told, people, shared))
    crowded = F.coalesce("links", F.lit(0)) > max_people
    owner = F.when(~crowded, F.coalesce("person_id", "owner"))
    return owned.join(intervals, on="identifier", how="left").select(
        "identifier", "identifier_type", F.lit("device").alias("tier"),
        F.coalesce(owner, person_key(F.col("identifier"))).alias("person_id"),
        F.coalesce("valid_from", F.to_timestamp(F.lit(BEGINNING))).alias("valid_from"),
        F.coalesce("valid_to", F.to_timestamp(F.lit(END))).alias("valid_to"),
        F.when(crowded, "fan_out").alias("refused"), F.coalesce("links", F.lit(0)).alias("links"),
    )  # fmt: skip


def _sightings(told: DataFrame, people: DataFrame, shared: DataFrame) -> DataFrame:
    """One row per shared device and instant at which a known person was seen on it."""
    seen = _seen(told, people, "event_id", "occurred_at")
    mine = seen.join(F.broadcast(shared), on="identifier", how="left_semi")
    last = F.max_by("person_id", F.struct("event_id", "person_id")).alias("person_id")
    return mine.groupBy("identifier", "occurred_at").agg(last)


def _intervals(sightings: DataFrame) -> DataFrame:
    """One row per device and stretch of time in which the same person was last seen on it."""
    ordered = Window.partitionBy("identifier").orderBy("occurred_at")
    before = F.lag("person_id").over(ordered)
    starts = sightings.withColumn("before", before).where("before IS NULL OR before <> person_id")
    until = F.lead("occurred_at").over(ordered)
    begins = F.when(F.col("before").isNull(), F.to_timestamp(F.lit(BEGINNING)))
    return starts.select(
        "identifier", "person_id",
        F.coalesce(begins, "occurred_at").alias("valid_from"),
        F.coalesce(until, F.to_timestamp(F.lit(END))).alias("valid_to"),
    )  # fmt: skip
