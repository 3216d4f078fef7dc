"""CSV files: one record per row, as a JSON object of texts."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from pipelines.ingest.chunks import BAD_ENCODING, COLUMN_COUNT, Chunk, gathered, one
from pipelines.ingest.csv_lines import Lines
from pipelines.ingest.options import ReadOptions
from pipelines.ingest.streams import as_text

LONGEST_FIELD = 2**30  # characters; csv's own limit of 131,072 is below some e-mail bodies


def csv_chunks(pieces: Iterable[bytes], options: ReadOptions) -> Iterator[Chunk]:
    """Records of a CSV file: a row's texts by column name, in the file's order, nothing trimmed.

    `line` is the physical line the row starts on. A row with too many or too few cells is a bad
    record with its raw text. If a stray quote made it swallow following lines, only its first
    line is blamed. A second column of the same name gets `__2`.
    """
    return gathered(_parts(Lines(pieces), options))


def _parts(lines: Lines, options: ReadOptions) -> Iterator[Chunk]:
    csv.field_size_limit(LONGEST_FIELD)
    dialect = _dialect(options)
    names = _names(lines, options, dialect)
    for _ in range(options.skip_rows_after_header):
        _next_row(lines, dialect)
    while lines.has_more():
        if not lines.again:
            yield _clean_rows(lines, names, dialect)
        if lines.again:
            yield from _odd_row(lines, names, dialect)


def _dialect(options: ReadOptions) -> dict[str, Any]:
    quoting = csv.QUOTE_MINIMAL if options.quote else csv.QUOTE_NONE
    quote = options.quote or None
    return {"delimiter": options.delimiter, "quotechar": quote, "quoting": quoting}


def _clean_rows(lines: Lines, names: list[str], dialect: dict[str, Any]) -> Chunk:
    """Rows up to the end of the block, or the first that needs a closer look."""
    reader = csv.reader(lines.rest, strict=True, **dialect)
    width, dumps, at, done = len(names), orjson.dumps, lines.at + len(lines.row), 0
    starts, payloads = [], []
    try:
        for cells in reader:
            if len(cells) != width:
                break
            # decoded since orjson's bytes hold 4 KiB each, whatever their length
            payloads.append(dumps(dict(zip(names, cells, strict=True))).decode())
            starts.append(at + done)
            done = reader.line_num
    except (csv.Error, TypeError):  # broken quotes, or bytes that are not text
        pass
    lines.start_row()
    lines.took(reader.line_num, reader.line_num - done)
    return Chunk(starts, payloads)


def _odd_row(lines: Lines, names: list[str], dialect: dict[str, Any]) -> Iterator[Chunk]:
    """One row, of which nothing is expected; a blank line is no record."""
    cells = _next_row(lines, dialect)
    if cells is not None and len(cells) != len(names):
        if not lines.raw().strip():
            return
        cells = _fitted(cells, names)
    try:
        if cells is not None:
            payload = orjson.dumps(dict(zip(names, cells, strict=False)))
            yield one(lines.at, payload)
            return
    except TypeError:  # bytes that are not text
        pass
    if len(lines.row) > 1 and not _is_well_quoted(lines.row, dialect):
        lines.keep_first()
    text, is_utf8 = as_text(lines.raw().encode("utf-8", "surrogateescape"))
    yield one(lines.at, text, COLUMN_COUNT if is_utf8 else BAD_ENCODING)


def _next_row(lines: Lines, dialect: dict[str, Any]) -> list[str] | None:
    """Cells of the next row, [] at the end; None if they cannot be told apart."""
    lines.start_row()
    try:
        cells = next(csv.reader(lines, **dialect), [])
    except csv.Error:
        cells, lines.is_cut = [], True
    if lines.is_cut:
        lines.keep_first()
        return None
    return cells


def _is_well_quoted(row: list[str], dialect: dict[str, Any]) -> bool:
    try:
        return len(list(csv.reader(row, strict=True, **dialect))) == 1
    except csv.Error:
        return False


def _fitted(cells: list[str], names: list[str]) -> list[str] | None:
    """Cells of a row whose only difference is a comma at its end, else None."""
    width = len(names)
    if len(cells) == width + 1 and not cells[-1]:
        return cells[:-1]
    may_end_early = bool(names) and names[-1] == f"column_{width}"
    return cells if may_end_early and len(cells) == width - 1 else None


def _names(lines: Lines, options: ReadOptions, dialect: dict[str, Any]) -> list[str]:
    for _ in range(options.skip_rows):
        _next_row(lines, dialect)
    if options.columns:
        return unique_names(options.columns)
    lines.start_row()
    cells: list[str] = []
    while lines.has_more() and not lines.raw().strip():
        cells = _next_row(lines, dialect) or []
    if options.header:
        return unique_names(cells)
    lines.again.extend(reversed(lines.row))
    lines.row = []
    return [f"column_{place}" for place in range(1, len(cells) + 1)]


def unique_names(cells: Iterable[str]) -> list[str]:
    """Column names of a header: blank ones are numbered, repeated ones get a suffix.

    >>> unique_names(["id", "value", "", "value", "value"])
    ['id', 'value', 'column_3', 'value__2', 'value__3']
    """
    names: list[str] = []
    for place, cell in enumerate(cells, 1):
        name = base = cell if cell.strip() else f"column_{place}"
        count = 1
        while name in names:
            count += 1
            name = f"{base}__{count}"
        names.append(name)
    return names
