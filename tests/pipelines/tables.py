"""Small tables for tests: a few columns written down, the rest filled in by contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from expectations.contract import AnyType, Column, ListOf, MapOf, StructOf, Table, Type
from expectations.spark import spark_schema

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DEFAULTS: dict[Type, Any] = {
    Type.STRING: "",
    Type.INTEGER: 0,
    Type.LONG: 0,
    Type.DOUBLE: 0.0,
    Type.BOOLEAN: False,
    Type.MONEY: Decimal(0),
    Type.SHARE: Decimal(0),
    Type.TIMESTAMP: NOON,
    Type.DATE: NOON.date(),
}
# a column that is not given takes the value of one that is: the day a row belongs to, above all
FOLLOWS = {
    "events": {"record_version": "occurred_at", "received_at": "occurred_at",
               "event_date": "occurred_at"},
    "records": {"received_date": "received_at"},
    "touchpoints": {"touch_date": "touched_at"},
    "conversions": {"conversion_date": "converted_at", "net_value": "gross_value"},
    "paths": {"conversion_date": "converted_at"},
}  # fmt: skip


def table(spark: SparkSession, contract: Table, rows: Iterable[Mapping[str, Any]]) -> DataFrame:
    """`rows` as a table of `contract`; columns not given get a valid value.

    Instants and days may be text ("2026-01-01 09:00"), money text or numbers; structs tuples
    or dicts.
    Text columns of the grain that are not given are unique: their name and the row's number.
    """
    filled = [_fill(contract, row, number) for number, row in enumerate(rows)]
    return spark.createDataFrame(filled, spark_schema(contract))


def read(frame: DataFrame, *columns: str) -> list[Any]:
    """Values of `columns`, sorted; one column gives plain values, several give tuples."""
    listed = frame.select(*columns).toArrow().to_pylist()
    rows = [tuple(row.values()) if len(columns) > 1 else row[columns[0]] for row in listed]
    return sorted(rows, key=repr)


def utc(text: str) -> datetime:
    """The UTC instant a text names: "2026-01-01 09:00" or with seconds and microseconds."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _fill(contract: Table, row: Mapping[str, Any], number: int) -> tuple[Any, ...]:
    unknown = set(row) - set(contract.columns)
    if unknown:
        raise ValueError(f"{contract.name} has no column {sorted(unknown)}")
    follows = FOLLOWS.get(contract.name, {})
    values: dict[str, Any] = {}
    for name, column in contract.columns.items():
        given = row.get(name, row.get(follows.get(name, name)))
        if name in row or given is not None:
            values[name] = _value(column.type, given)
        else:
            values[name] = _default(contract, name, column, number)
    return tuple(values.values())


def _default(contract: Table, name: str, column: Column, number: int) -> Any:
    if column.nullable:
        return None
    if column.one_of:
        return column.one_of[0]
    if name in contract.grain and column.type is Type.STRING:
        return f"{name}-{number:03}"
    if column.type in (Type.INTEGER, Type.LONG, Type.DOUBLE) and column.at_least:
        return int(column.at_least)
    if isinstance(column.type, MapOf):
        return {}
    if isinstance(column.type, ListOf):
        return []
    return DEFAULTS[column.type] if isinstance(column.type, Type) else None


def _value(kind: AnyType, given: Any) -> Any:
    match kind:
        case _ if given is None:
            return None
        case ListOf():
            return [_value(kind.element, each) for each in given]
        case StructOf():
            parts = [given[n] for n in kind.fields] if isinstance(given, Mapping) else given
            return tuple(_value(k, v) for k, v in zip(kind.fields.values(), parts, strict=True))
        case Type.TIMESTAMP:
            return utc(given) if isinstance(given, str) else given
        case Type.DATE:
            return _day(given)
        case Type.MONEY | Type.SHARE:
            return Decimal(str(given))
        case _:
            return given


def _day(given: Any) -> date:
    if isinstance(given, str):
        return datetime.fromisoformat(given).date()
    return given.date() if isinstance(given, datetime) else given
