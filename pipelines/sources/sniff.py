"""How a file is written, as far as its beginning tells: encoding, delimiter, header, nesting."""

from __future__ import annotations

import codecs
import csv
import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from pipelines.errors import MissingInputError, UnfitFileError
from pipelines.ingest.batch import Batch
from pipelines.ingest.decode import decode, plain_name, settled
from pipelines.ingest.options import ReadOptions
from pipelines.ingest.streams import BYTE_ORDER_MARK, WIDE_MARKS, opened, readable
from pipelines.sources.shapes import is_typed

HEAD = 2**20  # bytes looked at
RECORDS = 2000  # records looked at
LINES = 200  # of which the delimiter is told
DELIMITERS = (";", ",", "\t", "|")
MOST_HEADERS = 5
MOST_ODD = 0.1  # share of lines that may have another number of cells
NOT_CP1252 = b"\x81\x8d\x8f\x90\x9d"  # bytes that cp1252 leaves open and Latin-1 does not
ENVELOPES = (
    "results", "data", "items", "records", "rows", "events", "batch", "values", "entries",
    "elements", "orders", "customers", "contacts", "refunds", "tickets", "users",
)  # fmt: skip


@dataclass(frozen=True)
class Sniffed:
    """How to read a file, what that rests on, and its first records by column."""

    options: ReadOptions
    notes: tuple[str, ...]
    rows: str  # path of the rows inside a record, $ if it is one itself
    records: tuple[dict[str, str], ...]


def sniffed(path: Path) -> Sniffed:
    """How the file at `path` is written; UnfitFileError if nothing in it is a record."""
    if not path.is_file():
        raise MissingInputError(f"There is no file {path}.")
    with readable(str(path)), opened(path) as stream:
        head = stream.read(HEAD)
    encoding, note = encoding_of(head)
    options = settled(path, plain_name(path.name), ReadOptions(encoding=encoding))
    notes = [note] if encoding != "utf-8" else []
    if options.format == "csv":
        options, more = _csv(head.decode(_codec(head, encoding), "replace"), options)
        notes += more
    records = _records(path, options)
    rows = rows_of(records)
    flat = tuple(flattened(one) for record in records for one in _inner(record, rows))
    if not any(flat):
        raise UnfitFileError(f"{path} has no record that can be read as {options.format}.")
    return Sniffed(options, tuple(notes), rows, flat)


def encoding_of(head: bytes) -> tuple[str, str]:
    r"""Encoding of a file that begins so, and how sure that is.

    >>> encoding_of("Größe".encode())
    ('utf-8', 'sure: it is valid UTF-8')
    >>> encoding_of("Größe".encode("latin-1"))[0], encoding_of(b"\xff\xfea\x00")[0]
    ('cp1252', 'utf-16')
    """
    if head.startswith(BYTE_ORDER_MARK):
        return "utf-8", "sure: it has a byte order mark"
    if head.startswith(WIDE_MARKS):
        return "utf-16", "sure: it has a byte order mark"
    if head[1::2].count(0) > len(head) // 4:
        return "utf-16-le", "likely: every other byte is 0"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        western = "latin-1" if any(byte in NOT_CP1252 for byte in head) else "cp1252"
        return western, f"assumed: not UTF-8, so {western}, as in Western Europe"
    return "utf-8", "sure: it is valid UTF-8"


def _codec(head: bytes, encoding: str) -> str:
    return "utf-8-sig" if head.startswith(BYTE_ORDER_MARK) else encoding


def _csv(text: str, options: ReadOptions) -> tuple[ReadOptions, list[str]]:
    """Options with the delimiter and the places of header and data."""
    delimiter, share = delimiter_of(text)
    rows = _rows(text, delimiter) or [[]]
    width = _usual([row for row in rows if any(row)])
    first = next((at for at, row in enumerate(rows) if len(row) == width and any(row)), 0)
    found = replace(options, delimiter=delimiter, skip_rows=first)
    sure = "sure" if share == 1 and width > 1 else "likely"
    notes = [f"{sure}: {share:.0%} of lines have {width} columns"]
    header, data = rows[first], [row for row in rows[first + 1 :] if len(row) == width]
    if not _is_header(header, data):
        return replace(found, header=False), [*notes, "likely: no header"]
    after = _between(data)
    more = [f"likely: {after} more lines of header"] if after else []
    return replace(found, skip_rows_after_header=after), [*notes, *more]


