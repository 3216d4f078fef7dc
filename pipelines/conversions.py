"""The order book: `conversions`, made from events.

A conversion is an event that a rule names. Of an order told twice the earliest event counts (ties
by event_id); a newer version that is no conversion, or a deletion, undoes it. Refunds of the same
source, instance and order in the order's currency lower its value; one without a value takes it all
back. A refund that finds no order, or one in another currency, is a row of its own: `refund_only`,
dated by the refund. Events marked as tests are not in the book.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from expectations.spark import spark_schema
from expectations.tables import CONVERSIONS
from pipelines.errors import SettingsError
from pipelines.marts.path_summary import LOST
from pipelines.sql import among, quoted
from pipelines.versions import best_id, changing_sources, identifier, newest

ORDER, REFUND = "order", "refund"
NO_CURRENCY = "XXX"
SEPARATOR = "\u001f"  # no id contains it, so different parts never make one text
KEY = ("conversion_type", "source", "instance", "order_id")
MONEY = "decimal(18, 6)"


@dataclass(frozen=True)
class ConversionRule:
    """Events of `event_type`, of one source or any, are conversions called `name`.

    Only rules about orders have refunds. `currency` stands in where an event tells a value only.
    """

    name: str
    event_type: str = ORDER
    source: str | None = None
    currency: str | None = None
    requires_value: bool = False


def conversions(
    events: DataFrame, rules: Sequence[ConversionRule], changing: Sequence[str] | None = None
) -> DataFrame:
    """One row per conversion with its current value.

    All events must be given: versions and refunds of a conversion may be months apart. `changing`
    sources are looked for if not given.
    """
    _check(rules)
    told = _told(events, rules, changing_sources(events) if changing is None else changing)
    booked = _first_told(_typed(told, rules))
    refunds = _typed(told.where(f"event_type = '{REFUND}'"), _refunding(rules))
    matched = _match(refunds, booked)
    orders = _with_refunds(booked, matched.where("is_matched"))
    made = orders.unionByName(_refund_only(matched.where("NOT is_matched")))
    dated = made.withColumn("conversion_date", F.to_date("converted_at"))
    schema = spark_schema(CONVERSIONS)
    return dated.select(*[F.col(f.name).cast(f.dataType).alias(f.name) for f in schema.fields])


def events_of_orders(
    events: DataFrame, gained: DataFrame, rules: Sequence[ConversionRule], changing: Sequence[str]
) -> DataFrame:
    """`event_id` of all events of the orders that some gained events tell of.

    Of `changing` sources, whose events have versions, those of every order if any came.
    """
    matters = among("event_type", _kinds(rules))
    told = gained.where(f"{matters} OR {among('source', changing)}")
    newly = set(told.select("source").distinct().toArrow()["source"].to_pylist())
    came = among("source", sorted(newly.intersection(changing)))
    orders = told.where("order_id IS NOT NULL").select("source", "instance", "order_id").distinct()
    steady = events.where(f"{matters} AND order_id IS NOT NULL").join(
        orders, on=["source", "instance", "order_id"], how="left_semi"
    )
    parts = [told, steady, events.where(came)]
    return reduce(DataFrame.unionByName, [p.select("event_id") for p in parts]).distinct()


def _kinds(rules: Sequence[ConversionRule]) -> list[str]:
    """Types of event that may matter."""
    return sorted({rule.event_type for rule in rules} | {REFUND})


def _check(rules: Sequence[ConversionRule]) -> None:
    names = [rule.name for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"conversions.{name}: two rules have this name; rename one.")
        if name == LOST:
            raise SettingsError(f"conversions.{name}: paths without one are called so; rename it.")
    if not rules:
        raise SettingsError("conversions: no rule, so nothing would ever convert; declare one.")


def _refunding(rules: Sequence[ConversionRule]) -> list[ConversionRule]:
    """Rules about orders, as rules about their refunds."""
    return [
        ConversionRule(rule.name, REFUND, rule.source, rule.currency)
        for rule in rules
        if rule.event_type == ORDER
    ]


def _told(events: DataFrame, rules: Sequence[ConversionRule], changing: Sequence[str]) -> DataFrame:
    """Newest version of every event that may matter; the others were replaced or deleted."""
    mattering = among("event_type", _kinds(rules))
    candidates = events.where(f"{mattering} OR {among('source', changing)}")
    return newest(candidates, may_tie=bool(changing)).where(f"{mattering} AND NOT is_test").select(
        "event_id", "source", "instance", "event_type", "order_id", "occurred_at", "precision",
        "value", "currency", identifier(best_id()).alias("identifier"),
    )  # fmt: skip


def _typed(told: DataFrame, rules: Sequence[ConversionRule]) -> DataFrame:
    """One row per event and rule it meets, in the words of conversions."""
    met = F.filter(F.array(*[_met(rule) for rule in rules]), lambda rule: rule.isNotNull())
    rows = told.withColumn("rule", F.explode(met)) if rules else _none(told)
    currency = F.coalesce("currency", F.col("rule.currency"), F.lit(NO_CURRENCY))
    return rows.select(
        F.col("rule.name").alias("conversion_type"), "source", "instance", "order_id", "event_id",
        "identifier", "occurred_at", _instant().alias("converted_at"), "value",
        F.when(F.col("value").isNull(), NO_CURRENCY).otherwise(currency).alias("currency"),
    )  # fmt: skip


def _none(told: DataFrame) -> DataFrame:
    """No rows, with the columns of a rule that was met."""
    rule = "CAST(NULL AS struct<name: string, currency: string>)"
    return told.where("false").withColumn("rule", F.expr(rule))


def _met(rule: ConversionRule) -> Column:
    """Struct of the rule's name and currency if the event meets it, else null."""
    tests = [f"event_type = {quoted(rule.event_type)}"]
    tests += [f"source = {quoted(rule.source)}"] if rule.source else []
    tests += ["value IS NOT NULL"] if rule.requires_value else []
    currency = F.lit(rule.currency).cast("string").alias("currency")
    return F.when(F.expr(" AND ".join(tests)), F.struct(F.lit(rule.name).alias("name"), currency))


