"""Dirt that real exports have, put on clean samples."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pipelines.ingest.options import ReadOptions

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DEEP = "[" * 3000 + "]" * 3000
# a line of JSON that is none, or of the wrong type, or not text
BAD_LINES = (b'{"cut": ', b'"a text"', b"7", b"null", b'{"a": "\xff"}', DEEP[:3000].encode(), b"]")
BAD_FORMS = (b"no form", b"a=%E4", b"\xe4=1")
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
# in place of any value
POISONS: tuple[object, ...] = (
    None, "", "null", "abc", EMPTY_MD5, "No response", "-2006-01-05 10:00:00.123",
    "0000-01-05T10:00:00Z", "2124-03-04T00:00:00Z", "9999-12-31", "13/31/2026", 1e300, -(10**30),
    "1.2.3,4", True, {}, [], [7, None, {"a": [[]]}], {"": None}, "x" * 70_000, "\x00\ud83d\n",
)  # fmt: skip


def dressed(content: bytes, options: ReadOptions, is_csv: bool) -> bytes:
    """The same records with a byte order mark, CRLF, no final newline; of CSV with padded values
    and a column told twice.
    """
    text = _padded(content.decode("utf-8-sig"), options) if is_csv else content.decode("utf-8-sig")
    lines = text.replace("\r\n", "\n").rstrip("\n").replace("\n", "\r\n")
    return BYTE_ORDER_MARK + lines.encode()


def soiled(content: bytes, options: ReadOptions, is_csv: bool, is_form: bool) -> tuple[bytes, int]:
    """The dressed file with bad lines and blank ones before its last record, and how many are bad.

    A document of JSON has no lines: of one that is an array, bad elements are added.
    """
    clean = dressed(content, options, is_csv)
    lines = clean.split(b"\r\n")
    if is_csv:
        width = len(next(csv.reader([lines[0].decode("utf-8-sig")], delimiter=options.delimiter)))
        more = options.delimiter.encode() * (width + 1)
        bad: Iterable[bytes] = (b"one cell", b"x" + more, more[:-2] + b"\xff", b"\xff" + more)
    elif is_form:
        bad = BAD_FORMS
    elif _is_document(clean):
        is_array = clean.rstrip().endswith(b"]") and clean[3:].lstrip().startswith(b"[")
        return (clean.rstrip()[:-1] + b', "a text", 7, null]', 3) if is_array else (clean, 0)
    else:
        bad = BAD_LINES
    told = [*lines[:-1], b"", *bad, b"  ", lines[-1]]
    return b"\r\n".join(told), len(tuple(bad))


def poisoned(payload: str) -> Iterator[str]:
    """The record once per value in it and poison, with the poison in the value's place."""
    yield from (json.dumps(poison) for poison in ({}, {"": {}}, [], [[]], [None], {"a": DEEP}))
    record = json.loads(payload)
    for place in _places(record):
        for poison in POISONS:
            yield json.dumps(_replaced(record, place, poison))


def _is_document(content: bytes) -> bool:
    first, _, rest = content.removeprefix(BYTE_ORDER_MARK).partition(b"\r\n")
    try:
        return isinstance(json.loads(first), list) or not rest.strip()
    except ValueError:
        return True


def _padded(text: str, options: ReadOptions) -> str:
    into = io.StringIO()
    writer = csv.writer(into, delimiter=options.delimiter, lineterminator="\n")
    for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=options.delimiter)):
        if row:
            name = row[-1] if number == 0 else "told twice"
            writer.writerow([*(row if number == 0 else (f"  {cell}  " for cell in row)), name])
    return into.getvalue()


def _places(value: Any, at: tuple = ()) -> Iterator[tuple]:
    """Where every value of a record stands, those that hold others too."""
    if at:
        yield at
    for key in _keys(value):
        yield from _places(value[key], (*at, key))


def _keys(value: Any) -> Iterable[Any]:
    if isinstance(value, list):
        return range(len(value))
    return value if isinstance(value, dict) else ()


def _replaced(value: Any, at: tuple, poison: object) -> object:
    if not at:
        return poison
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = _replaced(copy[at[0]], at[1:], poison)
    return copy


def samples(golden: Path) -> list[tuple[str, Path]]:
    """Every sample of every shipped mapping, with the mapping's name."""
    found = (path for path in sorted(golden.glob("*/*")) if path.name != "expected.json")
    return [(path.parent.name, path) for path in found]
