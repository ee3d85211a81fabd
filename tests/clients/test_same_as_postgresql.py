"""One session's statements have the results that PostgreSQL alone gives, whatever is loaded when."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import psycopg
import pytest

from daybreak.query.postmaster import SUPERUSER
from daybreak.query.private_server import PrivateServer
from tests.support.sql_server import LoopThread, SqlServer

Connection = psycopg.Connection[tuple[object, ...]]

TABLES = (
    "CREATE TABLE t (id int PRIMARY KEY, v int, u int UNIQUE)",
    "CREATE TABLE p (a int, b text, v numeric, PRIMARY KEY (a, b))",
    "CREATE TABLE h (a int, u int UNIQUE)",
)


@pytest.fixture
def plain(private: tuple[LoopThread, PrivateServer]) -> Iterator[Connection]:
    _, running = private
    dsn = f"host={running.socket.parent} port=5432 user={SUPERUSER} dbname="
    with psycopg.connect(dsn + "postgres", autocommit=True) as admin:
        admin.execute("CREATE DATABASE plain TEMPLATE template0")
        with psycopg.connect(dsn + "plain", autocommit=True) as connection:
            yield connection
        admin.execute("DROP DATABASE plain")


class Statements:
    """Random statements over few values, so that they meet each other."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def number(self) -> int:
        return self.random.randrange(12)

    def row(self) -> str:
        return f"({self.number()}, {self.number()}, {self.random.choice(['NULL', self.number(), self.number() + 20])})"

    def where(self) -> str:
        n, m = self.number(), self.number()
        return self.random.choice(
            [
                f"WHERE id = {n}",
                f"WHERE id IN ({n}, {m})",
                f"WHERE id BETWEEN {min(n, m)} AND {max(n, m)}",
                f"WHERE u = {n}",
                f"WHERE v > {n} OR id = {m}",
                f"WHERE id = (SELECT max(id) FROM t WHERE v < {n})",
                f"WHERE EXISTS (SELECT 1 FROM h WHERE h.a = t.id AND h.u <> {m})",
                "",
            ]
        )

    def insert(self) -> str:
        rows = ", ".join(self.row() for _ in range(self.random.randint(1, 3)))
        n = self.number()
        source = self.random.choice([f"VALUES {rows}", f"SELECT id + {n}, v, u + {n} FROM t {self.where()}"])
        conflict = self.random.choice(
            [
                "",
                "",
                " ON CONFLICT DO NOTHING",
                " ON CONFLICT (id) DO UPDATE SET v = t.v + excluded.v",
                " ON CONFLICT (u) DO UPDATE SET v = excluded.v WHERE t.v < 9",
            ]
        )
        return f"INSERT INTO t {source}{conflict}{self.random.choice(['', ' RETURNING *'])}"

    def update(self) -> str:
        n, m = self.number(), self.number()
        # Keys of several rows are not moved together: whether that succeeds depends on PostgreSQL's order of rows.
        move = f"UPDATE t SET id = {self.random.choice(['id + 20', str(n)])}, v = v + 1 WHERE id = {m} RETURNING id"
        change = self.random.choice([f"v = v + {n}", "u = NULL", f"u = id + {40 * self.random.randrange(1, 9)}"])
        return self.random.choice([move, f"UPDATE t SET {change} {self.where()} RETURNING id"])

    def other(self) -> str:
        n, m = self.number(), self.number()
        return self.random.choice(
            [
                f"DELETE FROM t {self.where()} RETURNING v",
                f"INSERT INTO h VALUES ({n}, {self.random.choice(['NULL', m])})",
                f"INSERT INTO h SELECT v, NULL FROM t {self.where()}",
                f"UPDATE h SET a = a + 1 WHERE a < {n}",
                f"DELETE FROM h WHERE a = {n}",
                f"INSERT INTO p VALUES ({n}, 'b{m}', {n}.50) ON CONFLICT (a, b) DO UPDATE SET v = p.v + 1",
                f"UPDATE p SET b = b || 'x' WHERE a = {n} AND b >= 'b{m}'",
                f"DELETE FROM p WHERE (a, b) = ({n}, 'b{m}')",
                f"WITH gone AS (DELETE FROM t WHERE id = {n} RETURNING *) INSERT INTO h SELECT id, v + 30 FROM gone",
                f"INSERT INTO t SELECT a, count(*), NULL FROM p GROUP BY a HAVING a > {n}",
            ]
        )

    def query(self) -> str:
        return self.random.choice(
            [
                f"SELECT * FROM t {self.where()}",
                f"SELECT count(*), sum(v) FROM t {self.where()}",
                "SELECT * FROM h",
                f"SELECT * FROM p WHERE a = {self.number()}",
                "SELECT t.id, h.u FROM t LEFT JOIN h ON h.a = t.id AND h.u > 3",
                f"SELECT id FROM t {self.where()} FOR UPDATE",
            ]
        )

    def any(self) -> str:
        make: Callable[[], str] = self.random.choice(
            [self.insert, self.insert, self.update, self.other, self.other, self.query, self.transaction]
        )
        return make()

    def transaction(self) -> str:
        return self.random.choice(["BEGIN", "BEGIN", "COMMIT", "ROLLBACK"])


def outcome(connection: Connection, sql: str) -> object:
    """What a client learns: the rows in any order, the tag, or the error's SQLSTATE."""
    try:
        cursor = connection.execute(sql)
    except psycopg.Error as error:
        return error.sqlstate
    rows = sorted(map(repr, cursor.fetchall())) if cursor.description else None
    return rows, cursor.statusmessage


@pytest.mark.parametrize("seed", range(6))
def test_results_are_those_of_postgresql(server: SqlServer, plain: Connection, seed: int) -> None:
    with server.connect() as ours:
        for sql in TABLES:
            assert outcome(ours, sql) == outcome(plain, sql)
        statements = Statements(seed)
        for number in range(150):
            sql = statements.any()
            assert outcome(ours, sql) == outcome(plain, sql), f"statement {number} of seed {seed}: {sql}"
        for connection in (ours, plain):
            connection.execute("COMMIT")
    with server.connect() as fresh:
        for table in ("t", "p", "h"):
            assert outcome(fresh, f"SELECT * FROM {table}") == outcome(plain, f"SELECT * FROM {table}")
