"""The command that keeps the lake in order: maintain."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.app import Place, app, out, show_json
from pipelines.cli.looks import grid

if TYPE_CHECKING:
    from pipelines.maintain import Maintained

COLUMNS = {
    "files": "files", "bytes": "bytes", "left_by_runs": "left by dead runs",
    "left_bytes": "bytes of these", "log_files": "log entries", "log_bytes": "bytes of log",
    "merged_files": "merged", "checkpoints": "checkpoints",
}  # fmt: skip


@app.command()
def maintain(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Delete what no kept publication needs, merge small files; safe beside runs and readers."""
    from pipelines.maintain import maintain as put_in_order

    place: Place = context.obj
    done = put_in_order(place.settings, datetime.now(UTC), dry_run)
    if as_json:
        show_json(done.as_json())
    else:
        _page(done)


def _page(done: Maintained) -> None:
    lines = [(name, one) for name, one in done.tables.items() if not one.is_nothing]
    if lines:
        lines.append(("all", done.total))
        rows = [(name, *(vars(one)[key] for key in COLUMNS)) for name, one in lines]
        out.print(grid([("to delete" if done.is_dry else "deleted"), *COLUMNS.values()], rows))
    else:
        out.print("Nothing to do.")
    if done.newest:
        out.print(f"Publications {done.kept_from} to {done.newest} are kept, readable in full.")
