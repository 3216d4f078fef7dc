"""Files of the Google Ads report: each tells the last days again, and the newest is right."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pipelines.demo.dirt import GOOGLE_ADS_SPOILERS, Mess
from pipelines.demo.google_ads import report
from pipelines.demo.landing import Landing
from pipelines.demo.records import Day, Life


class GoogleAdsFiles:
    """Writes a day's extraction."""

    def __init__(self, landing: Landing, world: Life) -> None:
        self.landing, self.summary, self.traffic = landing, landing.summary, world.traffic
        days = world.length if landing.is_dirty else 0
        self.mess = Mess(GOOGLE_ADS_SPOILERS, days, [world.seed, 93])
        self._cost: dict[tuple[date, int], int] = {}

    def write(self, number: int, day: Day) -> None:
        """The report extracted after one day."""
        file, data = f"google_ads/campaigns-{day.day}.csv", report(day.spend, self.traffic)
        self.summary.events["google_ads"] += len(day.spend)
        for spoiler, line in self.mess.spoil(day.spend):
            data += line
            self.landing.note(file, data.count(b"\n"), spoiler.kind, spoiler.fate)
        if self.landing.is_dirty and number % 20 == 4:
            data = self.landing.with_bom(file, data)
        self.landing.put(file, data, day.day)
        self._cost.update({(row.day, row.traffic): row.cost_micros for row in day.spend})

    def finish(self) -> None:
        """Count the cost as the newest extraction of each day has it."""
        self.summary.spend = Decimal(sum(self._cost.values())).scaleb(-6)
