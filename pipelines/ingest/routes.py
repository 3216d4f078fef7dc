"""Mappings to routes: which mapping reads which landed file, and how."""

from __future__ import annotations

from collections.abc import Mapping as Dict

from pipelines.ingest.landing import Route
from pipelines.ingest.mapping import Mapping
from pipelines.ingest.mapping_words import Read
from pipelines.ingest.options import ReadOptions

FORMATS = {"jsonl": "json_lines"}  # a mapping's word where options have another


def routes(mappings: Dict[str, Mapping]) -> dict[str, Route]:
    """One route per `read` of a mapping; a mapping may read files of several formats."""
    return {
        f"{name}/{number}": Route(name, mapping.source, tuple(read.files), _options(read))
        for name, mapping in mappings.items()
        for number, read in enumerate(mapping.read)
    }


def folders(mappings: Dict[str, Mapping]) -> list[str]:
    """Folders of the landing folder that some mapping reads."""
    globs = [glob for route in routes(mappings).values() for glob in route.globs]
    return sorted({glob.split("/")[0] for glob in globs if "/" in glob})


def _options(read: Read) -> ReadOptions:
    given = read.model_dump(exclude={"files"})
    return ReadOptions(**{**given, "format": FORMATS.get(read.format, read.format)})
