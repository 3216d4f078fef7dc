"""Commands that only look: tables, show, sql, audits, explain, who, report."""

from __future__ import annotations

import difflib
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table as Grid

from expectations.tables import TABLES
from pipelines.cli.app import Place, app, out, show_json
from pipelines.errors import UsageError
from pipelines.lake import Lake
from pipelines.query import connect, heads, newest, views

Json = Annotated[bool, typer.Option("--json", help="For machines.")]
Publication = Annotated[int | None, typer.Option(help="As this publication has it.")]


class Language(Enum):
    """What the report is written in."""

    en = "en"
    de = "de"


def lake_of(context: typer.Context) -> Lake:
    """The lake of the home folder."""
    place: Place = context.obj
    return Lake(place.settings.lake_uri)


def grid(columns: list[str], rows: list[tuple[Any, ...]]) -> Grid:
    """Rows as a table for a terminal; figures to the right."""
    table = Grid(*columns, box=None, header_style="bold", pad_edge=False)
    for index, column in enumerate(table.columns):
        if (rows and isinstance(rows[0][index], int | float)) or _is_decimal(rows, index):
            column.justify = "right"
    for row in rows:
        table.add_row(*("" if v is None else str(v) for v in row))
    return table


def _is_decimal(rows: list[tuple[Any, ...]], index: int) -> bool:
    from decimal import Decimal

    return bool(rows) and isinstance(rows[0][index], Decimal)


@app.command()
def tables(
    context: typer.Context,
    digest: Annotated[
        bool, typer.Option(help="Add an order-independent hash of the rows.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the tables: rows, version and, if asked, a digest of their content."""
    from pipelines.digests import digests

    lake = lake_of(context)
    snapshots = heads(lake)
    found = digests(lake, snapshots) if digest else {}
    rows = [
        (name, s.rows, s.version, *([found[name]] if digest else []), _first_sentence(name))
        for name, s in snapshots.items()
    ]
    columns = ["table", "rows", "version", *(["digest"] if digest else []), "about"]
    _print(columns, rows, as_json)


def _first_sentence(name: str) -> str:
    return TABLES[name].about.split(". ")[0].rstrip(".")


@app.command()
def show(
    context: typer.Context,
    table: Annotated[str, typer.Argument(help="Name of a table.")],
    limit: Annotated[int, typer.Option(help="Rows at most.")] = 20,
    publication: Publication = None,
    as_json: Json = False,
) -> None:
    """Show rows of a table as published."""
    if table not in TABLES:
        near = difflib.get_close_matches(table, TABLES, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Tables: {', '.join(TABLES)}."
        raise UsageError(f"There is no table {table!r}. {hint}")
    keys = ", ".join(f'"{k}"' for k in TABLES[table].grain)
    _query(context, f"SELECT * FROM {table} ORDER BY {keys} LIMIT {limit}", publication, as_json)


@app.command()
def sql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="DuckDB SQL; tables are views of a publication.")],
    publication: Publication = None,
    as_json: Json = False,
) -> None:
    """Ask the published tables in SQL."""
    _query(context, query, publication, as_json)


def _query(context: typer.Context, query: str, publication: int | None, as_json: bool) -> None:
    import duckdb

    con = connect(lake_of(context), publication)
    try:
        answer = con.execute(query)
    except duckdb.Error as error:
        raise UsageError(f"That SQL does not run: {error}") from error
    columns = [c[0] for c in answer.description or ()]
    _print(columns, answer.fetchall(), as_json)


def _print(columns: list[str], rows: list[tuple[Any, ...]], as_json: bool) -> None:
    if as_json:
        show_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        out.print(grid(columns, rows))


@app.command()
def audits(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Kept promises too.")] = False,
    as_json: Json = False,
) -> None:
    """List broken promises of all runs, published or not."""
    con = views(lake_of(context), heads(lake_of(context)))
    which = "" if every else "WHERE NOT passed"
    answer = con.execute(
        "SELECT run_id, table_name, day, promise, offenders, audited_rows, examples, passed "
        f"FROM audits {which} ORDER BY run_id, table_name, day, promise"
    )
    rows = answer.fetchall()
    if not rows and not as_json:
        out.print("No promise was ever broken." if not every else "Nothing was audited yet.")
        return
    _print([c[0] for c in answer.description or ()], rows, as_json)


@app.command()
def explain(
    context: typer.Context,
    conversion: Annotated[
        str, typer.Argument(help="conversion_id, its beginning, or an order id.")
    ],
    publication: Publication = None,
    as_json: Json = False,
) -> None:
    """Say why a conversion's credit is what it is: touches kept and dropped, models, lineage."""
    from pipelines.explain import explained, page

    found = explained(connect(lake_of(context), publication), conversion)
    if as_json:
        show_json(found)
    else:
        page(found, out)


@app.command()
def diff(
    context: typer.Context,
    a: Annotated[int, typer.Argument(help="The older publication.")],
    b: Annotated[int, typer.Argument(help="The newer one.")],
    as_json: Json = False,
) -> None:
    """Say what a publication says otherwise than an older one, and why."""
    from pipelines.differences import difference

    found = difference(lake_of(context), a, b)
    if as_json:
        show_json(found)
        return
    for title, rows in found.items():
        out.print(title, style="bold")
        out.print(grid(list(rows[0]), [tuple(r.values()) for r in rows]) if rows else "none")


@app.command()
def who(
    context: typer.Context,
    identifier: Annotated[
        str, typer.Argument(help="type:value, a value, an e-mail address, or a person_id.")
    ],
    publication: Publication = None,
    as_json: Json = False,
) -> None:
    """Say who is behind an identifier: identifiers, links and their evidence, refusals."""
    from pipelines.who import identified
    from pipelines.who_page import page

    found = identified(connect(lake_of(context), publication), identifier)
    if as_json:
        show_json(found)
    else:
        page(found, out)


@app.command()
def report(
    context: typer.Context,
    to: Annotated[
        Path | None, typer.Option(help="File to write; report.html in the home folder.")
    ] = None,
    publication: Publication = None,
    language: Annotated[
        Language | None, typer.Option(help="In place of language under [report].")
    ] = None,
    segment: Annotated[
        str | None, typer.Option(help="Of one segment alone: what is known by segment.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the report of a publication: one HTML file, no network."""
    from pipelines.report.page import file_name, write_report

    place: Place = context.obj
    told = place.settings.report
    spoken = language.value if language else told.language
    con = connect(lake_of(context), publication)
    path = write_report(
        con, to or place.home / file_name(segment), told.title or None, publication, spoken,
        segment,
    )  # fmt: skip
    if as_json:
        show_json({"report": str(path), "publication_id": publication or newest(con)})
    else:
        out.print(str(path))
