"""Form posts (application/x-www-form-urlencoded): one body per line, as webhooks once sent them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl

from pipelines.ingest.chunks import BAD_ENCODING, Chunk, gathered, one
from pipelines.ingest.streams import BYTE_ORDER_MARK, as_text, whole_lines

BAD_VALUE = "bad_value"


def form_chunks(pieces: Iterable[bytes]) -> Iterator[Chunk]:
    """One record per line; blank lines are counted but are no records."""
    return gathered(_records(pieces))


def _records(pieces: Iterable[bytes]) -> Iterator[Chunk]:
    at = 1
    for block in whole_lines(pieces):
        lines = block.split(b"\n")
        for line, raw in enumerate(lines, at):
            if body := raw.removeprefix(BYTE_ORDER_MARK).strip():
                yield _record(line, body)
        at += len(lines)


def _record(line: int, raw: bytes) -> Chunk:
    text, is_utf8 = as_text(raw)
    if not is_utf8:
        return one(line, text, BAD_ENCODING)
    try:
        return one(line, json.dumps(form_fields(text), ensure_ascii=False))
    except UnicodeDecodeError:
        return one(line, text, BAD_ENCODING)
    except ValueError:
        return one(line, text, BAD_VALUE)


def form_fields(body: str) -> dict[str, str | list[str]]:
    """Fields of a body; one that is sent several times is a list. ValueError if it is no form.

    >>> form_fields("event=opened&tag=a&tag=b+c&url=https%3A%2F%2Fx.example%2F%3Fa%3D1&empty=")
    {'event': 'opened', 'tag': ['a', 'b c'], 'url': 'https://x.example/?a=1', 'empty': ''}
    """
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(body, True, strict_parsing=True, errors="strict"):
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
