"""Commands for before anything is loaded: sources list, check, init."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.app import Place, app, out, show_json
from pipelines.cli.looks import grid

sources = typer.Typer(help="Mappings: list them, try one on a file, propose one.")
app.add_typer(sources, name="sources")
Json = Annotated[bool, typer.Option("--json", help="For machines.")]


@sources.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """List the mappings, shipped and yours: what each reads and makes, and how it is tested."""
    from pipelines.nightly import mappings_of
    from pipelines.sources.listing import sources as listed
    from pipelines.sources.samples import samples

    place: Place = context.obj
    found = listed(mappings_of(place.settings), samples(), place.settings.own_mappings)
    if as_json:
        show_json([one.as_json() for one in found])
        return
    rows = [
        (one.name, one.source, "\n".join(one.files), " ".join(one.formats), " ".join(one.makes),
         one.tested.real if one.tested else "yours", one.tested.written if one.tested else "")
        for one in found
    ]  # fmt: skip
    columns = [
        "mapping",
        "source",
        "files in landing/",
        "formats",
        "becomes",
        "real rows",
        "written rows",
    ]
    out.print(grid(columns, rows))
