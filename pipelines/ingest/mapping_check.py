"""What a mapping that parses can still get wrong."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator

from expectations.contract import Column, Table, Type
from expectations.tables import EVENTS, SPEND
from pipelines.ingest.mapping import SOURCES, Expr, Mapping
from pipelines.ingest.mapping_paths import ITEM, OUTER, RECORD, Step, led, parse
from pipelines.ingest.mapping_trust import TRUST
from pipelines.ingest.mapping_walk import below, expressions, outermost
from pipelines.ingest.mapping_yaml import Place, nearest

Problem = tuple[Place, str]

MADE_BY_US = {
    "event_id", "source", "instance", "ids", "click_ids", "consent", "attributes",
    "payload_hash", "mapping", "batch_id", "line", "event_date",
}  # fmt: skip
NEEDED = {
    "events": ("event_type", "occurred_at"),
    "spend": ("platform", "account_id", "channel", "cost", "spend_date"),
}
TABLE: dict[str, Table] = {"events": EVENTS, "spend": SPEND}
TIMES = ("epoch_s", "epoch_ms", "epoch_us", "iso", "date")
TIMED = (("dedupe", "earliest"),)  # times that are no fields
ONLY_WITH = {
    "separator": ("concat",), "cases": ("choose",), "otherwise": ("when", "choose"),
    "default": ("map",), "tz": ("ts",),
}  # fmt: skip


def columns(mapping: Mapping) -> dict[str, Column]:
    """Columns that the `fields` of a mapping may give."""
    table = TABLE[mapping.kind]
    return {name: of for name, of in table.columns.items() if name not in MADE_BY_US}


def problems(mapping: Mapping) -> Iterator[Problem]:
    """Every mistake, with its place in the file; later checks rely on earlier ones."""
    for place, expr in expressions(mapping):
        yield from _shape(place, expr)
    yield from _rows(mapping)
    yield from _uses(mapping)
    yield from _fields(mapping)
    yield from _words(mapping)
    yield from _ids(mapping)
    yield from _kind(mapping)


def _shape(place: Place, expr: Expr) -> Iterator[Problem]:
    given = [name for name in SOURCES if getattr(expr, name) is not None]
    if len(given) != 1:
        had = f"it has {' and '.join(given)}" if given else "it has none"
        yield place, f"a value comes from exactly one of {', '.join(SOURCES)}; {had}"
    for name, needs in ONLY_WITH.items():
        if name in expr.model_fields_set and not any(getattr(expr, n) is not None for n in needs):
            yield (*place, name), f"means nothing without {' or '.join(needs)}"
    if expr.choose is not None and not expr.cases:
        yield place, "choose needs cases"
    if expr.corrected is not None and len(expr.model_fields_set) > 1:
        yield place, "corrected gives a time, nothing more is done to it"
    yield from _paths(place, expr)
    yield from _steps(place, expr)


def _paths(place: Place, expr: Expr) -> Iterator[Problem]:
    for key, found in (("path", (expr.path,)), ("digest", expr.digest or ())):
        for path in found:
            try:
                steps = parse(path) if path is not None else ()
            except ValueError as problem:
                yield (*place, key), str(problem)
                return
            if key == "path" and any(step.every for step in steps):
                yield (*place, key), "[] takes every element, which only digest can; use [key=word]"


def _rows(mapping: Mapping) -> Iterator[Problem]:
    """`rows` and `each` are names with dots; what leads to them must be there."""
    for key, found in (("rows", mapping.rows), ("each", mapping.each)):
        for path in found:
            try:
                is_plain = path == "$" or all(step == Step(step.name) for step in parse(path))
            except ValueError as problem:
                yield (key,), str(problem)
                return
            if not is_plain or (key == "each" and path == "$"):
                yield (key,), f"{path!r} must be names with dots between them, e.g. data.items"
    for place, expr in expressions(mapping):
        where = led(expr.path)[0] if expr.path is not None else RECORD
        if where == ITEM and not mapping.each:
            yield (*place, "path"), "@ is an element of `each`, which is not given"
        if where == OUTER and mapping.rows == ("$",):
            yield (*place, "path"), "^ is the record around a row; here `rows` is the record itself"


def _steps(place: Place, expr: Expr) -> Iterator[Problem]:
    if expr.ts is not None and expr.ts not in TIMES and not re.search("y|u", expr.ts):
        hint = nearest(expr.ts, TIMES)
        yield (*place, "ts"), f"{expr.ts!r} is neither a known form nor a pattern; {hint}"
    if expr.tz is not None and expr.tz not in zoneinfo.available_timezones():
        hint = nearest(expr.tz, zoneinfo.available_timezones())
        yield (*place, "tz"), f"{expr.tz!r} is not a time zone; {hint[:200]}"
    if expr.extract is not None:
        try:
            groups = re.compile(expr.extract).groups
        except re.error as problem:
            yield (*place, "extract"), f"not a regular expression: {problem}"
            return
        if groups != 1:
            yield (*place, "extract"), f"needs exactly one (group), it has {groups}"


def _uses(mapping: Mapping) -> Iterator[Problem]:
    """`use` sees every name of `let`; a let sees those above it."""
    names = list(mapping.let)
    for place, expr in expressions(mapping):
        seen = names[: names.index(str(place[1]))] if place[0] == "let" else names
        if expr.use is not None and expr.use not in seen:
            yield (*place, "use"), f"no let above is called {expr.use!r}; {nearest(expr.use, seen)}"


def _fields(mapping: Mapping) -> Iterator[Problem]:
    known = columns(mapping)
    for name in mapping.fields:
        if name not in known:
            yield ("fields", name), f"not a field of {mapping.kind}; {nearest(name, known)}"
    for name in NEEDED[mapping.kind]:
        if name not in mapping.fields:
            yield ("fields",), f"{mapping.kind} need the field {name!r}, and it is not given"
    for number, name in enumerate(mapping.require):
        if name not in mapping.fields:
            hint = nearest(name, mapping.fields)
            yield ("require", number), f"{name!r} is not among the fields given; {hint}"
    for place, expr in outermost(mapping):
        kind = known[str(place[1])].type if place[0] == "fields" else Type.STRING
        kind = Type.TIMESTAMP if place in TIMED or place[:2] == ("bounds", "also") else kind
        for inner, one in below(place, expr):
            if one.corrected is not None and kind is not Type.TIMESTAMP:
                yield (*inner, "corrected"), "only a field that is a time is corrected"
            if one.ts is not None and kind not in (Type.TIMESTAMP, Type.DATE):
                yield (*inner, "ts"), "only a field that is a time or a date reads ts"
            if one.decimal is not None and kind is not Type.MONEY:
                yield (*inner, "decimal"), "only a field that is money reads decimal"


def _words(mapping: Mapping) -> Iterator[Problem]:
    """A field with a closed list of words gives only those."""
    for name, column in columns(mapping).items():
        if not column.one_of or name not in mapping.fields:
            continue
        for place, expr in results(("fields", name), mapping.fields[name]):
            given = [expr.const, expr.default, *(expr.map or {}).values()]
            for word in given:
                if word is not None and word not in column.one_of:
                    hint = nearest(word, column.one_of)
                    yield place, f"{word!r} is not a word of {name}; {hint}"


def results(place: Place, expr: Expr) -> Iterator[tuple[Place, Expr]]:
    """The inner expressions that can become the value, so not the conditions of a `when`."""
    conditions = [(*place, "when", n, "if") for n in range(len(expr.when or ()))]
    conditions.append((*place, "choose"))
    if expr.map is not None:
        yield place, expr
        return
    for inner, one in below(place, expr):
        if not any(inner[: len(condition)] == condition for condition in conditions):
            yield inner, one


def _ids(mapping: Mapping) -> Iterator[Problem]:
    for number, one in enumerate(mapping.ids):
        if one.type not in TRUST and one.trust is None:
            hint = nearest(one.type, TRUST)
            yield ("ids", number, "type"), f"{one.type!r} is new, so give its trust; or {hint}"


def _kind(mapping: Mapping) -> Iterator[Problem]:
    if mapping.kind == "spend":
        for name in ("ids", "click_ids", "consent", "attributes", "dedupe", "instance"):
            if getattr(mapping, name):
                yield (name,), "spend is replaced by day, it has no such part"
        if "currency" not in mapping.fields and mapping.default_currency is None:
            yield ("fields",), "spend needs the field 'currency', or a default_currency"
