"""A publication as a folder of CSV files.

Each export is a new numbered folder below the one named, written beside and renamed when whole;
`latest` then points at it. Who follows `latest` once reads one publication to its end: the export
before stays, older ones are deleted.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import uuid
from pathlib import Path

from expectations.promises import quoted
from expectations.star import STAR
from pipelines.errors import ConflictError, UsageError
from pipelines.export.content import Content, flat

LATEST, MANIFEST, KEPT = "latest", "export.json", 2
NUMBERED = re.compile(r"\d{6}")


def to_csv(content: Content, folder: Path) -> dict[str, int]:
    """Write the files; return rows by table. A null is an empty field, an empty text `""`."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder for CSV files.")
    link = folder / LATEST
    if link.exists() and not link.is_symlink():
        raise UsageError(f"{link} is there and no link: name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    writing = folder / f".{uuid.uuid4().hex}.writing"
    writing.mkdir()
    try:
        rows = _write(content, writing)
        _switch(folder, writing)
    finally:
        shutil.rmtree(writing, ignore_errors=True)
    for old in _exports(folder)[:-KEPT]:
        shutil.rmtree(old)
    return rows


def _write(content: Content, folder: Path) -> dict[str, int]:
    rows = {}
    dimensions = {view.table.name: view.table for view in STAR}
    for table in (*content.tables, *dimensions.values()):
        query = f"SELECT {flat(table)} FROM {content.source(table)}"
        target = quoted(str(folder / f"{table.name}.csv"))
        [(rows[table.name],)] = content.con.execute(
            f"COPY ({query}) TO {target} (FORMAT csv, HEADER)"
        ).fetchall()
    manifest = {
        "publication_id": content.publication_id, "through_date": str(content.through),
        "rows": rows,
    }  # fmt: skip
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    return rows


def _exports(folder: Path) -> list[Path]:
    found = (path for path in folder.iterdir() if NUMBERED.fullmatch(path.name))
    return sorted(path for path in found if (path / MANIFEST).exists())


def _switch(folder: Path, writing: Path) -> None:
    """Name the new folder, then point `latest` at it: each is one rename."""
    before = _exports(folder)
    target = folder / f"{int(before[-1].name) + 1 if before else 1:06d}"
    try:
        writing.rename(target)
    except OSError as error:
        raise ConflictError(
            f"{target} cannot be made ({error.strerror}): is another export into {folder} at work? "
            "Run it again when that has ended."
        ) from error
    link = folder / f".{uuid.uuid4().hex}.link"
    link.symlink_to(target.name)
    os.replace(link, folder / LATEST)
