"""Transactions as a client sees them: blocks, failure, autocommit, series, settings."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors
from psycopg.pq import TransactionStatus

from tests.support.sql_server import SqlServer

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def client(server: SqlServer) -> Iterator[Connection]:
    with server.connect() as connection:
        connection.execute("CREATE TABLE t (id int PRIMARY KEY, v int, u text UNIQUE)")
        connection.execute("INSERT INTO t VALUES (1, 10, 'a'), (2, 20, 'b')")
        yield connection


def ids(connection: Connection) -> list[object]:
    return [row[0] for row in connection.execute("SELECT id FROM t ORDER BY id")]


def test_commit_makes_visible_and_rollback_forgets(server: SqlServer, client: Connection) -> None:
    with server.connect() as other:
        client.execute("BEGIN")
        client.execute("INSERT INTO t VALUES (3, 30, 'c')")
        assert ids(client) == [1, 2, 3]
        assert ids(other) == [1, 2]
        client.execute("COMMIT")
        assert ids(other) == [1, 2, 3]
        client.execute("BEGIN")
        client.execute("DELETE FROM t")
        assert ids(client) == []
        client.execute("ROLLBACK")
        assert ids(client) == ids(other) == [1, 2, 3]


def test_a_transaction_reads_one_snapshot(server: SqlServer, client: Connection) -> None:
    with server.connect() as other:
        client.execute("BEGIN")
        assert client.execute("SELECT v FROM t WHERE id = 1").fetchone() == (10,)
        other.execute("UPDATE t SET v = 11 WHERE id = 1")
        other.execute("UPDATE t SET v = 21 WHERE id = 2")
        assert client.execute("SELECT v FROM t ORDER BY id").fetchall() == [(10,), (20,)]
        client.execute("COMMIT")  # has only read: cannot fail
        assert client.execute("SELECT v FROM t ORDER BY id").fetchall() == [(11,), (21,)]


def test_begin_takes_no_snapshot(server: SqlServer, client: Connection) -> None:
    with server.connect() as other:
        client.execute("BEGIN")
        other.execute("INSERT INTO t VALUES (3)")
        assert ids(client) == [1, 2, 3]
        client.execute("COMMIT")


def test_a_failed_block_takes_nothing_but_its_end(client: Connection) -> None:
    client.execute("BEGIN")
    client.execute("INSERT INTO t VALUES (3)")
    with pytest.raises(errors.DivisionByZero):
        client.execute("SELECT 1 / 0")
    assert client.info.transaction_status == TransactionStatus.INERROR
    for sql in ("SELECT 1", "INSERT INTO t VALUES (4)", "TRUNCATE t"):
        with pytest.raises(errors.InFailedSqlTransaction):
            client.execute(sql)
    assert client.execute("COMMIT").statusmessage == "ROLLBACK"
    assert client.execute("SELECT 1").statusmessage == "SELECT 1"
    assert ids(client) == [1, 2]


def test_a_refused_statement_fails_the_block_too(client: Connection) -> None:
    client.execute("BEGIN")
    with pytest.raises(errors.FeatureNotSupported, match="unsupported transaction statement: SAVEPOINT"):
        client.execute("SAVEPOINT s")
    with pytest.raises(errors.InFailedSqlTransaction):
        client.execute("SELECT 1")
    client.execute("ROLLBACK")


def test_begin_twice_and_commit_without_begin_warn(client: Connection) -> None:
    notices: list[str | None] = []
    client.add_notice_handler(lambda notice: notices.append(notice.sqlstate))
    client.execute("BEGIN")
    client.execute("BEGIN")
    client.execute("COMMIT")
    client.execute("COMMIT")
    client.execute("ROLLBACK")
    assert notices == ["25001", "25P01", "25P01"]


def test_statements_of_one_query_message_are_one_transaction(client: Connection) -> None:
    with pytest.raises(errors.DivisionByZero):
        client.execute("INSERT INTO t VALUES (3); SELECT 1 / 0; INSERT INTO t VALUES (4)")
    assert ids(client) == [1, 2]
    client.execute("INSERT INTO t VALUES (3); INSERT INTO t VALUES (4)")
    assert ids(client) == [1, 2, 3, 4]


def test_commit_within_a_query_message_divides_it(client: Connection) -> None:
    with pytest.raises(errors.DivisionByZero):
        client.execute("BEGIN; INSERT INTO t VALUES (3); COMMIT; INSERT INTO t VALUES (4); SELECT 1 / 0")
    assert ids(client) == [1, 2, 3]
    assert client.info.transaction_status == TransactionStatus.IDLE


def test_begin_within_a_query_message_opens_a_block(client: Connection) -> None:
    client.execute("INSERT INTO t VALUES (3); BEGIN; INSERT INTO t VALUES (4)")
    assert client.info.transaction_status == TransactionStatus.INTRANS
    client.execute("ROLLBACK")
    assert ids(client) == [1, 2]


def test_error_positions_count_from_the_start_of_the_text(client: Connection) -> None:
    with pytest.raises(errors.UndefinedColumn) as caught:
        client.execute("SELECT 1; SELECT nothing FROM t")
    assert caught.value.diag.statement_position == "18"


def test_read_only_block_refuses_writes(client: Connection) -> None:
    for sql in ("INSERT INTO t VALUES (3)", "CREATE TABLE s (id int PRIMARY KEY)", "SELECT * FROM t FOR UPDATE"):
        client.execute("BEGIN READ ONLY")
        assert ids(client) == [1, 2]
        with pytest.raises(errors.ReadOnlySqlTransaction):
            client.execute(sql)
        client.execute("ROLLBACK")


def test_duplicates_are_found_in_rows_that_were_not_loaded(client: Connection) -> None:
    client.execute("BEGIN")
    with pytest.raises(errors.UniqueViolation) as caught:
        client.execute("INSERT INTO t VALUES (1)")
    assert caught.value.diag.constraint_name == "t_pkey"
    client.execute("ROLLBACK")
    with pytest.raises(errors.UniqueViolation) as caught:
        client.execute("INSERT INTO t VALUES (3, 0, 'b')")
    assert caught.value.diag.constraint_name == "t_u_key"
    with pytest.raises(errors.UniqueViolation):
        client.execute("UPDATE t SET u = 'b' WHERE id = 1")
    with pytest.raises(errors.UniqueViolation):
        client.execute("INSERT INTO t SELECT g, g, 'x' || g FROM generate_series(2, 5) g")
    assert ids(client) == [1, 2]


def test_on_conflict_meets_rows_that_were_not_loaded(client: Connection) -> None:
    client.execute("INSERT INTO t VALUES (1, 11), (3, 31) ON CONFLICT (id) DO UPDATE SET v = excluded.v")
    assert client.execute("SELECT id, v FROM t ORDER BY id").fetchall() == [(1, 11), (2, 20), (3, 31)]
    done = client.execute("INSERT INTO t VALUES (9, 0, 'b') ON CONFLICT (u) DO UPDATE SET v = -1 RETURNING id, v")
    assert done.fetchall() == [(2, -1)]
    assert client.execute("INSERT INTO t VALUES (9, 0, 'b') ON CONFLICT DO NOTHING").rowcount == 0
    # Without row 1 the insert would fail on u, whose row is loaded; with it, it is an update that succeeds.
    client.execute("BEGIN")
    client.execute("SELECT * FROM t WHERE id = 2")
    client.execute("INSERT INTO t SELECT 1, 5, 'b' ON CONFLICT (id) DO UPDATE SET v = excluded.v")
    client.execute("COMMIT")
    assert client.execute("SELECT v FROM t WHERE id = 1").fetchone() == (5,)


def test_rows_may_exchange_their_keys(client: Connection) -> None:
    client.execute("INSERT INTO t VALUES (3, 30, 'c')")
    client.execute("BEGIN")
    client.execute("DELETE FROM t WHERE id = 1")
    client.execute("INSERT INTO t VALUES (1, 100, 'z')")
    client.execute("UPDATE t SET id = 7 WHERE id = 2")
    client.execute("INSERT INTO t VALUES (2, 200, 'a')")
    client.execute("COMMIT")
    rows = client.execute("SELECT id, v, u FROM t ORDER BY id").fetchall()
    assert rows == [(1, 100, "z"), (2, 200, "a"), (3, 30, "c"), (7, 20, "b")]
    for unique in ("a", "b", "z"):
        with pytest.raises(errors.UniqueViolation):
            client.execute("INSERT INTO t VALUES (50, 0, %s)", (unique,))
    client.execute("DELETE FROM t WHERE u = 'a'")
    client.execute("INSERT INTO t VALUES (50, 0, 'a')")


def test_table_without_primary_key(server: SqlServer, client: Connection) -> None:
    client.execute("CREATE TABLE h (v int, u int UNIQUE)")
    client.execute("INSERT INTO h SELECT 1, NULL FROM generate_series(1, 3)")
    client.execute("INSERT INTO h VALUES (2, 5)")
    with server.connect() as other:
        assert other.execute("SELECT count(*) FROM h").fetchone() == (4,)
        other.execute("BEGIN")
        other.execute("UPDATE h SET v = 3 WHERE v = 2")
        other.execute("UPDATE h SET v = v + 1 WHERE v = 3")
        other.execute("INSERT INTO h VALUES (1)")
        other.execute("DELETE FROM h WHERE ctid IN (SELECT ctid FROM h WHERE v = 1 LIMIT 2)")
        other.execute("COMMIT")
    assert client.execute("SELECT v FROM h ORDER BY v").fetchall() == [(1,), (1,), (4,)]
    with pytest.raises(errors.UniqueViolation):
        client.execute("INSERT INTO h VALUES (9, 5)")
    client.execute("UPDATE h SET u = 6 WHERE u = 5")
    client.execute("INSERT INTO h VALUES (9, 5)")


def test_set_lasts_if_its_transaction_commits(client: Connection) -> None:
    def timezone() -> object:
        row = client.execute("SHOW timezone").fetchone()
        assert row is not None
        return row[0]

    client.execute("SET timezone = 'Asia/Tokyo'")
    client.execute("BEGIN")
    client.execute("SELECT count(*) FROM t")
    client.execute("SET timezone = 'Europe/Oslo'")
    client.execute("ROLLBACK")
    assert timezone() == "Asia/Tokyo"
    assert client.info.parameter_status("TimeZone") == "Asia/Tokyo"
    client.execute("BEGIN")
    client.execute("SET timezone = 'Europe/Oslo'")
    client.execute("SET LOCAL datestyle = 'German'")
    assert client.execute("SELECT '2026-11-23'::date::text FROM t").fetchone() == ("23.11.2026",)
    client.execute("COMMIT")
    assert timezone() == "Europe/Oslo"
    assert client.info.parameter_status("TimeZone") == "Europe/Oslo"
    assert client.info.parameter_status("DateStyle") == "ISO, MDY"


def test_refused_settings(client: Connection) -> None:
    with pytest.raises(errors.FeatureNotSupported, match='"statement_timeout" not supported'):
        client.execute("SET statement_timeout = 1")
    with pytest.raises(errors.FeatureNotSupported, match="Unsupported isolation level: SERIALIZABLE"):
        client.execute("BEGIN ISOLATION LEVEL SERIALIZABLE")
    assert client.execute("SHOW transaction_isolation").fetchone() == ("repeatable read",)


def test_row_limit(client: Connection) -> None:
    client.execute("BEGIN")
    client.execute("INSERT INTO t SELECT g, 0 FROM generate_series(1001, 4000) g")
    client.execute("UPDATE t SET v = 1 WHERE id = 1001")  # modified before: counts once
    with pytest.raises(errors.ProgramLimitExceeded, match="transaction row limit exceeded"):
        client.execute("INSERT INTO t VALUES (5000)")
    client.execute("ROLLBACK")
    with pytest.raises(errors.ProgramLimitExceeded, match="transaction row limit exceeded"):
        client.execute("INSERT INTO t SELECT g, 0 FROM generate_series(1001, 14001) g")
    assert ids(client) == [1, 2]


def test_size_limit_is_found_at_commit(client: Connection) -> None:
    client.execute("CREATE TABLE big (id int PRIMARY KEY, s text)")
    client.execute("BEGIN")
    client.execute("INSERT INTO big SELECT g, repeat('x', 1000000) FROM generate_series(1, 11) g")
    with pytest.raises(errors.ProgramLimitExceeded, match="transaction size limit 10mb exceeded"):
        client.execute("COMMIT")
    assert client.info.transaction_status == TransactionStatus.IDLE
    assert client.execute("SELECT count(*) FROM big").fetchone() == (0,)


def test_write_skew_is_possible_and_for_update_prevents_it(server: SqlServer, client: Connection) -> None:
    def race(lock: str) -> None:
        with server.connect() as other:
            client.execute("BEGIN")
            other.execute("BEGIN")
            client.execute(f"SELECT v FROM t WHERE id = 2 {lock}")
            other.execute(f"SELECT v FROM t WHERE id = 1 {lock}")
            client.execute("UPDATE t SET v = 0 WHERE id = 1")
            other.execute("UPDATE t SET v = 0 WHERE id = 2")
            client.execute("COMMIT")
            other.execute("COMMIT")

    race("")
    with pytest.raises(errors.SerializationFailure):
        race("FOR UPDATE")


def test_for_update_locks_the_rows_returned_only(server: SqlServer, client: Connection) -> None:
    with server.connect() as other:
        client.execute("BEGIN")
        assert client.execute("SELECT id FROM t ORDER BY id LIMIT 1 FOR UPDATE").fetchall() == [(1,)]
        other.execute("UPDATE t SET v = 0 WHERE id = 2")
        client.execute("COMMIT")
        client.execute("BEGIN")
        client.execute("SELECT id FROM t ORDER BY id LIMIT 1 FOR UPDATE")
        other.execute("UPDATE t SET v = 0 WHERE id = 1")
        with pytest.raises(errors.SerializationFailure):
            client.execute("COMMIT")


def test_for_update_within_a_statement_that_writes(server: SqlServer, client: Connection) -> None:
    with server.connect() as other:
        client.execute("BEGIN")
        client.execute("INSERT INTO t SELECT id + 10, v FROM (SELECT id, v FROM t WHERE id = 1 FOR UPDATE) x")
        other.execute("UPDATE t SET v = 0 WHERE id = 1")
        with pytest.raises(errors.SerializationFailure):
            client.execute("COMMIT")


def test_for_key_share_lets_non_key_updates_pass(server: SqlServer, client: Connection) -> None:
    with server.connect() as other:
        client.execute("BEGIN")
        client.execute("SELECT id FROM t FOR KEY SHARE")
        client.execute("INSERT INTO t VALUES (3)")
        other.execute("UPDATE t SET v = 0 WHERE id = 1")
        client.execute("COMMIT")
        assert other.execute("SELECT v FROM t WHERE id = 1").fetchone() == (0,)
        client.execute("BEGIN")
        client.execute("SELECT id FROM t FOR KEY SHARE")
        client.execute("INSERT INTO t VALUES (4)")
        other.execute("DELETE FROM t WHERE id = 1")
        with pytest.raises(errors.SerializationFailure):
            client.execute("COMMIT")


def test_insert_race_on_a_unique_column(server: SqlServer, client: Connection) -> None:
    with server.connect() as other:
        client.execute("BEGIN")
        client.execute("INSERT INTO t VALUES (5, 0, 'same')")
        other.execute("INSERT INTO t VALUES (6, 0, 'same')")
        with pytest.raises(errors.SerializationFailure):
            client.execute("COMMIT")
        with pytest.raises(errors.UniqueViolation):
            client.execute("INSERT INTO t VALUES (5, 0, 'same')")


def test_only_the_rows_of_a_key_are_read(server: SqlServer, client: Connection) -> None:
    server.store.reads.clear()
    client.execute("UPDATE t SET v = 1 WHERE id = 1")
    client.execute("SELECT * FROM t WHERE id IN (1, 2)")
    assert not [read for read in server.store.reads if isinstance(read, tuple)]
    client.execute("SELECT * FROM t")
    assert len([read for read in server.store.reads if isinstance(read, tuple)]) == 1


def test_malformed_sql_gets_postgresql_s_own_error(client: Connection) -> None:
    with pytest.raises(errors.SyntaxError, match='syntax error at or near "SELEC"') as caught:
        client.execute("SELEC 1")
    assert caught.value.diag.statement_position == "1"
    with pytest.raises(errors.SyntaxError):
        client.execute("SELEC %s", (1,))
    with pytest.raises(errors.UndefinedTable):
        client.execute("SELECT * FROM nowhere")
    assert client.execute("").statusmessage in (None, "")


@pytest.mark.parametrize(
    ("sql", "tag"),
    [
        ("EXPLAIN SELECT * FROM t", "EXPLAIN"),
        ("EXPLAIN ANALYZE UPDATE t SET v = v + 1", "EXPLAIN"),
        ("SET CONSTRAINTS ALL DEFERRED", "SET CONSTRAINTS"),
        ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET"),
        ("RESET ALL", "RESET"),
        ("RESET ROLE", "RESET"),
        ("SET disable_sync_create_index = on", "SET"),
        ("DEALLOCATE ALL", "DEALLOCATE ALL"),
        ("-- nothing", ""),
        ("SELECT pg_sleep(0)", "SELECT 1"),
        ("TABLE t", "SELECT 2"),
        ("VALUES (1), (2)", "SELECT 2"),
        ("WITH n AS (INSERT INTO t VALUES (9) RETURNING id) SELECT * FROM n", "SELECT 1"),
    ],
)
def test_other_statements(client: Connection, sql: str, tag: str) -> None:
    assert (client.execute(sql).statusmessage or "") == tag
    client.execute("BEGIN")
    assert (client.execute(sql.replace("(9)", "(10)")).statusmessage or "") == tag
    client.execute("COMMIT")


def test_explain_reads_and_changes_rows_only_with_analyze(client: Connection) -> None:
    client.execute("EXPLAIN DELETE FROM t")
    assert ids(client) == [1, 2]
    client.execute("EXPLAIN ANALYZE DELETE FROM t WHERE id = 1")
    assert ids(client) == [2]


def test_show_of_a_setting_that_postgresql_lacks(client: Connection) -> None:
    with pytest.raises(errors.UndefinedObject):
        client.execute("SHOW disable_sync_create_index")


def test_results_larger_than_any_buffer(client: Connection) -> None:
    [(text,)] = client.execute("SELECT repeat('x', 20000000)").fetchall()
    assert len(str(text)) == 20_000_000
    assert len(client.execute("SELECT * FROM generate_series(1, 200000)").fetchall()) == 200_000
