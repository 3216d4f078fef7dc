"""A mapping as one Spark plan: records in, one row per part out, accepted or with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.contract import Type
from expectations.spark import spark_type
from expectations.tables import EVENTS
from pipelines.identifiers import hashed, is_somebody, somebody
from pipelines.ingest.mapping import Expr, Id, Mapping
from pipelines.ingest.mapping_check import TABLE, columns
from pipelines.ingest.mapping_expr import Scope, Value, host, text, value
from pipelines.ingest.mapping_parts import parts, scope, unfused
from pipelines.ingest.mapping_reasons import rejection
from pipelines.ingest.mapping_trust import TRUST

ARRIVAL = ("file", "part", "payload", "received_date")
REJECTED = ("reason", "bad_field", "bad_value")
SEPARATOR, NOTHING = "\x1f", "\x00"
PRECISION = {"epoch_us": "us", "epoch_ms": "ms", "epoch_s": "s", "iso": "ms", "date": "day"}


def map_records(records: DataFrame, mapping: Mapping) -> DataFrame:
    """One row per part of the mapping's records: the table's columns, then why it is rejected.

    `reason` is null for an accepted part; `bad_field` and `bad_value` say what broke it.
    """
    seen = scope(mapping)
    values = {name: _field(mapping, name, seen) for name in mapping.fields}
    read = parts(records, mapping)
    given = {name: one.column for name, one in values.items()}
    kept = [F.col(name) for name in read.columns if name not in (*given, "text")]
    told = [_as_told(mapping, name, column).alias(name) for name, column in given.items()]
    typed = read.select(*kept, unfused(F.col("text")).alias("text"), *told)
    also = {n: value(one, seen, Type.TIMESTAMP) for n, one in mapping.bounds.also.items()}
    judged = typed.withColumns(
        {"rejection": rejection(mapping, values, also), "line": unfused(F.col("line"))}
    )
    made = _event(mapping, seen) if mapping.kind == "events" else _spend(mapping)
    why = [F.col("rejection")[name] for name in ("reason", "field", "value")]
    return judged.select(
        *[made[name].alias(name) for name in made],
        *[name for name in ARRIVAL],
        *[column.alias(name) for name, column in zip(REJECTED, why, strict=True)],
    )


def _field(mapping: Mapping, name: str, seen: Scope) -> Value:
    kind = columns(mapping)[name].type
    return value(mapping.fields[name], seen, kind if isinstance(kind, Type) else Type.STRING)


def _as_told(mapping: Mapping, name: str, column: Column) -> Column:
    """Currencies are upper case, and the mapping's own where the record has none."""
    if name != "currency":
        return column
    default = mapping.default_currency
    return F.upper(F.coalesce(column, F.lit(default)) if default else column)


def _event(mapping: Mapping, seen: Scope) -> dict[str, Column]:
    """The columns of `events`, in their order."""
    made = {
        **_event_defaults(mapping),
        "event_id": F.sha2(F.concat_ws(SEPARATOR, *_identity(mapping, seen)), 256),
        "source": F.lit(mapping.source),
        "instance": _instance(mapping, seen),
        "ids": _ids(mapping, seen),
        "click_ids": _map({k: somebody(text(e, seen)) for k, e in mapping.click_ids.items()}),
        "consent": _map({k: text(e, seen) for k, e in mapping.consent.items()}),
        "attributes": _map({k: text(e, seen) for k, e in mapping.attributes.items()}),
        "payload_hash": _payload_hash(mapping, seen),
        "mapping": F.lit(mapping.stamp),
        "event_date": F.col("occurred_at").cast("date"),
    }
    return {
        name: made.get(name, F.lit(None)).cast(spark_type(column.type))
        for name, column in EVENTS.columns.items()
    }


def _event_defaults(mapping: Mapping) -> dict[str, Column]:
    """What a field is when the mapping, or this record, does not say."""
    given = {name: F.col(name) for name in mapping.fields}
    at = F.col("occurred_at")
    fallback = {
        "op": F.lit("insert"),
        "record_version": F.timestamp_seconds(F.lit(0)) if _earliest(mapping) else at,
        "precision": F.lit(precision(mapping.fields["occurred_at"])),
        "quality": F.lit("source"),
        "received_at": F.col("landed_at"),
        "traffic_scope": F.lit("none"),
        "is_bot": F.lit(False),
        "is_test": F.lit(False),
    }
    for address, name in (("page_url", "page_host"), ("referrer_url", "referrer_host")):
        if address in given:
            fallback[name] = host(F.col(address))
    filled = {n: F.coalesce(given[n], c) if n in given else c for n, c in fallback.items()}
    arrived = {"batch_id": F.col("batch_id"), "line": unfused(F.col("line"))}
    return {**given, **filled, **arrived}


def _earliest(mapping: Mapping) -> Expr | None:
    return mapping.dedupe.earliest if mapping.dedupe else None


def _payload_hash(mapping: Mapping, seen: Scope) -> Column:
    """What breaks every tie, the smallest first: so the time leads where the earliest counts."""
    whole, earliest = F.sha2("text", 256), _earliest(mapping)
    if earliest is None:
        return whole
    micros = F.hex(F.unix_micros(value(earliest, seen, Type.TIMESTAMP).column))
    led = F.lpad(F.lower(F.coalesce(micros, F.lit("f" * 16))), 16, "0")
    return F.concat(led, F.substring(whole, 17, 48))


