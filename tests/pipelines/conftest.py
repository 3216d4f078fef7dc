"""A lake made in one night, for tests that only look at it."""

from datetime import timedelta

import pytest

from tests.pipelines.nights import DAYS, PEOPLE, START, home, night, world


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """Landing files of a small shop."""
    return world(PEOPLE, DAYS, tmp_path_factory.mktemp("worlds"))


@pytest.fixture(scope="session")
def done(_spark, files, tmp_path_factory):
    """A lake made in one night from everything. Whoever changes it takes a copy."""
    settings = home(tmp_path_factory.mktemp("done") / "home", files)
    night(settings, START + timedelta(DAYS - 1))
    return settings
