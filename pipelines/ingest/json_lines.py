"""JSON files: one record per line, or one document."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import chain

import orjson

from pipelines.ingest.chunks import BAD_ENCODING, BAD_JSON, Chunk, gathered, one
from pipelines.ingest.json_document import document_records
from pipelines.ingest.streams import BYTE_ORDER_MARK, as_text, whole_lines

RECORD_TYPES = {dict, list}
LONGEST_HEAD = 64 * 2**20
OPENERS = (b"[", b"{", b"[{", b"[[")


def json_chunks(pieces: Iterable[bytes]) -> Iterator[Chunk]:
    """Records of a file that is lines of JSON or a document; its beginning tells which."""
    pieces = iter(pieces)
    head = _head(pieces)
    later = next(pieces, None)
    whole = chain([head] if later is None else [head, later], pieces)
    if is_lines(head, is_whole=later is None):
        return line_chunks(whole)
    return gathered(document_records(whole))


def _head(pieces: Iterator[bytes]) -> bytes:
    """The beginning of a file, with its first line if that is not too long."""
    head = b""
    for piece in pieces:
        head += piece
        if b"\n" in head.lstrip() or len(head) >= LONGEST_HEAD:
            break
    return head


def is_lines(head: bytes, is_whole: bool) -> bool:
    r"""Whether a file that begins with `head` is lines of JSON, not one document.

    A single line that is an array is a document. If the first line is broken, further lines
    that begin as it does, unindented, show that it was meant to be lines.

    >>> is_lines(b'{"a": 1}\n{"a": 2}', True), is_lines(b'[{"a": 1},\n{"a": 2}]', True)
    (True, False)
    >>> is_lines(b'{"a": \n{"a": 2}', True), is_lines(b'{\n  "a": 2\n}', True)
    (True, False)
    """
    first, newline, later = head.lstrip().partition(b"\n")
    if is_record(first.decode("utf-8", "surrogateescape")):
        return bool(later.strip()) or not is_whole
    if first[:1] not in (b"{", b"["):
        return True
    if not newline or first.strip() in OPENERS:
        return False
    return b"\n" + first[:1] in newline + later


def is_record(text: str | bytes) -> bool:
    r"""Whether text is a JSON object or array.

    >>> is_record('{"a": NaN}'), is_record('"a"'), is_record('{"a": "\\ud83d"}'), is_record("{")
    (True, False, True, False)
    """
    try:
        return type(orjson.loads(text)) in RECORD_TYPES
    except orjson.JSONDecodeError:
        pass
    try:  # NaN, half emojis and huge numbers are common in real exports and harm nobody
        return type(json.loads(text)) in RECORD_TYPES
    except (ValueError, RecursionError):
        return False


def line_chunks(pieces: Iterable[bytes]) -> Iterator[Chunk]:
    """Records of a file of JSON lines; blank lines are counted but are no records."""
    at = 1
    for block in whole_lines(pieces):
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n").removesuffix(b"\r")
        lines = block.split(b"\n")
        yield _chunk(lines, at)
        at += len(lines)


def _chunk(lines: list[bytes], first: int) -> Chunk:
    try:  # runs in C; almost every block is clean
        if set(map(type, map(orjson.loads, lines))) <= RECORD_TYPES:
            return Chunk(range(first, first + len(lines)), lines)
    except orjson.JSONDecodeError:
        pass
    cleaned = ((at, raw.removeprefix(BYTE_ORDER_MARK)) for at, raw in enumerate(lines, first))
    judged = [_judge(at, raw) for at, raw in cleaned if raw.strip()]
    return next(gathered(judged, sys.maxsize), Chunk((), ()))


def _judge(line: int, raw: bytes) -> Chunk:
    text, is_utf8 = as_text(raw)
    if not is_utf8:
        return one(line, text, BAD_ENCODING)
    return one(line, raw, None if is_record(raw) else BAD_JSON)
