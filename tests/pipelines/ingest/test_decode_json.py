"""JSON lines and JSON documents with the dirt that real exports have."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.ingest.json_document import _Text
from pipelines.ingest.json_lines import json_chunks, line_chunks


def records(content: bytes, size: int = 2**20) -> list[tuple[int, str, str | None]]:
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    found = []
    for chunk in json_chunks(pieces):
        errors = chunk.errors or [None] * len(chunk.lines)
        found += zip(chunk.lines, map(_text, chunk.payloads), errors, strict=True)
    return found


def _text(payload: bytes | str) -> str:
    return payload if isinstance(payload, str) else payload.decode()


def test_a_line_is_kept_exactly_as_it_is_written():
    line = '{ "id": "007",  "n": 12345678901234567890.10, "n": 2, "t": "\\u00e9 " }'
    assert records(line.encode() + b"\n{}\n") == [(1, line, None), (2, "{}", None)]


def test_line_ends_may_be_mixed_and_the_last_may_be_missing():
    assert records(b'{"a":1}\r\n{"a":2}\n{"a":3}\r\n{"a":4}\r') == [
        (1, '{"a":1}', None),
        (2, '{"a":2}', None),
        (3, '{"a":3}', None),
        (4, '{"a":4}', None),
    ]


def test_blank_lines_are_no_records_but_are_counted():
    assert records(b'\n{"a":1}\n\n  \n{"a":2}\n\n') == [(2, '{"a":1}', None), (5, '{"a":2}', None)]


def test_a_line_that_is_no_json_is_a_bad_record_with_its_text():
    assert records(b'{"a":1}\n{"a":\nhello\n{"a":2}\n') == [
        (1, '{"a":1}', None),
        (2, '{"a":', "bad_json"),
        (3, "hello", "bad_json"),
        (4, '{"a":2}', None),
    ]


@pytest.mark.parametrize("scalar", ["1", '"a"', "null", "true"])
def test_a_line_of_the_wrong_json_type_is_a_bad_record(scalar: str):
    assert records(f'{{"a":1}}\n{scalar}\n'.encode())[1] == (2, scalar, "bad_json")


def test_bytes_that_are_not_utf8_are_kept_as_latin1():
    raw = b'{"city":"K\xf6ln","o":"\xc3\xb6"}'
    ((line, text, error), good) = records(raw + b'\n{"a":1}')
    assert (line, error, good) == (1, "bad_encoding", (2, '{"a":1}', None))
    assert text.encode("latin-1") == raw


@pytest.mark.parametrize("value", ["NaN", "-Infinity", '"\\ud83d"', "1" * 400, "1e999"])
def test_values_that_strict_readers_refuse_do_no_harm(value: str):
    line = f'{{"a":{value}}}'
    assert records(f"{line}\n{line}\n".encode()) == [(1, line, None), (2, line, None)]


def test_a_mark_in_the_middle_of_a_file_put_together_from_several_is_dropped():
    assert records(b'{"a":1}\n\xef\xbb\xbf{"a":2}\n') == [
        (1, '{"a":1}', None),
        (2, '{"a":2}', None),
    ]


def test_lines_that_are_arrays_stay_whole():
    assert records(b'[{"a":1},{"a":2}]\n[{"a":3}]\n') == [
        (1, '[{"a":1},{"a":2}]', None),
        (2, '[{"a":3}]', None),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b'[{"a": 1},{"b":[2, "]"]}]',
        b'[{"a": 1},\n{"b":[2, "]"]}]\n',
        b'[\n{"a": 1},\n{"b":[2, "]"]}\n]\n',
        b'  [\r\n  {"a": 1},\r\n  {"b":[2, "]"]}\r\n]\r\n',
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_each_element_of_one_array_is_a_record_however_it_is_laid_out(content: bytes, size: int):
    assert records(content, size) == [(1, '{"a": 1}', None), (2, '{"b":[2, "]"]}', None)]


def test_one_object_over_many_lines_is_one_record():
    text = '{\n  "a": 1,\n  "b": {\n    "c": 2\n  }\n}'
    assert records(text.encode() + b"\n") == [(1, text, None)]


def test_objects_one_after_the_other_are_records():
    assert records(b'{"a":1}{"a":2}') == [(1, '{"a":1}', None), (2, '{"a":2}', None)]
    assert records(b'{\n"a":1\n}\n{\n"a":2\n}\n') == [
        (1, '{\n"a":1\n}', None),
        (2, '{\n"a":2\n}', None),
    ]


def test_an_empty_array_has_no_records():
    assert records(b"[]") == records(b"[\n]\n") == []


@pytest.mark.parametrize("text", ['{"a": {"b": 1', '{\n  "a": 1,\n  "b"', '{\n  "a": 1,\n}'])
def test_a_broken_object_is_one_bad_record_with_its_text(text: str):
    assert records(text.encode()) == [(1, text, "bad_json")]


@pytest.mark.parametrize("size", [1, 9, 1000])
def test_a_cut_array_keeps_its_whole_elements_and_tells_the_rest(size: int):
    found = records(b'[{"a":1},\n{"a":2},\n{"a":', size)
    assert found[:2] == [(1, '{"a":1}', None), (2, '{"a":2}', None)]
    assert [error for _, _, error in found[2:]] == ["bad_json"] * len(found[2:])
    assert "".join(text for _, text, _ in found[2:]) == '{"a":'


def test_an_array_cut_between_two_elements_is_not_taken_for_whole():
    assert records(b'[{"a":1}') == [(1, '{"a":1}', None), (2, "", "bad_json")]


def test_an_element_of_the_wrong_type_does_not_stop_the_others():
    assert records(b'[{"a":1}, 5, null, {"a":2}]') == [
        (1, '{"a":1}', None),
        (2, "5", "bad_json"),
        (3, "null", "bad_json"),
        (4, '{"a":2}', None),
    ]


def test_an_element_that_is_not_utf8_does_not_stop_the_others():
    found = records(b'[{"a":"\xf6"}, {"a":2}]')
    assert found == [(1, '{"a":"\xf6"}', "bad_encoding"), (2, '{"a":2}', None)]


def test_a_bad_first_line_does_not_make_lines_a_document():
    found = records(b'{"a": {"b"\n{"a":1}\n{"a":2}\n')
    assert [error for _, _, error in found] == ["bad_json", None, None]


def test_deep_nesting_is_a_bad_record_not_a_crash():
    deep = b"[" * 100_000
    assert [error for _, _, error in records(b'{"a":1}\n' + deep + b"\n")] == [None, "bad_json"]


def test_lines_only_never_opens_an_array():
    (chunk,) = line_chunks([b'[{"a":1},{"a":2}]'])
    assert list(chunk.payloads) == [b'[{"a":1},{"a":2}]']


def test_a_long_document_is_read_through_a_small_window():
    elements = [f'{{"n":{n},"t":"{"x" * 1000}"}}' for n in range(500)]
    content = ("[" + ",".join(elements) + "]").encode()
    text = _Text(content[at : at + 4096] for at in range(0, len(content), 4096))
    text.peek()
    text.at += 1
    longest = 0
    for _ in elements:
        text.value()
        longest = max(longest, len(text.text))
        text.peek()
        text.at += 1
    assert longest < 20_000


def test_real_samples_decode_to_the_same_records_in_any_block_size(samples: Path):
    content = (samples / "segment" / "test-context-track.json").read_bytes()
    assert records(content, 3) == records(content)
