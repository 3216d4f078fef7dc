"""What arrived and was not taken in yet: read from the lake, which forgets nothing."""

from __future__ import annotations

from expectations.tables import EVENTS, RECORDS
from pipelines.lake import Lake
from pipelines.lake_files import changed_days


def untaken_days(lake: Lake) -> list[str]:
    """Received days with records that no run of the stage `events` has seen, in order.

    Not the same as the days an ingest added: a run that was to follow it may have been lost.
    """
    now = lake.snapshot(RECORDS)
    seen = lake.snapshot(EVENTS).state.get("inputs", {}).get(RECORDS.name, -1)
    before = now if seen == now.version else lake.snapshot(RECORDS, seen)
    return sorted(changed_days(before, now))
