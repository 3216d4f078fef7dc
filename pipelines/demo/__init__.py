"""Demo data: a seeded world told in the files its vendors would deliver."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pipelines.demo.ga4_files import Ga4Files
from pipelines.demo.google_ads_files import GoogleAdsFiles
from pipelines.demo.landing import DemoSummary, Dirt, Landing
from pipelines.demo.salesforce_files import SalesforceFiles
from pipelines.demo.sendgrid_files import SendGridFiles
from pipelines.demo.world import World
from pipelines.errors import UsageError

__all__ = ["DemoSummary", "Dirt", "write_demo"]


def write_demo(
    landing: Path,
    people: int = 5000,
    days: int = 60,
    start: date = date(2026, 1, 1),
    seed: int = 7,
    dirt: bool = True,
) -> DemoSummary:
    """Fill an empty landing folder; the same arguments give the same bytes and file times."""
    for name, value, least in (("people", people, 1), ("days", days, 1), ("seed", seed, 0)):
        if value < least:
            raise UsageError(f"{name} must be at least {least}, got {value}")
    world, place = World(people, days, start, seed), Landing(landing, is_dirty=dirt)
    salesforce, ads = SalesforceFiles(place, world), GoogleAdsFiles(place, world)
    sources = (Ga4Files(place, world), SendGridFiles(place, world), salesforce, ads)
    for number, day in enumerate(world.days()):
        for source in sources:
            source.write(number, day)
    salesforce.finish()
    ads.finish()
    return place.summary
