"""A batch: one landed file, named by what is in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.errors import MissingInputError
from pipelines.ingest.streams import readable

PIECE = 2**20
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Batch:
    """One landed file: what `records` and `batches` say about it."""

    batch_id: str
    source: str
    mapping: str
    file: str
    bytes: int
    received_at: datetime


def batch_id(path: Path, source: str) -> str:
    """SHA-256 of the source's name, a NUL and the file's bytes as they landed.

    The same bytes under another name, or landed twice, are therefore the same batch.
    """
    digest = hashlib.sha256(source.encode() + b"\0")
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def modified_at(nanoseconds: int) -> datetime:
    """UTC instant of a file's modification time, cut to microseconds.

    >>> modified_at(1_000_001_999).isoformat()
    '1970-01-01T00:00:01.000001+00:00'
    """
    return EPOCH + timedelta(microseconds=nanoseconds // 1000)


def identify(path: Path, file: str, source: str, mapping: str) -> Batch:
    """The batch that `path` holds; `file` is its path below the landing folder."""
    with readable(file):
        before = path.stat()
        name = batch_id(path, source)
    batch = Batch(name, source, mapping, file, before.st_size, modified_at(before.st_mtime_ns))
    check_unchanged(path, batch)
    return batch


def check_unchanged(path: Path, batch: Batch) -> None:
    """Refuse a file that was written to since `batch` was identified."""
    with readable(batch.file):
        now = path.stat()
    if (now.st_size, modified_at(now.st_mtime_ns)) != (batch.bytes, batch.received_at):
        raise MissingInputError(
            f"{batch.file} changed while it was read; nothing of it was kept. It is read again "
            "once nobody writes to it."
        )
