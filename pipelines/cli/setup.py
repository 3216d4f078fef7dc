"""Commands for a new home or machine: init, doctor, warmup, demo."""

from __future__ import annotations

import os
from typing import Annotated

import typer
from rich.text import Text

from pipelines.cli.app import Place, app, day, out, say, short, typed
from pipelines.cli.looks import grid
from pipelines.errors import MissingInputError
from pipelines.settings import FILE


@app.command()
def init(context: typer.Context) -> None:
    """Make a home folder: touchstone.toml with every setting at its default, and landing/."""
    from pipelines.ingest.routes import folders
    from pipelines.nightly import mappings_of
    from pipelines.settings_text import default_text

    place: Place = context.obj
    place.home.mkdir(parents=True, exist_ok=True)
    path = place.home / FILE
    if path.exists():
        out.print(f"{path} is there already; left as it is.")
    else:
        path.write_text(default_text())
        out.print(f"Wrote {path}.")
    landing, sources = place.settings.landing_path, folders(mappings_of(place.settings))
    for source in sources:
        (landing / source).mkdir(parents=True, exist_ok=True)
    out.print(f"Put files into {short(landing)}/ ({', '.join(sources)}), then type")
    out.print(f"  {typed(place.home, 'run')}")


@app.command()
def doctor(context: typer.Context) -> None:
    """Check Java, settings, mappings and folders; say what to mend."""
    from pipelines.doctor import checks

    place: Place = context.obj
    found = checks(place.home, dict(os.environ))
    for check in found:
        mark = ("ok", "green") if check.is_ok else ("no", "red")
        out.print(Text.assemble(mark, f"  {check.what}: {check.says}"))
    bad = [check for check in found if not check.is_ok]
    if bad:
        raise MissingInputError(f"{len(bad)} of {len(found)} checks failed; see above.")


@app.command()
def warmup() -> None:
    """Keep what Java makes of its classes, in this user's cache: all later runs start sooner."""
    from pipelines.class_archive import warm_up

    made = warm_up(dict(os.environ), say())
    out.print(f"Wrote {made} ({made.stat().st_size / 2**20:.0f} MB); delete it at will.")


@app.command()
def demo(
    context: typer.Context,
    people: Annotated[int, typer.Option(min=1, help="People in the made-up world.")] = 5000,
    days: Annotated[int, typer.Option(min=1, help="Days it lasts.")] = 60,
    start: Annotated[str, typer.Option(help="Its first day.")] = "2026-01-01",
    seed: Annotated[int, typer.Option(help="Same seed, same files.")] = 7,
    dirt: Annotated[bool, typer.Option(help="With bad records, as real files have them.")] = True,
) -> None:
    """Make source files of an invented shop, attribute them, and write the report."""
    from pipelines.demonstration import demonstrate

    place: Place = context.obj
    place.home.mkdir(parents=True, exist_ok=True)
    shown = demonstrate(place.settings, people, days, day(start), seed, dirt, say=say())
    for title, (columns, rows) in shown.tables.items():
        out.print(f"\n{title}", style="bold")
        out.print(grid(columns, rows))
    out.print(f"\nReport: {shown.report}")
    out.print(f"Next:   {typed(place.home, f'explain {shown.example}')}")
