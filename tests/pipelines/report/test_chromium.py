"""The page as a browser shows it: drawn, quiet, self-contained, and usable from the keyboard."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from pipelines.report.page import write_report

CHROMIUM = shutil.which("chromium")
CHROMEDRIVER = shutil.which("chromedriver")
SECTIONS = (
    "summary", "credit", "money", "campaigns", "time", "paths", "lifecycle", "reconciliation",
    "health", "definitions",
)  # fmt: skip
HOSTILE = ("</script><script>document.title='owned'</script>", '"><img src=x onerror=alert(1)>')
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--window-size=1280,1000",
)  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CHROMIUM and CHROMEDRIVER),
        reason="no chromium here; on Debian: apt-get install chromium chromium-driver",
    ),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(CHROMEDRIVER)))
    yield driver
    driver.quit()


def look_at(browser: webdriver.Chrome, page: Path, width: int = 1280, theme: str = "light") -> None:
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": theme}]},
    )
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )
    browser.get("about:blank")
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    browser.get(page.as_uri())


def shown(browser: webdriver.Chrome, selector: str) -> list:
    return [e for e in browser.find_elements(By.CSS_SELECTOR, selector) if e.is_displayed()]


@pytest.fixture(scope="module")
def page(seeded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(seeded, tmp_path_factory.mktemp("report") / "report.html")


def requests(browser: webdriver.Chrome) -> set[str]:
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return {
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    }


def test_every_section_and_chart_is_drawn_without_a_word_from_the_console(browser, page):
    look_at(browser, page)
    assert [s.get_attribute("id") for s in shown(browser, "main > section")] == list(SECTIONS)
    for chart in ("credit", "money", "campaigns", "time"):
        assert shown(browser, f"#{chart} .chart svg path, #{chart} .chart svg rect"), chart
    dots = shown(browser, "#credit .chart svg g[aria-label=dot] > *")
    assert len(dots) == 10 * 7  # channels x models
    assert browser.get_log("browser") == []


def test_the_page_asks_for_nothing_but_itself(browser, page):
    look_at(browser, page)
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
    browser.execute_script(
        "Object.defineProperty(navigator, 'clipboard', {value: {writeText: async t => "
        "{ window.copied = t; }}})"
    )
    shown(browser, "#credit .copy")[0].send_keys(Keys.ENTER)
    WebDriverWait(browser, 5).until(lambda b: b.execute_script("return window.copied"))
    head, first, *_ = browser.execute_script("return window.copied").split("\r\n")
    assert head.startswith('"Channel","First touch","Last touch"')
    name, *figures = first.split(",")
    assert name.startswith('"')
    assert all(float(figure) > 0 for figure in figures)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280, 1920])
def test_no_width_and_theme_makes_the_page_scroll_sideways(browser, page, width, theme):
    look_at(browser, page, width, theme)
    wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.execute_script(wide) <= 0
    ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(20, 23, 26)") is (theme == "dark")


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


def test_a_page_of_a_year_paints_soon(browser, lake, tmp_path):
    con = lake(days=365, channels=30, campaigns=200, currencies=("EUR", "USD"))
    look_at(browser, write_report(con, tmp_path / "year.html"))
    painted = "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    WebDriverWait(browser, 10).until(lambda b: b.execute_script(painted))
    assert browser.execute_script(painted) < 3000  # under 1 s where nothing else runs
    assert shown(browser, "#credit .chart svg")
