"""Commands for before anything is loaded: sources list, check, init."""

from __future__ import annotations

import os
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.app import Place, app, day, out, show_json
from pipelines.cli.looks import grid
from pipelines.errors import UnfitFileError, UsageError
from pipelines.settings import FILE

if TYPE_CHECKING:
    from pipelines.ingest.mapping import Mapping
    from pipelines.sources.trial import Trial

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


@sources.command()
def check(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of a mapping.")],
    file: Annotated[Path, typer.Argument(help="File to try it on; it need not have landed.")],
    as_of: Annotated[
        str, typer.Option("--as-of", help="As if it had landed at the end of this day (UTC).")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="Records to read at most.")] = 100_000,
    samples: Annotated[int, typer.Option(min=0, help="Records to show raw and mapped.")] = 3,
    max_quarantine: Annotated[
        float, typer.Option(min=0, max=1, help="Fail if a greater share is rejected.")
    ] = 0.05,
    late_days: Annotated[float, typer.Option(min=0, help="Older events are late.")] = 3,
    as_json: Json = False,
) -> None:
    """Try a mapping on a file without loading it; exit code 14 if they do not fit."""
    from pipelines.sources.findings import Limits, findings
    from pipelines.sources.page import page

    seen = datetime.combine(day(as_of) + timedelta(days=1), time(), UTC) if as_of else None
    mapping = _mapping(context.obj, name)
    limits = Limits(max_quarantine, late_days, seen)
    trial = _tried(context.obj, mapping, file, limit, seen, samples)
    found = findings(trial, limits)
    if as_json:
        show_json(found)
    else:
        page(trial, found, out)
    if found["failed"]:
        raise UnfitFileError(f"{file} does not fit {name}: {'; '.join(found['failed'])}.")


def _mapping(place: Place, name: str) -> Mapping:
    from pipelines.ingest.mapping import load_mapping, mapping_files
    from pipelines.ingest.mapping_yaml import nearest

    files = mapping_files(place.settings.own_mappings)
    if name not in files:
        raise UsageError(f"There is no mapping {name!r}; {nearest(name, files)}.")
    return load_mapping(files[name])


def _tried(
    place: Place, mapping: Mapping, file: Path, limit: int, as_of: datetime | None, samples: int
) -> Trial:
    from pipelines.nightly import scratch_folder
    from pipelines.session import start
    from pipelines.sources.trial import tried

    memory = {"spark.driver.memory": place.settings.driver_memory}
    spark = start(dict(os.environ), scratch_folder(), **memory)
    return tried(spark, mapping, file, limit, as_of, samples)


@sources.command("init")
def init_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file of yours: CSV, JSON or Parquet.")],
    name: Annotated[str, typer.Option(help="Name of the mapping; else that of the file.")] = "",
    write: Annotated[
        bool, typer.Option("--write", help="Into the folder of your mappings, not to the screen.")
    ] = False,
) -> None:
    """Propose a mapping for a file; each line says how sure it is."""
    from pipelines.sources.propose import proposed

    text, called = proposed(file, name)
    if not write:
        print(text, end="")
        return
    folder = context.obj.settings.own_mappings
    if folder is None:
        raise UsageError(f'Say where: put mappings = "mappings" into {FILE}, then repeat this.')
    path = folder / f"{called}.yaml"
    if path.exists():
        raise UsageError(f"{path} is there already; choose another --name, or delete it.")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    out.print(f"Wrote {path}.", soft_wrap=True)
