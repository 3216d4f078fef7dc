"""The landing folder the demo fills, and what was put there."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from pipelines.errors import UsageError

BOM = "\ufeff".encode()
SOURCES = ("ga4", "sendgrid", "salesforce", "google_ads")


class Dirt(NamedTuple):
    """One spoilt record and what should become of it.

    `line` counts lines from 1, or elements of a JSON array; 0 means the file. `fate` is `kept`,
    `ignored`, or the reason for quarantine.
    """

    source: str
    file: str
    line: int
    kind: str
    fate: str


@dataclass
class DemoSummary:
    """What a demo landing folder holds; counts by source leave dirt out."""

    files: int = 0
    events: Counter[str] = field(default_factory=Counter)  # distinct records
    duplicates: Counter[str] = field(default_factory=Counter)  # records told again, unchanged
    late: Counter[str] = field(default_factory=Counter)  # told after their day's files
    orders: int = 0
    order_value: dict[str, Decimal] = field(default_factory=dict)  # by currency
    refunds: int = 0
    refund_value: dict[str, Decimal] = field(default_factory=dict)
    opportunities: int = 0
    won_opportunities: int = 0  # won and not deleted, as the last extract has it
    won_value: dict[str, Decimal] = field(default_factory=dict)
    spend: Decimal = Decimal(0)  # newest extraction of each day
    dirty: list[Dirt] = field(default_factory=list)

    def dirty_counts(self) -> dict[str, int]:
        """How many spoilt records there are of each kind."""
        return dict(sorted(Counter(f"{d.source}: {d.kind}" for d in self.dirty).items()))


class Landing:
    """Puts files where a source's transfer would, at the time it would, and keeps the count."""

    def __init__(self, root: Path, is_dirty: bool) -> None:
        self.root, self.is_dirty, self.summary = root, is_dirty, DemoSummary()
        for source in SOURCES:
            if any((root / source).rglob("*")):
                raise UsageError(
                    f"{root / source} already holds files, and demo data must not mix with "
                    "others; remove them or choose an empty landing folder"
                )

    def put(self, file: str, data: bytes, day: date, days_late: int = 0) -> None:
        """Write a file that lands at 01:30 UTC of the day after, or later."""
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        night = datetime.combine(day + timedelta(1 + days_late), time(1, 30), UTC).timestamp()
        os.utime(path, (night, night))
        self.summary.files += 1

    def put_half(self, file: str, data: bytes, day: date) -> None:
        """Write the beginning of a file that is still arriving."""
        self.note(file, 0, "file still being written", "ignored")
        self.put(file, data[: len(data) // 2], day)
        self.summary.files -= 1

    def with_bom(self, file: str, data: bytes) -> bytes:
        """The same text as some Windows tools save it."""
        self.note(file, 1, "byte order mark", "kept")
        return BOM + data

    def note(self, file: str, line: int, kind: str, fate: str) -> None:
        """Remember a spoilt record."""
        self.summary.dirty.append(Dirt(file.split("/")[0], file, line, kind, fate))


def add_money(totals: dict[str, Decimal], currency: str, cents: int) -> None:
    """Add an amount to the total of its currency.

    >>> totals = {}
    >>> add_money(totals, "EUR", 250), add_money(totals, "EUR", 1), totals
    (None, None, {'EUR': Decimal('2.51')})
    """
    totals[currency] = totals.get(currency, Decimal("0.00")) + Decimal(cents).scaleb(-2)
