"""One expression of a mapping as Spark columns. No row ever meets Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from expectations.contract import Type
from pipelines.identifiers import hashed, normalised_email, salesforce_id
from pipelines.ingest.mapping import Case, Expr
from pipelines.ingest.mapping_paths import TEXTS, Tree, led
from pipelines.ingest.mapping_types import typed

HOST = r"^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?//(?:[^/?#@]*@)?([^/?#:]+)"
TRUE_WORDS = ("true", "1", "yes", "t", "y")


@dataclass(frozen=True)
class Scope:
    """What an expression can see: the parsed columns, by name, and the `let` columns."""

    trees: dict[str, Tree]
    null_words: tuple[str, ...] = ()

    def path(self, path: str) -> Column:
        """Text at `path`, trimmed; null where there is nothing, only spaces or a null word."""
        text = F.trim(self.raw(path))
        if not self.null_words:
            return F.nullif(text, F.lit(""))
        return F.when(~text.isin(["", *self.null_words]), text)

    def raw(self, path: str) -> Column:
        """What stands at `path`, untouched."""
        where, steps = led(path)
        if not steps:
            return F.col(TEXTS[where])
        column, tree = F.col(where), self.trees[where]
        renamed = tree.is_ambiguous()
        for step in steps:
            name = tree.place(step.name) if renamed else step.name
            column, tree = column.getField(name), tree.children[step.name]
            if step.key is not None:
                key = tree.place(step.key) if renamed else step.key
                at = F.array_position(column.getField(key), step.word)
                column = F.get(column, at.cast("int") - 1)
        return column

    def let(self, name: str) -> Column:
        """A value the mapping named under `let`."""
        return F.col(let_column(name))


@dataclass(frozen=True)
class Value:
    """A typed value, the text it was made of, and whether that text could not be read."""

    column: Column
    text: Column
    bad: Column


def let_column(name: str) -> str:
    """Column that holds a `let` value between two steps of the plan."""
    return f"let_{name}"


def text(expr: Expr, scope: Scope) -> Column:
    """An expression as text."""
    return value(expr, scope, Type.STRING).column


def value(expr: Expr, scope: Scope, kind: Type) -> Value:
    """An expression as a value of `kind`; branches keep their own way of being read."""
    branches = _BRANCHES.get(expr.source)
    if branches is not None and not _has_steps(expr):
        found = branches(expr, scope, kind)
        return Value(_signed(found.column, expr), found.text, found.bad)
    origin = branches(expr, scope, Type.STRING).column if branches else _origin(expr, scope)
    given = _steps(origin, expr)
    column = _signed(typed(given, kind, expr), expr)
    bad = F.lit(False) if kind is Type.STRING else given.isNotNull() & column.isNull()
    return Value(column, given, bad)


def holds(case: Case, scope: Scope) -> Column:
    """Whether a case of `when` applies."""
    given = text(case.if_, scope)
    if case.exists is not None:
        return given.isNotNull() if case.exists else given.isNull()
    if case.equals is not None:
        return given == F.lit(case.equals)
    if case.in_ is not None:
        return given.isin(list(case.in_))
    return F.lower(given).isin(list(TRUE_WORDS))


def host(url: Column) -> Column:
    """Host of an address, lower case, without user and port."""
    return F.nullif(F.lower(F.regexp_extract(url, HOST, 1)), F.lit(""))


def url_param(url: Column, name: str) -> Column:
    """First value of a query parameter, decoded; looks for the name first, which is far cheaper."""
    found = F.regexp_extract(url, f"[?&]{name}=([^&#]*)", 1)
    decoded = F.trim(F.coalesce(F.try_url_decode(found), found))
    return F.when(F.contains(url, F.lit(f"{name}=")), F.nullif(decoded, F.lit("")))


def _has_steps(expr: Expr) -> bool:
    own = {"separator", "cases", "otherwise", "sign", expr.source}
    return bool(expr.model_fields_set - own)


def _origin(expr: Expr, scope: Scope) -> Column:
    match expr.source:
        case "path":
            return scope.path(expr.path or "")
        case "use":
            return scope.let(expr.use or "")
        case "const":
            return F.lit(expr.const)
        case "landed":
            return F.col("landed_at").cast("string")
        case "digest":
            arrays = [scope.raw(path) for path in expr.digest or ()]
            return F.xxhash64(F.sort_array(F.arrays_zip(*arrays))).cast("string")
        case _:
            return _concat(expr, scope)


def _concat(expr: Expr, scope: Scope) -> Column:
    """All parts joined; null if one is missing, since half a key is a wrong key."""
    joined: list[Column] = []
    for part in expr.concat or ():
        joined += [F.lit(expr.separator)] if joined and expr.separator else []
        joined.append(text(part, scope))
    return F.concat(*joined)


def _first(expr: Expr, scope: Scope, kind: Type) -> Value:
    """The first that is given; one that is given but unreadable is told, not skipped."""
    values = [value(one, scope, kind) for one in expr.first or ()]
    bad, unread = F.lit(False), F.lit(True)
    for one in values:
        bad, unread = bad | (unread & one.bad), unread & one.column.isNull()
    if kind is Type.STRING:
        bad = F.lit(False)
    return Value(_coalesce([v.column for v in values]), _coalesce([v.text for v in values]), bad)


def _when(expr: Expr, scope: Scope, kind: Type) -> Value:
    cases = [(holds(case, scope), value(case.then, scope, kind)) for case in expr.when or ()]
    return _chosen(cases, expr, scope, kind)


def _choose(expr: Expr, scope: Scope, kind: Type) -> Value:
    given = text(expr.choose or Expr(const=""), scope)
    cases = [(given == F.lit(word), value(then, scope, kind)) for word, then in _cases(expr)]
    return _chosen(cases, expr, scope, kind)


def _cases(expr: Expr) -> list[tuple[str, Expr]]:
    return list((expr.cases or {}).items())


def _chosen(cases: list[tuple[Column, Value]], expr: Expr, scope: Scope, kind: Type) -> Value:
    """The value of the first case that holds, else `otherwise`, else nothing."""
    if expr.otherwise is not None:
        last = value(expr.otherwise, scope, kind)
    else:
        nothing = F.lit(None).cast("string")
        last = Value(typed(nothing, kind, expr), nothing, F.lit(False))

    def pick(part: Callable[[Value], Column]) -> Column:
        return reduce(
            lambda rest, case: F.when(case[0], part(case[1])).otherwise(rest),
            reversed(cases),
            part(last),
        )

    return Value(pick(lambda v: v.column), pick(lambda v: v.text), pick(lambda v: v.bad))


def _corrected(expr: Expr, scope: Scope, kind: Type) -> Value:
    """A time moved by how wrong the sender's clock was; null if one of the three is missing."""
    given = expr.corrected
    if given is None:  # pragma: no cover - the compiler asks only where it is given
        raise ValueError("no times to correct")
    times = [value(one, scope, kind) for one in (given.received, given.sent, given.created)]
    received, sent, created = (F.unix_micros(one.column) for one in times)
    moved = F.try_add(F.try_subtract(received, sent), created)
    bad = times[0].bad | times[1].bad | times[2].bad
    return Value(F.timestamp_micros(moved), times[0].text, bad)