def precision(expr: Expr) -> str:
    """How exact the first way of reading a time is.

    >>> precision(Expr(path="timestamp", ts="epoch_s"))
    's'
    >>> precision(Expr(path="day", ts="yyyyMMdd"))
    'day'
    """
    inner = (*(expr.first or ()), *(case.then for case in expr.when or ()))
    if expr.ts is None and inner:
        return precision(inner[0])
    how = expr.ts or "iso"
    return PRECISION.get(how, "s" if "H" in how else "day")


def _instance(mapping: Mapping, seen: Scope) -> Column:
    given = text(mapping.instance, seen) if mapping.instance is not None else F.lit(None)
    return F.coalesce(given.cast("string"), F.lit(""))


def _identity(mapping: Mapping, seen: Scope) -> list[Column]:
    """Source, instance and dedupe parts; without any, the part itself."""
    head = [F.lit(mapping.source), _instance(mapping, seen)]
    if mapping.dedupe is None:
        return [*head, F.sha2("text", 256)]
    first, other = ([text(e, seen) for e in block] for block in _dedupe(mapping))
    if not other:
        return [*head, _joined(first)]
    whole = F.concat_ws(SEPARATOR, F.lit("otherwise"), _joined(other))
    complete = [column.isNotNull() for column in first]
    is_complete = complete[0]
    for one in complete[1:]:
        is_complete = is_complete & one
    return [*head, F.when(is_complete, _joined(first)).otherwise(whole)]


def _dedupe(mapping: Mapping) -> tuple[tuple[Expr, ...], tuple[Expr, ...]]:
    return (mapping.dedupe.parts, mapping.dedupe.otherwise) if mapping.dedupe else ((), ())


def _joined(columns: list[Column]) -> Column:
    """Parts as one text in which a missing part differs from an empty one."""
    return F.concat_ws(SEPARATOR, *[F.coalesce(column, F.lit(NOTHING)) for column in columns])


def _ids(mapping: Mapping, seen: Scope) -> Column:
    """Identifiers that are somebody, each once, in the mapping's order.

    As one array: the plan has each value and the stop-list once, not in every branch that asks.
    """
    if not mapping.ids:
        return F.array().cast(spark_type(EVENTS.columns["ids"].type))
    found = F.filter(_listed(mapping, seen), lambda i: is_somebody(i["value"]))
    used = sorted({one.value.hash for one in mapping.ids if one.value.hash})
    return F.array_distinct(F.transform(found, lambda i: _known(i, used)))


def _listed(mapping: Mapping, seen: Scope) -> Column:
    """All identifiers before they are hashed; a value that lists several is each of them."""
    plain = [text(one.value.model_copy(update={"hash": None}), seen) for one in mapping.ids]
    if all(one.split is None for one in mapping.ids):
        return F.array(*[_found(one, value) for one, value in zip(mapping.ids, plain, strict=True)])
    arrays = [_several(one, value) for one, value in zip(mapping.ids, plain, strict=True)]
    return F.flatten(F.array(*arrays))


def _several(one: Id, value: Column) -> Column:
    pieces = F.array(value) if one.split is None else F.split(value, re.escape(one.split))
    return F.transform(
        F.coalesce(pieces, F.array(F.lit(None).cast("string"))), lambda v: _found(one, F.trim(v))
    )


def _found(one: Id, plain: Column) -> Column:
    """An identifier before it is hashed."""
    trust = one.trust if one.trust is not None else TRUST[one.type]
    return F.struct(
        F.lit(one.type).alias("type"), plain.alias("value"), F.lit(trust).alias("trust"),
        F.lit(one.value.hash or "").alias("hash"),
    )  # fmt: skip


def _known(found: Column, algorithms: Iterable[str]) -> Column:
    """An identifier as events have it."""
    value = found["value"]
    for algorithm in algorithms:
        is_meant = found["hash"] == algorithm
        value = F.when(is_meant, hashed(found["value"], algorithm)).otherwise(value)
    return F.struct(
        found["type"].alias("type"), value.alias("value"), found["trust"].alias("trust")
    )


def _map(columns: dict[str, Column]) -> Column:
    """A map of the columns that are not null."""
    if not columns:
        return F.create_map().cast("map<string,string>")
    pairs = [F.struct(F.lit(name).alias("name"), c.alias("word")) for name, c in columns.items()]
    # Spark compiles a filter, but not a map_filter
    return F.map_from_entries(F.filter(F.array(*pairs), lambda pair: pair["word"].isNotNull()))


def _spend(mapping: Mapping) -> dict[str, Column]:
    """The columns of `spend`, then those that say which extraction a row is from."""
    fallback = {
        "campaign_id": F.lit(""),
        "currency": F.lit(mapping.default_currency),
        "extracted_at": F.col("landed_at"),
    }
    made: dict[str, Column] = {}
    for name, column in TABLE["spend"].columns.items():
        given = F.col(name) if name in mapping.fields else F.lit(None)
        filled = F.coalesce(given, fallback[name]) if name in fallback else given
        made[name] = filled.cast(spark_type(column.type))
    arrived = {name: F.col(name) for name in ("batch_id", "line")}
    return {**made, **arrived, "source": F.lit(mapping.source), "mapping": F.lit(mapping.stamp)}
