"""Small homes with landed files, and what their lakes hold: for tests of whole nights."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path

from pipelines.demo import write_demo
from pipelines.digests import digests
from pipelines.flow import FLOW
from pipelines.lake import Lake
from pipelines.nightly import Published, ingest, run
from pipelines.query import connect, heads
from pipelines.settings import Settings, load

START = date(2026, 1, 27)  # so that a first of a month, and a fit, is among the days
PEOPLE, DAYS = 3000, 7
DATA_TABLES = [step.into.name for steps in FLOW.values() for step in steps]
STAGES = ("events", "journeys", "credit")
TOML = """
settle_seconds = 0.0
[models]
min_conversions = 2
[paths]
lookback_days = 3
"""


@cache
def world(people: int, days: int, folder: Path) -> Path:
    """Landing files of a small world, written once for all tests."""
    landing = folder / f"world-{people}-{days}"
    write_demo(landing, people=people, days=days, start=START, seed=3)
    return landing


def home(place: Path, files: Path | None = None, toml: str = TOML) -> Settings:
    """A new home, with the files of a world landed if given."""
    place.mkdir(parents=True)
    (place / "touchstone.toml").write_text(toml)
    (place / "landing").mkdir()
    if files:
        land(place, files, sorted(path for path in files.rglob("*") if path.is_file()))
    return load(place)


def land(place: Path, files: Path, chosen: Iterable[Path]) -> None:
    """Copy some files of a world into a home's landing folder, with their times."""
    for path in chosen:
        target = place / "landing" / path.relative_to(files)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def copied(settings: Settings, place: Path, more: str = "") -> Settings:
    """The same home elsewhere, lake and all, with more settings."""
    shutil.copytree(settings.home, place)
    (place / "touchstone.toml").write_text(TOML + more)
    return load(place)


def night(settings: Settings, day: date, **options: object) -> Published:
    """One night without Great Expectations: its verdict has tests of its own."""
    ingest(settings)
    return run(settings, day, STAGES, use_gx=False, **options)  # type: ignore[arg-type]


def contents(settings: Settings) -> dict[str, str]:
    """Digest of every table that runs make."""
    lake = Lake(settings.lake_uri)
    found = digests(lake, heads(lake))
    return {name: found[name] for name in DATA_TABLES}


def is_whole(settings: Settings, publication_id: int | None = None) -> bool:
    """Whether a publication (the newest if None) agrees with itself: every order of the days it
    covers is credited once by every model.
    """
    con = connect(Lake(settings.lake_uri), publication_id)
    told = con.execute("SELECT publication_id, through_date FROM publications").fetchall()
    through = dict(told)[publication_id or max(told)[0]]
    credited = """
        SELECT count(*) FROM (
            SELECT p.conversion_id, c.model, sum(c.credit) AS credit
            FROM paths p LEFT JOIN credits c USING (conversion_id)
            WHERE p.conversion_date <= $through GROUP BY ALL)
        WHERE credit IS DISTINCT FROM 1"""
    booked = """
        SELECT count(*) FROM conversions c ANTI JOIN paths p USING (conversion_id)
        WHERE c.conversion_date <= $through"""
    differ = "SELECT count(*) FROM reconciliation WHERE difference_value <> 0 AND day <= $through"
    return all(
        con.execute(query, {"through": through}).fetchone() == (0,)
        for query in (credited, booked, differ)
    )


def java_is_here() -> bool:
    """Whether Spark can start."""
    from pipelines.errors import MissingInputError
    from pipelines.session import find_java

    try:
        find_java(dict(os.environ))
    except MissingInputError:
        return False
    return True
