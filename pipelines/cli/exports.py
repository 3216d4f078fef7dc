"""The command that takes a publication elsewhere: export."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.app import app, out, show_json
from pipelines.cli.looks import Json, Publication, lake_of
from pipelines.errors import UsageError


class Format(Enum):
    """Where to."""

    csv = "csv"
    duckdb = "duckdb"
    postgres = "postgres"


@app.command()
def export(
    context: typer.Context,
    target: Annotated[
        str, typer.Argument(help="Folder (csv), file (duckdb), or connection string (postgres).")
    ],
    to: Annotated[Format, typer.Option(help="What to make.")],
    publication: Publication = None,
    also: Annotated[
        list[str] | None, typer.Option(help="A table left out otherwise; may be repeated.")
    ] = None,
    views: Annotated[
        bool, typer.Option("--views", help="duckdb: views over the lake's files, no copy.")
    ] = False,
    schema: Annotated[str, typer.Option(help="postgres: schema to replace.")] = "touchstone",
    reader: Annotated[
        str, typer.Option(help="postgres: role that may read it, made if missing; '' for none.")
    ] = "touchstone_reader",
    as_json: Json = False,
) -> None:
    """Take the newest publication elsewhere, whole; readers never see half of it."""
    from pipelines.export.content import content
    from pipelines.export.csv_files import to_csv
    from pipelines.export.duckdb_file import to_duckdb
    from pipelines.export.postgres import to_postgres

    if views and to is not Format.duckdb:
        raise UsageError("--views is for --to duckdb only: leave it out.")
    found = content(lake_of(context), publication, also or ())
    if to is Format.csv:
        rows = to_csv(found, Path(target))
    elif to is Format.duckdb:
        rows = to_duckdb(found, Path(target), views)
    else:
        rows = to_postgres(found, target, schema, reader)
    if as_json:
        through = str(found.through)
        show_json({"publication_id": found.publication_id, "through": through, "rows": rows})
    else:
        out.print(f"{found.sentence}: {len(rows)} tables, {sum(rows.values())} rows.")
