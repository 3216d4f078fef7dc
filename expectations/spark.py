"""Contract to Spark. Says nothing about nulls: Spark trusts such flags blindly, audits look."""

from __future__ import annotations

from pyspark.sql import types as T

from expectations.contract import AnyType, ListOf, MapOf, StructOf, Table, Type

SPARK: dict[Type, T.DataType] = {
    Type.STRING: T.StringType(),
    Type.INTEGER: T.IntegerType(),
    Type.LONG: T.LongType(),
    Type.DOUBLE: T.DoubleType(),
    Type.BOOLEAN: T.BooleanType(),
    Type.MONEY: T.DecimalType(18, 6),
    Type.SHARE: T.DecimalType(18, 12),
    Type.TIMESTAMP: T.TimestampType(),
    Type.DATE: T.DateType(),
}


def spark_type(kind: AnyType) -> T.DataType:
    """Spark type of one contract type.

    >>> spark_type(ListOf(Type.MONEY)).simpleString()
    'array<decimal(18,6)>'
    """
    match kind:
        case ListOf():
            return T.ArrayType(spark_type(kind.element))
        case StructOf():
            return T.StructType([T.StructField(n, spark_type(of)) for n, of in kind.fields.items()])
        case MapOf():
            return T.MapType(T.StringType(), T.StringType())
        case _:
            return SPARK[kind]


def spark_schema(table: Table) -> T.StructType:
    """Columns of `table` in contract order, the partition column last."""
    return T.StructType(
        [T.StructField(name, spark_type(column.type)) for name, column in table.columns.items()]
    )
