"""CSV with the dirt that real exports have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.ingest import csv_lines
from pipelines.ingest.csv_rows import csv_chunks
from pipelines.ingest.options import ReadOptions
from pipelines.ingest.streams import blocks


def chunked(pieces: object, **options: object) -> list[tuple[int, str, str | None]]:
    found = []
    for chunk in csv_chunks(pieces, ReadOptions("csv", **options)):
        errors = chunk.errors or [None] * len(chunk.lines)
        texts = [text if isinstance(text, str) else text.decode() for text in chunk.payloads]
        found += zip(chunk.lines, texts, errors, strict=True)
    return found


def records(content: bytes, **options: object) -> list[tuple[int, str, str | None]]:
    return chunked([content] if content else [], **options)


def sample(path: Path, **options: object) -> list[tuple[int, dict[str, str]]]:
    found = chunked(blocks(path), **options)
    assert [error for _, _, error in found] == [None] * len(found)
    return [(line, json.loads(text)) for line, text, _ in found]


def test_a_row_is_an_object_of_texts_in_the_files_order():
    assert records(b"z,a,id\n1.50,,007\n") == [(2, '{"z":"1.50","a":"","id":"007"}', None)]


def test_padding_is_kept():
    assert records(b"a,b\n x ,2020-09-11 \n") == [(2, '{"a":" x ","b":"2020-09-11 "}', None)]


def test_quoted_newlines_quotes_and_delimiters_are_part_of_the_value():
    content = b'a,b\r\n"x\r\ny, ""z""",1\r\n2,3\r\n'
    assert records(content) == [
        (2, '{"a":"x\\r\\ny, \\"z\\"","b":"1"}', None),
        (4, '{"a":"2","b":"3"}', None),
    ]


def test_line_ends_may_be_mixed_and_the_last_may_be_missing():
    found = records(b"a,b\r\n1,2\n\n3,4\r\n5,6")
    assert [line for line, _, _ in found] == [2, 4, 5]
    assert found[-1][1] == '{"a":"5","b":"6"}'


def test_old_mac_line_ends_work():
    assert [text for _, text, _ in records(b"a,b\r1,2\r3,4\r")] == [
        '{"a":"1","b":"2"}',
        '{"a":"3","b":"4"}',
    ]


def test_too_many_or_too_few_cells_make_a_bad_record_with_the_raw_text():
    assert records(b'a,b\n1\n1,2\n1,"2",3\n4,5\n') == [
        (2, "1", "column_count"),
        (3, '{"a":"1","b":"2"}', None),
        (4, '1,"2",3', "column_count"),
        (5, '{"a":"4","b":"5"}', None),
    ]


def test_a_comma_at_the_end_of_a_row_is_forgiven():
    assert records(b"a,b\n1,2,\n") == [(2, '{"a":"1","b":"2"}', None)]


def test_a_blank_header_is_numbered_and_its_cell_may_be_missing():
    assert records(b"a,b,\n1,2,\n3,4\n5,6,7\n") == [
        (2, '{"a":"1","b":"2","column_3":""}', None),
        (3, '{"a":"3","b":"4"}', None),
        (4, '{"a":"5","b":"6","column_3":"7"}', None),
    ]


def test_a_row_of_empty_cells_is_a_record():
    assert records(b"a,b\n,\n") == [(2, '{"a":"","b":""}', None)]


def test_a_stray_quote_costs_only_its_own_line():
    found = records(b'a,b\n1,"x\n2,y\n3,z\n4,w\n')
    assert found[0] == (2, '1,"x', "column_count")
    assert [(line, error) for line, _, error in found[1:]] == [(3, None), (4, None), (5, None)]


def test_a_stray_quote_that_meets_another_costs_only_its_own_line():
    found = records(b'a,b\n"1,x\n2,y\n3,"z"\n4,w\n')
    assert found[0] == (2, '"1,x', "column_count")
    assert [(line, error) for line, _, error in found[1:]] == [(3, None), (4, None), (5, None)]


