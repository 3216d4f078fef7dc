"""Files of lift tests, CSV or Parquet."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pyarrow.parquet as pq

from models.lift_tests import EVERYWHERE, BadLiftTests, LiftTest, check_columns, checked
from pipelines.errors import MissingInputError, SettingsError
from pipelines.settings import Settings


def named_file(settings: Settings) -> Path | None:
    """The user's file of lift tests, if settings name one; MissingInputError if it is not there."""
    name = settings.certainty.lift_tests
    if name and not (settings.home / name).is_file():
        raise MissingInputError(
            f"{settings.home / name} is not there: [certainty] lift_tests names it. Put the file "
            "there, or take the key out."
        )
    return settings.home / name if name else None


def read_lift_tests(file: Path) -> list[LiftTest]:
    """The tests of a file, in the order of channel, scope and period; see `docs/uncertainty.md`."""
    try:
        return checked(_rows(file))
    except BadLiftTests as bad:
        raise BadLiftTests("\n".join(f"{file.name}, {p}" for p in str(bad).splitlines())) from None


def told_tests(file: Path) -> list[LiftTest]:
    """The same; SettingsError, with every problem, if the file makes no sense."""
    try:
        return read_lift_tests(file)
    except BadLiftTests as bad:
        raise SettingsError(str(bad)) from None


def counted(tests: list[LiftTest], days: Collection[str]) -> list[LiftTest]:
    """Those that published credit can be compared with: on everybody, and all their days credited.

    `days` are the days with credit. The lake does not know where people are, so a test in a part
    of the market has no credit of its own.
    """
    return [test for test in tests if not why_not(test, days)]


def why_not(test: LiftTest, days: Collection[str]) -> str:
    """Why a test cannot be counted; "" if it can."""
    first, last = min(days, default=""), max(days, default="")
    if test.scope != EVERYWHERE:
        return f"is of {test.scope}, and credit is not kept by scope"
    if not first <= str(test.period_start) <= str(test.period_end) <= last:
        return f"has days without credit, which is from {first or 'nowhere'} to {last or 'nowhere'}"
    return ""


def _rows(file: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Where each row stands, and its values by column."""
    if file.suffix.lower() in (".parquet", ".pq"):
        table = pq.read_table(file)
        check_columns(table.column_names)
        for at, row in enumerate(table.to_pylist(), start=1):
            yield f"row {at}", row
    elif file.suffix.lower() == ".csv":
        with file.open(newline="", encoding="utf-8-sig") as text:
            lines = csv.DictReader(text)
            check_columns(lines.fieldnames or [])
            for line in lines:
                yield f"line {lines.line_num}", line
    else:
        raise BadLiftTests("the whole of it: expected a file that ends in .csv or .parquet")
