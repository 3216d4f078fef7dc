"""Commands that judge: scorecard, lift-tests check, priors, simulate."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from pipelines.cli.app import Place, app, out, show_json
from pipelines.cli.looks import Json, grid, lake_of
from pipelines.errors import UsageError
from pipelines.query import connect, newest

lift_tests = typer.Typer(help="Lift tests: what experiments say a channel caused.")
app.add_typer(lift_tests, name="lift-tests")


@app.command()
def scorecard(
    context: typer.Context,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Judge in simulated worlds too; takes minutes.")
    ] = False,
    people: Annotated[int, typer.Option(min=500, help="Of each simulated world.")] = 4_000,
    as_json: Json = False,
) -> None:
    """Say which model to believe for which question, and why; add it to table scorecard."""
    from pipelines.scorecard import keep
    from pipelines.scorecard import scorecard as worked_out
    from pipelines.simulated import judged_rows

    place: Place = context.obj
    lake, settings = lake_of(context), place.settings
    con = connect(lake)
    found = worked_out(con, settings, judged_rows(settings, people) if simulated else [])
    keep(lake, found, newest(con), datetime.now(UTC))
    if as_json:
        show_json([asdict(row) for row in found])
        return
    for row in found:
        if row.part != "verdict":
            out.print(Text.assemble((row.part, "dim"), f" {row.sentence}"), soft_wrap=True)
    for row in found:
        if row.part == "verdict":
            out.print(f"\n{row.metric}", style="bold", soft_wrap=True)
            out.print(row.sentence, soft_wrap=True)


@lift_tests.callback()
def _lift_tests() -> None:
    """Lift tests: what experiments say a channel caused."""


@lift_tests.command("check")
def check(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV or Parquet, see docs/uncertainty.md.")],
    model: Annotated[str, typer.Option(help="Whose credit to compare with.")] = "linear",
    as_json: Json = False,
) -> None:
    """Say of each lift test whether it counts, and what a model's credit says beside it."""
    from pipelines.lift_checks import compared

    con = connect(lake_of(context))
    found = compared(con, _existing(file), model)
    if as_json:
        show_json(found)
        return
    columns = list(found[0]) if found else ["test"]
    out.print(grid(columns, [tuple(row.values()) for row in found]))


@app.command()
def priors(
    context: typer.Context,
    tool: Annotated[str, typer.Option("--for", help="meridian, robyn or pymc-marketing.")],
    model: Annotated[str, typer.Option(help="Whose calibrated credit (Meridian).")] = "linear",
    currency: Annotated[str, typer.Option(help="Of spend and value.")] = "EUR",
    to: Annotated[Path | None, typer.Option(help="CSV file to write; else the screen.")] = None,
) -> None:
    """Write what lift tests and calibrated credit say, as a media-mix tool documents it."""
    import pyarrow.csv as csv

    from pipelines.lift_checks import exported

    place: Place = context.obj
    table = exported(connect(lake_of(context)), place.settings, tool, model, currency)
    if to:
        csv.write_csv(table, to)
        out.print(str(to))
    else:
        out.print(grid(table.column_names, [tuple(r.values()) for r in table.to_pylist()]))


@app.command()
def simulate(
    context: typer.Context,
    world: Annotated[str, typer.Option(help="One of models/worlds.py.")] = "tracked",
    people: Annotated[int, typer.Option(min=1)] = 5_000,
    days: Annotated[int, typer.Option(min=1)] = 70,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    fragmented: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of people with two devices.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a simulated world as vendors' files into landing, and what channels really caused."""
    from pipelines.demo.simulated import TRUTH, write_simulated

    place: Place = context.obj
    landing = place.settings.landing_path
    summary, simulation = write_simulated(landing, world, people, days, seed, fragmented)
    truth = simulation.truth
    if as_json:
        show_json({"files": summary.files, "orders": summary.orders, "caused": truth.caused})
        return
    share = 1 - truth.baseline / truth.conversions if truth.conversions else 0.0
    out.print(
        f"{summary.files} files in {landing}: {truth.conversions:,.0f} conversions, of which "
        f"channels caused {share:.0%}. The truth is in {landing.parent / TRUTH}.", soft_wrap=True
    )  # fmt: skip


def _existing(file: Path) -> Path:
    if not file.is_file():
        raise UsageError(f"{file} is not a file.")
    return file
