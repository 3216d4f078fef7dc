"""Mappings to routes: which mapping reads which landed file, and how."""

from __future__ import annotations

from collections.abc import Mapping as Dict

from pipelines.ingest.landing import Route
from pipelines.ingest.mapping import Mapping, Read
from pipelines.ingest.options import ReadOptions

FORMATS = {"jsonl": "json_lines"}  # a mapping's word where options have another


def routes(mappings: Dict[str, Mapping]) -> dict[str, Route]:
    """One route per `read` of a mapping; a mapping may read files of several formats."""
    return {
        f"{name}/{number}": Route(name, mapping.source, tuple(read.files), _options(read))
        for name, mapping in mappings.items()
        for number, read in enumerate(mapping.read)
    }


def _options(read: Read) -> ReadOptions:
    given = read.model_dump(exclude={"files"})
    return ReadOptions(**{**given, "format": FORMATS.get(read.format, read.format)})
