"""Landed bytes to Arrow batches of `records`, losslessly and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePath

import pyarrow as pa

from expectations.arrow import arrow_schema
from expectations.tables import RECORDS
from pipelines.ingest.batch import Batch
from pipelines.ingest.chunks import Chunk
from pipelines.ingest.csv_rows import csv_chunks
from pipelines.ingest.form_posts import form_chunks
from pipelines.ingest.json_lines import json_chunks, line_chunks
from pipelines.ingest.options import ReadOptions
from pipelines.ingest.parquet_rows import parquet_chunks
from pipelines.ingest.streams import blocks, opened, readable

__all__ = ["ReadOptions", "decode", "plain_name"]

SCHEMA = arrow_schema(RECORDS)
SUFFIXES = {
    ".csv": ReadOptions("csv"),
    ".tsv": ReadOptions("csv", delimiter="\t"),
    ".json": ReadOptions("json"),
    ".jsonl": ReadOptions("json"),
    ".ndjson": ReadOptions("json"),
    ".parquet": ReadOptions("parquet"),
}


def decode(path: Path, batch: Batch, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Arrow batches of `records`, some MiB of payload each.

    Nothing is dropped but blank lines and what comes before the data: a record that cannot be
    decoded has its text as payload and an `error`. Text that is not UTF-8 is kept as Latin-1,
    which maps every byte to one character and back. A file that cannot be read to its end raises
    MissingInputError, perhaps after some batches: commit a batch only when all have come.
    """
    with readable(batch.file):
        for chunk in _chunks(path, settled(path, batch.file, options)):
            if len(chunk.lines):
                yield _record_batch(batch, chunk)


def plain_name(file: str) -> str:
    """File name without the suffix of its compression.

    >>> plain_name("ga4/a.json.gz"), plain_name("ga4/a.json")
    ('ga4/a.json', 'ga4/a.json')
    """
    return file.removesuffix(".gz").removesuffix(".zst")


def settled(path: Path, file: str, options: ReadOptions) -> ReadOptions:
    """Options with `auto` replaced by what the file is."""
    if options.format != "auto":
        return options
    with opened(path) as stream:
        head = stream.read(4096)
    if head.startswith(b"PAR1"):
        return replace(options, format="parquet")
    named = SUFFIXES.get(PurePath(plain_name(file)).suffix.lower())
    if named is None:
        is_json = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
        return replace(options, format="json" if is_json else "csv")
    is_default = options.delimiter == ReadOptions.delimiter
    delimiter = named.delimiter if is_default else options.delimiter
    return replace(options, format=named.format, delimiter=delimiter)


def _chunks(path: Path, options: ReadOptions) -> Iterator[Chunk]:
    if not path.stat().st_size:
        return iter(())
    if options.format == "parquet":
        return parquet_chunks(path)
    pieces = blocks(path, options.encoding)
    if options.format == "csv":
        return csv_chunks(pieces, options)
    if options.format == "form":
        return form_chunks(pieces)
    return line_chunks(pieces) if options.format == "json_lines" else json_chunks(pieces)


def _record_batch(batch: Batch, chunk: Chunk) -> pa.RecordBatch:
    rows = len(chunk.lines)
    constants = {
        "source": batch.source,
        "mapping": batch.mapping,
        "batch_id": batch.batch_id,
        "file": batch.file,
        "received_at": batch.received_at,
        "received_date": batch.received_at.date(),
    }
    errors = pa.nulls(rows, pa.string()) if chunk.errors is None else chunk.errors
    columns = {"line": chunk.lines, "payload": chunk.payloads, "error": errors}
    for name, value in constants.items():
        columns[name] = pa.repeat(pa.scalar(value, SCHEMA.field(name).type), rows)
    arrays = [_array(columns[field.name], field.type) for field in SCHEMA]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def _array(values: object, kind: pa.DataType) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values, kind)