def _instant() -> Column:
    """When it converted: the last microsecond of a day of which no more is known."""
    last = "date_trunc('day', occurred_at) + INTERVAL 1 DAY - INTERVAL 0.000001 SECOND"
    return F.expr(f"CASE WHEN precision = 'day' THEN {last} ELSE occurred_at END")


def _id(*parts: str | Column) -> Column:
    return F.sha2(F.concat_ws(SEPARATOR, *parts), 256)


def _first_told(rows: DataFrame) -> DataFrame:
    """One row per conversion: of an order told by several events, the earliest one's."""
    made = rows.withColumn(
        "conversion_id",
        _id("conversion_type", "source", "instance", F.coalesce("order_id", "event_id")),
    )
    of_conversion = (
        Window.partitionBy("conversion_id")
        .orderBy("occurred_at", "event_id")
        .rowsBetween(Window.unboundedPreceding, Window.currentRow)
    )
    ranked = made.withColumn("rank", F.row_number().over(of_conversion))
    value = F.coalesce("value", F.lit(0)).cast(MONEY)
    return ranked.where("rank = 1").drop("rank").withColumn("gross_value", value)


def _match(refunds: DataFrame, booked: DataFrame) -> DataFrame:
    """Refunds with the conversion they lower; `is_matched` is false if there is none."""
    orders = booked.where("order_id IS NOT NULL").select(
        *KEY, "conversion_id", F.col("currency").alias("order_currency")
    )
    met = refunds.join(orders, on=list(KEY), how="left")
    fits = "conversion_id IS NOT NULL AND (value IS NULL OR currency = order_currency)"
    return met.withColumn("is_matched", F.expr(fits))


def _with_refunds(booked: DataFrame, refunds: DataFrame) -> DataFrame:
    """Conversions after their refunds."""
    sums = refunds.groupBy("conversion_id").agg(
        F.sum(-F.abs("value")).cast(MONEY).alias("told"),
        F.expr("bool_or(value IS NULL)").alias("is_full"),
    )
    joined = booked.join(sums, on="conversion_id", how="left")
    all_of_it = F.when(F.col("is_full"), F.least(-F.col("gross_value"), F.lit(0)))
    refunded = F.coalesce(F.least("told", all_of_it), F.lit(0)).cast(MONEY)
    valued = joined.withColumn("refunded_value", refunded).withColumn(
        "net_value", F.col("gross_value") + F.col("refunded_value")
    )
    return _row(valued, F.expr(
        "CASE WHEN is_full OR (refunded_value < 0 AND net_value <= 0) THEN 'refunded' "
        "WHEN refunded_value < 0 THEN 'partially_refunded' ELSE 'complete' END"
    ), counts=1)  # fmt: skip


def _refund_only(refunds: DataFrame) -> DataFrame:
    """Refunds that lower no conversion, each a row by itself."""
    made = refunds.withColumns(
        {
            "conversion_id": _id(
                "conversion_type", "source", "instance", F.lit(REFUND), "event_id"
            ),
            "gross_value": F.lit(0).cast(MONEY),
            "refunded_value": F.coalesce(-F.abs("value"), F.lit(0)).cast(MONEY),
        }
    ).withColumn("net_value", F.col("refunded_value"))
    return _row(made, F.lit("refund_only"), counts=0)


def _row(rows: DataFrame, status: Column, counts: int) -> DataFrame:
    """Rows in the columns of conversions, but for the day."""
    made = rows.withColumns({"status": status, "conversions": F.lit(counts)})
    return made.select(*[name for name in CONVERSIONS.columns if name != "conversion_date"])