_BRANCHES = {"first": _first, "when": _when, "choose": _choose, "corrected": _corrected}


def _coalesce(columns: list[Column]) -> Column:
    return columns[0] if len(columns) == 1 else F.coalesce(*columns)


def _steps(column: Column, expr: Expr) -> Column:
    """The text steps, always in the order in which `Expr` lists them."""
    if expr.url_param:
        column = url_param(column, expr.url_param)
    if expr.host:
        column = host(column)
    if expr.extract:
        column = F.nullif(F.regexp_extract(column, expr.extract, 1), F.lit(""))
    if expr.lower or expr.upper:
        column = F.lower(column) if expr.lower else F.upper(column)
    if expr.null_words:
        column = F.when(~column.isin(list(expr.null_words)), column)
    if expr.map is not None:
        column = _mapped(column, expr)
    if expr.normalise:
        column = normalised_email(column) if expr.normalise == "email" else salesforce_id(column)
    return hashed(column, expr.hash) if expr.hash else column


def _mapped(column: Column, expr: Expr) -> Column:
    """The word's translation; an unlisted word gives the default, nothing stays nothing."""
    words = [F.lit(word) for pair in (expr.map or {}).items() for word in pair]
    known = F.try_element_at(F.create_map(*words), column)
    if expr.default is None:
        return known
    return F.when(column.isNotNull(), F.coalesce(known, F.lit(expr.default)))


def _signed(column: Column, expr: Expr) -> Column:
    if expr.sign is None:
        return column
    return F.abs(column) if expr.sign == "positive" else -F.abs(column)
