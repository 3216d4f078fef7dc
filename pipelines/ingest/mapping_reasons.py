"""Why a part is rejected: the first rule it breaks, with the field and the value found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from expectations.contract import Type
from pipelines.ingest.mapping import Mapping
from pipelines.ingest.mapping_check import NEEDED, columns
from pipelines.ingest.mapping_expr import Value

CUT = 200
REJECTION = "struct<reason: string, field: string, value: string>"


@dataclass(frozen=True)
class Rule:
    """A part for which `broken` is true is rejected."""

    broken: Column
    reason: str
    field: str
    value: Column


def rejection(mapping: Mapping, values: dict[str, Value], also: dict[str, Value]) -> Column:
    """Reason, field and value of the first broken rule; null if the part is accepted.

    `also` are times that are no fields and must be in time too.
    """
    rules = [*_readable(mapping, values), *_present(mapping), *_in_time(mapping, values, also)]
    rules += [*_allowed(mapping, values), *_money(mapping, values)]
    return reduce(
        lambda rest, rule: F.when(rule.broken, _told(rule)).otherwise(rest),
        reversed(rules),
        F.lit(None).cast(REJECTION),
    )


def _told(rule: Rule) -> Column:
    return F.struct(
        F.lit(rule.reason).alias("reason"),
        F.lit(rule.field).alias("field"),
        F.substring(rule.value.cast("string"), 1, CUT).alias("value"),
    )


def _readable(mapping: Mapping, values: dict[str, Value]) -> Iterator[Rule]:
    part = F.col("text")
    is_object = F.startswith(F.ltrim(part), F.lit("{"))
    yield Rule(~F.coalesce(is_object, F.lit(False)), "bad_value", "record", part)
    known = columns(mapping)
    for name, one in values.items():
        kind = known[name].type
        if kind is not Type.STRING:
            reason = "bad_timestamp" if kind in (Type.TIMESTAMP, Type.DATE) else "bad_value"
            yield Rule(one.bad, reason, name, one.text)


def _present(mapping: Mapping) -> Iterator[Rule]:
    nothing = F.lit(None).cast("string")
    for name in dict.fromkeys((*mapping.require, *NEEDED[mapping.kind])):
        yield Rule(F.col(name).isNull(), "missing_required", name, nothing)


def _in_time(mapping: Mapping, values: dict[str, Value], also: dict[str, Value]) -> Iterator[Rule]:
    """Times that decide something lie between the earliest year and soon after landing."""
    bounds = mapping.bounds
    earliest = F.make_timestamp(*[F.lit(n) for n in (bounds.earliest_year, 1, 1, 0, 0, 0)])
    latest = F.col("landed_at") + F.make_dt_interval(F.lit(bounds.future_days))
    for name in ("occurred_at", "record_version", "spend_date"):
        if name in values:
            at = F.col(name)
            out = ~at.between(earliest, latest)
            yield Rule(out, "time_out_of_range", name, values[name].text)
    for name, one in also.items():
        yield Rule(one.bad, "bad_timestamp", name, one.text)
        yield Rule(~one.column.between(earliest, latest), "time_out_of_range", name, one.text)


def _allowed(mapping: Mapping, values: dict[str, Value]) -> Iterator[Rule]:
    for name, column in columns(mapping).items():
        if name not in values:
            continue
        given = F.col(name)
        if column.one_of and _may_be_anything(mapping, name):
            yield Rule(~given.isin(list(column.one_of)), "bad_value", name, given)
        if column.at_least is not None:
            yield Rule(given < F.lit(column.at_least), "bad_value", name, given)


def _may_be_anything(mapping: Mapping, name: str) -> bool:
    expr = mapping.fields[name]
    return not (expr.const is not None or (expr.map is not None and not expr.hash))


def _money(mapping: Mapping, values: dict[str, Value]) -> Iterator[Rule]:
    """An amount says its currency in three letters."""
    amount = "value" if mapping.kind == "events" else "cost"
    if amount not in values:
        return
    currency = F.col("currency")
    bad = currency.isNull() | ~currency.rlike("^[A-Z]{3}$")
    yield Rule(F.col(amount).isNotNull() & bad, "bad_currency", "currency", currency)
