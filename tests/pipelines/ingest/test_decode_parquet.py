"""Parquet rows as the JSON an export would have given."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.ingest.parquet_rows import json_text, parquet_chunks


def texts(values: list[object], kind: pa.DataType | None = None) -> list[str]:
    return json_text(pa.array(values, kind)).to_pylist()


def test_nested_rows_read_back_as_they_were(tmp_path: Path):
    rows = [
        {
            "name": 'quote " back \\ line\n tab\t é 😀',
            "n": 2**63 - 1,
            "ok": True,
            "none": None,
            "params": [{"key": "a", "value": {"s": None, "i": 5}}, {"key": "b", "value": None}],
            "tags": [],
        },
        {"name": "", "n": -1, "ok": False, "none": None, "params": None, "tags": ["x", None]},
    ]
    pq.write_table(pa.Table.from_pylist(rows * 3000), tmp_path / "a.parquet")
    chunks = list(parquet_chunks(tmp_path / "a.parquet"))
    assert [json.loads(text) for c in chunks for text in c.payloads.to_pylist()] == rows * 3000
    assert [line for c in chunks for line in c.lines] == list(range(1, 6001))


def test_instants_are_iso_8601_in_utc_with_microseconds():
    noon = datetime(2026, 3, 4, 12, 0, 0, 120000)
    utc = noon.replace(tzinfo=UTC)
    assert texts([utc], pa.timestamp("ms", "Europe/Berlin")) == ['"2026-03-04T12:00:00.120000Z"']
    assert texts([utc], pa.timestamp("ns", "UTC")) == ['"2026-03-04T12:00:00.120000Z"']
    assert texts([noon], pa.timestamp("us")) == ['"2026-03-04T12:00:00.120000"']
    assert texts([date(2026, 3, 4)]) == ['"2026-03-04"']


def test_decimals_are_texts_and_bytes_base64():
    assert texts([Decimal("36150000.10")], pa.decimal128(18, 2)) == ['"36150000.10"']
    assert texts([b"\x00\xff", None]) == ['"AP8="', "null"]


def test_numbers_json_does_not_know_are_texts():
    values = [1.5, math.nan, math.inf, -math.inf, None]
    assert texts(values) == ["1.5", '"NaN"', '"Infinity"', '"-Infinity"', "null"]


def test_maps_are_objects_and_lists_keep_their_nulls():
    kind = pa.map_(pa.string(), pa.int64())
    assert texts([[("a", 1), ("b", None)], [], None], kind) == ['{"a":1,"b":null}', "{}", "null"]
    assert texts([[[1], None, []], None]) == ["[[1],null,[]]", "null"]


def test_sliced_arrays_and_dictionaries_keep_their_place():
    lists = pa.array([["a"], ["b", "c"], ["d"]]).slice(1, 1)
    structs = pa.array([{"a": 1}, {"a": 2}, None]).slice(1)
    maps = pa.array([[("a", 1)], [("b", 2)]], pa.map_(pa.string(), pa.int8())).slice(1)
    words = pa.array(["x", "y", "x"]).dictionary_encode().slice(2)
    found = [json_text(values).to_pylist() for values in (lists, structs, maps, words)]
    assert found == [['["b","c"]'], ['{"a":2}', "null"], ['{"b":2}'], ['"x"']]


@pytest.mark.parametrize(
    "kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
def test_every_kind_of_text_is_text(kind: pa.DataType):
    assert json_text(pa.array(["a", None]).cast(kind)).to_pylist() == ['"a"', "null"]


@pytest.mark.parametrize("kind", [pa.large_list(pa.int8()), pa.list_(pa.int8(), 2)])
def test_every_kind_of_list_is_an_array(kind: pa.DataType):
    assert texts([[1, 2], None, [3, 4]], kind) == ["[1,2]", "null", "[3,4]"]


def test_a_damaged_file_is_one_bad_record_that_says_why(tmp_path: Path):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 this is no parquet")
    (chunk,) = parquet_chunks(path)
    assert (list(chunk.lines), chunk.errors) == ([1], ["bad_parquet"])
    assert str(tmp_path) not in chunk.payloads[0]


def test_a_file_damaged_in_the_middle_keeps_the_rows_before(tmp_path: Path):
    path = tmp_path / "a.parquet"
    table = pa.table({"a": [str(n) * 20 for n in range(8000)]})
    pq.write_table(table, path, row_group_size=4000, compression="zstd", use_dictionary=False)
    content = bytearray(path.read_bytes())
    start = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    content[start : start + 200] = bytes(200)
    path.write_bytes(content)
    chunks = list(parquet_chunks(path))
    assert chunks[-1].errors == ["bad_parquet"]
    assert list(chunks[-1].lines) == [sum(len(c.lines) for c in chunks[:-1]) + 1]
    assert len(chunks) > 1
