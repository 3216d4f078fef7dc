"""A browser of our own, and how a page is opened, looked at and asked in it."""

from __future__ import annotations

import json
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--window-size=1280,1000",
)  # fmt: skip

CLIPBOARD = (
    "Object.defineProperty(navigator, 'clipboard', {value: {writeText: async t => "
    "{ window.copied = t; }}})"
)


def started(chromium: str, chromedriver: str, profile: Path) -> webdriver.Chrome:
    """Start it, with a log of what the console says and of what is asked for."""
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(chromedriver))


READY = "return 'ready' in document.documentElement.dataset"


def look_at(
    browser: webdriver.Chrome, page: Path, width: int = 1280, theme: str = "light", link: str = ""
) -> None:
    """Open a page, at the place of a link, and wait for its charts; forget what was said before."""
    dress(browser, width, theme)
    browser.get("about:blank")
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    browser.get(page.as_uri() + link)
    WebDriverWait(browser, 20).until(lambda b: b.execute_script(READY))


def dress(browser: webdriver.Chrome, width: int, theme: str) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": theme}]},
    )
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )


def shown(browser: webdriver.Chrome, selector: str) -> list[WebElement]:
    return [e for e in browser.find_elements(By.CSS_SELECTOR, selector) if e.is_displayed()]


def copied(browser: webdriver.Chrome) -> str:
    WebDriverWait(browser, 5).until(lambda b: b.execute_script("return window.copied"))
    return browser.execute_script("return window.copied")


def requests(browser: webdriver.Chrome) -> set[str]:
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return {
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    }
