"""Bytes of a landed file: unpacked, without byte order mark, as UTF-8, block by block."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from pipelines.errors import MissingInputError
from pipelines.ingest.options import is_utf8

BLOCK = 4 * 2**20  # larger ones are slower: memory has to be fetched anew for each
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Stream(Protocol):
    """What we need of an open file."""

    def read(self, size: int, /) -> bytes: ...  # noqa: D102


@contextmanager
def readable(file: str) -> Iterator[None]:
    """Turn a failure to read `file` into a sentence."""
    try:
        yield
    except FileNotFoundError:
        raise MissingInputError(
            f"{file} was moved or deleted before it could be read; land it again."
        ) from None
    except PermissionError:
        raise MissingInputError(
            f"{file} may not be read by this user; give it read permission (chmod a+r)."
        ) from None
    except OSError as error:
        raise MissingInputError(
            f"{file} cannot be read to its end ({error.strerror or error}); if it is compressed "
            "it is probably cut off or damaged. Copy it again; nothing of it was kept."
        ) from None


def packing(first: bytes) -> str | None:
    r"""Name of the compression a file starts with; the suffix does not matter.

    >>> packing(b"\x1f\x8b\x08\x00"), packing(b'{"a": 1}')
    ('gzip', None)
    """
    return next((name for magic, name in PACKED.items() if first.startswith(magic)), None)


@contextmanager
def opened(path: Path) -> Iterator[Stream]:
    """Open a file for reading; gzip and zstd, also of several members, are unpacked."""
    with path.open("rb") as plain:
        packed = packing(plain.read(4))
        if packed is None:
            plain.seek(0)
            yield plain
            return
    with pa.OSFile(str(path)) as file, pa.CompressedInputStream(file, packed) as stream:
        yield stream


def blocks(path: Path, encoding: str = "utf-8", size: int = BLOCK) -> Iterator[bytes]:
    """UTF-8 blocks of a file, each but the last full. A byte order mark overrides `encoding`.

    Bytes that the encoding does not know stay as they are, so that what follows reports them.
    """
    with opened(path) as stream:
        pieces = iter(lambda: _full(stream.read, size), b"")
        first = next(pieces, b"")
        if first.startswith(BYTE_ORDER_MARK):
            first, encoding = first[len(BYTE_ORDER_MARK) :], "utf-8"
        elif first.startswith(WIDE_MARKS):
            encoding = "utf-16"
        whole = chain([first] if first else [], pieces)
        yield from whole if is_utf8(encoding) else _as_utf8(whole, encoding)


def _full(read: Callable[[int], bytes], size: int) -> bytes:
    parts, missing = [], size
    while missing and (part := read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _as_utf8(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    is_wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
    # surrogateescape cannot keep broken bytes of wide encodings; U+FFFD marks them instead
    errors = "replace" if is_wide else "surrogateescape"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    for piece in pieces:
        yield decoder.decode(piece).encode("utf-8", "surrogateescape")
    if rest := decoder.decode(b"", final=True):
        yield rest.encode("utf-8", "surrogateescape")


def whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    r"""Blocks cut at line ends, each without its last newline.

    >>> list(whole_lines([b"a\nb", b"c\n", b"d"]))
    [b'a', b'bc', b'd']
    """
    carry: list[bytes] = []
    for piece in pieces:
        cut = piece.rfind(b"\n")
        if cut < 0:
            carry.append(piece)
            continue
        yield b"".join([*carry, piece[:cut]])
        carry = [piece[cut + 1 :]]
    if rest := b"".join(carry):
        yield rest


def as_text(raw: bytes) -> tuple[str, bool]:
    r"""Text of bytes and whether they are valid UTF-8; Latin-1 keeps the bytes that are not.

    >>> as_text("é".encode()), as_text(b"\xe9")
    (('é', True), ('é', False))
    """
    try:
        return raw.decode("utf-8"), True
    except UnicodeDecodeError:
        return raw.decode("latin-1"), False
