"""The landing folder wakes somebody: once per settled file, and never for an unfinished one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from dags.triggers import LandingTrigger


@pytest.fixture
def landing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "touchstone.toml").write_text("settle_seconds = 0.0\n")
    monkeypatch.setenv("TOUCHSTONE_HOME", str(tmp_path))
    folder = tmp_path / "landing"
    (folder / "ga4").mkdir(parents=True)
    return folder


async def _watch(*changes) -> list[dict]:
    """Payloads fired while changes are made, a few looks apart."""
    fired: list[dict] = []

    async def listen() -> None:
        async for event in LandingTrigger(poll_seconds=0.02).run():
            fired.append(event.payload)

    listener = asyncio.create_task(listen())
    for change in (*changes, lambda: None):
        await asyncio.sleep(0.25)
        change()
    await asyncio.sleep(0.25)
    listener.cancel()
    return fired


def test_a_file_wakes_once(landing: Path):
    fired = asyncio.run(_watch(lambda: (landing / "ga4/a.json").write_text("{}")))
    assert fired == [{"files": 1, "first": "ga4/a.json"}]


def test_files_that_lie_there_already_wake_too(landing: Path):
    for name in "ab":
        (landing / f"ga4/{name}.json").write_text("{}")
    assert asyncio.run(_watch()) == [{"files": 2, "first": "ga4/a.json"}]


def test_a_file_that_grew_wakes_again(landing: Path):
    file = landing / "ga4/a.json"
    fired = asyncio.run(_watch(lambda: file.write_text("1"), lambda: file.write_text("12")))
    assert len(fired) == 2


def test_an_unfinished_file_wakes_when_it_gets_its_name(landing: Path):
    part, whole = landing / "ga4/a.json.part", landing / "ga4/a.json"
    fired = asyncio.run(_watch(lambda: part.write_text("1"), lambda: part.rename(whole)))
    assert fired == [{"files": 1, "first": "ga4/a.json"}]


def test_a_mistyped_setting_does_not_end_the_watch(landing: Path):
    settings = landing.parent / "touchstone.toml"
    good = settings.read_text()
    settings.write_text("setle_seconds = 0\n")
    (landing / "ga4/a.json").write_text("{}")
    fired = asyncio.run(_watch(lambda: settings.write_text(good)))
    assert fired == [{"files": 1, "first": "ga4/a.json"}]


def test_a_trigger_is_made_again_from_what_it_serialises():
    path, arguments = LandingTrigger(poll_seconds=3).serialize()
    module, name = path.rsplit(".", 1)
    again = getattr(__import__(module, fromlist=[name]), name)(**arguments)
    assert again.serialize() == (path, arguments)


def test_the_triggerer_loads_nothing_heavy_to_watch(landing: Path):
    code = (
        "import sys; from dags.triggers import LandingTrigger; LandingTrigger().look();"
        "print([m for m in ('pyspark','pandas','deltalake','pyarrow','great_expectations')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
