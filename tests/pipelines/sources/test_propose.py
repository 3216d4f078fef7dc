"""`touchstone sources init`: what is sniffed, what is proposed, and how sure it is."""

import json

import pytest
from typer.testing import CliRunner

from pipelines.cli import sources  # noqa: F401  (adds its commands)
from pipelines.cli.app import app
from pipelines.errors import MissingInputError, UnfitFileError, UsageError
from pipelines.ingest.mapping import load_mapping
from pipelines.sources.propose import proposed
from tests.pipelines.sources import german_shop

VISITS = "Time,Email,Landing Page\n2026-03-04 09:00:00,a@example.com,{}\n"


def lines(tmp_path, content, name="mine.csv"):
    """The proposal's lines by their first word, and a mapping that loads."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    text, called = proposed(path)
    mapping = tmp_path / f"{called}.yaml"
    mapping.write_text(text, encoding="utf-8")
    load_mapping(mapping)
    return {line.split(":")[0].strip(): line for line in text.splitlines()}


def run(home, *words):
    args = ["--home", str(home), "sources", "init", *map(str, words)]
    return CliRunner().invoke(app, args, catch_exceptions=False).stdout


def test_the_invented_export_is_what_its_generator_writes():
    assert german_shop.FILE.read_bytes() == german_shop.text().encode("latin-1")


def test_a_german_export_in_latin_1_gets_a_mapping_of_15_lines(tmp_path):
    found = lines(tmp_path, german_shop.FILE.read_bytes(), "Vorgänge 2026-03.csv")
    assert len(found) == 15
    assert found["source"] == "source: vorgaenge"
    assert 'encoding: cp1252, delimiter: ";"' in found["read"]
    assert "assumed: not UTF-8" in found["read"]
    assert 'ts: "dd.MM.yyyy HH:mm", tz: UTC}' in found["occurred_at"]
    assert "assumed: UTC" in found["occurred_at"]
    assert 'value: {path: Bruttobetrag, decimal: {thousands: ".", point: ","}}' in found["value"]
    assert all(word in found["event_type"] for word in ("Bestellung: order", "Retoure: refund"))
    assert "not known: Katalog angefordert" in found["event_type"]
    assert "Gerät" in found["fields"]


def test_a_byte_order_mark_tabs_and_lines_before_the_header_are_seen(tmp_path):
    text = "Export\n\nof 4 March\n\nTime\tUser ID\tTotal\n" + "2026-03-04T09:00:00Z\tu1\t3\n" * 20
    found = lines(tmp_path, b"\xef\xbb\xbf" + text.encode())
    assert r'delimiter: "\t"' in found["read"]
    assert "skip_rows: 4" in found["read"]
    assert "tz" not in found["occurred_at"]
    assert found["event_type"].strip().startswith("event_type: {const: order}  # assumed")
    assert found["default_currency"].endswith("assumed: no column names a currency")


def test_lines_between_header_and_data_are_skipped(tmp_path):
    text = "at,user_id\nWhen?,Who?\n{id},{id}\n" + "2026-03-04 09:00,u1\n" * 2
    assert "skip_rows_after_header: 2" in lines(tmp_path, text)["read"]


def test_a_file_without_a_header_has_numbered_columns(tmp_path):
    found = lines(tmp_path, "2026-03-04 09:00,a@example.com\n" * 3)
    assert "header: false" in found["read"]
    assert found["occurred_at"].strip().startswith("occurred_at: {path: column_1")
    assert "guess" in found["occurred_at"]


@pytest.mark.parametrize(
    ("days", "pattern", "is_assumed"),
    [
        (("01/02/2026", "12/11/2026"), "dd/MM/yyyy", True),
        (("01/02/2026", "01/31/2026"), "MM/dd/yyyy", False),
        (("31.1.26 7:05", "1.2.26 17:30"), "d.M.yy H:mm", False),
    ],
)
def test_a_day_that_may_be_a_month_is_assumed(tmp_path, days, pattern, is_assumed):
    line = lines(tmp_path, "date,user_id\n" + "".join(f"{d},u1\n" for d in days))["occurred_at"]
    assert f"{pattern}" in line
    assert ("assumed: the day comes before the month" in line) is is_assumed


def test_rows_inside_an_envelope_and_nested_names_are_found(tmp_path):
    event = {"type": "purchase", "at": 1772616200, "who": {"e.mail": "a@example.com"}, "n": [1]}
    found = lines(tmp_path, json.dumps({"data": {"items": [event, event]}}), "x.json")
    assert found["rows"].startswith("rows: data.items")
    assert "{purchase: order}" in found["event_type"]
    assert "ts: epoch_s}" in found["occurred_at"]
    assert """path: 'who."e.mail"'""" in found["ids"]


def test_tags_and_click_ids_in_the_address_of_a_page_are_read_from_it(tmp_path):
    url = "https://shop.example/?utm_source=news&utm_medium=email&gclid=x"
    found = lines(tmp_path, VISITS.format(url))
    assert "{path: Landing Page, url_param: utm_source}" in found["utm_source"]
    assert "utm_campaign" not in found
    assert "gclid: {path: Landing Page, url_param: gclid}" in found["click_ids"]


def test_an_amount_with_its_currency_beside_it_is_cut_out(tmp_path):
    found = lines(tmp_path, "date,total\n2026-03-04,12.50 €\n2026-03-05,7.00 €\n")
    assert "extract:" in found["value"]


def test_what_cannot_be_events_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(UnfitFileError, match="No column looks like a time"):
        lines(tmp_path, "name,colour\na,b\n")
    with pytest.raises(UnfitFileError, match="advertising cost"):
        lines(tmp_path, "date,cost,clicks\n2026-03-04,1,2\n")
    with pytest.raises(UnfitFileError, match="no record"):
        lines(tmp_path, "")
    with pytest.raises(UsageError, match="give --name"):
        lines(tmp_path, "date\n2026-03-04\n", "2026.csv")
    with pytest.raises(MissingInputError, match="There is no file"):
        proposed(tmp_path / "none.csv")


def test_a_proposal_is_printed_or_written_once_into_your_folder(tmp_path):
    assert "source: laden\n" in run(tmp_path, german_shop.FILE, "--name", "laden")
    with pytest.raises(UsageError, match='put mappings = "mappings"'):
        run(tmp_path, german_shop.FILE, "--write")
    (tmp_path / "touchstone.toml").write_text('mappings = "mine"\n')
    run(tmp_path, german_shop.FILE, "--write")
    assert load_mapping(tmp_path / "mine" / "vorgaenge.yaml").source == "vorgaenge"
    with pytest.raises(UsageError, match="is there already"):
        run(tmp_path, german_shop.FILE, "--write")
