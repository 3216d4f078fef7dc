"""The findings of a trial for a reader at a terminal: raw beside mapped, then the figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import zip_longest
from typing import Any

from rich.console import Console
from rich.text import Text

from pipelines.cli.looks import grid
from pipelines.sources.trial import WORD, Trial

WIDTH = 60
NOTHING = "nothing"
HIDDEN = ("payload", "payload_hash", "event_id", "record_version", "batch_id", "file", "line",
          "received_date", "received_at", "mapping", "event_date", "part", "source",
          "extracted_at", "reason", "bad_field", "bad_value")  # fmt: skip
AS_ALWAYS = {"op": "insert", "quality": "source", "traffic_scope": "none", "instance": ""}


def page(trial: Trial, found: dict[str, Any], out: Console) -> None:
    """Print what a trial found."""
    for row in trial.samples:
        out.print(Text.assemble((f"line {row['line']}", "bold"), _parted(row)))
        out.print(grid(["raw", "mapped"], list(side_by_side(row))))
        out.print()
    for line in figures(found):
        out.print(line, soft_wrap=True)


def _parted(row: dict[str, Any]) -> str:
    return f", part {row['part']}" if row["part"] else ""


def side_by_side(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The record's lines beside those of what became of it."""
    raw, made = [*_raw(row["payload"])], [*_made(row)]
    for left, right in zip_longest(raw, made, fillvalue=""):
        yield _cut(left), _cut(right)


def _raw(payload: str) -> Iterator[str]:
    try:
        record = json.loads(payload)
    except ValueError:  # cut off, or no JSON
        yield from payload.splitlines()
        return
    if not isinstance(record, dict):
        record = {"": record}
    for name, value in record.items():
        if value not in ("", None):
            yield f"{name}: {_plain(value)}"


def _made(row: dict[str, Any]) -> Iterator[str]:
    if row["reason"]:
        field = f" in {row['bad_field']}" if row["bad_field"] else ""
        yield f"rejected: {row['reason']}{field}: {_quoted(row['bad_value'])}"
        return
    for name, value in row.items():
        is_usual = value in (None, False, [], "") or AS_ALWAYS.get(name) == value
        if name in HIDDEN or is_usual:
            continue
        if name in ("click_ids", "consent", "attributes"):
            value = {key: word for key, word in value if key != WORD}
        if name == "ids":
            value = [f"{one['type']}:{one['value']}" for one in value]
        yield from [f"{name}: {_plain(value)}"] if value else []


def _plain(value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return format(value.normalize(), "f") if hasattr(value, "normalize") else str(value)


def _quoted(value: str | None) -> str:
    return NOTHING if value is None else repr(_cut(value))


def _cut(text: str) -> str:
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def figures(found: dict[str, Any]) -> Iterator[str]:
    """The figures, a line each."""
    part = "" if found["is_whole_file"] else " (only its beginning; see --limit)"
    yield f"{found['file']}: {found['records']} records{part}, mapped by {found['mapping']}"
    if not found["is_named_for_it"]:
        yield "name         the mapping does not read files of this name: see its read.files"
    yield f"accepted     {found['accepted']}"
    yield from _rejected(found["quarantine"])
    yield from _events(found) if "repeats" in found else _spend(found)
    sums = [f"{m['currency']} {m['sum']:,.2f} in {m['amounts']}" for m in found["money"]]
    yield f"money        {'; '.join(sums) or 'none'}"


def _rejected(entries: list[dict[str, Any]]) -> Iterator[str]:
    yield f"quarantine   {sum(one['count'] for one in entries)}"
    for one in entries:
        where = f" in {one['field']}" if one["field"] else ""
        first = f"first in line {one['first_line']}: {_quoted(one['first_value'])}"
        yield f"             {one['count']} {one['reason']}{where}, {first}"


def _events(found: dict[str, Any]) -> Iterator[str]:
    again, who, when = found["repeats"], found["identity"], found["time"]
    yield (
        f"repeats      {again['by_key']} by the declared key ({again['contradicting']} of them "
        f"with other words), {again['word_for_word']} word for word"
    )
    yield f"identity     {_percent(who['share'])} of events: {_words(who['types'])}"
    yield f"time         {_plain(when['first'])} to {_plain(when['last'])}"
    late, seen = _percent(when["late_share"]), _plain(when["as_of"])
    yield f"             {late} late as of {seen}; {ahead(when)}"
    yield f"event types  {_words(found['event_types'])}"
    if found["unmapped"]:
        yield f"unmapped     {_words(found['unmapped'])}"


def ahead(when: dict[str, Any]) -> str:
    """What is known of events in the future.

    >>> ahead({"future_share": None}), ahead({"future_share": 0.25})
    ('--as-of would tell the future', '25.0% in its future')
    """
    share = when["future_share"]
    return "--as-of would tell the future" if share is None else f"{_percent(share)} in its future"


def _spend(found: dict[str, Any]) -> Iterator[str]:
    days = found["days"]
    yield f"days         {_plain(days['first'])} to {_plain(days['last'])}"
    yield f"accounts     {', '.join(found['accounts']) or 'none'}; {found['campaigns']} campaigns"


def _words(counts: dict[str, int]) -> str:
    return ", ".join(f"{word} {count}" for word, count in counts.items()) or "none"


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{share:.1%}"
