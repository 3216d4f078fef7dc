"""Text to typed columns: a value that cannot be read becomes null, never an exception."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

from expectations.contract import Type

if TYPE_CHECKING:
    from pipelines.ingest.mapping import Expr
    from pipelines.ingest.mapping_words import Decimal

MICROS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
MOST_MICROS = 2**62
ZONE = r"(Z|[+-]\d{2}:?\d{2})$"
TRUE, FALSE = ("true", "t", "1", "yes", "y"), ("false", "f", "0", "no", "n")


def typed(text: Column, kind: Type, expr: Expr) -> Column:
    """`text` as `kind`; null where it cannot be read."""
    match kind:
        case Type.TIMESTAMP:
            return instant(text, expr.ts or "iso", expr.tz or "UTC")
        case Type.DATE:
            return day(text, expr.ts or "iso")
        case Type.MONEY:
            return money(text, expr.decimal)
        case Type.LONG | Type.INTEGER:
            return text.try_cast("bigint" if kind is Type.LONG else "int")
        case Type.BOOLEAN:
            word = F.lower(text)
            return F.when(word.isin(list(TRUE)), True).when(word.isin(list(FALSE)), False)
        case _:
            return text


def instant(text: Column, how: str, zone: str) -> Column:
    """A point in time; `zone` is for text that does not say its own."""
    if how in MICROS:
        return _epoch(text, MICROS[how])
    if how == "date":
        read = text.try_cast("date").cast("timestamp")
    elif how == "iso":
        read = text.try_cast("timestamp")
    else:
        read = F.try_to_timestamp(text, F.lit(how))
    if zone == "UTC":
        return read
    return F.when(text.rlike(ZONE), read).otherwise(F.to_utc_timestamp(read, zone))


def day(text: Column, how: str) -> Column:
    """A calendar day, in whatever zone the source means."""
    if how in ("iso", "date"):
        return text.try_cast("date")
    return instant(text, how, "UTC").try_cast("date")


def money(text: Column, how: Decimal | None) -> Column:
    """An exact amount, to a millionth."""
    if how is None:
        return text.try_cast("decimal(18,6)")
    if how.thousands:
        text = F.replace(text, F.lit(how.thousands), F.lit(""))
    if how.point != ".":
        text = F.replace(text, F.lit(how.point), F.lit("."))
    if how.divide_by == 1:
        return text.try_cast("decimal(18,6)")
    return F.try_divide(text.try_cast("decimal(24,6)"), F.lit(how.divide_by)).try_cast(
        "decimal(18,6)"
    )


def _epoch(text: Column, micros: int) -> Column:
    """Whole numbers by integer arithmetic, fractions exactly; absurd ones are null."""
    whole = text.try_cast("bigint")
    limit = MOST_MICROS // micros
    exact = F.try_multiply(text.try_cast("decimal(26,6)"), F.lit(micros)).try_cast("bigint")
    count = F.when(whole.between(-limit, limit), whole * micros).otherwise(exact)
    return F.timestamp_micros(count)
