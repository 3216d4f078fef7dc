"""Small lakes made without Spark: rows of `channels` staged, committed and published from Arrow."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa

from expectations.arrow import arrow_schema
from expectations.tables import CHANNELS
from pipelines.lake import OFTEN, Lake, retry
from pipelines.lake_files import STAGING, Snapshot, Staged
from pipelines.part_files import writer
from pipelines.publish import latest, publish

AT = datetime(2026, 1, 31, tzinfo=UTC)
DAY = date(2026, 1, 1)


def channels(day: date, *conversions: int) -> pa.Table:
    """A row of `channels` for each number of conversions."""
    rows = [
        dict.fromkeys(CHANNELS.columns) | {
            "day": day, "model": "linear", "channel": f"c{place}", "currency": "EUR",
            "conversions": Decimal(number),
        } for place, number in enumerate(conversions)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=arrow_schema(CHANNELS))


def stage(lake: Lake, rows: pa.Table, run: str = "run") -> Staged:
    """What `Lake.stage` does with a data frame."""
    folder = f"{STAGING}/{run}-{uuid.uuid4().hex[:8]}"
    write = writer(f"{lake.uri(CHANNELS)}/{folder}", rows.schema, "day", lambda given: given)
    paths = [path for told in write(rows.to_batches()) for path in told["path"].to_pylist()]
    return Staged(CHANNELS, run, folder, tuple(sorted(paths)))


def put(lake: Lake, day: date, *conversions: int, base: Snapshot | None = None, state=None) -> int:
    """Make these the conversions of a day; ConflictError if somebody else was faster."""
    base = base or lake.snapshot(CHANNELS)
    staged = stage(lake, channels(day, *conversions))
    digest = uuid.uuid4().hex
    return lake.commit(base, staged, {str(day): digest}, [str(day)], state or {})


def announce(lake: Lake, run: str = "run", at: datetime = AT) -> int:
    """Publish what there is, as something new."""
    told = uuid.uuid4().hex
    return retry(lambda: publish(lake, run, DAY, told, at, latest(lake)), OFTEN)