def test_a_well_quoted_row_of_the_wrong_width_is_one_bad_record():
    assert records(b'a,b\n"x\ny",2,3\n4,5\n') == [
        (2, '"x\ny",2,3', "column_count"),
        (4, '{"a":"4","b":"5"}', None),
    ]


def test_a_quote_that_never_closes_is_not_looked_for_without_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(csv_lines, "LONGEST_ROW", 10)
    found = records(b'a,b\n1,"x\n' + b"2,y\n" * 50)
    assert [error for _, _, error in found] == ["column_count"] + [None] * 50


def test_a_quote_inside_a_value_is_a_character():
    assert records(b'a,b\n5" pipe,x "y" z\n1,2\n')[0] == (
        2,
        '{"a":"5\\" pipe","b":"x \\"y\\" z"}',
        None,
    )


def test_bytes_that_are_not_utf8_are_kept_as_latin1():
    found = records(b"a,b\nK\xf6ln,1\nx,2\n")
    assert found == [(2, "K\xf6ln,1", "bad_encoding"), (3, '{"a":"x","b":"2"}', None)]


def test_columns_can_be_named_for_a_file_without_header():
    content = b'web\t{"a":"b"}\t\nsrv\tx\n'
    options = {"delimiter": "\t", "quote": "", "header": False, "columns": ("app", "data", "id")}
    assert records(content, **options) == [
        (1, '{"app":"web","data":"{\\"a\\":\\"b\\"}","id":""}', None),
        (2, "srv\tx", "column_count"),
    ]


def test_columns_without_names_are_numbered():
    assert records(b"1,2\n3,4\n", header=False) == [
        (1, '{"column_1":"1","column_2":"2"}', None),
        (2, '{"column_1":"3","column_2":"4"}', None),
    ]


def test_rows_before_and_after_the_header_can_be_skipped():
    content = b'Report,2026\n\na;b\n"label\nof a";label of b\n1;2\n'
    found = records(content, skip_rows=2, skip_rows_after_header=1, delimiter=";")
    assert found == [(6, '{"a":"1","b":"2"}', None)]


def test_a_header_alone_has_no_records():
    assert records(b"a,b") == records(b"a,b\r\n\r\n") == records(b"\n\n") == []


def test_long_values_pass():
    assert len(records(b"a,b\n" + b"x" * 300_000 + b",1\n")[0][1]) > 300_000


def test_skipped_lines_need_no_blank_line_after_them():
    assert records(b"Export\na,b\n1,2\n", skip_rows=1) == records(b"\na,b\n1,2\n")


@pytest.mark.parametrize("size", [16, 64, 1000])
def test_the_size_of_blocks_does_not_matter(samples: Path, size: int):
    for path in sorted(samples.glob("*/*.csv")):
        assert chunked(blocks(path, size=size)) == chunked(blocks(path)), path.name


def test_a_byte_order_mark_is_no_part_of_the_first_name_and_padded_times_stay(samples: Path):
    found = sample(samples / "shopify" / "shopify_customer_data.csv")
    assert found[0][1]["id"] == "3588998496353"
    assert found[0][1]["created_at"] == "2020-09-11 13:26:15.000 "
    assert [line for line, _ in found] == [2, 3, 4, 5]


def test_a_repeated_column_name_gets_a_suffix(samples: Path):
    found = sample(samples / "ga4" / "fivetran_event_data.csv")
    assert {"param_session_engaged", "param_session_engaged__2"} <= found[0][1].keys()


def test_leading_zeros_stay(samples: Path):
    found = sample(samples / "hubspot" / "contact_form_submission_data.csv")
    assert found[0][1]["contact_id"] == "001"


def test_three_header_rows_are_skipped_on_request(samples: Path):
    ((line, row),) = sample(samples / "qualtrics" / "sample.csv", skip_rows_after_header=2)
    assert (line, row["ResponseId"]) == (4, "R_2YPOQ602ER1jkf1")


def test_a_blank_last_header_is_tolerated(samples: Path):
    path = samples / "qualtrics" / "sample_legacy.csv"
    ((line, row),) = sample(path, skip_rows_after_header=1)
    assert (line, row["V1"], row["column_16"]) == (3, "R_2YPOQ602ER1jkf1", "")
