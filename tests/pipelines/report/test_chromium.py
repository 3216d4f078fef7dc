"""The page as a browser shows it: drawn, quiet, self-contained, and usable from the keyboard."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_core_python
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from pipelines.report.page import SECTIONS, write_report
from tests.pipelines.report.browsing import (
    CLIPBOARD,
    copied,
    dress,
    look_at,
    requests,
    shown,
    started,
)  # fmt: skip
from tests.pipelines.report.conftest import seeded_lake

CHROMIUM = shutil.which("chromium")
CHROMEDRIVER = shutil.which("chromedriver")
HOSTILE = ("</script><script>document.title='owned'</script>", '"><img src=x onerror=alert(1)>')
GROUND = "return getComputedStyle(document.body).backgroundColor"
AXE = Path(axe_core_python.__file__).parent / "axe.min.js"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CHROMIUM and CHROMEDRIVER),
        reason="no chromium here; on Debian: apt-get install chromium chromium-driver",
    ),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    driver = started(str(CHROMIUM), str(CHROMEDRIVER), tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def page(seeded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(seeded, tmp_path_factory.mktemp("report") / "report.html")


@pytest.fixture(scope="module")
def german(seeded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    return write_report(seeded, folder / "bericht.html", language="de")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with all kinds of content and little of it: axe looks at every node."""
    con = seeded_lake(days=12, channels=4, campaigns=4, currencies=("EUR",))
    return write_report(con, tmp_path_factory.mktemp("report") / "klein.html", language="de")


def test_every_section_and_chart_is_drawn_in_silence_and_asks_for_nothing_but_itself(browser, page):
    look_at(browser, page)
    assert [s.get_attribute("id") for s in shown(browser, "main > section")] == list(SECTIONS)
    for chart in ("credit", "money", "campaigns", "time"):
        assert shown(browser, f"#{chart} .chart svg path, #{chart} .chart svg rect"), chart
    dots = shown(browser, "#credit .chart svg g[aria-label=dot] > *")
    assert len(dots) == 10 * 7  # channels x models
    assert len(shown(browser, "#paths .flow-band")) > 20
    assert len(shown(browser, "#models .certainty li")) == 10
    assert browser.get_log("browser") == []

    asked = requests(browser)
    assert page.as_uri() in asked
    assert {url for url in asked if not url.startswith("data:")} == {page.as_uri()}


def test_the_measure_is_switched_from_the_keyboard(browser, page):
    look_at(browser, page)
    browser.find_element(By.CSS_SELECTOR, "#credit input[value=value]").send_keys(Keys.ARROW_RIGHT)
    (panel,) = shown(browser, "#credit .panel")
    assert panel.get_attribute("data-measure") == "conversions"
    assert panel.find_elements(By.CSS_SELECTOR, "svg path")
    assert browser.switch_to.active_element.get_attribute("value") == "conversions"
    browser.switch_to.active_element.send_keys(Keys.ARROW_LEFT)
    assert shown(browser, "#credit .panel")[0].get_attribute("data-measure") == "value"


def test_the_currency_is_switched_for_the_whole_page(browser, page):
    look_at(browser, page)
    browser.find_element(By.ID, "currency").send_keys("no")
    WebDriverWait(browser, 5).until(lambda b: not shown(b, "[data-currency=EUR].block"))
    assert shown(browser, "#credit .panel")[0].get_attribute("data-measure") == "conversions"
    assert not shown(browser, "#credit .switch")
    assert "have no spend to be compared with" in browser.find_element(By.ID, "money").text


def test_a_table_is_sorted_from_the_keyboard_and_the_rest_stays_last(browser, page):
    look_at(browser, page)
    header = shown(browser, "#credit thead th")[-1]
    panel = "#credit .block:not([hidden]) .panel:not([hidden])"
    figures = f"return [...document.querySelectorAll('{panel} tbody tr')]"
    values = f"{figures}.map(r => +r.cells[r.cells.length - 1].textContent.replace(/,/g, ''))"
    for order, sign in (("descending", -1), ("ascending", 1)):
        header.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
        assert header.get_attribute("aria-sort") == order
        ranked = browser.execute_script(values)[:-1]
        assert ranked == sorted(ranked, key=lambda value: sign * value)
        last = browser.execute_script(f"{figures}.at(-1).cells[0].textContent")
        assert last == "(unattributed)"


def test_copied_figures_are_plain_numbers_under_their_headers(browser, page):
    look_at(browser, page)
    browser.execute_script(CLIPBOARD)
    shown(browser, "#credit .tools button")[0].send_keys(Keys.ENTER)
    head, first, *_ = copied(browser).split("\r\n")
    assert head.startswith('"Channel","First touch","Last touch"')
    name, *figures = first.split(",")
    assert name.startswith('"')
    assert all(float(figure) > 0 for figure in figures)


