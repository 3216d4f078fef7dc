"""The map on the page is the table summed: shares, indices, and who is over-used."""

from __future__ import annotations

import re
from datetime import date

import pytest

from pipelines.errors import UsageError
from pipelines.report import lifecycle
from pipelines.report.page import write_report

THROUGH = date(2026, 3, 1)


@pytest.fixture
def planted(no_rows):
    """Display has 80 of 100 touches and earns 2 of 10; what has no stage counts for nothing."""
    no_rows.execute("""
        INSERT INTO touchpoint_map BY NAME SELECT *, 'XXX' AS currency, 'owned' AS ownership,
            'direct' AS contact, 'online' AS setting, 'communication' AS form, 5 AS persons,
            '(all)' AS segment, [] AS bags,
            2 AS negative_touches, eligible_touches AS touches, 4 AS nps_answers,
            3 AS nps_promoters, 1 AS nps_detractors, 0 AS csat_answers, 0 AS csat_sum,
            0 AS attributed_value, 0 AS cost
        FROM (VALUES ('linear', 1, 'awareness', 'Display', 80, 0),
            ('linear', 2, 'purchase', 'Display', 0, 2), ('linear', 2, 'purchase', 'Search', 20, 8),
            ('linear', 0, '(no stage)', '(unattributed)', 0, 90)
        ) t(model, stage_number, stage, channel, eligible_touches, conversions),
        (VALUES (DATE '2026-01-01'), (DATE '2026-01-02')) d(day)""").fetchall()
    return no_rows


def test_an_index_is_share_of_credit_over_share_of_touches(planted):
    found = lifecycle.maps(planted, THROUGH, ("linear", "markov"))
    assert found["stages"] == ["awareness", "purchase"]
    ((model, lines),) = found["maps"]
    assert model == "linear"
    assert [(line["channel"], line["all"].index) for line in lines] == [
        ("Display", pytest.approx(0.2 / 0.8)), ("Search", pytest.approx(0.8 / 0.2))
    ]  # fmt: skip
    verdicts = [[cell.verdict for cell in line["cells"]] for line in lines]
    assert verdicts == [["over", ""], ["", "under"]]


def test_a_page_of_one_segment_has_what_is_known_by_segment_and_no_more(lake, tmp_path):
    con = lake(days=5)
    con.execute("""
        INSERT INTO touchpoint_map SELECT * REPLACE ('club' AS segment, touches * 3 AS touches)
        FROM touchpoint_map WHERE channel = 'Email'""").fetchall()
    text = write_report(con, tmp_path / "club.html", segment="club").read_text()
    assert re.findall('<section id="([a-z]+)"', text) == ["lifecycle", "definitions"]
    assert "<strong>Club</strong>" in text
    assert '<th scope="row">Email</th>' in text
    assert "Paid Search" not in text
    assert lifecycle.segments(con, THROUGH) == ["(all)", "club"]
    with pytest.raises(UsageError, match="Segments: \\(all\\), club"):
        write_report(con, tmp_path / "none.html", segment="Club")


def test_satisfaction_and_reach_are_sums_over_days_and_not_over_models(planted):
    planted.execute("INSERT INTO touchpoint_map SELECT * REPLACE ('markov' AS model) "
                    "FROM touchpoint_map").fetchall()  # fmt: skip
    row = lifecycle.felt(planted, THROUGH)[0]
    assert (row["stage"], row["touches"], row["persons"]) == ("awareness", 160, 10)
    assert (row["nps"], row["nps_answers"], row["csat"]) == (50, 8, None)
    assert lifecycle.felt(planted, date(2025, 1, 1)) == []


def test_the_heat_is_told_in_figures_and_marks_and_not_in_colour_alone(planted, tmp_path):
    planted.execute(
        "INSERT INTO publications BY NAME SELECT 1 AS publication_id, 'r' AS run_id, "
        "DATE '2026-01-02' AS through_date, MAP {} AS versions, '' AS settings_fingerprint, "
        "'1' AS code_version, TIMESTAMPTZ '2026-01-03 00:00:00+00' AS published_at"
    ).fetchall()
    planted.execute(
        "INSERT INTO channels BY NAME SELECT DISTINCT 'linear' AS model, channel, 0 AS touches, "
        "conversions, 0 AS attributed_value, 0 AS cost, 'EUR' AS currency, day FROM touchpoint_map"
    ).fetchall()
    text = write_report(planted, tmp_path / "report.html").read_text()
    assert '<td class="heat over" style="--heat:1.00">0.25</td>' in text
    assert '<td class="heat under" style="--heat:1.00">4.00</td>' in text
    assert 'td.heat.under::after { content: " ▲" / " under-used"; }' in text
