"""The demo's files, written once with dirt and once without."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.demo import DemoSummary, write_demo

PEOPLE, DAYS = 1500, 36


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoSummary]:
    landing = tmp_path_factory.mktemp("clean")
    return landing, write_demo(landing, PEOPLE, DAYS, dirt=False)


@pytest.fixture(scope="session")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoSummary]:
    landing = tmp_path_factory.mktemp("dirty")
    return landing, write_demo(landing, PEOPLE, DAYS)
