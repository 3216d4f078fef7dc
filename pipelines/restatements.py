"""What a publication says otherwise than the one before, and why: `restatements`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.tables import RESTATEMENTS
from pipelines.consent import BY_CONSENT

KEYS = ("conversion_id", "model", "channel", "currency", "conversion_date")
Keep = Callable[[DataFrame], DataFrame]
SHARE, MONEY = "decimal(18, 12)", "decimal(18, 6)"

# reason, when, cause; the first that is true is told
REASONS = (
    ("late_conversion", "old_event IS NULL", "new_event"),
    ("conversion_undone", "new_event IS NULL", "old_event"),
    ("refund", "old_refunded <> new_refunded", "coalesce(refund, new_event)"),
    ("conversion_changed", "NOT old_order <=> new_order", "new_event"),
    ("late_touch", "late IS NOT NULL", "late"),
    ("settings", "governed = 'settings'", "governing"),
    ("rules", "governed = 'rules'", "governing"),
    ("code", "governed = 'code'", "governing"),
    ("identity", "NOT old_person <=> new_person OR joined IS NOT NULL OR parted IS NOT NULL",
     "coalesce(link, joined, parted, new_event)"),
    ("touch_undone", "undone IS NOT NULL", "undone"),
    ("consent", "withheld IS NOT NULL OR released IS NOT NULL", "coalesce(withheld, released)"),
    ("touch_changed", "NOT old_touches <=> new_touches", "new_event"),
    ("model_refit", "old_version <> new_version", "new_version"),
    ("code", "true", "NULL"),  # nothing that was told, set or learned explains it
)  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """Tables as one publication has them, on the days that may differ between two."""

    credits: DataFrame
    paths: DataFrame
    conversions: DataFrame
    touchpoints: DataFrame
    identities: DataFrame
    events: DataFrame


def restatements(
    before: Picture, after: Picture, publication_id: int, governed: tuple[str, str] | None,
    keep: Keep = lambda frame: frame,
) -> DataFrame:  # fmt: skip
    """One row per conversion, model and channel whose credit differs, with the reason.

    `governed` is given if what governs the tables differs too: settings, rules or code, and what
    of it. `keep` may store what is asked for several times; Spark then knows that it is little.
    """
    moved = keep(_moved(before.credits, after.credits))
    ids = keep(moved.select("conversion_id").distinct())
    touches = _touches(before, after, ids, keep)
    facts = keep(_orders(before, after, ids).join(touches, "conversion_id", "left"))
    linked = _with_links(facts, before.identities, after.identities)
    told = linked.join(_refunds(before.events, after.events), ["source", "order_id"], "left")
    reason, cause = governed or (None, None)
    reasoned = moved.join(told, "conversion_id", "left").withColumns(
        {"governed": F.lit(reason).cast("string"), "governing": F.lit(cause).cast("string")}
    )
    why = {
        "reason": " ".join(f"WHEN {when} THEN '{name}'" for name, when, _ in REASONS),
        "cause": " ".join(f"WHEN {when} THEN {cause}" for _, when, cause in REASONS),
    }
    named = reasoned.withColumns({name: F.expr(f"CASE {cases} END") for name, cases in why.items()})
    numbered = named.withColumn("publication_id", F.lit(publication_id).cast("bigint"))
    return numbered.select(*RESTATEMENTS.columns)


def _moved(before: DataFrame, after: DataFrame) -> DataFrame:
    """One row per conversion, model and channel whose credit is not what it was."""
    sums = _sums(before, "before").join(_sums(after, "after"), [*KEYS, "conversion_type"], "full")
    figures = {
        f"{what}_{when}": F.coalesce(f"{what}_{when}", F.lit(0).cast(kind))
        for what, kind in (("conversions", SHARE), ("value", MONEY))
        for when in ("before", "after")
    }
    named = {"version_before": "old_version", "version_after": "new_version"}
    return sums.withColumns(figures).withColumnsRenamed(named).where(
        "conversions_before <> conversions_after OR value_before <> value_after"
    )  # fmt: skip


def _sums(credits: DataFrame, when: str) -> DataFrame:
    return credits.groupBy(*KEYS, "conversion_type").agg(
        F.sum("conversions").cast(SHARE).alias(f"conversions_{when}"),
        F.sum("attributed_value").cast(MONEY).alias(f"value_{when}"),
        F.max("model_version").alias(f"version_{when}"),
    )


def disagreements(restated: DataFrame, before: DataFrame, after: DataFrame) -> DataFrame:
    """One row per day, model, channel and currency whose restatements are not the difference.

    `before` and `after` are `channels` on the restated days.
    """
    by = ("day", "model", "channel", "currency")
    told = restated.withColumnRenamed("conversion_date", "day").select(
        *by, F.expr("conversions_after - conversions_before").alias("conversions"),
        F.expr("value_after - value_before").alias("value"),
    )  # fmt: skip
    is_now = after.select(*by, "conversions", F.col("attributed_value").alias("value"))
    was = before.select(*by, F.expr("-conversions").alias("conversions"),
                        F.expr("-attributed_value").alias("value"))  # fmt: skip
    told = told.withColumns({name: F.expr(f"-{name}") for name in ("conversions", "value")})
    sums = is_now.unionByName(was).unionByName(told).groupBy(*by).agg(
        F.sum("conversions").alias("conversions"), F.sum("value").alias("value")
    )  # fmt: skip
    return sums.where("conversions <> 0 OR value <> 0")


def _orders(before: Picture, after: Picture, ids: DataFrame) -> DataFrame:
    """One row per conversion: its order and its person, then and now."""
    old, new = _order(before, ids, "old"), _order(after, ids, "new")
    both = old.join(new, "conversion_id", "full")
    return both.withColumns(
        {name: F.coalesce(f"new_{name}", f"old_{name}") for name in ("source", "order_id")}
    )


def _order(picture: Picture, ids: DataFrame, when: str) -> DataFrame:
    order = F.struct("gross_value", "currency", "converted_at", "status")
    booked = picture.conversions.join(ids, "conversion_id", "left_semi").select(
        "conversion_id", F.col("event_id").alias(f"{when}_event"),
        F.col("refunded_value").alias(f"{when}_refunded"), order.alias(f"{when}_order"),
        F.col("source").alias(f"{when}_source"), F.col("order_id").alias(f"{when}_order_id"),
    )  # fmt: skip
    people = picture.paths.select("conversion_id", F.col("person_id").alias(f"{when}_person"))
    return booked.join(people, "conversion_id", "left")


def _touches(before: Picture, after: Picture, ids: DataFrame, keep: Keep) -> DataFrame:
    """One row per conversion: its touches then and now, and a touch of each kind of change.

    Late is a touch that was told since; joined, one that was another's; parted and undone, the
    same the other way round; withheld, one that consent no longer allows; released, one that it
    allows again. Of several, the smallest.
    """
    old, new = _met(before.paths, ids, "old"), _met(after.paths, ids, "new")
    both = keep(old.join(new, "conversion_id", "inner"))
    sides = after.touchpoints, before.touchpoints
    came = _told_since(keep(_only(both, "new_met", "old_met")), *sides)
    went = _told_since(keep(_only(both, "old_met", "new_met")), *reversed(sides))
    return (
        both.withColumn("withheld", _forbidden_of("old_touches", "new_withheld"))
        .withColumn("released", _forbidden_of("new_touches", "old_withheld"))
        .join(came.withColumnsRenamed({"told": "late", "known": "joined"}), "conversion_id", "left")
        .join(went.withColumnsRenamed({"told": "undone", "known": "parted"}), "conversion_id",
              "left")
        .drop("old_met", "new_met", "old_withheld", "new_withheld")
    )  # fmt: skip


def _forbidden_of(touches: str, forbidden: str) -> Column:
    """The smallest id of some touches that consent forbids on the other side."""
    ids = F.transform(touches, lambda t: t["touchpoint_id"])
    return F.array_min(F.array_intersect(ids, F.col(forbidden)))


def _met(paths: DataFrame, ids: DataFrame, when: str) -> DataFrame:
    named = [F.transform(column, lambda t: t["touchpoint_id"]) for column in ("touches", "dropped")]
    forbidden = F.filter("dropped", lambda t: t["rule"].rlike(BY_CONSENT))
    return paths.join(ids, "conversion_id", "left_semi").select(
        "conversion_id", F.col("touches").alias(f"{when}_touches"),
        F.concat(*named).alias(f"{when}_met"),
        F.transform(forbidden, lambda t: t["touchpoint_id"]).alias(f"{when}_withheld"),
    )  # fmt: skip


def _only(both: DataFrame, here: str, there: str) -> DataFrame:
    """One row per conversion and touch that it met only `here`."""
    return both.select("conversion_id", F.explode(F.array_except(here, there)).alias("id"))


def _told_since(only: DataFrame, has: DataFrame, had: DataFrame) -> DataFrame:
    """One row per conversion of `only`: one of its touches that only `has` knows, and another."""
    ids = only.select("id").distinct()
    told, known = (
        touches.select(F.col("touchpoint_id").alias("id")).join(ids, "id", "left_semi")
        for touches in (has, had)
    )
    fresh = told.join(known, "id", "left_anti").distinct().withColumn("is_fresh", F.lit(True))
    return only.join(fresh, "id", "left").groupBy("conversion_id").agg(
        F.min(_when("is_fresh")).alias("told"), F.min(_when("is_fresh IS NULL")).alias("known")
    )  # fmt: skip


def _when(condition: str) -> Column:
    return F.when(F.expr(condition), F.col("id"))


def _with_links(facts: DataFrame, before: DataFrame, after: DataFrame) -> DataFrame:
    """`facts` with `link`: an identifier that the person then or the person now gained or lost."""
    people = facts.select("new_person").unionAll(facts.select("old_person")).distinct()
    theirs = people.withColumnRenamed("new_person", "person_id")
    owned = ("identifier", "person_id", "valid_from", "valid_to")
    old, new = (
        side.select(*owned).join(theirs, "person_id", "left_semi").select(*owned)
        for side in (before, after)
    )
    changed = old.exceptAll(new).unionByName(new.exceptAll(old))
    links = changed.groupBy("person_id").agg(F.min("identifier").alias("link"))
    now = links.select(F.col("person_id").alias("new_person"), F.col("link").alias("new_link"))
    then = links.select(F.col("person_id").alias("old_person"), F.col("link").alias("old_link"))
    joined = facts.join(now, "new_person", "left").join(then, "old_person", "left")
    return joined.withColumn("link", F.coalesce("new_link", "old_link"))


def _refunds(before: DataFrame, after: DataFrame) -> DataFrame:
    """One row per order that a refund was told of since, with the refund's event."""
    now, then = (e.where("event_type = 'refund'") for e in (after, before))
    told = now.join(then.select("event_id", "record_version"), ["event_id", "record_version"],
                    "left_anti")  # fmt: skip
    return told.groupBy("source", "order_id").agg(F.min("event_id").alias("refund"))
