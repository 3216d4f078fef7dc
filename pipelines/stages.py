"""Stage maps: data that says where in its life with the brand a person is at a touch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expectations.tables.journeys import STAGES
from pipelines.ingest.mapping_yaml import Document, Place, nearest, read

BUILT_IN = Path(__file__).parent / "rules" / "stages.yaml"
SECTION = "stage_maps"
COUNTS, KINDS = ("touches", "conversions"), ("after", "is")


@dataclass(frozen=True)
class Stage:
    """One stage: a person is there, or further, if any of its conditions holds."""

    name: str
    touches: int | None = None
    conversions: int | None = None
    after: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class StageMap:
    """Stages in order; the first has no condition."""

    name: str
    stages: tuple[Stage, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything in it: equal maps give equal stages."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


def load_stage_map(name: str, user_file: Path | None = None) -> StageMap:
    """The map of that name: the user's if the rules file has it, else the built-in one.

    SettingsError names file, line and mistake.

    >>> [stage.name for stage in load_stage_map("four").stages]
    ['awareness', 'evaluation', 'purchase', 'loyalty']
    """
    ours = read(BUILT_IN)
    maps: dict[str, tuple[Document, Place, Any]] = {
        str(key): (ours, (key,), content) for key, content in ours.content.items()
    }
    theirs = read(user_file) if user_file else None
    if theirs:
        own = theirs.content.get(SECTION) or {}
        maps |= {str(key): (theirs, (SECTION, key), content) for key, content in own.items()}
    if name not in maps:
        where = theirs or ours
        raise where.error((SECTION,), f"no stage map {name!r}; {nearest(name, maps)}.")
    return StageMap(name, _stages(*maps[name]))


def _stages(file: Document, place: Place, content: Any) -> tuple[Stage, ...]:
    if not isinstance(content, dict) or len(content) < 2:
        raise file.error(place, f"must have two stages or more, in order, got {content!r}.")
    stages = tuple(_stage(file, (*place, name), str(name), told) for name, told in content.items())
    for number, (name, told) in enumerate(content.items()):
        if bool(told) != bool(number):
            wants = "needs a condition: touches, after, conversions or is" if number else (
                "is where everybody begins, so it has no condition: write {}"
            )  # fmt: skip
            raise file.error((*place, name), f"{wants}; got {told!r}.")
    return stages


def _stage(file: Document, place: Place, name: str, told: Any) -> Stage:
    if not isinstance(told, dict):
        raise file.error(place, f"must be conditions in braces, got {told!r}.")
    for word, value in told.items():
        _check(file, (*place, word), str(word), value)
    listed: Mapping[str, Any] = {word: told.get(word) for word in (*COUNTS, *KINDS)}
    return Stage(
        name, listed["touches"], listed["conversions"],
        tuple(listed["after"] or ()), tuple(listed["is"] or ()),
    )  # fmt: skip


def _check(file: Document, place: Place, word: str, value: Any) -> None:
    if word not in (*COUNTS, *KINDS):
        raise file.error(place, f"unknown condition; {nearest(word, (*COUNTS, *KINDS))}.")
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    if word in COUNTS and not is_count:
        raise file.error(place, f"must be a whole number from 1, got {value!r}.")
    if word in KINDS and not (isinstance(value, list) and value):
        raise file.error(place, f"must be a list of kinds of touches, got {value!r}.")
    for kind in value if word in KINDS else ():
        if kind not in STAGES:
            raise file.error(place, f"{kind!r}: {nearest(str(kind), STAGES)}.")
