"""Is everything here that a run needs? One line each, with what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import TouchstoneError
from pipelines.settings import Settings, load

LEAST_FREE = 2**30


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    what: str
    is_ok: bool
    says: str


def checks(home: Path, environ: dict[str, str]) -> list[Check]:
    """All checks, in the order in which a run would meet them."""
    from pipelines.nightly import mappings_of
    from pipelines.session import find_java, java_version

    def java() -> str:
        place = find_java(environ)
        return f"version {java_version(place / 'bin' / 'java')} in {place}"

    found = [_try("Java", java), _try("settings", lambda: _settings_text(home))]
    if not found[-1].is_ok:
        return found
    settings = load(home)
    return [
        *found,
        _try("mappings", lambda: ", ".join(sorted(mappings_of(settings)))),
        _folder("landing", settings.landing_path, os.R_OK | os.X_OK, "readable"),
        *_lake(settings),
    ]


def _try(what: str, look: Callable[[], str]) -> Check:
    try:
        return Check(what, True, look())
    except TouchstoneError as error:
        return Check(what, False, str(error))


def _settings_text(home: Path) -> str:
    load(home)
    return str(home / "touchstone.toml") if (home / "touchstone.toml").exists() else "all defaults"


def _folder(what: str, path: Path, mode: int, word: str) -> Check:
    if not path.is_dir():
        return Check(what, False, f"{path} is missing: run `touchstone init`.")
    is_ok = os.access(path, mode)
    return Check(what, is_ok, str(path) if is_ok else f"{path} is not {word} for this user.")


def _lake(settings: Settings) -> list[Check]:
    if "://" in settings.lake_uri:
        return [Check("lake", True, settings.lake_uri)]
    path = Path(settings.lake_uri)
    place = path if path.exists() else path.parent
    free = shutil.disk_usage(place).free
    room = Check("disk", free > LEAST_FREE, f"{free / 2**30:.1f} GiB free at {place}")
    return [_folder("lake", place, os.W_OK | os.X_OK, "writable"), room]
