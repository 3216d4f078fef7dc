"""Both languages say everything: no text is missing, unused, or left in the other language."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from expectations.tables.books import REASONS
from expectations.tables.credit import MODEL_NAMES
from pipelines.report import page
from pipelines.report.language import LANGUAGES, Language, catalogue

REPORT = Path(page.__file__).parent
BUILT = ("names.", "nouns.", "script.", "terms.", "about.")  # looked up by a name, not by a literal
CALL = re.compile(r"""\bt\(\s*f?["']([\w.]+)(["'{])( ~)?""")
PLACE = re.compile(r"\{(\w+)\}")
# the same word in both languages, or no word at all
SAME = re.compile(r"ROAS|CPA|NPS|CSAT|Conversions?|Shapley|Online|Offline|Segment|Index|EUR")


def calls() -> set[str]:
    """Every key that templates and modules name; the part before what is put in at run time."""
    found = set()
    for path in (*REPORT.glob("*.py"), *REPORT.glob("templates/*.html")):
        for key, end, goes_on in CALL.findall(path.read_text(encoding="utf-8")):
            found.add(key + ("*" if goes_on or end == "{" else ""))
    return found


def test_every_text_is_there_in_every_language_with_the_same_places_to_fill():
    for key, text in catalogue().items():
        assert set(text) == set(LANGUAGES), key
        assert all(isinstance(said, str) and said.strip() for said in text.values()), key
        places = {language: sorted(PLACE.findall(said)) for language, said in text.items()}
        assert places["en"] == places["de"], key
        assert text["en"].count(" | ") == text["de"].count(" | "), key


def test_a_text_that_is_not_a_name_differs_between_the_languages():
    same = [key for key, text in catalogue().items() if text["en"] == text["de"]]
    assert [key for key in same if not SAME.fullmatch(catalogue()[key]["en"])] == [
        "summary.amount_under"
    ]


def test_every_text_that_is_asked_for_exists_and_no_other_does():
    asked = calls()
    exact, begun = {k for k in asked if k[-1] != "*"}, {k[:-1] for k in asked if k[-1] == "*"}
    assert exact - set(catalogue()) == set()
    known = {f"{section}.{part}" for section in page.SECTIONS for part in ("name", "heading")}
    used = exact | known | {k for k in catalogue() if k.startswith((*BUILT, *filter(None, begun)))}
    assert set(catalogue()) - used == set()


def test_every_model_and_every_reason_has_a_name_and_every_model_a_meaning():
    for name in (*MODEL_NAMES, *REASONS):
        assert f"names.{name}" in catalogue(), name
    assert {f"about.{model}" for model in MODEL_NAMES} <= set(catalogue())


class _Words(HTMLParser):
    """Collects what a reader of one language sees or hears, except what is marked as another's."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._skipped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if self._skipped or tag in ("style", "script") or (tag != "html" and "lang" in told):
            self._skipped.append(tag)
        self.found |= {told[name] or "" for name in ("aria-label", "title") if name in told}

    def handle_endtag(self, tag: str) -> None:
        if self._skipped and self._skipped[-1] == tag:
            self._skipped.pop()

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.found.add(" ".join(data.split()))


@pytest.fixture(scope="module")
def pages(seeded, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("languages")
    return {
        code: page.write_report(seeded, folder / f"{code}.html", language=code).read_text()
        for code in LANGUAGES
    }


def words(text: str) -> set[str]:
    parser = _Words()
    parser.feed(text)
    return {said for said in parser.found if re.search("[A-Za-z]{2}", said)}


def test_what_both_pages_say_alike_is_data_or_the_same_word_in_both(seeded, pages):
    alike = words(pages["en"]) & words(pages["de"])
    data = {
        value
        for column, table in (
            ("channel", "channels"), ("campaign", "campaigns"), ("conversion_type", "conversions"),
            ("source", "batches"), ("field", "quarantine"), ("table_name", "audits"),
            ("run_id", "publications"),
        )
        for (value,) in seeded.execute(f"SELECT DISTINCT {column} FROM {table}").fetchall()
    }  # fmt: skip
    rest = {said for said in alike - data if not SAME.fullmatch(said)}
    assert rest == set()


def test_figures_and_days_are_written_as_the_language_does(pages):
    assert "2026-01-01 to 2026-03-01 (UTC)" in pages["en"]
    assert "01.01.2026 bis 01.03.2026 (UTC)" in pages["de"]
    body = pages["de"].split("<main")[1].split("</main>")[0]
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", body)
    assert not [cell for cell in cells if re.fullmatch(r"[\d,]+\.\d{1,2}(\xa0%)?", cell)]
    assert '<html lang="de">' in pages["de"]


def test_a_language_that_is_not_there_is_refused():
    with pytest.raises(KeyError):
        Language("fr").t("page.title")
