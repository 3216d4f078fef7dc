"""Parquet files: one record per row, as the JSON object an export would have given."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.ingest.chunks import BAD_PARQUET, Chunk
from pipelines.ingest.streams import opened

ROWS = 4096
ESCAPED = r'["\\\x00-\x1f]'


def parquet_chunks(path: Path) -> Iterator[Chunk]:
    """Records of a Parquet file; if it is damaged the last one says so and `line` where."""
    line = 1
    try:
        with opened(path) as stream:
            packed = isinstance(stream, pa.NativeFile)
            source = pa.BufferReader(stream.read(-1)) if packed else stream
            for batch in _batches(pq.ParquetFile(source)):
                payloads = json_text(batch.to_struct_array())
                yield Chunk(range(line, line + batch.num_rows), payloads)
                line += batch.num_rows
    except (FileNotFoundError, PermissionError):
        raise
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        yield Chunk([line], [str(error).splitlines()[0]], [BAD_PARQUET])


def _batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """Group by group, so that a damaged group costs no rows of the one before."""
    for group in range(file.num_row_groups):
        yield from file.iter_batches(batch_size=ROWS, row_groups=[group])


def json_text(values: pa.Array) -> pa.Array:
    """JSON text of each value; missing ones are `null`.

    Integers are numbers; decimals texts, so that nothing is rounded; instants ISO 8601 in UTC
    with microseconds and Z, times without a zone the same without Z; bytes are base64.

    >>> json_text(pa.array([{"a": 1, "b": ["x", None]}])).to_pylist()
    ['{"a":1,"b":["x",null]}']
    """
    return pc.fill_null(_text(values), "null")


def _text(values: pa.Array) -> pa.Array:
    kind = values.type
    if isinstance(values, pa.ExtensionArray):
        return _text(values.storage)
    if pa.types.is_dictionary(kind):
        return _text(values.dictionary_decode())
    if pa.types.is_struct(kind):
        return _objects(values)
    if pa.types.is_map(kind):
        return _maps(values)
    if pa.types.is_nested(kind):
        return _join(values, json_text(values.flatten()), "[", "]")
    return _scalars(values, kind)


def _scalars(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_floating(kind):
        return _numbers(values)
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return values.cast(pa.string())
    if pa.types.is_duration(kind):
        return values.cast(pa.int64()).cast(pa.string())
    if _is_binary(kind):
        texts = [v if v is None else b64encode(v).decode() for v in values.to_pylist()]
        return _quoted(pa.array(texts, pa.string()))
    if pa.types.is_timestamp(kind):
        return _quoted(_instants(values, kind))
    if pa.types.is_date64(kind):
        values = values.cast(pa.date32())
    return _quoted(values.cast(pa.string()))


def _is_binary(kind: pa.DataType) -> bool:
    types = pa.types
    tests = (types.is_binary, types.is_large_binary, types.is_fixed_size_binary)
    return any(test(kind) for test in tests) or kind == pa.binary_view()


def _numbers(values: pa.Array) -> pa.Array:
    """JSON has no NaN and no infinity, so those become texts."""
    texts = values.cast(pa.float64() if pa.types.is_float16(values.type) else values.type)
    texts = texts.cast(pa.string())
    names = {"nan": '"NaN"', "-nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}
    for found, name in names.items():
        texts = pc.if_else(pc.equal(texts, found), name, texts)
    return texts


def _instants(values: pa.Array, kind: pa.DataType) -> pa.Array:
    zone = "UTC" if kind.tz else None
    texts = values.cast(pa.timestamp("us", zone), safe=False).cast(pa.string())
    return pc.replace_substring(texts, " ", "T", max_replacements=1)


def _quoted(texts: pa.Array) -> pa.Array:
    quoted = pc.binary_join_element_wise('"', texts, '"', "")
    special = pc.fill_null(pc.match_substring_regex(texts, ESCAPED), False)
    if not pc.any(special).as_py():
        return quoted
    escaped = [orjson.dumps(text).decode() for text in texts.filter(special).to_pylist()]
    return pc.replace_with_mask(quoted, special, pa.array(escaped, pa.string()))


def _objects(values: pa.Array) -> pa.Array:
    if not values.type.num_fields:
        return pc.if_else(values.is_valid(), "{}", pa.scalar(None, pa.string()))
    parts: list[pa.Array | str] = []
    for field, child in zip(values.type, values.flatten(), strict=True):
        lead = "," if parts else "{"
        parts += [f"{lead}{orjson.dumps(field.name).decode()}:", json_text(child)]
    texts = pc.binary_join_element_wise(*parts, "}", "")
    return pc.if_else(values.is_valid(), texts, pa.scalar(None, pa.string()))


def _maps(values: pa.Array) -> pa.Array:
    kind = values.type
    entry = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
    lists = values.cast(pa.list_(entry))
    keys, items = lists.flatten().flatten()
    is_text = pa.types.is_string(keys.type) or pa.types.is_large_string(keys.type)
    names = _text(keys) if is_text else _quoted(keys.cast(pa.string()))
    return _join(lists, pc.binary_join_element_wise(names, json_text(items), ":"), "{", "}")


def _join(values: pa.Array, texts: pa.Array, start: str, end: str) -> pa.Array:
    """Texts of the elements of each list, joined."""
    is_there = values.is_valid()
    lengths = pc.fill_null(pc.list_value_length(values), 0).cast(pa.int64())
    ends = pc.cumulative_sum(lengths)
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), ends]).cast(pa.int32())
    joined = pc.binary_join(pa.ListArray.from_arrays(offsets, texts.cast(pa.string())), ",")
    whole = pc.binary_join_element_wise(start, joined, end, "")
    return pc.if_else(is_there, whole, pa.scalar(None, pa.string()))
