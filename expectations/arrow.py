"""Contract to Arrow. Says nothing about nulls: writers disagree on such flags, so audits judge."""

from __future__ import annotations

import pyarrow as pa

from expectations.contract import AnyType, ListOf, MapOf, StructOf, Table, Type

ARROW: dict[Type, pa.DataType] = {
    Type.STRING: pa.string(),
    Type.INTEGER: pa.int32(),
    Type.LONG: pa.int64(),
    Type.DOUBLE: pa.float64(),
    Type.BOOLEAN: pa.bool_(),
    Type.MONEY: pa.decimal128(18, 6),
    Type.SHARE: pa.decimal128(18, 12),
    Type.TIMESTAMP: pa.timestamp("us", "UTC"),
    Type.DATE: pa.date32(),
}


def arrow_type(kind: AnyType) -> pa.DataType:
    """Arrow type of one contract type.

    >>> arrow_type(ListOf(Type.DATE))
    ListType(list<element: date32[day]>)
    """
    match kind:
        case ListOf():  # `element` is the name Spark and Delta write
            return pa.list_(pa.field("element", arrow_type(kind.element)))
        case StructOf():
            return pa.struct([(name, arrow_type(of)) for name, of in kind.fields.items()])
        case MapOf():
            return pa.map_(pa.string(), pa.string())
        case _:
            return ARROW[kind]


def arrow_schema(table: Table) -> pa.Schema:
    """Columns of `table` in contract order, the partition column last."""
    return pa.schema([(name, arrow_type(column.type)) for name, column in table.columns.items()])
