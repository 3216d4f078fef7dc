"""Which touches may have led to which conversion, and which did not and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from expectations.tables import PATHS
from pipelines.consent import by_person, forbidding, may_forbid, stretches
from pipelines.path_transforms import capped, echoes, kept, left_out, transformed
from pipelines.settings import PathRules

TOUCH_FIELDS = ("touchpoint_id", "channel", "campaign", "campaign_id", "touched_at")
# what is collected of a touch; sorting it sorts by time, then id
RULED_FIELDS = ("touched_at", "touchpoint_id", "channel", "source", "weight_class", "rule")
ALL_FIELDS = (*RULED_FIELDS[:3], "campaign", "campaign_id", *RULED_FIELDS[3:])
DROPPED_FIELDS = ("touchpoint_id", "channel", "touched_at", "rule")


def paths(
    touchpoints: DataFrame, conversions: DataFrame, identities: DataFrame, settings: PathRules,
    consents: DataFrame | None = None,
) -> DataFrame:  # fmt: skip
    """One row per conversion: its kept touches in time order, and the dropped ones with the rule.

    Ties in `touched_at` break by `touchpoint_id`. A touch at the instant of the conversion counts,
    one after it does not; a touch exactly the lookback old counts. Touches older than the longest
    lookback that any touch has for that type of conversion are not looked at, so not listed as
    dropped. A refund of an unknown order has none.
    Touches and conversions may reach back further than what is wanted: `reset_on_conversion` needs
    the conversion before. `consents` is None if nobody changed what he allows.
    """
    converted = resolve(conversions, identities, "converted_at")
    if settings.reset_on_conversion:
        converted = reset_times(converted)
    met = _met(touchpoints, identities, settings, consents)
    ruled = ruled_lists(_pairs(met, converted, settings), ("conversion_id",), settings)
    return _finish(converted.join(ruled, on="conversion_id", how="left"))


def lost_paths(
    touchpoints: DataFrame,
    conversions: DataFrame,
    identities: DataFrame,
    windows: DataFrame,
    settings: PathRules,
    consents: DataFrame | None = None,
) -> DataFrame:
    """One row per window and person with an open path at its end: `channels`, first to last.

    `windows` has `opens_at` and `closes_at`. Open are the eligible touches inside the window since
    the person's last conversion before its end, under the rules that winning paths obey. They have
    not led to a conversion yet: some of them still will.
    """
    converted = resolve(conversions.where("conversions > 0"), identities, "converted_at")
    met = _met(touchpoints, identities, settings, consents)
    few = F.broadcast(windows)
    last = converted.join(few, on=F.expr("converted_at < closes_at"), how="inner").groupBy(
        "person_id", "closes_at"
    ).agg(F.max("converted_at").alias("last_at"))  # fmt: skip
    inside = met.where("person_id IS NOT NULL").join(
        few, on=F.expr("touched_at >= opens_at AND touched_at < closes_at"), how="inner"
    )
    still_open = inside.join(last, on=["person_id", "closes_at"], how="left").where(
        "last_at IS NULL OR touched_at > last_at"
    )
    ruled = ruled_lists(still_open, ("closes_at", "person_id"), settings, RULED_FIELDS)
    channels = F.transform(kept(F.col("met")), lambda touch: touch["channel"])
    listed = ruled.select("closes_at", "person_id", channels.alias("channels"))
    return listed.where(F.size("channels") > 0)


def ruled_lists(
    pairs: DataFrame, keys: tuple[str, ...], settings: PathRules, fields: Sequence[str] = ALL_FIELDS
) -> DataFrame:
    """One row per key: `met`, its touches by time and id, each with the rule that drops it.

    Echoes go first, then what the transforms take in turn, then what is too much.
    """
    lists = pairs.groupBy(*keys).agg(F.sort_array(F.collect_list(F.struct(*fields))).alias("met"))
    echoed = lists.withColumn("met", echoes(F.col("met"), settings.echo_seconds))
    chosen = transformed(echoed, settings.transforms, settings.direct)
    return chosen.withColumn("met", capped(F.col("met"), settings.max_touches))


def resolve(rows: DataFrame, identities: DataFrame, at: str) -> DataFrame:
    """`rows` with `person_id`: whose `identifier` was at the instant `at`; null if nobody's."""
    whose = identities.select("identifier", "person_id", "valid_from", "valid_to")
    joined = rows.alias("r").join(
        whose.alias("w"),
        on=(F.col("r.identifier") == F.col("w.identifier"))
        & (F.col(f"r.{at}") >= F.col("w.valid_from"))
        & (F.col(f"r.{at}") < F.col("w.valid_to")),
        how="left",
    )
    return joined.select("r.*", "w.person_id")


def _met(
    touchpoints: DataFrame, identities: DataFrame, settings: PathRules, consents: DataFrame | None
) -> DataFrame:
    """`touchpoints` with `person_id` and `rule`; without consents that matter nothing is joined."""
    if consents is None or not may_forbid(settings.consent):
        return resolve(eligible(touchpoints, settings), identities, "touched_at")
    told = resolve(consents, identities, "told_at")
    theirs = resolve(touchpoints, identities, "touched_at")
    return eligible(by_person(theirs, stretches(told, settings.consent.withdrawal)), settings, True)


