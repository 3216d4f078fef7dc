"""A publication as a schema of PostgreSQL, through Arrow and binary COPY.

It is loaded into a schema of its own beside the old one; one short transaction then drops the old
one and gives the new one its name. PostgreSQL looks names up as of now, not as of a statement's
start, so that transaction first takes hold of all old tables: no statement can have one table of
the old publication and one of the new.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from expectations.contract import AnyType, Table, Type
from expectations.promises import quoted
from expectations.star import STAR
from expectations.tables import TABLES
from pipelines.errors import ConflictError, MissingInputError, UsageError
from pipelines.export.content import FACTS, Content, comments, fact_sql, flat

POSTGRES: dict[Type, str] = {
    Type.STRING: "text", Type.INTEGER: "integer", Type.LONG: "bigint",
    Type.DOUBLE: "double precision", Type.BOOLEAN: "boolean", Type.MONEY: "numeric(18, 6)",
    Type.SHARE: "numeric(18, 12)", Type.TIMESTAMP: "timestamptz", Type.DATE: "date",
}  # fmt: skip
BATCH_ROWS = 100_000
PATIENCE = "500ms"  # below deadlock_timeout, so that it is us who give way to a reader
TRIES = 600
LOCKED, IN_USE = "55P03", "2BP01"  # SQLSTATE: lock not available, dependent objects exist
NEW, MARK = "__new", "Touchstone publication"
LONGEST = 63 - len(NEW)  # bytes; PostgreSQL cuts longer names silently


def to_postgres(content: Content, dsn: str, schema: str, reader: str) -> dict[str, int]:
    """Replace a schema by a publication; return rows by table.

    `reader` is a role that may read it, made if it is not there; '' for none.
    """
    for name in (schema, reader):
        if len(name.encode()) > LONGEST:
            raise UsageError(f"{name!r} is too long for a name: at most {LONGEST} bytes.")
    with _connected(dsn) as con:
        _refuse_others(con, schema)
        rows = _fill(con, content, schema + NEW)
        if reader:
            _grant(con, schema + NEW, reader)
        con.commit()
        for _ in range(TRIES):
            if _is_switched(con, schema):
                return rows
            time.sleep(0.1)
    raise ConflictError(
        f"Somebody reads {schema} without a pause, so it could not be replaced. The old "
        "publication is still there whole. Export again when long queries have ended."
    )


@contextmanager
def _connected(dsn: str) -> Iterator[Any]:
    try:
        import adbc_driver_postgresql.dbapi as postgres
    except ImportError as error:
        raise MissingInputError(
            "Exporting to PostgreSQL needs the package adbc-driver-postgresql: "
            "`pip install adbc-driver-postgresql`, or the extra `postgres` of this one."
        ) from error
    try:
        with postgres.connect(dsn) as con:
            yield con
    except postgres.Error as error:
        raise MissingInputError(
            f"PostgreSQL cannot be reached or refused: {error}. What was exported before is still "
            "there whole. Mend that and export again."
        ) from error


def _refuse_others(con: Any, schema: str) -> None:
    """One export at a time, and only over what an export made."""
    [(is_ours,)] = _asked(con, f"SELECT pg_try_advisory_lock(hashtext({quoted(schema)}))")
    if not is_ours:
        raise ConflictError(f"Another export into {schema} is at work: run it again after that.")
    for name in (schema, schema + NEW):
        found = _asked(
            con,
            "SELECT COALESCE(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace "
            f"WHERE nspname = {quoted(name)}",
        )
        if found and not found[0][0].startswith(MARK):
            raise UsageError(
                f"The schema {name} was not made by an export, so it is not replaced: name "
                "another one with --schema."
            )
        known = {*TABLES, *(view.name for view in STAR)}
        for foreign in [each for each, _ in _relations(con, name) if each not in known]:
            raise UsageError(
                f"{name}.{foreign} was not made by an export and would be lost: move it to a "
                "schema of its own."
            )


def _fill(con: Any, content: Content, schema: str) -> dict[str, int]:
    """Load everything into a new schema that no reader knows of."""
    name = _name(schema)
    _run(con, f"DROP SCHEMA IF EXISTS {name} CASCADE", f"CREATE SCHEMA {name}",
         f"COMMENT ON SCHEMA {name} IS {quoted(content.sentence)}",
         f"SET LOCAL search_path = {name}")  # fmt: skip
    rows = {}
    for table in content.all_tables:
        _run(con, _creation(table))
        query = f"SELECT {flat(table, is_text_checked=True)} FROM {content.source(table)}"
        batches = content.con.sql(query).to_arrow_reader(BATCH_ROWS)
        with con.cursor() as cursor:
            rows[table.name] = cursor.adbc_ingest(
                table.name, batches, mode="append", db_schema_name=schema
            )
        _run(con, f"ANALYZE {table.name}")
    for fact, query in fact_sql():
        _run(con, f"CREATE VIEW {fact} AS {query}")
    _run(con, *comments(content, {view.name for view in FACTS}))
    return rows


def _creation(table: Table) -> str:
    columns = ", ".join(f'"{name}" {_kind(c.type)}' for name, c in table.columns.items())
    return f"CREATE TABLE {table.name} ({columns})"


def _kind(kind: AnyType) -> str:
    return POSTGRES[kind] if isinstance(kind, Type) else "json"


def _grant(con: Any, schema: str, reader: str) -> None:
    if not _asked(con, f"SELECT 1 FROM pg_roles WHERE rolname = {quoted(reader)}"):
        _run(con, f"CREATE ROLE {_name(reader)} NOLOGIN")
    _run(con, f"GRANT USAGE ON SCHEMA {_name(schema)} TO {_name(reader)}",
         f"GRANT SELECT ON ALL TABLES IN SCHEMA {_name(schema)} TO {_name(reader)}")  # fmt: skip


def _is_switched(con: Any, schema: str) -> bool:
    """Put the new schema in the old one's place; False if a reader holds one of its tables."""
    try:
        _run(con, f"SET LOCAL lock_timeout = '{PATIENCE}'")
        _drop(con, schema)
        _run(con, f"ALTER SCHEMA {_name(schema + NEW)} RENAME TO {_name(schema)}")
        con.commit()
    except Exception as error:
        con.rollback()
        state = getattr(error, "sqlstate", None)
        if state == IN_USE:
            raise UsageError(
                f"Something outside the export hangs on {schema}, so it cannot be replaced: "
                f"{error}. Make it a query over the schema's tables at reading time instead."
            ) from error
        if state != LOCKED:
            raise
        return False
    return True


def _drop(con: Any, schema: str) -> None:
    """Drop the schema and what is in it, once nobody reads any of it."""
    names = {
        kind: [f"{_name(schema)}.{_name(name)}" for name, its in _relations(con, schema)
               if its == kind]
        for kind in ("VIEW", "TABLE")
    }  # fmt: skip
    for found in filter(None, names.values()):
        _run(con, f"LOCK TABLE {', '.join(found)} IN ACCESS EXCLUSIVE MODE")
    for kind, found in names.items():
        if found:
            _run(con, f"DROP {kind} {', '.join(found)}")
    _run(con, f"DROP SCHEMA IF EXISTS {_name(schema)}")


def _relations(con: Any, schema: str) -> list[tuple[Any, ...]]:
    """Name and kind of every table and view of a schema."""
    return _asked(
        con,
        "SELECT c.relname, CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END FROM pg_class c "
        f"JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = {quoted(schema)} "
        "AND c.relkind IN ('r', 'v') ORDER BY c.relname",
    )


def _run(con: Any, *statements: str) -> None:
    with con.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _asked(con: Any, query: str) -> list[tuple[Any, ...]]:
    with con.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def _name(text: str) -> str:
    """An identifier.

    >>> print(_name('a"b'))
    "a""b"
    """
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
