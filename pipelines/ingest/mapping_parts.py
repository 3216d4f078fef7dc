"""Records to parsed parts: each element of each record, read once, with its `let` values."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.ingest.mapping import Mapping
from pipelines.ingest.mapping_expr import Scope, let_column, text
from pipelines.ingest.mapping_paths import (
    ITEM,
    OUTER,
    RECORD,
    TEXTS,
    Step,
    Tree,
    parse,
    tree,
    trees,
)
from pipelines.ingest.mapping_walk import below, paths

KEPT = ("batch_id", "line", "file", "payload", "landed_at", "received_date")
PARTED = "\x1f"  # between a row and its element


def scope(mapping: Mapping) -> Scope:
    """What the expressions of a mapping can see."""
    return Scope(trees(paths(mapping)), mapping.null_words)


def parts(records: DataFrame, mapping: Mapping) -> DataFrame:
    """One row per part of a record: `part` from 0, its JSON `text`, and the parsed `record`.

    A part that is no object has a text and an empty record. An empty array has no parts.
    """
    mine = records.filter((F.col("mapping") == mapping.name) & F.col("error").isNull())
    named = mine.withColumnRenamed("received_at", "landed_at")
    numbered = named.select(*KEPT, F.posexplode_outer(_elements(mapping)).alias("part", "text"))
    row = text = F.col("text")
    item = F.lit(None).cast("string")
    if mapping.each:
        row, item = row["row"], row["item"]
        text = F.concat_ws(PARTED, row, item)
    read = {RECORD: row, OUTER: F.col("payload"), ITEM: item}
    seen = scope(mapping).trees
    parsed = [_parsed(read[name], tree).alias(name) for name, tree in seen.items()]
    if mapping.each:
        parsed.append(item.alias(TEXTS[ITEM]))
    part = F.coalesce("part", F.lit(0)).alias("part")
    return _with_lets(numbered.select(*KEPT, part, text.alias("text"), *parsed), mapping)


def _elements(mapping: Mapping) -> Column:
    """JSON texts of the parts: the elements of an array, or the one thing that is there."""
    rows = _listed(_found(F.col("payload"), mapping.rows))
    if not mapping.each:
        return rows
    return F.flatten(F.transform(rows, lambda row: _items(row, mapping.each)))


def _items(row: Column, paths: tuple[str, ...]) -> Column:
    """A row once per element of its list; once, without an element, if it has none."""
    found = _listed(_found(row, paths))
    items = F.when(F.size(found) > 0, found).otherwise(F.array(F.lit(None).cast("string")))
    return F.transform(items, lambda item: F.struct(row.alias("row"), item.alias("item")))


def _found(body: Column, paths: tuple[str, ...]) -> Column:
    """Text at the first of `paths` that is there; JSON that is kept as text is opened so."""
    found = [body if path == "$" else _inlined(body, parse(path)) for path in paths]
    return found[0] if len(found) == 1 else F.coalesce(*found)


def _listed(body: Column) -> Column:
    split = F.coalesce(F.from_json(body, "array<string>"), F.array(body))
    return F.when(F.startswith(F.ltrim(body), F.lit("[")), split).otherwise(F.array(body))


def _inlined(body: Column, steps: tuple[Step, ...]) -> Column:
    """Read by itself: what is a list to one path may be an object to the next."""
    column = F.from_json(body, tree([steps]).ddl())
    for step in steps:
        column = column.getField(step.name)
    return column


def _parsed(text: Column, read: Tree) -> Column:
    """A JSON text as a struct of texts; a value of a wrong type is null and spoils no other."""
    parsed = F.from_json(text, read.ddl())
    return parsed.cast(read.placed_ddl()) if read.is_ambiguous() else parsed


def _with_lets(parsed: DataFrame, mapping: Mapping) -> DataFrame:
    """Adds the `let` values, those that need others after them."""
    level: dict[str, int] = {}
    for name, expr in mapping.let.items():
        needs = [one.use for _, one in below((), expr) if one.use is not None]
        level[name] = 1 + max((level[other] for other in needs), default=-1)
    seen = scope(mapping)
    for depth in range(1 + max(level.values(), default=-1)):
        names = [name for name in mapping.let if level[name] == depth]
        lets = {let_column(name): text(mapping.let[name], seen) for name in names}
        parsed = parsed.withColumns({**lets, "text": unfused(F.col("text"))})
    return parsed


def unfused(column: Column) -> Column:
    """The same value, made so that Spark does not fuse this step with its neighbours.

    Fused, the steps of a long mapping are one method that the JVM runs uncompiled, or refuses.
    A comparator is what Spark cannot fuse; the step is then compiled in small methods. Put it on a
    column that every later step needs, or it is pruned.
    """
    return F.get(F.array_sort(F.array(column), lambda _one, _other: F.lit(0)), 0)
