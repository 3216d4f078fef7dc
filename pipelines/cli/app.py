"""The command's frame: home folder, errors to sentences, exit codes."""

from __future__ import annotations

import errno
import json
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipelines.errors import MissingInputError, TouchstoneError, UsageError
from pipelines.settings import Settings, load

app = typer.Typer(
    name="touchstone",
    help="Multi-touch attribution that is correct, incremental and honest.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
WIDE = 240  # columns to print in when nobody's terminal sets the width


def console(**how: Any) -> Console:
    """Prints data as it is: neither [words] nor :words: in it mean anything."""
    return Console(highlight=False, markup=False, emoji=False, **how)


out = console(width=None if sys.stdout.isatty() else WIDE)
err = console(stderr=True)


@dataclass
class Place:
    """What every command needs to know."""

    home: Path

    @property
    def settings(self) -> Settings:
        """Settings of the home folder."""
        return load(self.home)


@app.callback()
def _root(
    context: typer.Context,
    home: Annotated[
        Path,
        typer.Option(
            help="Folder with touchstone.toml, lake and landing.", envvar="TOUCHSTONE_HOME"
        ),
    ] = Path("."),
) -> None:
    context.obj = Place(home.expanduser().resolve())


def day(text: str) -> date:
    """A day as typed; UsageError if it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a day: write it like 2026-01-31.") from error


def say() -> Callable[[str], None]:
    """A teller of progress that is silent unless a person watches."""
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda text: err.print(text, style="dim")


def typed(home: Path, words: str) -> str:
    """A command about a home as one would type it here."""
    program = Path(sys.argv[0])
    name = program.name if shutil.which(program.name) == str(program) else short(program)
    return f"{name} {words}" if home == Path.cwd() else f"{name} --home {short(home)} {words}"


def short(path: Path) -> str:
    """A path as one would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) and path != here else str(path)


def show_json(value: Any) -> None:
    """Print for machines."""
    print(json.dumps(value, default=str, ensure_ascii=False))


def sentence(error: Exception) -> TouchstoneError | None:
    """An operating system's refusal as something the user can mend, None if it is none."""
    text = str(error)
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or "No space left on device" in text or "Disk quota exceeded" in text:
        return MissingInputError(
            f"The disk is full ({_first_line(text)}). Nothing half-done was published. Free some "
            "space and run the same command again."
        )
    if isinstance(error, PermissionError) or "Permission denied" in text:
        return MissingInputError(
            f"Permission denied ({_first_line(text)}). Give this user the right to read the "
            "landing folder and to write the lake, then run the same command again."
        )
    if "Read-only file system" in text:
        return MissingInputError(f"The lake is on a read-only file system ({_first_line(text)}).")
    return None


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    telling = ("No space left", "Permission denied", "Read-only", "quota exceeded")
    return next(
        (line for line in lines if any(t in line for t in telling)), lines[0] if lines else ""
    )


def main() -> None:
    """Run a command; errors that a user can mend are one sentence and an exit code."""
    import pipelines.cli.channels
    import pipelines.cli.dictionary
    import pipelines.cli.exports
    import pipelines.cli.judging
    import pipelines.cli.looks
    import pipelines.cli.runs
    import pipelines.cli.setup
    import pipelines.cli.sources
    import pipelines.cli.upkeep  # noqa: F401  (each adds its commands to `app`)

    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # so that we tidy up
    try:
        app()
    except TouchstoneError as error:
        _fail(error)
    except Exception as error:
        known = sentence(error)
        if known is None:
            raise
        _fail(known)


def _fail(error: TouchstoneError) -> None:
    print(str(error), file=sys.stderr)
    sys.exit(error.exit_code)
