"""What the CLI and the DAGs call: ingest, run, backfill, refit. Settings in, a short report out."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.collect import Collected, collect
from pipelines.errors import BrokenContractError, MissingInputError
from pipelines.lake import Lake, retry
from pipelines.publish import latest, publish
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.ingest.mapping import Mapping as SourceMapping
    from pipelines.work import Run

Say = Callable[[str], None]
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Published:
    """How a run ended."""

    run_id: str
    through: str
    publication_id: int | None
    versions: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return dict(vars(self))


def new_run_id(now: datetime) -> str:
    """A name for a run: when it began, and something no other run has."""
    return f"{now:%Y%m%dT%H%M%S}x{uuid.uuid4().hex[:6]}"


def mappings_of(settings: Settings) -> dict[str, SourceMapping]:
    """The shipped mappings and the user's own."""
    from pipelines.ingest.mapping import load_mappings

    return load_mappings(settings.own_mappings)


def ingest(settings: Settings, is_patient: bool = False) -> Collected:
    """Landing files into the lake, each exactly once.

    If `is_patient`, files written just now are waited for, once, unless that takes long.
    """
    collected = _ingest(settings, Collected())
    is_brief = any(problem.is_brief for problem in collected.waiting)
    if is_patient and is_brief and settings.settle_seconds <= PATIENCE_SECONDS:
        time.sleep(settings.settle_seconds)
        _ingest(settings, collected)
    return collected


def _ingest(settings: Settings, collected: Collected) -> Collected:
    from pipelines.ingest.routes import routes

    now = datetime.now(UTC)
    return collect(
        Lake(settings.lake_uri), settings.landing_path, routes(mappings_of(settings)),
        new_run_id(now), now, settings.settle_seconds, collected,
    )  # fmt: skip


def run(
    settings: Settings,
    through: date,
    stages: Collection[str],
    first: date | None = None,
    say: Say = lambda _: None,
    refit: Collection[date] = (),
    use_gx: bool = True,
) -> Published:
    """Bring all tables up to date with what has landed, for conversions up to `through`.

    With `first`, the days from there on to `through` are made again, changed or not. Others are
    made if something changed, as in any run, so what is published is always true of what landed.
    """
    with started(settings, through, first, say, use_gx) as work:
        work.memory["refit"] = set(refit)
        try:
            versions, number = retry(lambda: make_and_publish(work, stages, through))
        except BrokenContractError:
            build_data_docs(work)
            raise
        build_data_docs(work)
    return Published(work.run_id, work.through, number, versions)


def make_and_publish(
    work: Run, stages: Collection[str], through: date
) -> tuple[dict[str, int], int | None]:
    """Versions of the tables made, and the publication's number if there is one.

    Whatever may have been published since the last try is looked at anew.
    """
    from pipelines.flow import FLOW, RESTATE
    from pipelines.run import bring_up_to_date

    last = work.memory["published"] = latest(work.lake)
    through = last_day(through, last)
    work.through = through.isoformat()
    steps = [step for name in FLOW if name in stages for step in FLOW[name]]
    is_last = "credit" in stages
    versions = {
        step.into.name: bring_up_to_date(work, step)
        for step in (*steps, *((RESTATE,) if is_last else ()))
    }
    if not is_last:
        return versions, None
    fingerprint = work.settings.fingerprint()
    now = datetime.now(UTC)
    return versions, publish(work.lake, work.run_id, through, fingerprint, now, last)


def last_day(through: date, last: Mapping[str, Any] | None) -> date:
    """The last day of a run: what is published stays true of what landed, so not an earlier one
    than the `last` publication's.
    """
    return max(through, last["through_date"]) if last else through


def build_data_docs(work: Run) -> None:
    """Build Data Docs of what was audited, if anything was."""
    from expectations.audit import build_docs

    if work.use_gx and work.docs and work.docs.exists():
        build_docs(work.docs)


@contextmanager
def started(
    settings: Settings, through: date, first: date | None, say: Say, use_gx: bool
) -> Iterator[Run]:
    """A run with Spark at its service; scratch files are gone afterwards, however it ends."""
    from pipelines.session import start
    from pipelines.work import Run

    lake = Lake(settings.lake_uri)
    run_id = new_run_id(datetime.now(UTC))
    memory = {"spark.driver.memory": settings.driver_memory}
    spark = start(dict(os.environ), scratch_folder(), **memory)
    try:
        asked = first.isoformat() if first else None, through.isoformat()
        yield Run(lake, spark, settings, mappings_of(settings), run_id, through.isoformat(),
                  *asked, use_gx, say)  # fmt: skip
    finally:
        lake.sweep(run_id)


@cache
def scratch_folder() -> str:
    """Where Spark spills while this process lives."""
    folder = tempfile.mkdtemp(prefix="touchstone-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def last_landed(settings: Settings) -> date:
    """The newest day on which a file landed; MissingInputError if nothing has been ingested."""
    from expectations.tables import BATCHES

    lake = Lake(settings.lake_uri)
    landed = lake.arrow(lake.snapshot(BATCHES))["received_at"].to_pylist()
    if not landed:
        raise MissingInputError(
            f"Nothing has been ingested into {settings.lake_uri} yet. Put files into "
            f"{settings.landing_path} and run `touchstone ingest`."
        )
    newest: datetime = max(landed)
    return newest.date()


def home_of(path: Path) -> Path:
    """The folder a user named, made absolute."""
    return path.expanduser().resolve()
