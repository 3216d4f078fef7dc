"""What a rule may ask of traffic: the words of `when`, read and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.ingest.mapping_yaml import Document, Place, nearest

FIELDS = ("source", "medium", "campaign", "click_id", "referrer_host", "page_host", "event_type",
          "told_by")  # fmt: skip
Words = Mapping[str, str]  # an entry and the name it stands for


@dataclass(frozen=True)
class In:
    """The field is one of these words."""

    field: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Matches:
    """The pattern is found in the field."""

    field: str
    pattern: str


@dataclass(frozen=True)
class Listed:
    """The field is an entry of the list, or the name of one."""

    field: str
    list: str


@dataclass(frozen=True)
class Joined:
    """Conditions of which all (`AND`) or any (`OR`) must hold."""

    word: str
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """The condition does not hold."""

    part: Condition


Condition = In | Matches | Listed | Joined | Not


def lower(word: object) -> str:
    """A word as rules compare it.

    >>> lower(" Google ")
    'google'
    """
    return str(word).strip().lower()


def parse(file: Document, place: Place, spec: Any, lists: Mapping[str, Words]) -> Condition:
    """The condition that `spec` at `place` writes down; SettingsError if it says anything else."""
    if not isinstance(spec, dict) or not spec:
        raise file.error(place, f"must have fields to test, got {spec!r}.")
    parts: list[Condition] = []
    for key, value in spec.items():
        here = (*place, key)
        if key in ("any", "all"):
            if not isinstance(value, list) or not value:
                raise file.error(here, f"must be a list of conditions, got {value!r}.")
            each = [parse(file, (*here, n), v, lists) for n, v in enumerate(value)]
            parts.append(Joined("OR" if key == "any" else "AND", tuple(each)))
        elif key == "not":
            parts.append(Not(parse(file, here, value, lists)))
        elif key in FIELDS:
            parts.append(_test(file, here, value, lists))
        else:
            known = (*FIELDS, "any", "all", "not")
            raise file.error(here, f"unknown field; {nearest(str(key), known)}.")
    return parts[0] if len(parts) == 1 else Joined("AND", tuple(parts))


def _test(file: Document, place: Place, spec: Any, lists: Mapping[str, Words]) -> Condition:
    field = str(place[-1])
    if not isinstance(spec, dict):
        words = spec if isinstance(spec, list) else [spec]
        return In(field, tuple(lower(word) for word in words))
    (operator, value), *more = spec.items() or [("", "")]
    if more or operator not in ("matches", "list"):
        message = f"{operator!r} is no test; {nearest(str(operator), ('matches', 'list'))}."
        raise file.error(place, message if not more else "one test at a time; use all: [..].")
    if operator == "list":
        if value not in lists:
            raise file.error(place, f"no list {value!r}; {nearest(str(value), lists)}.")
        return Listed(field, str(value))
    try:
        re.compile(str(value))
    except re.error as problem:
        raise file.error(place, f"{value!r} is no regular expression: {problem}.") from problem
    return Matches(field, str(value))
