"""Which files of the landing folder are worth waking anyone for. Standard library only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Ingest skips the same names; its own list cannot be imported here, it comes with PyArrow.
SUFFIXES = (".tmp", ".part", ".partial", ".crdownload", ".download", ".filepart", "~")
PREFIXES = (".", "_", "~")


@dataclass(frozen=True)
class Sighting:
    """One file as one look saw it: path below the landing folder, bytes, modification time."""

    name: str
    size: int
    modified_ns: int


def is_unfinished(name: str) -> bool:
    """Whether a name, or a folder on the way to it, says that the file is not for us (yet).

    >>> is_unfinished("ga4/2026-01-31.ndjson"), is_unfinished("ga4/2026-01-31.ndjson.part")
    (False, True)
    >>> is_unfinished("ga4/.2026-01-31.ndjson.aB3x"), is_unfinished("_staging/a.csv")
    (True, True)
    """
    is_hidden = any(part.startswith(PREFIXES) for part in name.split("/"))
    return is_hidden or name.lower().endswith(SUFFIXES)


def look(folder: Path) -> frozenset[Sighting]:
    """Every finished-looking file below a folder; none if there is no such folder."""
    found = _walk(folder, "")
    return frozenset(file for file in found if not is_unfinished(file.name))


def _walk(folder: Path, prefix: str) -> Iterator[Sighting]:
    """Files below a folder. One that vanishes while we look was moved away: not our concern."""
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        name = prefix + entry.name
        try:
            if entry.is_dir():
                yield from _walk(Path(entry.path), f"{name}/")
            elif entry.is_file():
                stat = entry.stat()
                yield Sighting(name, stat.st_size, stat.st_mtime_ns)
        except FileNotFoundError:
            continue


def settled(
    before: frozenset[Sighting], after: frozenset[Sighting], now_ns: int, settle_ns: int
) -> frozenset[Sighting]:
    """Files that two looks saw alike and that nobody touched for a while: no one still writes."""
    quiet = (file for file in before & after if abs(now_ns - file.modified_ns) >= settle_ns)
    return frozenset(quiet)
