"""Who somebody is, as a page for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table as Grid
from rich.text import Text

from pipelines.identities import BEGINNING, END

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

ROWS = 30  # of one table; all of them are in the JSON
MOMENT = "%Y-%m-%d %H:%M:%S"


def page(found: dict[str, Any], out: Console) -> None:
    """Print who was found for a person to read."""
    if len(found["people"]) > 1:
        people = len(found["people"])
        _grid(out, f"{found['asked']} points at {people} people, each for a time",
              ("identifier", "person", "when"),
              ((row["identifier"], row["person_id"], interval(row)) for row in found["owners"])
              )  # fmt: skip
        out.print()
    for number, person in enumerate(found["people"]):
        if number:
            out.print()
        _about(person, out)


def _about(person: dict[str, Any], out: Console) -> None:
    many = f": {person['touchpoints']} touchpoints, {person['conversions']} conversions"
    out.print(Text.assemble((f"Person {person['person_id']}", "bold"), many))
    _grid(out, "Identifiers", ("identifier", "tier", "points at this person", "kept apart"), (
        (row["identifier"], row["tier"], interval(row), row["why"] or "")
        for row in person["identifiers"]))  # fmt: skip
    _grid(out, "Links: told together, so one person", (
        "identifier", "and", "events", "first told", "last told"), (
        (row["identifier"], row["other"], row["events"], told(row["first_told"]),
         told(row["last_told"]))
        for row in person["links"]))  # fmt: skip
    _grid(out, "Devices: whose, since which sign-in", (
        "device", "when", "seen with", "events", "decided by", "last seen"), (
        (row["identifier"], interval(row), row["known_as"], row["events"],
         told(row["decided_by"]), told(row["last_seen"]))
        for row in person["sightings"]))  # fmt: skip
    _grid(out, "Refused: told together, yet kept apart", (
        "identifier", "and", "events", "why", "first told", "last told"), (
        (row["identifier"], row["other"], row["events"], f"{row['guarded']} is {row['why']}",
         told(row["first_told"]), told(row["last_told"]))
        for row in person["refusals"]))  # fmt: skip


def interval(row: dict[str, Any]) -> str:
    """Validity of an identifier in words.

    >>> from datetime import datetime
    >>> interval({"valid_from": datetime(1970, 1, 1), "valid_to": datetime(9999, 12, 31)})
    'always'
    >>> interval({"valid_from": datetime(1970, 1, 1), "valid_to": datetime(2026, 1, 2, 3)})
    'until 2026-01-02 03:00:00'
    """
    begin, end = f"{row['valid_from']:{MOMENT}}", f"{row['valid_to']:{MOMENT}}"
    parts = [f"from {begin}"] * (begin != BEGINNING) + [f"until {end}"] * (end != END)
    return " ".join(parts) or "always"


def told(evidence: dict[str, Any]) -> str:
    """When something was told, and where that is written.

    >>> from datetime import datetime
    >>> told({"occurred_at": datetime(2026, 1, 2), "mapping": "ga4@1", "file": "a", "line": 7})
    '2026-01-02 00:00:00 ga4@1 a:7'
    """
    at = evidence["occurred_at"]
    return f"{at:{MOMENT}} {evidence['mapping']} {evidence['file']}:{evidence['line']}"


def _grid(
    out: Console, title: str, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]
) -> None:
    """A titled table of the first rows, nothing if there are none."""
    listed = list(rows)
    if not listed:
        return
    grid = Grid(*columns, title=title, title_justify="left", box=None)
    for row in listed[:ROWS]:
        grid.add_row(*map(str, row))
    out.print()
    out.print(grid)
    if len(listed) > ROWS:
        out.print(f"... and {len(listed) - ROWS} more; --json has all.")
