"""What moved since the last publication: the sums of `restatements`, with the reason."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipelines.report import moved
from pipelines.report.page import write_report


@pytest.fixture
def restated(lake):
    """Publication 7 gives 30 of Email to Display under linear, and a refund takes 5."""
    con = lake(days=20)
    con.execute("""
        INSERT INTO restatements BY NAME SELECT *, 'order' AS conversion_type, 'EUR' AS currency,
            DATE '2026-01-04' AS conversion_date, 'x' AS cause, 7 AS publication_id
        FROM (VALUES
            ('c1', 'linear', 'Email', 0.5, 0.2, 50, 20, 'identity'),
            ('c1', 'linear', 'Display', 0.5, 0.8, 50, 80, 'identity'),
            ('c2', 'linear', 'Email', 1, 1, 10, 5, 'refund'),
            ('c2', 'markov', 'Email', 1, 1, 10, 5, 'refund')
        ) t(conversion_id, model, channel, conversions_before, conversions_after, value_before,
            value_after, reason)""").fetchall()
    return con


def test_reasons_count_conversions_once_and_tell_the_largest_change_of_a_model(restated):
    refund, identity = sorted(moved.by_reason(restated, 7), key=lambda r: r["reason"], reverse=True)
    told = ("reason", "conversions", "models", "largest_value", "largest_conversions")
    assert [refund[name] for name in told] == ["refund", 1, 2, 5, 0]
    assert [identity[name] for name in told] == ["identity", 1, 1, 30, Decimal("0.3")]


def test_changes_by_channel_add_up_to_the_difference_of_the_two_publications(restated):
    rows = moved.by_channel(restated, 7)
    lines = moved.lines(rows, ("linear", "markov"), "value")
    assert [(line["channel"], line["cells"]) for line in lines] == [
        ("Email", [-35, -5]), ("Display", [30, 0])
    ]  # fmt: skip
    whole = restated.execute(
        "SELECT sum(value_after - value_before) FROM restatements WHERE publication_id = 7"
    ).fetchall()
    assert [(sum(sum(line["cells"]) for line in lines),)] == whole


def test_only_the_newest_publication_is_told_and_the_one_before_named(restated):
    assert moved.before(restated, 7) == 6
    assert moved.before(restated, 1) is None
    assert moved.by_reason(restated, 6) == []


def test_the_page_shows_them_with_a_sign_and_says_so_if_nothing_moved(restated, seeded, tmp_path):
    text = write_report(restated, tmp_path / "moved.html").read_text()
    assert "publication 6 to 7" in text
    assert "+30.00" in text
    assert "Other persons behind identifiers" in text
    quiet = write_report(seeded, tmp_path / "quiet.html", language="de").read_text()
    assert "Nichts, was Veröffentlichung 6 sagte, hat sich geändert." in quiet
    first = write_report(seeded, tmp_path / "first.html", publication_id=1).read_text()
    assert "This is the first publication" in first
