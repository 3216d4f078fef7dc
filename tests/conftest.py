"""What tests share: one Spark session, tables written as text, rows read back."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if not hasattr(sys.modules["__main__"], "__file__"):  # a worker of pytest-xdist
    sys.ps1 = ""  # or PySpark takes this for its own doctests, and exits

logging.getLogger("py4j").setLevel(logging.WARNING)  # it speaks when nobody listens any more

# tests run small jobs: the simple collector starts soonest
TEST_JAVA = "-XX:-UseParallelGC -XX:+UseSerialGC"
# a process that makes one night ends before the thorough compiler has paid for itself
ONE_NIGHT_JAVA = f"{TEST_JAVA} -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"


@pytest.fixture(scope="session")
def _spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    from pipelines.session import start

    spark = start(
        dict(os.environ)
        | {
            "SPARK_MASTER": "local[2]",
            "TOUCHSTONE_JAVA_OPTIONS": TEST_JAVA,
        },
        str(tmp_path_factory.mktemp("spark")),
        **{"spark.driver.memory": "1g", "spark.sql.shuffle.partitions": "1"},
    )
    yield spark
    spark.stop()


@pytest.fixture
def spark(_spark):
    """The shared Spark session, left clean: no cached table survives a test."""
    yield _spark
    _spark.catalog.clearCache()


@pytest.fixture
def samples() -> Path:
    """Folder of real files from real systems that tests may read."""
    return Path(__file__).parent / "samples"
