"""Files of lift tests, CSV or Parquet."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow.parquet as pq

from models.lift_tests import BadLiftTests, LiftTest, check_columns, checked


def read_lift_tests(file: Path) -> list[LiftTest]:
    """The tests of a file, in the order of channel, scope and period; see `docs/uncertainty.md`."""
    try:
        return checked(_rows(file))
    except BadLiftTests as bad:
        raise BadLiftTests("\n".join(f"{file.name}, {p}" for p in str(bad).splitlines())) from None


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