def test_no_width_and_theme_makes_the_page_scroll_sideways(browser, german):
    look_at(browser, german)
    wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for width in (360, 1280, 1920):
        for theme in ("light", "dark"):
            dress(browser, width, theme)
            assert browser.execute_script(wide) <= 0, (width, theme)
            ground = browser.execute_script(GROUND)
            assert (ground == "rgb(20, 23, 26)") is (theme == "dark")


def test_rows_are_filtered_by_words_and_the_copy_has_what_is_shown(browser, german):
    look_at(browser, german)
    browser.execute_script(CLIPBOARD)
    panel = shown(browser, "#credit .panel")[0]
    panel.find_element(By.CSS_SELECTOR, "input[type=search]").send_keys("paid s")
    assert browser.find_element(By.ID, "said").get_attribute("textContent") == (
        "2 von 11 Zeilen gezeigt"
    )
    browser.find_element(By.CSS_SELECTOR, "#credit .legend button").send_keys(Keys.ENTER)
    panel.find_element(By.CSS_SELECTOR, ".tools button").send_keys(Keys.ENTER)
    head, *rows = copied(browser).split("\r\n")
    assert head.startswith('"Kanal";"Letzter Kontakt"')
    assert [row.split(";")[0] for row in rows] == ['"Paid Search"', '"Paid Social"', '"Summe"']
    assert all(float(cell.replace(",", ".")) > 0 for cell in rows[0].split(";")[1:])
    dots = shown(browser, "#credit .chart svg g[aria-label=dot] > *")
    assert len(dots) == 10 * 6  # a model fewer


def test_a_link_shows_what_was_chosen_when_it_was_copied(browser, page):
    look_at(browser, page)
    browser.find_element(By.CSS_SELECTOR, "#lifecycle input[value=markov]").send_keys(Keys.SPACE)
    browser.find_elements(By.CSS_SELECTOR, "#credit .legend button")[1].send_keys(Keys.ENTER)
    table = shown(browser, "#credit .panel")[0]
    table.find_elements(By.CSS_SELECTOR, "thead button")[0].send_keys(Keys.ENTER)
    table.find_element(By.CSS_SELECTOR, "input[type=search]").send_keys("o")
    link = browser.execute_script("return location.hash")
    names = "return [...document.querySelectorAll('#credit .panel:not([hidden]) tbody tr')]" + (
        ".filter(r => r.getClientRects().length).map(r => r.cells[0].textContent)"
    )
    before = browser.execute_script(names)
    look_at(browser, page, link=link)
    assert link.startswith("#credit&")
    assert browser.execute_script(names) == before == sorted(before)
    (chosen,) = shown(browser, "#lifecycle [data-panel=lifecycle]")
    assert chosen.get_attribute("data-measure") == "markov"
    pressed = [b.get_attribute("aria-pressed") for b in shown(browser, "#credit .legend button")]
    assert pressed == ["true", "false"] + ["true"] * 5
    top = "return document.getElementById('credit').getBoundingClientRect().top"
    assert abs(browser.execute_script(top)) < 120  # below the bar of sections


@pytest.mark.parametrize(
    ("theme", "rules"), [("light", {}), ("dark", {"runOnly": ["color-contrast"]})]
)
def test_axe_finds_nothing_serious(browser, small, theme, rules):
    """All rules in the light; in the dark only colours differ."""
    look_at(browser, small, 1280, theme)
    browser.set_script_timeout(120)
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    run = "axe.run(document, arguments[0]).then(arguments[1])"
    found: dict[str, Any] = browser.execute_async_script(run, rules)
    assert "color-contrast" in {passed["id"] for passed in found["passes"]}
    told = [(v["impact"], v["id"], v["nodes"][0]["html"]) for v in found["violations"]]
    assert [one for one in told if one[0] in ("serious", "critical")] == []


def test_names_from_data_run_nothing_in_the_browser(browser, lake, tmp_path):
    con = lake(days=20, names=HOSTILE)
    look_at(browser, write_report(con, tmp_path / "hostile.html"))
    assert browser.title.startswith("Touchstone")
    names = [cell.text for cell in shown(browser, "#credit tbody th")]
    assert set(HOSTILE) <= set(names)
    assert not browser.find_elements(By.TAG_NAME, "img")
    assert browser.get_log("browser") == []


def test_a_page_of_an_empty_lake_is_quiet_too(browser, no_rows, tmp_path):
    look_at(browser, write_report(no_rows, tmp_path / "empty.html"))
    assert len(shown(browser, "main > section")) == len(SECTIONS)
    assert len(shown(browser, ".empty")) >= 9
    assert browser.get_log("browser") == []


def test_a_page_of_a_year_paints_soon(browser, year):
    look_at(browser, year)
    painted = "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    assert browser.execute_script(painted) < 3000  # under 1 s where nothing else runs
    assert shown(browser, "#credit .chart svg")
