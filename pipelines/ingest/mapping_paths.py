"""Paths into a record, and the Spark schema that reads just those paths. No Spark here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_STEP = re.compile(
    r"""(?:"(?P<quoted>[^"]+)"|(?P<bare>[^."\[\]]+))"""
    r"""(?:(?P<every>\[\])|\[(?P<key>[^=\[\]]+)=(?P<word>[^\[\]]*)\])?(?:\.|$)"""
)


@dataclass(frozen=True)
class Step:
    """One name of a path. Of an array: `key` and `word` choose an element, `every` takes all."""

    name: str
    key: str | None = None
    word: str | None = None
    every: bool = False


def parse(path: str) -> tuple[Step, ...]:
    """Steps of a path. Quote a name that holds a dot.

    >>> [step.name for step in parse('device.web_info."a.b"')]
    ['device', 'web_info', 'a.b']
    >>> parse("params[key=page].value")[0]
    Step(name='params', key='key', word='page', every=False)
    >>> parse("a..b")
    Traceback (most recent call last):
    ValueError: 'a..b' is not a path: stopped at '.b'
    """
    steps: list[Step] = []
    at = 0
    while at < len(path) or not steps or path[at - 1] == ".":
        match = _STEP.match(path, at)
        if match is None:
            raise ValueError(f"{path!r} is not a path: stopped at {path[at:]!r}")
        name, every = match["quoted"] or match["bare"], match["every"] is not None
        steps.append(Step(name, match["key"], match["word"], every))
        at = match.end()
    return tuple(steps)


@dataclass
class Tree:
    """What a set of paths reads: a leaf is text, a branch a struct, or an array of structs."""

    children: dict[str, Tree] = field(default_factory=dict)
    is_array: bool = False

    def add(self, steps: tuple[Step, ...]) -> None:
        """Take in one more path."""
        if not steps:
            return
        child = self.children.setdefault(steps[0].name, Tree())
        child.is_array |= steps[0].every or steps[0].key is not None
        if steps[0].key is not None:
            child.add((Step(steps[0].key),))
        child.add(steps[1:])

    @property
    def names(self) -> list[str]:
        """Names in a fixed order, so that one mapping always makes one plan."""
        return sorted(self.children)

    def ddl(self) -> str:
        """Spark type in DDL; every leaf is text, cast later where a wrong value can be told.

        >>> tree([parse("a.b"), parse("p[key=x].value")]).ddl()
        'struct<`a`: struct<`b`: string>, `p`: array<struct<`key`: string, `value`: string>>>'
        """
        if not self.children:
            return "string"
        inner = ", ".join(f"`{name}`: {self.children[name].ddl()}" for name in self.names)
        return f"array<struct<{inner}>>" if self.is_array else f"struct<{inner}>"

    def place(self, name: str) -> str:
        """What the child `name` is called in `placed_ddl`."""
        return f"c{self.names.index(name)}"

    def placed_ddl(self) -> str:
        """The same type with names that say only their place: c0, c1, …

        Spark refuses to choose between names that differ in case alone, as Id and id do.
        """
        if not self.children:
            return "string"
        inner = ", ".join(f"{self.place(n)}: {self.children[n].placed_ddl()}" for n in self.names)
        return f"array<struct<{inner}>>" if self.is_array else f"struct<{inner}>"

    def is_ambiguous(self) -> bool:
        """Whether names of one level differ in case alone."""
        lower = {name.lower() for name in self.children}
        below = any(child.is_ambiguous() for child in self.children.values())
        return below or len(lower) < len(self.children)


RECORD, OUTER, ITEM = "record", "outer", "item"  # what the first name of a path may lead to
LEADS = {"^": OUTER, "@": ITEM}
TEXTS = {OUTER: "payload", ITEM: "item_text"}


def led(path: str) -> tuple[str, tuple[Step, ...]]:
    """Which JSON a path reads, and the steps inside it.

    `^` is the record around the row, `@` the element of `each`; alone they are its text.

    >>> led("^.sentAt")
    ('outer', (Step(name='sentAt', key=None, word=None, every=False),))
    >>> led("@"), led("a")[0]
    (('item', ()), 'record')
    """
    steps = parse(path)
    where = LEADS.get(steps[0].name, RECORD)
    return where, steps if where == RECORD else steps[1:]


def trees(paths: Iterable[str]) -> dict[str, Tree]:
    """What all `paths` together read of the row, of the record around it and of the element."""
    found = [led(path) for path in paths]
    names = {RECORD, *(where for where, steps in found if steps)}
    return {n: tree(steps for where, steps in found if where == n) for n in sorted(names)}


def tree(paths: Iterable[tuple[Step, ...]]) -> Tree:
    """The tree that all `paths` together read."""
    root = Tree()
    for steps in paths:
        root.add(steps)
    return root
