"""Every expression of a mapping, and where in the file it stands."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.ingest.mapping import Expr, Mapping
from pipelines.ingest.mapping_yaml import Place

Placed = tuple[Place, Expr]


def expressions(mapping: Mapping) -> Iterator[Placed]:
    """All expressions, outer before inner."""
    for place, expr in outermost(mapping):
        yield from below(place, expr)


def outermost(mapping: Mapping) -> Iterator[Placed]:
    """The expressions that make a column or a part of one."""
    if mapping.instance is not None:
        yield ("instance",), mapping.instance
    for block in ("let", "fields", "click_ids", "consent", "attributes"):
        for name, expr in getattr(mapping, block).items():
            yield (block, name), expr
    for number, one in enumerate(mapping.ids):
        yield ("ids", number, "value"), one.value
    if mapping.dedupe is not None:
        for block in ("parts", "otherwise"):
            for number, expr in enumerate(getattr(mapping.dedupe, block)):
                yield ("dedupe", block, number), expr
        if mapping.dedupe.earliest is not None:
            yield ("dedupe", "earliest"), mapping.dedupe.earliest
    for name, expr in mapping.bounds.also.items():
        yield ("bounds", "also", name), expr


def below(place: Place, expr: Expr) -> Iterator[Placed]:
    """The expression and those inside it."""
    yield place, expr
    for key in ("first", "concat"):
        for number, inner in enumerate(getattr(expr, key) or ()):
            yield from below((*place, key, number), inner)
    for number, case in enumerate(expr.when or ()):
        yield from below((*place, "when", number, "if"), case.if_)
        yield from below((*place, "when", number, "then"), case.then)
    for key in ("choose", "otherwise"):
        if getattr(expr, key) is not None:
            yield from below((*place, key), getattr(expr, key))
    if expr.corrected is not None:
        for key in ("received", "sent", "created"):
            yield from below((*place, "corrected", key), getattr(expr.corrected, key))
    for word, inner in (expr.cases or {}).items():
        yield from below((*place, "cases", word), inner)


def paths(mapping: Mapping) -> list[str]:
    """Every path the mapping reads."""
    found = []
    for _, expr in expressions(mapping):
        found += [path for path in (expr.path, *(expr.digest or ())) if path is not None]
    return found
