"""The command that explains the data: dictionary."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import Place, app, out


@app.command()
def dictionary(
    context: typer.Context,
    to: Annotated[
        Path | None, typer.Option(help="File to write; dictionary.html in the home folder.")
    ] = None,
) -> None:
    """Write the data dictionary: every table, column and measure in one HTML file, no network."""
    from pipelines.report.dictionary import write_dictionary

    place: Place = context.obj
    out.print(str(write_dictionary(to or place.home / "dictionary.html")))
