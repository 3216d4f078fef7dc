"""What kind of meeting a touch is: stage, ownership, contact, setting, form and valence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from expectations.contract import Type
from expectations.tables import TOUCHPOINTS
from expectations.tables.journeys import WEIGHT_CLASSES
from expectations.tables.sources import EVENT_TYPES
from pipelines.ingest.mapping_yaml import Document, Place, nearest, read
from pipelines.sql import among, quoted

BUILT_IN = Path(__file__).parent / "rules" / "taxonomy.yaml"
WORDS = ("stage", "ownership", "is_direct_contact", "is_online", "form", "valence")
# sections that decide, first the strongest, and the column each looks at
SECTIONS = {"event_types": "event_type", "weight_classes": "weight_class", "channels": "channel"}
KNOWN = {"event_types": EVENT_TYPES, "weight_classes": WEIGHT_CLASSES}

Taxonomy = Mapping[str, Mapping[str, Mapping[str, Any]]]  # section, name, word


def load_taxonomy(user_file: Path | None = None) -> Taxonomy:
    """The built-in taxonomy, overruled by section `taxonomy` of the user's rules file."""
    ours = read(BUILT_IN)
    files: list[tuple[Document, Place, Any]] = [(ours, (), ours.content)]
    if user_file:
        theirs = read(user_file)
        files.append((theirs, ("taxonomy",), theirs.content.get("taxonomy") or {}))
    found: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in ("default", *SECTIONS)}
    for file, place, content in files:
        for section, name, words in _checked(file, place, content):
            found[section].setdefault(name, {}).update(words)
    return found


def taxonomy(rules: Taxonomy) -> dict[str, Column]:
    """The columns WORDS, from the columns event_type, weight_class and channel."""
    return {word: F.expr(_decided(rules, word)) for word in WORDS}


def _decided(rules: Taxonomy, word: str) -> str:
    """SQL: the value of one word."""
    cases = ""
    for section, column in SECTIONS.items():
        names: dict[Any, list[str]] = {}
        for name, words in rules[section].items():
            if word in words:
                names.setdefault(words[word], []).append(name)
        cases += "".join(f"WHEN {among(column, n)} THEN {_literal(v)} " for v, n in names.items())
    default = _literal(rules["default"][""][word])
    return f"CASE {cases}ELSE {default} END" if cases else default


def _literal(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else quoted(value)


def _checked(
    file: Document, place: Place, content: Mapping[str, Any]
) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Section, name and words of every entry, once they are known ones."""
    entries: list[tuple[Place, str, str, Any]] = []
    for section, names in content.items():
        here = (*place, section)
        if section not in ("default", *SECTIONS):
            known = nearest(str(section), ("default", *SECTIONS))
            raise file.error(here, f"unknown section; {known}.")
        if section == "default":
            entries.append((here, section, "", names))
            continue
        for name, words in names.items():
            if section in KNOWN and name not in KNOWN[section]:
                raise file.error((*here, name), f"unknown; {nearest(name, KNOWN[section])}.")
            entries.append(((*here, name), section, name, words))
    for here, _, _, words in entries:
        _check_words(file, here, words)
    return [(section, name, words) for _, section, name, words in entries]


def _check_words(file: Document, place: Place, words: Any) -> None:
    if not isinstance(words, dict):
        raise file.error(place, f"must have any of {', '.join(WORDS)}, got {words!r}.")
    for word, value in words.items():
        if word not in WORDS:
            raise file.error((*place, word), f"unknown word; {nearest(str(word), WORDS)}.")
        column = TOUCHPOINTS.columns[word]
        if column.type is Type.BOOLEAN and not isinstance(value, bool):
            raise file.error((*place, word), f"must be true or false, got {value!r}.")
        if column.one_of and value not in column.one_of:
            raise file.error((*place, word), f"{value!r}: {nearest(str(value), column.one_of)}.")
