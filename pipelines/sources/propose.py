"""A mapping for a file nobody has described: proposed from names and values, and how sure it is.

A line ends in a word: `sure` (name and values agree), `likely` (the name says so), `guess` (only
the values do) or `assumed` (the file cannot tell).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Dict
from pathlib import Path

from pipelines.errors import UnfitFileError, UsageError
from pipelines.ingest.decode import plain_name
from pipelines.ingest.options import ReadOptions
from pipelines.sources.columns import Columns
from pipelines.sources.names import (
    CLICK_NAMES,
    CLICKS,
    COST,
    EVENT_OF,
    FIELDS,
    GERMAN,
    IDS,
    KEYS,
    SHOWN,
    plain,
)
from pipelines.sources.shapes import TIMES, shape
from pipelines.sources.sniff import Sniffed, sniffed
from pipelines.sources.yaml_words import flow, word

NO_ZONE = ("iso", "date", "compact", "pattern")
WRITTEN = {"zoned": "iso", "compact": "yyyyMMdd"}  # how a mapping calls a kind of time
TAGS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
NAME = re.compile("[a-z][a-z0-9_]*")
UNIQUE = 0.9  # share of values that must differ in a column that names a row
LONGEST_NOTE = 160


def proposed(path: Path, name: str = "") -> tuple[str, str]:
    """A mapping for a file, and what it is called; UsageError if that can be no name."""
    called = name or slug(plain_name(path.name).rsplit(".", 1)[0])
    if not NAME.fullmatch(called):
        raise UsageError(
            f"{called!r} is no name for a source: give --name, of a-z, 0-9 and _, as in my_shop."
        )
    return proposal(sniffed(path), called, Path(plain_name(path.name)).suffix), called


def slug(stem: str) -> str:
    """A name for a source, of a file's name: without dates and counters at its end.

    >>> slug("Vorgänge 2026-03"), slug("orders_export_1")
    ('vorgaenge', 'orders_export')
    """
    text = re.sub(r"[^a-z0-9]+", "_", stem.lower().translate(GERMAN))
    return re.sub(r"(_?\d+)*$", "", text).strip("_")


def proposal(found: Sniffed, name: str, suffix: str) -> str:
    """The text of a mapping called `name`, for files of this suffix."""
    names = dict.fromkeys(path for record in found.records for path in record)
    shapes = {path: shape(r.get(path, "") for r in found.records) for path in names}
    columns = Columns(shapes, len(found.records))
    if columns.named(COST) and columns.named(SHOWN):
        raise UnfitFileError(
            "This looks like advertising cost, not events: see `touchstone sources list` for "
            "mappings of spend, and copy the one called cost if none fits."
        )
    body = [*_fields(columns, found.records)]
    rest = [*_ids(columns), *_clicks(columns, found.records), *_key(columns)]
    left = [path for path in shapes if path not in columns.taken]
    lines = [
        (f"source: {name}", ""),
        ("version: 1", ""),
        (f"read: {_read(found.options, name, suffix)}", "; ".join(found.notes)),
        *([(f"rows: {found.rows}", "likely: by its name")] if found.rows != "$" else []),
        *_currency(body),
        ("fields:", f"left out: {', '.join(left)}" if left else ""),
        *((f"  {text}", note) for text, note in body),
        *rest,
    ]  # fmt: skip
    return "".join(f"{text}{_comment(note)}\n" for text, note in lines)


def _comment(note: str) -> str:
    bare = " ".join(note.split())
    return f"  # {bare[:LONGEST_NOTE]}{'…' if len(bare) > LONGEST_NOTE else ''}" if bare else ""


def _read(options: ReadOptions, name: str, suffix: str) -> str:
    """The block `read`, with what is not usual."""
    usual = ReadOptions()
    given = {"files": f"{name}/**/*{suffix}", "format": options.format}
    for key in ("encoding", "delimiter", "header", "skip_rows", "skip_rows_after_header"):
        value = getattr(options, key)
        if value != getattr(usual, key):
            given[key] = value
    return flow(given)


Lines = Iterator[tuple[str, str]]


def _fields(columns: Columns, records: Iterable[Dict[str, str]]) -> Lines:
    """Lines of `fields`. What has the plainest values chooses first."""
    found = {
        name: columns.take(name, FIELDS[name])
        for name in ("occurred_at", "currency", "order_id", "value")
    }
    yield _event_type(columns, has_orders=bool(found["order_id"] or found["value"]))
    yield _time(columns, found["occurred_at"])
    for name in ("order_id", "value", "currency"):
        if taken := found[name]:
            yield (
                f"{name}: {_amount(columns, taken[0]) if name == 'value' else word(taken[0])}",
                taken[1],
            )
    rest = [name for name in FIELDS if name not in (*found, "event_type")]
    urls = []
    for name in rest:
        if taken := columns.take(name, FIELDS[name]):
            yield f"{name}: {word(taken[0])}", taken[1]
            urls += [taken[0]] if name == "page_url" else []
        elif name in TAGS and (url := _tagged(urls, name, records)):
            yield f"{name}: {flow({'path': url, 'url_param': name})}", "sure: addresses have it"


def _tagged(urls: list[str], name: str, records: Iterable[Dict[str, str]]) -> str | None:
    """The column of addresses that have a parameter of this name."""
    return next((u for u in urls if any(f"{name}=" in r.get(u, "") for r in records)), None)


def _event_type(columns: Columns, has_orders: bool) -> tuple[str, str]:
    """A translation of the column whose words we know best; else one word for all rows."""
    for path in columns.named(FIELDS["event_type"]):
        words = columns.shapes[path].words
        known = {one: EVENT_OF[plain(one)] for one in words if plain(one) in EVENT_OF}
        if known:
            columns.taken[path] = None
            unknown = [one for one in words if one not in known]
            note = f"likely: by name and words; not known: {', '.join(unknown)}" if unknown else ""
            told = {"path": path, "map": known, "default": "other"}
            return f"event_type: {flow(told)}", note or "sure: every word is known"
    one = "order" if has_orders else "page_view"
    return f"event_type: {{const: {one}}}", "assumed: no column says what happened"


def _time(columns: Columns, named: tuple[str, str] | None) -> tuple[str, str]:
    """The column of times. A zone that the file does not tell is UTC until somebody says."""
    shaped = [p for p, one in columns.shapes.items() if one.kind in TIMES and one.kind != "compact"]
    if named is None and not shaped:
        raise UnfitFileError(
            f"No column looks like a time, and every event needs one. Columns: "
            f"{', '.join(columns.shapes) or 'none'}."
        )
    path, note = named or (shaped[0], "guess: the first column of times")
    columns.taken[path] = None
    one = columns.shapes[path]
    told = {"path": path, "ts": one.pattern or WRITTEN.get(one.kind, one.kind)}
    if not one.is_sure:
        note += "; assumed: the day comes before the month"
    if one.kind in NO_ZONE:
        told["tz"] = "UTC"
        note += "; assumed: UTC, the file tells no time zone"
    return f"occurred_at: {flow(told)}", note


def _amount(columns: Columns, path: str) -> str:
    one = columns.shapes[path]
    told: dict[str, object] = {"path": path}
    if one.kind == "amount":
        told["extract"] = r"([-+]?\d[\d.,']*)"
    if one.thousands or one.point != ".":
        marks = {"thousands": one.thousands, "point": one.point}
        told["decimal"] = {key: mark for key, mark in marks.items() if mark}
    return flow(told) if len(told) > 1 else word(path)


def _currency(body: list[tuple[str, str]]) -> Lines:
    """A currency for amounts that come without one."""
    given = {text.split(":")[0] for text, _ in body}
    if "value" in given and "currency" not in given:
        yield "default_currency: EUR", "assumed: no column names a currency"


def _ids(columns: Columns) -> Lines:
    """One line for up to two identifiers, else a line for each."""
    told, notes = [], []
    for kind, names in IDS.items():
        taken = columns.take(kind, names)
        if taken is None and kind == "email_sha256":
            shaped = [p for p, one in columns.shapes.items() if one.kind == "email"]
            taken = (shaped[0], "guess: its values are addresses") if shaped else None
        if taken:
            columns.taken[taken[0]] = None
            hashed = {"path": taken[0], "normalise": "email", "hash": "sha256"}
            told.append({"type": kind, "value": hashed if kind == "email_sha256" else taken[0]})
            notes.append(taken[1])
    if len(told) > 2:
        yield "ids:", ""
        yield from ((f"  - {flow(one)}", note) for one, note in zip(told, notes, strict=True))
    elif told:
        yield f"ids: [{', '.join(map(flow, told))}]", "; ".join(dict.fromkeys(notes))


def _clicks(columns: Columns, records: Iterable[Dict[str, str]]) -> Lines:
    """Click ids that have a column, or stand in the address of the page."""
    urls = [path for path in columns.taken if columns.shapes[path].kind == "url"]
    told: dict[str, object] = {}
    for compared in CLICKS:
        name = CLICK_NAMES.get(compared, compared)
        if taken := columns.take("click_id", (compared,)):
            told[name] = taken[0]
        elif url := _tagged(urls, name, records):
            told[name] = {"path": url, "url_param": name}
    if told:
        yield f"click_ids: {flow(told)}", "sure: by name"


def _key(columns: Columns) -> Lines:
    """What makes a row itself: a column of such a name whose values nearly all differ."""
    for path in columns.named(KEYS):
        one = columns.shapes[path]
        if one.filled == columns.rows and one.distinct >= UNIQUE * one.filled:
            columns.taken[path] = None
            note = f"likely: {one.distinct} different values in {one.filled} rows"
            yield f"dedupe: {{parts: [{word(path)}]}}", note
            return
