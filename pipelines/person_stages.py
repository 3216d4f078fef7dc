"""The stage each person was in at each touch, from what came before it."""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from pipelines.paths import eligible, resolve
from pipelines.segments import PURCHASE, Segments, asks_value, segment
from pipelines.settings import PathRules
from pipelines.sql import among
from pipelines.stages import Stage, StageMap

DAY_MICROS = 86_400_000_000
OWNER = "owner"  # the person; of a touch that nobody is known by, the touch itself
ORDER = (
    "act_at",
    "act_rank",
    "act_id",
)  # of equal instants touches come before conversions, then by id
TAKEN = ("touchpoint_id", "person_id", "source", "channel", "ownership", "is_direct_contact",
         "is_online", "form", "valence", "weight_class", "stage", "feedback_metric",
         "feedback_score", "touched_at", "touch_date", "is_eligible")  # fmt: skip


def met(touchpoints: DataFrame, identities: DataFrame, rules: PathRules) -> DataFrame:
    """One row per touch of a person, not of a machine, a test or against consent, with `owner`.

    `is_eligible` marks the kinds of touches that may earn credit.
    """
    allowed = eligible(touchpoints, rules).where("rule IS NULL OR rule = 'weight_class'")
    told = resolve(allowed, identities, "touched_at")
    marked = told.withColumn("is_eligible", F.col("rule").isNull()).select(*TAKEN)
    return marked.withColumn(OWNER, F.coalesce("person_id", "touchpoint_id"))


def customers(
    conversions: DataFrame, identities: DataFrame, customer_by: Collection[str]
) -> DataFrame:
    """One row per conversion that makes its person a customer; refunded ones do too."""
    told = conversions.where("conversions > 0")
    if customer_by:
        told = told.where(among("conversion_type", sorted(customer_by)))
    known = resolve(told, identities, "converted_at").where("person_id IS NOT NULL")
    return known.select(F.col("person_id").alias(OWNER), "conversion_id", "converted_at", *PURCHASE)


def staged(
    met: DataFrame, customers: DataFrame, chosen: StageMap, memory_days: float, echo_seconds: int,
    segments: Segments = MappingProxyType({}),
) -> DataFrame:  # fmt: skip
    """`met` with `stage`, `stage_number` (from 1), `segment` and `is_echo`, in one pass a person.

    Only what came before a touch decides, and what kind of touch it is itself. Earlier is who
    comes first by time, then by id; a conversion at the instant of a touch comes after it. An echo
    (a visit that repeats a click another source told) has a stage but does not move one.
    """
    heard = _echoed(met.repartition(OWNER), echo_seconds)
    acts = heard.select(
        *heard.columns, F.unix_micros("touched_at").alias("act_at"), F.lit(0).alias("act_rank"),
        F.col("touchpoint_id").alias("act_id"), F.expr("NOT is_echo").alias("is_step"),
    ).unionByName(customers.select(
        OWNER, F.unix_micros("converted_at").alias("act_at"), F.lit(1).alias("act_rank"),
        F.col("conversion_id").alias("act_id"), F.lit(False).alias("is_step"),
        *(PURCHASE if asks_value(segments) else ()),
    ), allowMissingColumns=True)  # fmt: skip
    number = _number(chosen, round(memory_days * DAY_MICROS))
    names = F.array(*(F.lit(stage.name) for stage in chosen.stages))
    numbered = acts.withColumn("stage_number", number)
    named = numbered.withColumn("stage_name", names[F.col("stage_number") - 1])
    before = Window.partitionBy(OWNER).orderBy(*ORDER)
    before = before.rowsBetween(Window.unboundedPreceding, -1)
    grouped = named.withColumn("segment", segment(segments, before)).where("act_rank = 0")
    told = grouped.drop(*ORDER, "is_step", "stage", *PURCHASE, "attributes")
    return told.withColumnRenamed("stage_name", "stage")


def _echoed(met: DataFrame, seconds: int) -> DataFrame:
    """`met` with `is_echo`, as paths have it: a click of the channel by another source is near."""
    if not seconds:
        return met.withColumn("is_echo", F.lit(False))
    near = Window.partitionBy(OWNER, "channel").orderBy(F.unix_micros("touched_at"))
    near = near.rangeBetween(-seconds * 1_000_000, Window.currentRow)
    clicked = F.when(F.expr("is_eligible AND weight_class = 'click'"), F.col("source"))
    other = (F.min(clicked).over(near) != F.col("source")) | (
        F.max(clicked).over(near) != F.col("source")
    )
    visits = F.expr("is_eligible AND weight_class = 'visit'")
    return met.withColumn("is_echo", F.coalesce(visits & other, F.lit(False)))


def _number(chosen: StageMap, memory: int) -> Column:
    """The number of the last stage of which a condition holds."""
    ordered = Window.partitionBy(OWNER).orderBy(*ORDER)
    reached = F.lit(1)
    for number, stage in list(enumerate(chosen.stages, 1))[1:]:
        holds = F.coalesce(_holds(stage, ordered, memory), F.lit(False))
        reached = F.when(holds, number).otherwise(reached)
    return reached


def _holds(stage: Stage, ordered: WindowSpec, memory: int) -> Column:
    before = ordered.rowsBetween(Window.unboundedPreceding, -1)
    since = F.col("act_at") - memory
    holds = F.expr(among("stage", stage.kinds))
    if stage.touches:
        holds = holds | (_nth_before(stage.touches) >= since)
    if stage.after:
        kind = F.expr(f"is_step AND {among('stage', stage.after)}")
        holds = holds | (F.max(F.when(kind, F.col("act_at"))).over(before) >= since)
    if stage.conversions:
        holds = holds | (F.count_if(F.col("act_rank") == 1).over(before) >= stage.conversions)
    return holds


def _nth_before(count: int) -> Column:
    """When the `count`-th last touch before was; null if there were fewer."""
    order = f"PARTITION BY {OWNER} ORDER BY {', '.join(ORDER)}"
    at = "CASE WHEN is_step THEN act_at END"
    return F.expr(f"lag({at}, {count}) IGNORE NULLS OVER ({order})")
