"""Commands that change the lake, and what they would change: ingest, run, plan, backfill, refit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from pipelines.arrivals import untaken_days
from pipelines.cli.app import Place, app, day, err, out, say, show_json
from pipelines.collect import Collected
from pipelines.errors import UsageError
from pipelines.lake import Lake
from pipelines.nightly import Published, last_landed
from pipelines.nightly import ingest as ingest_files
from pipelines.nightly import run as run_stages

Json = Annotated[bool, typer.Option("--json", help="For machines.")]


@app.command()
def ingest(context: typer.Context, as_json: Json = False) -> None:
    """Take new files from the landing folder into the lake, each exactly once."""
    place: Place = context.obj
    collected = ingest_files(place.settings, is_patient=True)
    collected.days |= set(untaken_days(Lake(place.settings.lake_uri)))
    _show_collected(collected, as_json)
    if collected.failed:
        raise typer.Exit(12)


def _show_collected(collected: Collected, as_json: bool) -> None:
    if as_json:
        show_json(collected.as_json())
    else:
        out.print(
            f"{collected.batches} files, {collected.records} records "
            f"({collected.bad_records} of them undecodable, kept for quarantine)."
        )
        for repeat in collected.repeated:
            out.print(repeat.sentence)
    _warn(collected)


def _warn(collected: Collected) -> None:
    for problem in (*collected.failed, *collected.unknown, *collected.waiting):
        err.print(problem.sentence)


@app.command()
def run(
    context: typer.Context,
    up_to: Annotated[
        str, typer.Option("--day", help="Last day to credit (UTC). Newest landed if left out.")
    ] = "",
    stage: Annotated[
        list[str] | None, typer.Option(help="Only this stage; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring every table up to date with what has landed, and publish. Safe to repeat."""
    from pipelines.flow import STAGES

    place: Place = context.obj
    unknown = sorted(set(stage or ()) - set(STAGES))
    if unknown:
        raise UsageError(f"There is no stage {unknown[0]!r}: stages are {', '.join(STAGES)}.")
    stages = stage or list(STAGES)
    if "ingest" in stages:
        _tell(ingest_files(place.settings, is_patient=True), as_json)
    through = day(up_to) if up_to else last_landed(place.settings)
    if set(stages) - {"ingest"}:
        last_landed(place.settings)
        _show(run_stages(place.settings, through, stages, say=say()), as_json)


def _tell(collected: Collected, as_json: bool) -> None:
    """What an ingest found, on the side: the run's own answer goes to standard output."""
    _warn(collected)
    if not as_json:
        out.print(f"{collected.batches} new files, {collected.records} records.")


@app.command()
def plan(
    context: typer.Context,
    up_to: Annotated[
        str, typer.Option("--day", help="Plan a run up to this day. Newest landed if left out.")
    ] = "",
    first: Annotated[str, typer.Option("--from", help="Plan a backfill from this day.")] = "",
    last: Annotated[str, typer.Option("--to", help="Last day of that backfill.")] = "",
    as_json: Json = False,
) -> None:
    """Say what a run or a backfill would do, which days, how many conversions, and why."""
    if bool(first) != bool(last) or (first and up_to):
        raise UsageError("Give either --day, or both --from and --to, or none of them.")
    if first:
        begin, end = _range(first, last)
        _show_plan(context.obj, end, begin, as_json)
    else:
        _show_plan(context.obj, day(up_to) if up_to else None, None, as_json)


def _range(first: str, last: str) -> tuple[date, date]:
    begin, end = day(first), day(last)
    if end < begin:
        raise UsageError(f"--from {first} is after --to {last}: swap them.")
    return begin, end


def _show_plan(place: Place, through: date | None, first: date | None, as_json: bool) -> None:
    from pipelines.plan import plan as planned
    from pipelines.plan_page import page

    made = planned(place.settings, through, first, datetime.now(UTC))
    for problem in (*made.landing.failed, *made.landing.unknown, *made.landing.waiting):
        err.print(problem.sentence)
    if as_json:
        show_json(made.as_json())
    else:
        page(made, out)


@app.command()
def backfill(
    context: typer.Context,
    first: Annotated[str, typer.Option("--from", help="First day to make again (UTC).")],
    last: Annotated[str, typer.Option("--to", help="Last day to make again (UTC), included.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done, as `plan` does.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a range of days again in one pass, and whatever else is out of date, and publish."""
    from pipelines.flow import STAGES

    place: Place = context.obj
    begin, end = _range(first, last)
    if dry_run:
        _show_plan(place, end, begin, as_json)
        return
    _tell(ingest_files(place.settings, is_patient=True), as_json)
    last_landed(place.settings)
    _show(run_stages(place.settings, end, STAGES, first=begin, say=say()), as_json)


@app.command()
def refit(
    context: typer.Context,
    as_of: Annotated[str, typer.Option("--as-of", help="Fit on the days before this one (UTC).")],
    as_json: Json = False,
) -> None:
    """Fit the models as of a day, replacing that day's fit; credit from that day on may move."""
    place: Place = context.obj
    fitted = day(as_of)
    through = max(fitted, last_landed(place.settings))
    _show(run_stages(place.settings, through, ("credit",), say=say(), refit={fitted}), as_json)


def _show(published: Published, as_json: bool) -> None:
    if as_json:
        show_json(published.as_json())
    elif published.publication_id is None:
        out.print(f"Up to date through {published.through}, not yet published.")
    else:
        out.print(f"Publication {published.publication_id}, through {published.through}.")
