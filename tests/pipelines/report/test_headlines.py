"""Every headline figure is what one plain query over the published tables says."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape

import duckdb
import pytest

from pipelines.report.page import write_report

THROUGH = "(SELECT max(through_date) FROM publications)"
BOOKED = f"FROM conversions WHERE currency = $currency AND conversion_date <= {THROUGH}"
LEFT = f"""FROM (SELECT model, 100 * sum(unattributed_{{unit}}) / sum(booked_{{unit}}) AS part
    FROM reconciliation WHERE currency = $currency AND day <= {THROUGH} GROUP BY model)"""
SPENT = f"""(SELECT coalesce(sum(cost), 0) FROM spend
    WHERE currency = $currency AND spend_date <= {THROUGH})"""
QUERIES = {
    "conversions": f"SELECT sum(conversions) {BOOKED}",
    "value": f"SELECT sum(net_value) {BOOKED}",
    "spend": f"SELECT {SPENT}",
    "per_spend": f"SELECT sum(net_value) / {SPENT} {BOOKED}",
}
TILE = re.compile(
    r'<div data-tile="(\w+)"><dt>([^<]*)</dt><dd><strong>([^<]*)</strong> <span>([^<]*)</span>'
)
BLOCK = re.compile(
    r'<div class="block" data-currency="(\w+)">(.*?)(?=<div class="block"|</section>)', re.S
)


def asked(con: duckdb.DuckDBPyConnection, sql: str, currency: str) -> Decimal:
    [(figure,)] = con.execute(sql, {"currency": currency}).fetchall()
    return Decimal(str(figure))


def figure(text: str, language: str) -> Decimal:
    swapped = text.translate(str.maketrans(",.", ".,")) if language == "de" else text
    return Decimal(swapped.replace(",", "").replace("\N{MINUS SIGN}", "-").rstrip("\xa0%"))


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_tile_is_its_query_rounded_and_names_unit_and_period(seeded, tmp_path, language):
    text = write_report(seeded, tmp_path / "page.html", language=language).read_text()
    overview = text.split('<section id="summary"')[1].split("</section>")[0] + "</section>"
    seen = set()
    for currency, block in BLOCK.findall(overview):
        for name, title, shown, unit in TILE.findall(block):
            seen.add((currency, name))
            assert title.strip()
            assert re.search(r"\d{4}.*\(UTC\)$", unescape(unit)), unit
            check(seeded, currency, name, unescape(shown), language)
    every = {"conversions", "value", "unattributed", "spend", "per_spend"}
    assert seen == {("EUR", name) for name in every} | {
        ("XXX", "conversions"), ("XXX", "unattributed")
    }  # fmt: skip


def check(con, currency: str, name: str, shown: str, language: str) -> None:
    if name == "unattributed":
        left = LEFT.format(unit="value" if currency != "XXX" else "conversions")
        low, high = (asked(con, f"SELECT {end}(part) {left}", currency) for end in ("min", "max"))
        ends = re.split(" to | bis ", shown)
        assert abs(figure(ends[0], language) - low) <= Decimal("0.05")
        assert abs(figure(ends[-1], language) - high) <= Decimal("0.05")
    else:
        told = figure(shown, language)
        assert abs(told - asked(con, QUERIES[name], currency)) <= Decimal("0.005"), (name, shown)


def test_shares_ranks_and_tau_of_the_models_are_those_of_the_channel_table(
    seeded, tmp_path, tables_of
):
    page = write_report(seeded, tmp_path / "page.html")
    shares = next(rows for cap, rows in tables_of(page) if cap.startswith("Share of credit by ch"))
    head, *lines = shares
    found = seeded.execute(
        f"""SELECT channel, 100 * sum(attributed_value) / sum(sum(attributed_value)) OVER (),
            rank() OVER (ORDER BY sum(attributed_value) DESC)
        FROM channels WHERE model = 'markov' AND currency = 'EUR' AND channel <> '(unattributed)'
            AND day <= {THROUGH} GROUP BY channel"""
    ).fetchall()
    at = head.index("Markov")
    shown = {line[0]: line for line in lines}
    assert set(shown) == {channel for channel, _, _ in found}
    for channel, share, rank in found:
        assert abs(figure(shown[channel][at], "en") - Decimal(str(share))) <= Decimal("0.051")
        low, high = map(int, shown[channel][head.index("Ranks")].split("\N{EN DASH}"))
        assert low <= rank <= high


def test_the_flow_ends_in_all_conversions_with_touches(seeded, tmp_path, tables_of):
    page = write_report(seeded, tmp_path / "page.html")
    head, *rows = next(rows for cap, rows in tables_of(page) if cap.startswith("Steps to conv"))
    counts = [row for row in rows if row[head.index("Where on the path")] == "Last step"]
    told = sum(int(row[head.index("Conversions")].replace(",", "")) for row in counts)
    assert told == asked(
        seeded,
        "SELECT sum(conversions) FROM path_summary WHERE currency = $currency "
        "AND path <> '(unattributed)'",
        "EUR",
    )
