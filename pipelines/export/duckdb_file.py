"""A publication as one DuckDB file: tables, or views over the lake's files, and the star.

The file is written beside and renamed: who has the old one open keeps reading that.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from expectations.contract import Table
from expectations.promises import quoted
from expectations.star import STAR
from pipelines.errors import ConflictError, UsageError
from pipelines.export.content import Content, comments
from pipelines.publish import OWN
from pipelines.query import definition

ATTACHED = "exported"


def to_duckdb(content: Content, path: Path, is_views: bool = False) -> dict[str, int]:
    """Write the file; return rows by table. Views need the lake where it is, tables nothing."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name a file.")
    _refuse_open(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    writing = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        content.con.execute(f"ATTACH {quoted(str(writing))} AS {ATTACHED}").fetchall()
        for table in content.tables:
            content.con.execute(_creation(content, table, is_views)).fetchall()
        _add_star(content, is_views)
        content.con.execute(f"DETACH {ATTACHED}").fetchall()
        _refuse_open(path)
        os.replace(writing, path)
    finally:
        writing.unlink(missing_ok=True)
    return {table.name: content.rows(table) for table in content.tables}


def _refuse_open(path: Path) -> None:
    """Changes that a writer left beside the old file would be taken for changes of the new one."""
    wal = path.with_name(f"{path.name}.wal")
    if wal.exists():
        raise ConflictError(
            f"{wal} is there: somebody writes into {path}, or a writer died. Close it, or open and "
            "close the file once, then export again; keep tables of your own in another file."
        )


def _creation(content: Content, table: Table, is_views: bool) -> str:
    query = definition(content.lake, content.snapshots[table.name])
    if is_views and query and table.name != OWN:
        return f"CREATE VIEW {ATTACHED}.{table.name} AS {query}"
    return f"CREATE TABLE {ATTACHED}.{table.name} AS FROM {content.source(table)}"


def _add_star(content: Content, is_views: bool) -> None:
    """Facts and dimensions as views over what the file has, and the dictionary as comments."""
    con = content.con
    for view in STAR:
        if view.is_fact:
            con.execute(f"USE {ATTACHED}").fetchall()
            con.execute(f"CREATE VIEW {view.name} AS {view.sql}").fetchall()
            con.execute("USE memory").fetchall()
        else:
            con.execute(f"CREATE TABLE {ATTACHED}.{view.name} AS FROM {view.name}").fetchall()
    con.execute(f"USE {ATTACHED}").fetchall()
    made = con.execute(
        f"SELECT view_name FROM duckdb_views() WHERE database_name = '{ATTACHED}' AND NOT internal"
    ).fetchall()
    for statement in comments(content, {name for (name,) in made}):
        con.execute(statement).fetchall()
    con.execute("USE memory").fetchall()
