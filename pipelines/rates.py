"""A user's file of exchange rates to `rates`. No Spark."""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyarrow as pa

from expectations.arrow import arrow_schema
from expectations.tables import RATES
from pipelines.errors import MissingInputError, SettingsError

HEADER = ["day", "currency", "rate"]
GOOD_FOR = timedelta(days=7)  # markets rest at weekends and on holidays
SMALLEST = Decimal("0.000000000001")
Quotes = dict[str, dict[date, Decimal]]  # by currency and day
# SQL: rows of a table with `day` and `currency`, and their rate; null where there is none, and
# everywhere without a file. The reporting currency is worth one of itself, quoted or not.
CONVERTED = """
    SELECT t.*, b.reporting_currency,
        CASE WHEN t.currency = b.reporting_currency THEN 1 ELSE r.rate END AS rate
    FROM {table} t LEFT JOIN rates r ON r.currency = t.currency AND r.day = t.day
    CROSS JOIN (SELECT min(reporting_currency) AS reporting_currency FROM rates) b"""


def read_quotes(path: Path, reporting_currency: str) -> Quotes:
    """What a CSV of `day,currency,rate` says; SettingsError names file, line and mistake.

    The reporting currency is worth one unit of itself and need not be quoted.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise MissingInputError(
            f"{path} cannot be read ({error.strerror}); money.rates names the file of rates."
        ) from error
    rows = csv.reader(text.splitlines())
    if [cell.strip().lower() for cell in next(rows, [])] != HEADER:
        raise SettingsError(f"{path}:1: the first line must be {','.join(HEADER)}.")
    quotes: Quotes = {}
    for number, row in enumerate(rows, 2):
        if any(cell.strip() for cell in row):
            try:
                _take(quotes, [cell.strip() for cell in row], reporting_currency)
            except ValueError as problem:
                raise SettingsError(f"{path}:{number}: {problem}.") from None
    return quotes


def _take(quotes: Quotes, row: list[str], reporting_currency: str) -> None:
    if len(row) != len(HEADER):
        raise ValueError(f"must be {','.join(HEADER)}, got {','.join(row)}")
    day, currency, rate = date.fromisoformat(row[0]), row[1].upper(), _rate(row[2])
    if not re.fullmatch("[A-Z]{3}", currency):
        raise ValueError(f"{row[1]!r} is no currency; give its three letters, e.g. USD")
    if currency == reporting_currency and rate != 1:
        raise ValueError(f"{currency} is the reporting currency, so its rate is 1, not {row[2]}")
    if quotes.setdefault(currency, {}).setdefault(day, rate) != rate:
        raise ValueError(f"{currency} had another rate on {day} already")


def _rate(text: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal(0)
    if not (rate.is_finite() and SMALLEST <= rate < 1_000_000):
        raise ValueError(f"{text!r} is no rate; give a number above 0 with a point, e.g. 0.9215")
    return rate.quantize(SMALLEST)


def rates(quotes: Quotes, reporting_currency: str) -> pa.Table:
    """One row per currency and day that has a quote or one at most 7 days before.

    >>> quotes = {"USD": {date(2026, 1, 2): Decimal("0.9"), date(2026, 1, 4): Decimal("0.8")}}
    >>> found = rates(quotes, "EUR").to_pylist()
    >>> [f"{row['day']:%d} {row['rate']:.1f} of {row['quoted_on']:%d}" for row in found][:4]
    ['02 0.9 of 02', '03 0.9 of 02', '04 0.8 of 04', '05 0.8 of 04']
    >>> len(found)
    10
    """
    rows = [
        {"currency": currency, "day": day, "reporting_currency": reporting_currency,
         "rate": quotes[currency][quoted_on], "quoted_on": quoted_on}
        for currency in sorted(quotes)
        for day, quoted_on in _valid(sorted(quotes[currency]))
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=arrow_schema(RATES))


def _valid(days: list[date]) -> Iterator[tuple[date, date]]:
    """Each day on which some quote is good, with the day of the newest of them."""
    first, last = days[0], days[-1] + GOOD_FOR
    for number in range((last - first).days + 1):
        day = first + timedelta(number)
        quoted_on = days[bisect_right(days, day) - 1]
        if day - quoted_on <= GOOD_FOR:
            yield day, quoted_on
