"""What wakes a DAG from outside. The triggerer imports this: nothing heavy at the top."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from dags.landing import Sighting, look, settled

NOTHING: frozenset[Sighting] = frozenset()


class LandingTrigger(BaseEventTrigger):
    """Fires when files have landed and settled.

    It remembers only what it announced since it started, so after a restart every file is new:
    one wake-up too many, which costs a look at the ledger, and none too few.
    """

    def __init__(self, poll_seconds: float = 5.0) -> None:
        super().__init__()
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments; the home is left to the triggerer's own environment."""
        return "dags.triggers.LandingTrigger", {"poll_seconds": self.poll_seconds}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, wait, look again; one event per look that found something new."""
        before = announced = NOTHING
        while True:
            after, settle_seconds = await asyncio.to_thread(self.look)
            ready = settled(before, after, time.time_ns(), int(settle_seconds * 1e9))
            if new := ready - announced:  # one that grew or was replaced is another sighting
                yield TriggerEvent({"files": len(new), "first": min(file.name for file in new)})
            before, announced = after, (announced & after) | ready
            await asyncio.sleep(self.poll_seconds)

    def look(self) -> tuple[frozenset[Sighting], float]:
        """What lies in the landing folder, and how long a file must have been left alone."""
        from pipelines.errors import TouchstoneError
        from pipelines.settings import load

        home = Path(os.environ.get("TOUCHSTONE_HOME", "."))
        try:
            settings = load(home)
        except TouchstoneError as error:  # a mistyped setting must not end the watch
            self.log.error("Not watching: %s", error)
            return NOTHING, 0.0
        return look(settings.landing_path), settings.settle_seconds
