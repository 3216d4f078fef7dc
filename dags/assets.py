"""What Airflow knows of data: one asset per table, where files land, and what readers get."""

from __future__ import annotations

from airflow.sdk import Asset, AssetWatcher

from dags.triggers import LandingTrigger
from expectations.tables import TABLES

ASSETS: dict[str, Asset] = {
    name: Asset(name=name, uri=f"touchstone://lake/{name}") for name in TABLES
}
LANDING = Asset(
    name="landing",
    uri="touchstone://landing",
    watchers=[AssetWatcher(name="landing", trigger=LandingTrigger())],
)
REPORT = Asset(name="report", uri="touchstone://report")
EXPORT = Asset(name="export", uri="touchstone://export")


def assets(*tables: str) -> list[Asset]:
    """The assets of some tables, by name."""
    return [ASSETS[table] for table in tables]
