"""Decoded records on their way to Arrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa

CHUNK = 8 * 2**20

BAD_ENCODING = "bad_encoding"
BAD_JSON = "bad_json"
BAD_PARQUET = "bad_parquet"
COLUMN_COUNT = "column_count"


class Chunk(NamedTuple):
    """Records, column by column: line from 1, text, why it is bad; no `errors` if none is."""

    lines: Sequence[int]
    payloads: Sequence[bytes | str] | pa.Array
    errors: Sequence[str | None] | None = None


def one(line: int, payload: bytes | str, error: str | None = None) -> Chunk:
    """A single record."""
    return Chunk((line,), (payload,), (error,))


def gathered(parts: Iterable[Chunk], size: int = CHUNK) -> Iterator[Chunk]:
    """Larger chunks of the same records, as soon as their payloads reach `size`.

    >>> [list(c.lines) for c in gathered([one(1, "ab"), one(2, "cd"), one(3, "e")], 4)]
    [[1, 2], [3]]
    """
    lines: list[int] = []
    payloads: list[bytes | str] = []
    errors: list[str | None] = []
    held = 0
    for part in parts:
        lines += part.lines
        payloads += part.payloads
        if part.errors:
            errors += [None] * (len(lines) - len(part.lines) - len(errors))
            errors += part.errors
        held += sum(map(len, part.payloads))
        if held >= size:
            yield _filled(lines, payloads, errors)
            lines, payloads, errors, held = [], [], [], 0
    if lines:
        yield _filled(lines, payloads, errors)


def _filled(lines: list[int], payloads: list[bytes | str], errors: list[str | None]) -> Chunk:
    if not any(errors):
        return Chunk(lines, payloads)
    return Chunk(lines, payloads, errors + [None] * (len(lines) - len(errors)))
