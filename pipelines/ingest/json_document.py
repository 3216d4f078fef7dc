"""JSON documents: an array of records, one object, or several values in a row."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator

from pipelines.ingest.chunks import BAD_ENCODING, BAD_JSON, Chunk, one
from pipelines.ingest.streams import as_text

LONGEST_RECORD = 256 * 2**20  # characters; a longer one is a broken document
NEAR_END = 16  # an error this near to the end of the text may be a value cut in two
PARSE = json.JSONDecoder().raw_decode
SPACE = re.compile(r"[ \t\r\n]*")


class _UndecodableError(Exception):
    """No JSON value starts where one should."""


class _Text:
    """A window that slides over a document's text; `at` is where the next value starts."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = _decoded(pieces)
        self.text = ""
        self.at = 0

    def more(self) -> bool:
        """Slide on; False if nothing is left.

        The window at least doubles while a value does not fit, so a long value stays cheap.
        """
        parts, wanted = [self.text[self.at :]], max(1, len(self.text) - self.at)
        while wanted > 0 and (piece := next(self.pieces, None)) is not None:
            parts.append(piece)
            wanted -= len(piece)
        if len(parts) == 1:
            return False
        self.text, self.at = "".join(parts), 0
        return True

    def peek(self) -> str:
        """Skip white space; the next character, '' at the end."""
        while True:
            self.at = SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def value(self) -> str:
        """Text of the value at `at`, as it is written."""
        while True:
            try:
                _, end = PARSE(self.text, self.at)
            except json.JSONDecodeError as error:
                if self._is_broken(error) or not self.more():
                    raise _UndecodableError from None
            except (RecursionError, ValueError):
                raise _UndecodableError from None
            else:
                if end < len(self.text) or not self.more():
                    found, self.at = self.text[self.at : end], end
                    return found

    def _is_broken(self, error: json.JSONDecodeError) -> bool:
        if len(self.text) - self.at > LONGEST_RECORD:
            return True
        is_cut = error.msg.startswith("Unterminated string")
        return not is_cut and error.pos < len(self.text) - NEAR_END

    def rest(self) -> Iterator[str]:
        """What is left, in pieces; at least one, perhaps empty."""
        yield self.text[self.at :]
        self.at = len(self.text)
        while self.more():
            yield self.text
            self.at = len(self.text)


def _decoded(pieces: Iterable[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    for piece in pieces:
        yield decoder.decode(piece)
    if cut := decoder.decode(b"", final=True):
        yield cut


def document_records(pieces: Iterable[bytes]) -> Iterator[Chunk]:
    """One record per element of an array, or per object; `line` counts them from 1.

    From the first thing that is not JSON to the end, the text is one bad record (or several, if
    it is long). A document cut between two elements ends in a bad record without text.
    """
    text, line = _Text(pieces), 0
    try:
        for line, value in enumerate(_values(text), 1):
            yield _record(line, value, None if value[0] in "{[" else BAD_JSON)
    except _UndecodableError:
        for at, piece in enumerate(text.rest(), line + 1):
            yield _record(at, piece, BAD_JSON)


def _values(text: _Text) -> Iterator[str]:
    while char := text.peek():
        if char == "[":
            yield from _elements(text)
        else:
            yield text.value()


def _elements(text: _Text) -> Iterator[str]:
    text.at += 1
    if text.peek() == "]":
        text.at += 1
        return
    while True:
        yield text.value()
        char = text.peek()
        if char not in (",", "]"):
            raise _UndecodableError
        text.at += 1
        if char == "]":
            return
        text.peek()


def _record(line: int, value: str, error: str | None) -> Chunk:
    payload, is_utf8 = as_text(value.encode("utf-8", "surrogateescape"))
    return one(line, payload, error if is_utf8 else BAD_ENCODING)
