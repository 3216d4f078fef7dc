"""A publication in a real PostgreSQL: whole for every reader, and replaced."""

import threading
from itertools import count

import duckdb
import pytest

from expectations.contract import Column, Table, Type
from expectations.star import STAR
from pipelines.errors import ConflictError, MissingInputError, UsageError
from pipelines.export.content import content, flat
from pipelines.export.postgres import to_postgres
from pipelines.lake import Lake
from pipelines.query import connect
from tests.pipelines.arrow_lake import DAY, announce, put
from tests.pipelines.postgres_server import binaries, running
from tests.pipelines.questions import QUESTIONS

adbc = pytest.importorskip("adbc_driver_postgresql.dbapi", reason="extra `postgres` not installed")
pytestmark = pytest.mark.skipif(
    not binaries(), reason="PostgreSQL is not installed: apt-get install postgresql"
)
NUMBERS = count()
SCHEMA, READER = "touchstone", "touchstone_reader"
WHOLE = f"""
SELECT publication_id, count(*)::int, min(conversions)::int, max(conversions)::int
FROM {SCHEMA}.channels, {SCHEMA}.this_publication GROUP BY 1"""


@pytest.fixture(scope="module")
def server():
    with running(binaries()) as dsn:
        yield dsn


@pytest.fixture
def database(server):
    """A new database on the server."""
    name = f"d{next(NUMBERS)}"
    told(server, f"CREATE DATABASE {name}", autocommit=True)
    return server.replace("dbname=postgres", f"dbname={name}")


@pytest.fixture
def lake(tmp_path):
    lake = Lake(str(tmp_path))
    grown(lake, 1)
    return lake


def grown(lake, number):
    """Publish once more: as many channels as the publication's number, each with so much."""
    put(lake, DAY, *[number] * number)
    announce(lake)


def told(dsn, *statements, autocommit=False):
    """Run statements; rows of the last one."""
    with adbc.connect(dsn, autocommit=autocommit) as con, con.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
        if not autocommit:
            con.commit()
    return rows


def exported(lake, dsn, publication=None):
    return to_postgres(content(lake, publication), dsn, SCHEMA, READER)


def test_an_export_replaces_the_one_before_and_another_role_may_read_it(lake, database):
    assert exported(lake, database)["channels"] == 1
    grown(lake, 2)
    exported(lake, database)
    assert told(database, f"SET ROLE {READER}", WHOLE) == [(2, 2, 2, 2)]
    with pytest.raises(adbc.Error, match="permission denied"):
        told(database, f"SET ROLE {READER}", f"DELETE FROM {SCHEMA}.channels")
    left = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'touchstone%'"
    assert told(database, left) == [(SCHEMA,)]
    for view in STAR:
        assert told(database, f"SELECT count(*) FROM {SCHEMA}.{view.name}")[0][0] >= 0
    digits = f"SELECT DISTINCT conversions::text FROM {SCHEMA}.channels"
    assert told(database, digits) == [("2.000000000000",)]
    about = "SELECT col_description('touchstone.channels'::regclass, 8)"
    assert "cost / conversions" in str(told(database, about))


def test_a_reader_sees_whole_publications_only_while_they_are_replaced(lake, database):
    exported(lake, database)
    seen, failed, done = [], [], threading.Event()

    def read():
        try:
            with adbc.connect(database, autocommit=True) as con, con.cursor() as cursor:
                while not done.is_set():
                    cursor.execute(WHOLE)
                    seen.extend(cursor.fetchall())
        except adbc.Error as error:
            failed.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(2, 4):
        grown(lake, number)
        exported(lake, database)
    done.set()
    for reader in readers:
        reader.join()
    assert failed == []
    assert all(row == (row[0],) * 4 for row in seen)
    assert len({row[0] for row in seen}) > 1


def test_a_long_query_delays_the_switch_and_is_not_disturbed(lake, database):
    exported(lake, database)
    grown(lake, 2)
    with adbc.connect(database) as con, con.cursor() as cursor:
        cursor.execute(f"SELECT conversions FROM {SCHEMA}.channels")
        export = threading.Thread(target=exported, args=(lake, database))
        export.start()
        export.join(timeout=1.5)
        assert export.is_alive()
        cursor.execute(WHOLE)
        assert cursor.fetchall() == [(1, 1, 1, 1)]
        con.commit()
        export.join(timeout=30)
    assert told(database, WHOLE) == [(2, 2, 2, 2)]


def test_nothing_that_an_export_did_not_make_is_replaced(lake, database):
    told(database, "CREATE SCHEMA mine", "CREATE TABLE mine.orders (n int)")
    with pytest.raises(UsageError, match="not made by an export"):
        to_postgres(content(lake, None), database, "mine", "")
    exported(lake, database)
    told(database, "CREATE VIEW public.board AS SELECT * FROM touchstone.channels")
    with pytest.raises(UsageError, match="board"):
        exported(lake, database)
    told(database, "DROP VIEW public.board", "CREATE TABLE touchstone.notes (n int)")
    with pytest.raises(UsageError, match=r"touchstone\.notes"):
        exported(lake, database)
    assert told(database, WHOLE) == [(1, 1, 1, 1)]


def test_one_export_at_a_time_and_a_killed_one_leaves_no_trace(lake, database):
    told(database, "CREATE SCHEMA touchstone__new",
         "COMMENT ON SCHEMA touchstone__new IS 'Touchstone publication 1'",
         "CREATE TABLE touchstone__new.channels (half int)")  # fmt: skip
    with adbc.connect(database) as con, con.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_lock(hashtext('{SCHEMA}'))::text")
        cursor.fetchall()
        with pytest.raises(ConflictError, match="Another export"):
            exported(lake, database)
    exported(lake, database)
    assert told(database, WHOLE) == [(1, 1, 1, 1)]


def test_a_server_that_is_not_there_is_said_in_a_sentence(lake):
    with pytest.raises(MissingInputError, match="cannot be reached"):
        exported(lake, "host=127.0.0.1 port=1 user=postgres password=hidden connect_timeout=2")


def test_a_user_without_rights_is_refused_in_a_sentence(lake, database):
    told(database, "CREATE ROLE weak LOGIN")
    with pytest.raises(MissingInputError, match="permission denied for database"):
        exported(lake, database.replace("user=postgres", "user=weak"))


def test_text_loses_what_postgresql_cannot_hold():
    table = Table("t", "", ("a",), {"a": Column(Type.STRING, "")})
    con = duckdb.connect()
    query = f"SELECT {flat(table, is_text_checked=True)} FROM (SELECT 'x' || chr(0) || 'y' AS a)"
    assert con.execute(query).fetchall() == [("xy",)]


def plain(value):
    """To compare: PostgreSQL's exact numbers come as text."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


@pytest.mark.spark
def test_every_question_has_the_same_answer_in_postgresql(done, database):
    lake = Lake(done.lake_uri)
    exported(lake, database)
    con = connect(lake)
    for number, query in QUESTIONS.items():
        here = con.execute(query).fetchall()
        there = told(database, f"SET search_path = {SCHEMA}", query)
        assert len(here) == len(there), number
        for ours, theirs in zip(here, there, strict=True):
            for mine, its in zip(map(plain, ours), map(plain, theirs), strict=True):
                assert its == (pytest.approx(mine) if isinstance(mine, float) else mine), number
