"""What every format shares: the contract's columns, compression, encodings, failures."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from expectations.arrow import arrow_schema
from expectations.tables import RECORDS
from pipelines.errors import MissingInputError, SettingsError
from pipelines.ingest import streams
from pipelines.ingest.batch import Batch
from pipelines.ingest.decode import ReadOptions, decode

LANDED = datetime(2026, 3, 4, 23, 59, 59, 123456, tzinfo=UTC)
Records = Callable[..., list[tuple[int, str, str | None]]]


def batch(file: str) -> Batch:
    return Batch("b" * 64, "shop", "shop_orders", file, 1, LANDED)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """Line, payload and error of each record of a file with these bytes."""

    def read(content: bytes, name: str = "orders.json", **options: object):
        path = tmp_path / name
        path.write_bytes(content)
        found = decode(path, batch(name), ReadOptions(**options))
        rows = [row for part in found for row in part.to_pylist()]
        return [(row["line"], row["payload"], row["error"]) for row in rows]

    return read


def zstd(content: bytes) -> bytes:
    return pa.Codec("zstd").compress(content, asbytes=True)


def test_batches_have_exactly_the_contracts_columns(tmp_path: Path):
    path = tmp_path / "a.json"
    path.write_bytes(b'{"a":1}\n{"a":2}\n')
    (found,) = decode(path, batch("shop/a.json"), ReadOptions())
    assert found.schema.equals(arrow_schema(RECORDS))
    assert found.to_pylist()[1] == {
        "source": "shop",
        "mapping": "shop_orders",
        "batch_id": "b" * 64,
        "file": "shop/a.json",
        "line": 2,
        "payload": '{"a":2}',
        "error": None,
        "received_at": LANDED,
        "received_date": date(2026, 3, 4),
    }


@pytest.mark.parametrize("format", ["auto", "csv", "form", "json", "json_lines", "parquet"])
def test_an_empty_file_has_no_records(records: Records, format: str):
    assert records(b"", format=format) == []


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
@pytest.mark.parametrize("name", ["orders.json", "orders.json.gz", "orders.jsonl.zst"])
def test_compressed_files_are_known_by_their_bytes(records: Records, pack, name: str):
    assert records(pack(b'{"a":1}\n') + pack(b'{"a":2}\n'), name) == [
        (1, '{"a":1}', None),
        (2, '{"a":2}', None),
    ]


def test_a_form_post_is_a_record_and_what_is_none_is_kept_with_a_reason(records: Records):
    bodies = b"a=1&b=x+y&b=%C3%A4&c=\r\n\nno form\na=%E4\n\xe4=1\n"
    assert records(bodies, "hooks.form", format="form") == [
        (1, '{"a": "1", "b": ["x y", "ä"], "c": ""}', None),
        (3, "no form", "bad_value"),
        (4, "a=%E4", "bad_encoding"),
        (5, "ä=1", "bad_encoding"),
    ]


def test_a_suffix_alone_does_not_make_a_file_compressed(records: Records):
    assert records(b'{"a":1}\n', "orders.json.gz") == [(1, '{"a":1}', None)]


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_a_cut_off_compressed_file_is_refused_with_a_sentence(records: Records, pack):
    with pytest.raises(MissingInputError, match=r"orders.json.gz cannot be read to its end.*again"):
        records(pack(b'{"a":1}\n' * 99)[:-3], "orders.json.gz")


def test_a_vanished_file_is_refused_with_a_sentence(tmp_path: Path):
    with pytest.raises(MissingInputError, match=r"shop/gone.json was moved or deleted"):
        list(decode(tmp_path / "gone.json", batch("shop/gone.json"), ReadOptions()))


def test_decoding_is_lazy_so_that_a_killed_reader_leaves_nothing(tmp_path: Path):
    found = decode(tmp_path / "gone.json", batch("shop/gone.json"), ReadOptions())
    found.close()  # nothing was opened, so nothing failed


@pytest.mark.parametrize(
    ("name", "content", "payloads"),
    [
        ("a.csv", b"a,b\n1,2\n", ['{"a":"1","b":"2"}']),
        ("a.tsv.gz", gzip.compress(b"a\tb\n1\t2\n", mtime=0), ['{"a":"1","b":"2"}']),
        ("a.ndjson", b'{"a":1}\n', ['{"a":1}']),
        ("a.txt", b'\xef\xbb\xbf {"a":1}\n', ['{"a":1}']),
        ("export", b"a,b\n1,2\n", ['{"a":"1","b":"2"}']),
    ],
)
def test_auto_goes_by_name_and_beginning(records: Records, name, content, payloads):
    assert [text.strip() for _, text, _ in records(content, name)] == payloads


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_byte_order_mark_tells_the_encoding(records: Records, encoding: str):
    assert records('{"city":"Köln"}\n'.encode(encoding)) == [(1, '{"city":"Köln"}', None)]


def test_a_declared_encoding_is_used(records: Records):
    text = '{"city":"Köln","price":"5 €"}'
    assert records(text.encode("cp1252"), encoding="cp1252") == [(1, text, None)]


def test_blocks_may_be_cut_anywhere(records: Records, monkeypatch: pytest.MonkeyPatch):
    files = {
        "a.jsonl": b'{"a":"\xc3\xa9"}\r\n\r\n{"b":2}\n{"c":\n{"d":4}',
        "a.json": '[{"a": "é\\"]"}, {"b": [1, {"c": 2}]},\n {"d": 1.25e3}]'.encode(),
        "a.csv": b'a,b\r\n1,"x\r\ny"\r\n\r\n2\r\n"3",4',
    }
    whole = {name: records(content, name) for name, content in files.items()}
    for size in range(5, 20):
        monkeypatch.setattr("pipelines.ingest.decode.blocks", _small_blocks(size))
        assert {name: records(content, name) for name, content in files.items()} == whole


def _small_blocks(size: int):
    return lambda path, encoding: streams.blocks(path, encoding, size)


def test_options_that_make_no_sense_are_refused():
    with pytest.raises(SettingsError, match=r"read.format is 'xml'.*csv"):
        ReadOptions(format="xml")
    with pytest.raises(SettingsError, match=r"read.delimiter is ';;'"):
        ReadOptions(delimiter=";;")
    with pytest.raises(SettingsError, match=r"read.encoding is 'klingon'"):
        ReadOptions(encoding="klingon")
    with pytest.raises(SettingsError, match=r"read.header must be false"):
        ReadOptions(columns=("a",))


def test_a_pretty_printed_body_is_one_record(samples: Path, records: Records):
    content = (samples / "segment" / "test-context-track.json").read_bytes()
    ((line, payload, error),) = records(content)
    assert (line, error) == (1, None)
    assert payload.encode() == content
    assert json.loads(payload)["batch"][0]["event"] == "Download"
