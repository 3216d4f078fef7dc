"""What stands on the page, read as text; test_chromium.py looks at it as a browser does."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

import pytest

from pipelines.report.page import SECTIONS, write_report

HOSTILE = ("</script><script>document.title='owned'</script>", "\"><img src=x> & O'Brien {{ 7*7 }}")


@pytest.fixture
def written(tmp_path):
    def write(con, **options):
        return write_report(con, tmp_path / "new" / "report.html", **options)

    return write


def table(tables, start):
    return next(rows for caption, rows in tables if caption.startswith(start))


def test_the_same_tables_give_the_same_bytes(lake, tmp_path):
    first, second = (write_report(lake(days=20), tmp_path / f"{i}.html") for i in range(2))
    assert first.read_bytes() == second.read_bytes()


def test_the_page_states_publication_run_period_and_through_day(written, seeded):
    text = written(seeded).read_text()
    for fact in (
        "2026-01-01 to 2026-03-01 (UTC)",
        "<dd>7</dd>",
        "<dd>run-7</dd>",
        "<dd>0.1.0</dd>",
    ):
        assert fact in text


def test_every_section_is_there_with_a_heading(written, seeded, no_rows):
    for con in (seeded, no_rows):
        text = written(con).read_text()
        for section in SECTIONS:
            assert f'<section id="{section}" aria-labelledby="{section}-h">' in text


def test_empty_tables_become_sentences(written, no_rows, tables_of):
    page = written(no_rows)
    assert tables_of(page) == []
    header, *sections = page.read_text().split("<section ")
    assert "Nothing has been published yet" in header
    assert ['class="empty"' in section for section in sections] == [True] * 12 + [False]


def test_a_publication_without_conversions_still_renders(written, lake):
    con = lake(days=5)
    for name in ("conversions", "channels", "campaigns", "reconciliation", "path_summary", "spend"):
        con.execute(f"DELETE FROM {name}").fetchall()
    text = written(con).read_text()
    assert "There is no conversion, credit or spend in this publication." in text
    assert "up to 2026-01-05 (UTC)" in text


def test_names_from_data_are_text_and_never_markup(written, lake):
    con = lake(days=20, names=HOSTILE)
    text = written(con, title="<b>Q&A</b>").read_text()
    for name in (*HOSTILE, "<b>Q&A</b>"):
        assert name not in text
    assert "&lt;/script&gt;&lt;script&gt;document.title=&#39;owned&#39;" in text
    assert "{{ 7*7 }}" in text
    assert len(re.findall("<script", text)) == len(re.findall("</script", text)) == 6


def test_every_table_names_its_unit_and_its_period(written, seeded, tables_of):
    unit = re.compile("EUR|conversions|count|per cent|tau|in the unit of their row")
    period = re.compile(r"\d{4}-\d\d|run run-|since the first file|by UTC day|learned from")
    captions = [caption for caption, _ in tables_of(written(seeded))]
    assert len(captions) > 15
    assert [c for c in captions if not unit.search(c) or not period.search(c)] == []


def test_credit_by_channel_is_the_table_summed_and_rounded(written, seeded, tables_of):
    con = seeded
    head, *rows = table(tables_of(written(con)), "Credit by channel and model, net value in EUR")
    found = con.execute(
        "SELECT channel, sum(attributed_value) FROM channels "
        "WHERE model = 'time_decay' AND currency = 'EUR' GROUP BY channel"
    ).fetchall()
    at = head.index("Time decay")
    assert {row[0]: row[at] for row in rows[:-1]} == {
        name: f"{value.quantize(Decimal('0.01'), ROUND_HALF_UP):,}" for name, value in found
    }
    assert [row[0] for row in rows[-2:]] == ["(unattributed)", "Total"]
    booked = con.execute("SELECT sum(net_value) FROM conversions WHERE currency = 'EUR'").fetchone()
    assert rows[-1][at] == f"{booked[0]:,.2f}"


def test_every_model_reconciles_to_zero_and_says_so(written, seeded, tables_of):
    page = written(seeded)
    head, *rows = table(tables_of(page), "Order book against credit by model")
    assert [row[head.index("Difference, EUR")] for row in rows] == ["0.00"] * 7
    assert [row[head.index("Rows that differ")] for row in rows] == ["0 of 120"] * 7
    assert "7 models: credit and the order book agree to the last digit." in page.read_text()


def test_a_difference_too_small_to_round_up_is_not_shown_as_zero(written, lake, tables_of):
    con = lake()
    con.execute(
        "UPDATE reconciliation SET difference_value = 0.000001 WHERE day = '2026-01-03' "
        "AND model = 'linear' AND conversion_type = 'order'"
    ).fetchall()
    page = written(con)
    head, *rows = table(tables_of(page), "Order book against credit by model")
    linear = next(row for row in rows if row[0] == "Linear")
    assert linear[head.index("Difference, EUR")] == "0.000001"
    assert linear[head.index("Rows that differ")] == "1 of 120"
    assert "1 of 840 reconciled rows (day, model, type) differ" in page.read_text()


def test_currencies_are_never_added_up(written, lake, tables_of):
    captions = [c for c, _ in tables_of(written(lake(days=20, currencies=("EUR", "USD"))))]
    for currency in ("EUR", "USD"):
        assert any(
            c.startswith(f"Credit by channel and model, net value in {currency}") for c in captions
        )
    assert not any("net value in XXX" in c for c in captions)


def test_nothing_on_the_page_points_outside(written, seeded):
    text = written(seeded).read_text()
    head = text[: text.index("<style>")]
    assert "default-src 'none'" in head
    assert not re.search(r"<(link|img|iframe|object|embed|base|form)\b|<script[^>]*\ssrc=", text)
    assert not re.search(r"url\(|@import", text[: text.index("</style>")])


def test_a_year_of_thirty_channels_and_two_hundred_campaigns_is_small(year):
    assert year.stat().st_size < 3_000_000
