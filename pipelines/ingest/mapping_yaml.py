"""Reads YAML so that a mistake can be told with its file, line and key."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipelines.errors import MissingInputError, SettingsError

Place = tuple[str | int, ...]
Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C, where it was built


class Loader(Safe):
    """YAML in which only true and false are booleans: `no` is a country, 12:30 and 007 are text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, how) for tag, how in found if tag.rsplit(":", 1)[-1] in ("null", "merge")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile("^(?:0|-?[1-9][0-9]*)$"), list("-0123456789")
)


@dataclass(frozen=True)
class Document:
    """One YAML file: its content, and where each key of it stands."""

    path: Path
    content: Any
    root: yaml.Node | None

    def line(self, place: Place) -> int:
        """Line, from 1, of the deepest part of `place` that the file has."""
        node, line = self.root, 1
        for step in place:
            found = _child(node, step)
            if found is None:
                break
            line, node = found
        return line

    def error(self, place: Place, message: str) -> SettingsError:
        """The mistake at `place` as one sentence that starts with file and line."""
        where = ".".join(str(step) for step in place)
        return SettingsError(f"{self.path}:{self.line(place)}: {where or 'file'}: {message}")


def _child(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None


def nearest(word: str, words: Iterable[str]) -> str:
    """The part of a message that offers the closest known word.

    >>> nearest("fiels", ["fields", "files"])
    "did you mean 'fields'?"
    >>> nearest("zzz", ["b", "a"])
    'known: a, b'
    """
    known = sorted(set(words))
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"


def read(path: Path) -> Document:
    """The YAML file at `path`; errors name the line."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as problem:
        raise MissingInputError(f"{path}: cannot be read ({problem.strerror}).") from problem
    loader = Loader(text)
    try:
        root = loader.get_single_node()
        content = loader.construct_document(root) if root is not None else None
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = mark.line + 1 if mark else 1
        raise SettingsError(f"{path}:{line}: not valid YAML: {problem.problem}.") from problem
    document = Document(path, content, root)
    for key, line in _repeated(root):
        raise SettingsError(f"{path}:{line}: {key}: written twice; keep one of the two.")
    return document


def _repeated(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    """Keys that occur twice in one block; YAML itself would silently keep the last."""
    children: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            children.append(value)
    elif isinstance(node, yaml.SequenceNode):
        children = node.value
    for child in children:
        yield from _repeated(child)