def eligible(touchpoints: DataFrame, settings: PathRules, of_persons: bool = False) -> DataFrame:
    """`touchpoints` with `rule`: the first rule that forbids the touch whatever the conversion."""
    rule = F.when(F.col("is_bot"), "bot").when(F.col("is_test"), "test")
    for name, when in forbidding(settings.consent, of_persons):
        rule = rule.when(F.expr(when), name)
    wanted = list(settings.weight_classes)
    return touchpoints.withColumn(
        "rule", rule.when(~F.col("weight_class").isin(wanted), "weight_class")
    )


def reset_times(converted: DataFrame) -> DataFrame:
    """`converted` with `reset_at`: when the person last converted (any type) before, if ever."""
    earlier = (
        Window.partitionBy(F.coalesce("person_id", "conversion_id"))
        .orderBy(F.unix_micros("converted_at"))
        .rangeBetween(Window.unboundedPreceding, -1)
    )
    counted = F.when(F.col("conversions") > 0, F.col("converted_at"))
    return converted.withColumn("reset_at", F.max(counted).over(earlier))


def lookback_seconds(settings: PathRules) -> Column:
    """Lookback of a touch and a conversion, in seconds.

    The shorter of what its channel and its weight class have of their own, if any has; else that of
    the conversion's type; else the general one.
    """
    own = F.least(
        _listed_seconds("channel", settings.lookback_by_channel),
        _listed_seconds("weight_class", settings.lookback_by_weight_class),
    )
    return F.coalesce(own, _type_seconds(settings))


def _type_seconds(settings: PathRules) -> Column:
    """Lookback of a conversion's type, in seconds."""
    general = F.lit(settings.lookback_days * 86400)
    return F.coalesce(_listed_seconds("conversion_type", settings.lookback_by_type), general)


def _listed_seconds(column: str, days: Mapping[str, float]) -> Column:
    """Seconds of the days listed for a column's value; null if it is not listed."""
    seconds = F.lit(None).cast("double")
    for name, listed in sorted(days.items()):
        seconds = F.when(F.col(column) == name, listed * 86400).otherwise(seconds)
    return seconds


def _longest_seconds(settings: PathRules) -> Column:
    """Longest lookback that a touch may have for a conversion, in seconds."""
    own = (*settings.lookback_by_channel.values(), *settings.lookback_by_weight_class.values())
    return F.greatest(_type_seconds(settings), F.lit(max(own, default=0.0) * 86400))


def _age_seconds(settings: PathRules) -> Column:
    """Age of the touch at the conversion; from the start of the conversion's day if calendar."""
    until = F.date_trunc("day", "converted_at") if settings.calendar_days else F.col("converted_at")
    return (F.unix_micros(until) - F.unix_micros("touched_at")) / F.lit(1_000_000)


def _pairs(met: DataFrame, converted: DataFrame, settings: PathRules) -> DataFrame:
    """One row per conversion and touch of its person inside the longest lookback."""
    oldest = F.col("converted_at") - F.make_dt_interval(secs=_longest_seconds(settings))
    if settings.calendar_days:
        oldest = F.date_trunc("day", oldest)
    reset = ("reset_at",) if settings.reset_on_conversion else ()
    wanted = converted.where("conversions > 0").select(
        "conversion_id", "conversion_type", "person_id", "converted_at", *reset,
        oldest.alias("oldest_at"),
    )  # fmt: skip
    pairs = met.drop("identifier").join(wanted, on="person_id", how="inner").where(
        "touched_at <= converted_at AND touched_at >= oldest_at"
    )  # fmt: skip
    return pairs.withColumn("rule", F.coalesce("rule", _pair_rule(settings)))


def _pair_rule(settings: PathRules) -> Column:
    """The rule that forbids a touch for this conversion, null if none does."""
    rule = F.when(_age_seconds(settings) > lookback_seconds(settings), "lookback")
    if settings.reset_on_conversion:
        rule = rule.when(F.col("touched_at") <= F.col("reset_at"), "reset")
    return rule


def split(met: Column) -> tuple[Column, Column]:
    """Kept touches and dropped touches of a ruled list, as the contract has them."""
    touches = F.transform(
        kept(met), lambda t: F.struct(*(t[name].alias(name) for name in TOUCH_FIELDS))
    )
    dropped = F.transform(
        left_out(met), lambda t: F.struct(*(t[name].alias(name) for name in DROPPED_FIELDS))
    )
    return touches, dropped


def _finish(rows: DataFrame) -> DataFrame:
    """The contract's columns; a conversion without a list has empty ones."""
    touches, dropped = split(F.col("met"))
    listed = rows.withColumn("touches", F.coalesce(touches, F.array().cast(_TOUCHES))).withColumn(
        "dropped", F.coalesce(dropped, F.array().cast(_DROPPED))
    )
    return listed.withColumn("touch_count", F.size("touches")).select(*PATHS.columns)


_TOUCHES = (
    "array<struct<touchpoint_id:string,channel:string,campaign:string,campaign_id:string,"
    "touched_at:timestamp>>"
)
_DROPPED = "array<struct<touchpoint_id:string,channel:string,touched_at:timestamp,rule:string>>"
