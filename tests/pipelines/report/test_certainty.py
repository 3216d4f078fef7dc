"""Three numbers stand apart, each named; the newest scorecard and the newest effects are told."""

from __future__ import annotations

from datetime import date

import pytest

from pipelines.report import certainty, negative
from pipelines.report.language import Language
from pipelines.report.page import write_report

THROUGH = date(2026, 3, 1)


def test_the_newest_whole_month_is_looked_at_and_a_begun_one_only_if_there_is_no_other(seeded):
    assert certainty.month(seeded, THROUGH) == {"month": date(2026, 2, 1), "is_whole": True}
    assert certainty.month(seeded, date(2026, 1, 15)) == {
        "month": date(2026, 1, 1), "is_whole": False
    }  # fmt: skip
    assert certainty.month(seeded, date(2025, 1, 1)) is None


def test_the_three_numbers_of_a_channel_are_those_of_the_table_in_cells_of_their_own(
    seeded, tmp_path, tables_of
):
    page = write_report(seeded, tmp_path / "page.html")
    head, *rows = next(
        found for caption, found in tables_of(page)
        if caption.startswith("ROAS by channel under Linear") and "month 2026-02 (UTC)" in caption
    )  # fmt: skip
    shown = dict(zip(head, next(row for row in rows if row[0] == "Display"), strict=True))
    [(amount, low, high, least, most)] = seeded.execute(
        "SELECT amount, sampling_low, sampling_high, band_low, band_high FROM intervals WHERE "
        "model = 'linear' AND channel = 'Display' AND figure = 'roas' AND month = '2026-02-01'"
    ).fetchall()
    assert shown["Figure"] == f"{amount:.2f}"
    assert shown["Sampling interval, 95 %"] == f"{low:.2f} to {high:.2f}"
    assert shown["Model band, least and most of all models"].startswith(
        f"{least:.2f} to {most:.2f}"
    )
    assert shown["Calibrated, 95 % interval"] == "\N{EN DASH}"
    assert shown["What makes it unsure"] == "choice of model"


def test_only_a_scorecard_that_the_publication_could_have_is_read(seeded):
    assert certainty.scores(seeded, 4) == {"scored_on": None, "verdicts": [], "scores": []}
    found = certainty.scores(seeded, 7)
    assert found["scored_on"] == date(2026, 2, 2)
    assert [row["part"] for row in found["scores"]] == ["future", "gates"]
    assert [row["metric"] for row in found["verdicts"]] == ["Who gets credit?"]


@pytest.mark.parametrize("language", ["en", "de"])
def test_an_effect_is_told_as_its_whole_interval_says(seeded, language):
    rows = negative.effects(seeded, THROUGH)
    told = {row["kind"]: negative.verdict(row) for row in rows}
    assert told == {
        "(any)": "less", "email_complaint": "less", "low nps": "chance", "ticket_opened": "more",
        "email_bounce": "unmatched",
    }  # fmt: skip
    assert rows[0]["kind"] == "(any)"
    for row in rows:
        said = negative.sentence(row, Language(language))
        assert said.startswith(Language(language).words(row["kind"]))
        assert "{" not in said


def test_effects_of_days_to_come_are_not_told(seeded):
    assert negative.effects(seeded, date(2026, 1, 30)) == []