def delimiter_of(text: str) -> tuple[str, float]:
    """The delimiter that cuts most lines alike, and into most cells; the share of such lines.

    >>> delimiter_of("a;b;c\\n1,5;2,25;x\\n1;2,5;y\\n")
    (';', 1.0)
    """
    best = (0.0, 1, DELIMITERS[1])
    for delimiter in DELIMITERS:
        rows = _cells(text, delimiter)
        width = _usual(rows)
        share = sum(len(row) == width for row in rows) / max(len(rows), 1)
        if width > best[1] and share >= 1 - MOST_ODD:
            best = (share, width, delimiter)
    return best[2], best[0] or 1.0


def _cells(text: str, delimiter: str) -> list[list[str]]:
    """Cells of the first lines, blank lines left out."""
    return [row for row in _rows(text, delimiter) if any(row)]


def _rows(text: str, delimiter: str) -> list[list[str]]:
    """Cells of the first lines; none if they are not quoted as CSV is."""
    lines = text.splitlines(keepends=True)[: LINES + 1]
    whole = lines[:-1] if len(lines) > LINES else lines
    try:
        return list(csv.reader(whole, delimiter=delimiter))
    except csv.Error:
        return []


def _usual(rows: list[list[str]]) -> int:
    """The width most rows have; of equally frequent ones the greater."""
    widths = Counter(map(len, rows))
    return max(widths, key=lambda width: (widths[width], width), default=1)


def _is_header(row: list[str], data: list[list[str]]) -> bool:
    """No cell is a number, a time or an address; and no two are alike, or values below are such."""
    is_unlike = bool(data) and any(map(is_typed, data[-1]))
    return not any(map(is_typed, row)) and (is_unlike or len(set(row)) == len(row))


def _between(data: list[list[str]]) -> int:
    """How many lines after the header are no data: nothing typed where the last line has it."""
    typed = [at for at, cell in enumerate(data[-1] if data else ()) if is_typed(cell)]
    found = next((n for n, row in enumerate(data) if any(is_typed(row[at]) for at in typed)), 0)
    return found if found <= MOST_HEADERS else 0


def _records(path: Path, options: ReadOptions) -> list[Any]:
    """First records, as the reader of landed files gives them."""
    batch = Batch("", "sniffed", "sniffed", path.name, 0, datetime(1970, 1, 1, tzinfo=UTC))
    rows = (row for rows in decode(path, batch, options) for row in rows.to_pylist())
    return [json.loads(row["payload"]) for row in islice(rows, RECORDS) if row["error"] is None]


def rows_of(records: list[Any]) -> str:
    """Path of the list that holds the rows, if records are envelopes around one.

    >>> rows_of([{"data": {"items": [{"id": 1}]}, "page": 2}]), rows_of([{"id": 1}])
    ('data.items', '$')
    """
    paths = Counter(path for record in records for path in _lists(record))
    return next((path for path, count in paths.most_common() if count == len(records)), "$")


def _lists(record: Any, depth: int = 2) -> list[str]:
    if not isinstance(record, dict):
        return []
    found: list[str] = []
    for name in (name for name in record if name in ENVELOPES):
        value = record[name]
        if isinstance(value, list) and value and isinstance(value[0], dict):
            found.append(name)
        elif depth > 1:
            found += [f"{name}.{inner}" for inner in _lists(value, depth - 1)]
    return found


def _inner(record: Any, rows: str) -> list[Any]:
    for name in rows.split(".") if rows != "$" else ():
        record = record[name]
    return record if isinstance(record, list) else [record]


def flattened(record: Any, before: str = "") -> dict[str, str]:
    """Texts of a record by path; lists are left out.

    >>> flattened({"a": {"b.c": 1, "d": None}, "e": [1], "f": True})
    {'a."b.c"': '1', 'f': 'true'}
    """
    found: dict[str, str] = {}
    for name, value in record.items() if isinstance(record, dict) else ():
        path = before + (f'"{name}"' if any(c in name for c in '.[]"^@') else name)
        if isinstance(value, dict):
            found |= flattened(value, f"{path}.")
        elif value is not None and not isinstance(value, list):
            found[path] = value if isinstance(value, str) else json.dumps(value)
    return found
