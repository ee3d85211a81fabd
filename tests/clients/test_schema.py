"""DDL: one change of the catalog per transaction, seen by every session, checked at every commit (P21)."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from daybreak.base.keys import space_of
from daybreak.query.catalog import Table, change_key, decode_change
from tests.support.sql_server import SqlServer

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def client(server: SqlServer) -> Iterator[Connection]:
    with server.connect() as connection:
        yield connection


@pytest.fixture
def other(server: SqlServer, client: Connection) -> Iterator[Connection]:
    with server.connect() as connection:
        yield connection


def test_other_sessions_see_a_new_table_and_its_end(client: Connection, other: Connection) -> None:
    client.execute("CREATE TABLE t (id int PRIMARY KEY, made timestamptz DEFAULT now(), twice int GENERATED ALWAYS "
                   "AS (id * 2) STORED, CHECK (id > 0))")  # fmt: skip
    other.execute("INSERT INTO t (id) VALUES (1)")
    assert client.execute("SELECT id, twice, made > 'yesterday' FROM t").fetchall() == [(1, 2, True)]
    with pytest.raises(errors.CheckViolation):
        other.execute("INSERT INTO t (id) VALUES (-1)")
    client.execute("DROP TABLE t")
    with pytest.raises(errors.UndefinedTable):
        other.execute("SELECT * FROM t")
    client.execute("CREATE TABLE t (other text PRIMARY KEY)")
    assert other.execute("SELECT * FROM t").fetchall() == []


def test_a_new_session_gets_the_whole_catalog(server: SqlServer, client: Connection) -> None:
    for number in range(3):
        client.execute(f"CREATE TABLE t{number} (id int PRIMARY KEY)")
    client.execute("DROP TABLE t1")
    client.execute("INSERT INTO t2 VALUES (7)")
    client.close()
    for _ in range(4):  # engines that were used before, and new ones
        with server.connect() as fresh:
            assert fresh.execute("SELECT id FROM t0 UNION SELECT id FROM t2").fetchall() == [(7,)]
            with pytest.raises(errors.UndefinedTable):
                fresh.execute("SELECT * FROM t1")


def test_ddl_in_a_block(client: Connection, other: Connection) -> None:
    client.execute("BEGIN")
    client.execute("CREATE TABLE t (id int PRIMARY KEY)")
    assert client.execute("SELECT * FROM t").fetchall() == []
    with pytest.raises(errors.UndefinedTable):
        other.execute("SELECT * FROM t")
    client.execute("ROLLBACK")
    with pytest.raises(errors.UndefinedTable):
        client.execute("SELECT * FROM t")
    client.execute("BEGIN; CREATE TABLE t (id int PRIMARY KEY); COMMIT")
    assert other.execute("SELECT * FROM t").fetchall() == []


def test_one_ddl_and_no_dml_beside_it(client: Connection) -> None:
    client.execute("CREATE TABLE t (id int PRIMARY KEY)")
    multiple = "multiple ddl statements not supported in a transaction"
    mixed = "ddl and dml are not supported in the same transaction"
    for second, refusal in (
        ("CREATE TABLE b (id int PRIMARY KEY)", multiple),
        ("INSERT INTO t VALUES (1)", mixed),
        ("COPY t FROM STDIN", mixed),
    ):
        with pytest.raises(errors.FeatureNotSupported, match=refusal):
            client.execute(f"CREATE TABLE a (id int PRIMARY KEY); {second}")
    with pytest.raises(errors.FeatureNotSupported, match=mixed):
        client.execute("INSERT INTO t VALUES (1); DROP TABLE t")
    assert client.execute("SELECT * FROM t").fetchall() == []


def test_a_change_during_a_transaction_is_oc001_for_writers_only(client: Connection, other: Connection) -> None:
    client.execute("CREATE TABLE t (id int PRIMARY KEY)")
    client.execute("BEGIN")
    client.execute("INSERT INTO t VALUES (1)")
    other.execute("CREATE TABLE unrelated (id int PRIMARY KEY)")
    with pytest.raises(errors.SerializationFailure, match=r"\(OC001\)"):
        client.execute("COMMIT")
    client.execute("BEGIN")
    assert client.execute("SELECT * FROM t").fetchall() == []
    other.execute("DROP TABLE unrelated")
    assert client.execute("SELECT * FROM t").fetchall() == []
    client.execute("COMMIT")


def test_concurrent_ddl_collides(client: Connection, other: Connection) -> None:
    client.execute("BEGIN")
    other.execute("BEGIN")
    client.execute("CREATE TABLE a (id int PRIMARY KEY)")
    other.execute("CREATE TABLE a (id int PRIMARY KEY, v int)")
    other.execute("COMMIT")
    with pytest.raises(errors.SerializationFailure, match=r"\(OC001\)"):
        client.execute("COMMIT")
    assert client.execute("SELECT v FROM a").fetchall() == []


def test_if_exists_changes_nothing(server: SqlServer, client: Connection) -> None:
    client.execute("CREATE TABLE t (id int PRIMARY KEY)")
    commits = server.store.commits
    assert client.execute("CREATE TABLE IF NOT EXISTS t (other int)").statusmessage == "CREATE TABLE"
    assert client.execute("DROP TABLE IF EXISTS a, b").statusmessage == "DROP TABLE"
    assert client.execute("DROP INDEX IF EXISTS i").statusmessage == "DROP INDEX"
    assert server.store.commits == commits
    with pytest.raises(errors.DuplicateTable):
        client.execute("CREATE TABLE t (id int PRIMARY KEY)")
    with pytest.raises(errors.UndefinedTable):
        client.execute("DROP TABLE a")


def test_prepared_statements_survive_schema_changes_as_in_postgresql(client: Connection, other: Connection) -> None:
    client.execute("CREATE TABLE t (id int PRIMARY KEY)")
    other.execute("SELECT * FROM t WHERE id = %s", (1,), prepare=True)
    client.execute("CREATE TABLE unrelated (id int PRIMARY KEY)")
    client.execute("INSERT INTO t VALUES (1)")
    assert other.execute("SELECT * FROM t WHERE id = %s", (1,), prepare=True).fetchall() == [(1,)]
    client.execute("DROP TABLE t")
    client.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
    with pytest.raises(errors.FeatureNotSupported, match="cached plan must not change result type"):
        other.execute("SELECT * FROM t WHERE id = %s", (1,), prepare=True)


def test_index_async(client: Connection, other: Connection) -> None:
    client.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
    client.execute("INSERT INTO t SELECT g, g % 7 FROM generate_series(1, 100) g")
    done = client.execute("CREATE INDEX ASYNC ON t (v)")
    [(job,)] = done.fetchall()
    assert re.fullmatch(r"[a-z2-7]{26}", str(job))
    assert done.statusmessage == "CREATE INDEX"
    for session in (client, other):
        found = session.execute("SELECT indexname FROM pg_indexes WHERE tablename = 't' ORDER BY 1").fetchall()
        assert found == [("t_pkey",), ("t_v_idx",)]
    client.execute("DROP INDEX t_v_idx")
    assert other.execute("SELECT count(*) FROM pg_indexes WHERE tablename = 't'").fetchone() == (1,)


def test_unique_index_async_covers_old_and_new_rows(client: Connection, other: Connection) -> None:
    client.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
    client.execute("INSERT INTO t SELECT g, g FROM generate_series(1, 2500) g")
    client.execute("CREATE UNIQUE INDEX ASYNC t_v ON t (v)")
    assert other.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 't_v'").fetchone() == (
        "CREATE UNIQUE INDEX t_v ON public.t USING btree (v)",
    )
    for number in (1, 2500):
        with pytest.raises(errors.UniqueViolation):
            other.execute("INSERT INTO t VALUES (-1, %s)", (number,))
    other.execute("DELETE FROM t WHERE id = 1")
    other.execute("INSERT INTO t VALUES (-1, 1)")


def test_unique_index_over_duplicates_stays_invalid_and_holds_for_new_rows(
    client: Connection, other: Connection
) -> None:
    client.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
    client.execute("INSERT INTO t VALUES (1, 1), (2, 1), (3, 3)")
    notices: list[str | None] = []
    client.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    client.execute("CREATE UNIQUE INDEX ASYNC t_v ON t (v)")
    assert notices == ['index "t_v" stays invalid: duplicate key found while validating it']
    assert other.execute("SELECT * FROM t ORDER BY id").fetchall() == [(1, 1), (2, 1), (3, 3)]
    other.execute("INSERT INTO t VALUES (4, 4)")
    for sql in (
        "INSERT INTO t VALUES (5, 4)",
        "INSERT INTO t VALUES (5, 5), (6, 5)",
        "UPDATE t SET v = 4 WHERE id = 3",
        "BEGIN; INSERT INTO t VALUES (7, 7); INSERT INTO t VALUES (8, 7)",
    ):
        with pytest.raises(errors.UniqueViolation, match='"t_v"'):
            other.execute(sql)
        other.execute("ROLLBACK")
    other.execute("UPDATE t SET v = 5 WHERE id = 4")
    other.execute("INSERT INTO t VALUES (5, 4)")
    client.execute("DROP INDEX t_v")
    other.execute("INSERT INTO t VALUES (6, 4)")


def test_duplicates_are_found_across_the_batches_of_a_build(client: Connection) -> None:
    client.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
    client.execute("INSERT INTO t SELECT g, g % 2400 FROM generate_series(1, 2500) g")
    notices: list[str | None] = []
    client.add_notice_handler(lambda notice: notices.append(notice.sqlstate))
    client.execute("CREATE UNIQUE INDEX ASYNC ON t (v)")
    assert notices == ["23505"]
    assert client.execute("SELECT count(*) FROM t").fetchone() == (2500,)


def test_unique_index_is_built_while_others_write(server: SqlServer, client: Connection) -> None:
    client.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
    client.execute("INSERT INTO t SELECT g, g FROM generate_series(1, 2900) g")
    stop = threading.Event()
    committed: list[int] = []

    def write() -> None:
        with server.connect() as writer:
            number = 0
            while not stop.is_set() and number < 2900:
                number += 1
                try:
                    writer.execute("UPDATE t SET v = -v WHERE id = %s", (number,))
                    committed.append(number)
                except errors.SerializationFailure:
                    continue

    thread = threading.Thread(target=write)
    thread.start()
    client.execute("CREATE UNIQUE INDEX ASYNC t_v ON t (v)")
    stop.set()
    thread.join()
    table = last_table(server)
    assert [index.name for index in table.indexes if index.unique and index.valid] == ["t_pkey", "t_v"]
    rows = client.execute("SELECT id, v FROM t ORDER BY id").fetchall()
    assert [-v if i in committed else v for i, v in rows] == list(range(1, 2901))  # type: ignore[operator]
    entries = [key for key in server.store.order if space_of(key) == table.indexes[-1].id]
    assert sum(server.store.read(key, server.store.now) is not None for key in entries) == 2900


def last_table(server: SqlServer) -> Table:
    """The table as the latest change of the catalog has it."""
    version, change = 1, None
    while (value := server.store.read(change_key(version), server.store.now)) is not None:
        change = decode_change(value)
        version += 1
    assert change is not None and change.table is not None
    return change.table


def test_introspection_by_psql(server: SqlServer, client: Connection) -> None:
    client.execute("CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL)")
    rows = client.execute(
        "SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = 't' ORDER BY 1"
    ).fetchall()
    assert rows == [("id", "NO"), ("name", "NO")]
    assert client.execute("SELECT current_database(), current_user").fetchone() == ("postgres", "admin")
