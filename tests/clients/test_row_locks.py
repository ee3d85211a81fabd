"""Which rows COMMIT checks, and in which class, is what PostgreSQL's executor locks: its own sessions tell."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from daybreak.query.postmaster import SUPERUSER
from daybreak.query.private_server import PrivateServer
from daybreak.query.rows import split_row
from tests.support.lock_statements import ROWS, TABLES, Connection, held, transaction
from tests.support.sql_server import LoopThread, SqlServer


@pytest.fixture
def plain(private: tuple[LoopThread, PrivateServer]) -> Iterator[tuple[Connection, Connection]]:
    """Two sessions of a PostgreSQL database without anything of ours."""
    _, running = private
    dsn = f"host={running.socket.parent} port=5432 user={SUPERUSER} dbname="
    with psycopg.connect(dsn + "postgres", autocommit=True) as admin:
        admin.execute("CREATE DATABASE plain TEMPLATE template0")
        with psycopg.connect(dsn + "plain") as one, psycopg.connect(dsn + "plain", autocommit=True) as other:
            yield one, other
        admin.execute("DROP DATABASE plain")


@pytest.fixture
def client(server: SqlServer) -> Iterator[Connection]:
    with server.connect() as connection:
        for sql in (*TABLES, *ROWS):
            connection.execute(sql)
        yield connection


def checked(server: SqlServer) -> dict[str, dict[int, str]]:
    """By table and id, the class in which COMMIT will have the rows checked that its snapshot holds."""
    assert server.store.latest is not None
    found: dict[str, dict[int, str]] = {"t": {}, "s": {}}
    for key, access in server.store.latest.accesses.items():
        row = server.store.read(key, server.store.now)
        if row is not None and row[:2] == b"\0\3":  # a row of three columns, not an entry of an index
            first, _, third = (int.from_bytes(field or b"", "big") for field in split_row(row))
            found["t" if third > 100 else "s"][first] = access.value
    return found


@pytest.mark.parametrize("part", range(6))
def test_commit_checks_what_postgresql_locks(
    server: SqlServer, client: Connection, plain: tuple[Connection, Connection], part: int
) -> None:
    one, other = plain
    for sql in (*TABLES, *ROWS):
        other.execute(sql)
    for seed in range(15 * part, 15 * part + 15):
        statements = transaction(seed)
        client.execute("BEGIN")
        for sql in statements:
            mine, theirs = client.execute(sql), one.execute(sql)
            if mine.description is not None and not sql.startswith("EXPLAIN"):
                assert sorted(mine.fetchall()) == sorted(theirs.fetchall()), sql
        assert checked(server) == {table: held(other, table) for table in ("t", "s")}, statements
        client.execute("ROLLBACK")
        one.rollback()


def locked(server: SqlServer, client: Connection, *statements: str) -> dict[str, dict[int, str]]:
    """What `statements` would have checked."""
    client.execute("BEGIN")
    for sql in statements:
        client.execute(sql)
    found = checked(server)
    client.execute("ROLLBACK")
    return found


def test_a_lock_counts_once_and_stays(server: SqlServer, client: Connection) -> None:
    """A weaker lock is no stronger one because a later statement looks at the same table."""
    share, update = "SELECT FROM t WHERE id < 3 FOR KEY SHARE", "SELECT FROM t WHERE id = {} FOR UPDATE"
    assert locked(server, client, share, update.format(5))["t"] == {1: "S", 2: "S", 5: "W"}
    assert locked(server, client, share, update.format(2))["t"] == {1: "S", 2: "W"}
    assert locked(server, client, update.format(2), share)["t"] == {1: "S", 2: "W"}


def test_both_strengths_in_one_statement_leave_each_row_its_own(server: SqlServer, client: Connection) -> None:
    both = "SELECT FROM t x, t y WHERE x.id = 1 AND y.id = 2 FOR UPDATE OF x FOR KEY SHARE OF y"
    assert locked(server, client, both)["t"] == {1: "W", 2: "S"}
    assert locked(server, client, both, "SELECT FROM t WHERE id = 5 FOR UPDATE")["t"] == {1: "W", 2: "S", 5: "W"}


def test_a_statement_that_runs_twice_locks_what_its_last_run_met(server: SqlServer, client: Connection) -> None:
    """Its first run inserts, because the row in its way is not loaded, and so locks another row."""
    sql = """WITH i AS (INSERT INTO s SELECT 16, 0, 9 ON CONFLICT (id) DO UPDATE SET k = 5 RETURNING k)
             SELECT id FROM t WHERE id = (SELECT k FROM i) FOR UPDATE"""
    assert locked(server, client, sql) == {"t": {5: "W"}, "s": {16: "N"}}


def test_rows_left_alone_by_on_conflict_can_be_locked_later(server: SqlServer, client: Connection) -> None:
    """PostgreSQL has locked such a row already, so its own mark does not change."""
    skipped = "INSERT INTO t VALUES (4, 0, 0) ON CONFLICT (id) DO UPDATE SET u = 1 WHERE false"
    assert locked(server, client, skipped)["t"] == {}
    assert locked(server, client, skipped, "SELECT FROM t WHERE id = 4 FOR KEY SHARE")["t"] == {4: "S"}
    assert locked(server, client, skipped, "SELECT FROM t WHERE id = 4 FOR UPDATE")["t"] == {4: "W"}


def test_of_equal_rows_as_many_are_checked_as_are_locked(server: SqlServer, client: Connection) -> None:
    client.execute("CREATE TABLE h (a int, b int)")
    client.execute("INSERT INTO h VALUES (1, 1), (1, 1), (1, 1), (2, 2)")

    def count(*statements: str) -> list[str]:
        client.execute("BEGIN")
        for sql in statements:
            client.execute(sql)
        assert server.store.latest is not None
        found = [access.value for access in server.store.latest.accesses.values() if access.value != "R"]
        client.execute("ROLLBACK")
        return sorted(found)

    assert count("SELECT FROM h LIMIT 1 FOR UPDATE") == ["W"]
    assert count("SELECT FROM h LIMIT 1 FOR UPDATE", "SELECT FROM h LIMIT 2 FOR UPDATE") == ["W", "W"]
    assert count("SELECT FROM h WHERE a = 1 FOR KEY SHARE") == ["S", "S", "S"]
    assert count("SELECT FROM h FOR UPDATE", "DELETE FROM h WHERE a = 1") == ["W", "W", "W", "W"]


REFUSED = (
    ("SELECT count(*) FROM t FOR UPDATE", "0A000", "FOR UPDATE is not allowed with aggregate functions"),
    ("SELECT v FROM t GROUP BY v FOR KEY SHARE", "0A000", "FOR KEY SHARE is not allowed with GROUP BY clause"),
    ("SELECT DISTINCT v FROM t FOR UPDATE", "0A000", "FOR UPDATE is not allowed with DISTINCT clause"),
    ("SELECT id FROM t UNION SELECT 1 FOR UPDATE", "0A000", "FOR UPDATE is not allowed with UNION/INTERSECT/EXCEPT"),
    ("SELECT rank() OVER (ORDER BY v) FROM t FOR UPDATE", "0A000", "FOR UPDATE is not allowed with window functions"),
    ("SELECT * FROM t LEFT JOIN s ON s.id = t.id FOR UPDATE", "0A000",
     "FOR UPDATE cannot be applied to the nullable side of an outer join"),
    ("SELECT * FROM t FOR UPDATE OF s", "42P01", 'relation "s" in FOR UPDATE clause not found in FROM clause'),
    ("SELECT * FROM t FOR SHARE", "0A000", "locking clauses other than FOR UPDATE/FOR KEY SHARE are not supported"),
    ("SELECT * FROM t WHERE id IN (SELECT id FROM s FOR NO KEY UPDATE)", "0A000",
     "locking clauses other than FOR UPDATE/FOR KEY SHARE are not supported"),
)  # fmt: skip


@pytest.mark.parametrize(("sql", "state", "text"), REFUSED, ids=[sql for sql, _, _ in REFUSED])
def test_what_cannot_be_locked_is_refused(client: Connection, sql: str, state: str, text: str) -> None:
    with pytest.raises(psycopg.Error) as caught:
        client.execute(sql)
    assert (caught.value.sqlstate, caught.value.diag.message_primary) == (state, text)


def test_read_only_transactions_lock_nothing(client: Connection) -> None:
    for sql, text in (
        ("SELECT FROM t FOR UPDATE", "SELECT FOR UPDATE in a read-only transaction is a no-op"),
        ("SELECT FROM t FOR KEY SHARE", "cannot execute SELECT FOR KEY SHARE in a read-only transaction"),
        ("WITH c AS (SELECT FROM t FOR UPDATE) SELECT 1", "SELECT FOR UPDATE in a read-only transaction is a no-op"),
    ):
        client.execute("BEGIN READ ONLY")
        client.execute("EXPLAIN " + sql)
        with pytest.raises(errors.ReadOnlySqlTransaction) as caught:
            client.execute(sql)
        assert caught.value.diag.message_primary == text
        client.execute("ROLLBACK")


def test_locks_and_ddl_do_not_mix(client: Connection) -> None:
    client.execute("BEGIN")
    client.execute("SELECT FROM t WHERE id = 1 FOR UPDATE")
    with pytest.raises(errors.FeatureNotSupported, match="ddl and dml are not supported in the same transaction"):
        client.execute("CREATE TABLE z (id int PRIMARY KEY)")
    client.execute("ROLLBACK")
