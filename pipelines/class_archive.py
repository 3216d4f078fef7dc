"""An archive of the Java classes that a night needs: Java reads it instead of making them again.

Java loads and checks some 20,000 classes before a night is over. It can write down once what it
made of them (`warm_up`), and later read that back. An archive holds for one Java and one set of
jars; Java leaves it aside, silently, if these are others.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

FIRST, DAYS, PEOPLE, SEED = date(2026, 1, 1), 2, 20, 7  # of the shop that is lived through
QUIET = "-Xlog:disable -Xlog:all=error:stderr"  # Java warns of what does not fit an archive


def archive_path(environ: dict[str, str], java_home: Path) -> Path:
    """Where the archive for this Java and this Spark is kept, made or not: the user's cache."""
    import pyspark

    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    cache = Path(environ.get("XDG_CACHE_HOME") or home / ".cache")
    release = java_home / "release"
    known = [java_home, release.read_text() if release.exists() else "", pyspark.__file__]
    told = hashlib.sha256("\n".join(map(str, known)).encode()).hexdigest()[:12]
    return cache / "touchstone" / f"spark-{pyspark.__version__}-{told}.jsa"


def use_archive(environ: dict[str, str], java_home: Path) -> str:
    """Java's options to use the archive; none if there is none."""
    found = archive_path(environ, java_home)
    return f'"-XX:SharedArchiveFile={found}" {QUIET}' if found.exists() else ""


def warm_up(environ: dict[str, str], say: Callable[[str], None] = lambda _: None) -> Path:
    """Live through a night of a tiny invented shop and keep the classes that it took.

    Java writes them as it ends, so none may run in this process yet.
    """
    from pipelines.session import end, find_java

    target = archive_path(environ, find_java(environ))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)  # or the night would use it, and find nothing to write
    fresh = target.with_name(f"{target.name}.{os.getpid()}")
    asked = os.environ.get("TOUCHSTONE_JAVA_OPTIONS", "")
    os.environ["TOUCHSTONE_JAVA_OPTIONS"] = f'{asked} {QUIET} "-XX:ArchiveClassesAtExit={fresh}"'
    try:
        with tempfile.TemporaryDirectory(prefix="touchstone-") as home:
            _night(Path(home), say)
            end()
        fresh.rename(target)  # whoever starts meanwhile sees a whole archive or none
    finally:
        os.environ["TOUCHSTONE_JAVA_OPTIONS"] = asked
        fresh.unlink(missing_ok=True)
    return target


def _night(home: Path, say: Callable[[str], None]) -> None:
    from datetime import timedelta

    from pipelines.demo import write_demo
    from pipelines.flow import STAGES
    from pipelines.nightly import ingest, run
    from pipelines.settings import load

    settings = load(home)
    write_demo(settings.landing_path, people=PEOPLE, days=DAYS, start=FIRST, seed=SEED, dirt=False)
    ingest(settings)
    run(settings, FIRST + timedelta(DAYS - 1), STAGES, say=say)
