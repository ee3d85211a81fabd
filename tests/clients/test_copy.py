"""COPY FROM STDIN and TO STDOUT, in text and binary."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from daybreak.query import pgmessages as pg
from tests.support.raw_client import SYNC, RawClient, bind, execute, kinds, sqlstate
from tests.support.sql_server import SqlServer

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def client(server: SqlServer) -> Iterator[Connection]:
    with server.connect() as connection:
        connection.execute("CREATE TABLE t (id int PRIMARY KEY, v text)")
        connection.execute("INSERT INTO t VALUES (1, 'one')")
        yield connection


def contents(connection: Connection) -> list[tuple[object, ...]]:
    return connection.execute("SELECT * FROM t ORDER BY id").fetchall()


def test_copy_in_and_out_as_text(client: Connection) -> None:
    with client.cursor().copy("COPY t FROM STDIN") as copy:
        copy.write("2\ttwo\n3\t\\N\n")
    assert contents(client) == [(1, "one"), (2, "two"), (3, None)]
    with client.cursor().copy("COPY t TO STDOUT (FORMAT csv)") as copy:
        assert b"".join(copy) == b"1,one\n2,two\n3,\n"
    with client.cursor().copy("COPY (SELECT v FROM t WHERE id = 2) TO STDOUT") as copy:
        assert b"".join(copy) == b"two\n"


def test_copy_in_and_out_as_binary(client: Connection) -> None:
    with client.cursor().copy("COPY t (v, id) FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["text", "int4"])
        for number in range(2, 500):
            copy.write_row((f"row {number}", number))
    with client.cursor().copy("COPY t TO STDOUT (FORMAT binary)") as copy:
        copy.set_types(["int4", "text"])
        assert len(list(copy.rows())) == 499


def test_copied_rows_are_checked_against_rows_that_were_not_loaded(client: Connection) -> None:
    with pytest.raises(errors.UniqueViolation), client.cursor().copy("COPY t FROM STDIN") as copy:
        copy.write("2\ttwo\n1\tdouble\n")
    assert contents(client) == [(1, "one")]


def test_copy_in_a_block(server: SqlServer, client: Connection) -> None:
    with server.connect() as other:
        client.execute("BEGIN")
        with client.cursor().copy("COPY t FROM STDIN") as copy:
            copy.write("2\ttwo\n")
        assert contents(other) == [(1, "one")]
        assert len(contents(client)) == 2
        client.execute("COMMIT")
        assert len(contents(other)) == 2


def test_copy_that_the_client_gives_up(server: SqlServer, client: Connection) -> None:
    with RawClient(server.router.port) as raw:
        raw.send(pg.query(b"COPY t FROM STDIN"), pg.message(b"d", b"2\ttwo\n"), pg.copy_fail("enough"))
        said = raw.until_ready()
        assert (kinds(said), sqlstate(said)) == (b"GEZ", "57014")
        assert pg.error_fields(said[1][5:])["M"] == "COPY from stdin failed: enough"
    assert contents(client) == [(1, "one")]


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("COPY nowhere FROM STDIN", "42P01"),
        ("COPY t (nothing) FROM STDIN", "42703"),
        ("COPY nowhere TO STDOUT", "42P01"),
        ("COPY t FROM '/etc/passwd'", "0A000"),
        ("COPY t TO PROGRAM 'cat'", "0A000"),
    ],
)
def test_copy_that_cannot_start(client: Connection, sql: str, state: str) -> None:
    with pytest.raises(psycopg.Error) as caught, client.cursor().copy(sql):
        pass
    assert caught.value.sqlstate == state
    assert contents(client) == [(1, "one")]


def test_bad_data_gets_postgresql_s_own_error(client: Connection) -> None:
    with pytest.raises(errors.InvalidTextRepresentation) as caught, client.cursor().copy("COPY t FROM STDIN") as copy:
        copy.write("2\ttwo\nx\tthree\n")
    assert "COPY t, line 2, column id" in str(caught.value.diag.context)


def test_copy_has_the_limits_of_a_transaction(client: Connection) -> None:
    with pytest.raises(errors.ProgramLimitExceeded, match="row limit"), client.cursor().copy("COPY t FROM STDIN") as c:
        for number in range(2, 3003):
            c.write(f"{number}\tx\n")
    with pytest.raises(errors.ProgramLimitExceeded, match="size limit"), client.cursor().copy("COPY t FROM STDIN") as c:
        for number in range(2, 30):
            c.write(f"{number}\t{'x' * 1_000_000}\n")
    assert contents(client) == [(1, "one")]


def test_copy_in_the_extended_protocol(server: SqlServer, client: Connection) -> None:
    with RawClient(server.router.port) as raw:
        raw.send(pg.parse(b"", b"COPY t FROM STDIN"), bind(), execute(), SYNC)
        assert raw.receive_kinds(3) == b"12G"
        said = raw.ask(pg.message(b"d", b"2\ttwo\n"), pg.COPY_DONE, SYNC)
        assert kinds(said) == b"CZ"
        said = raw.ask(pg.parse(b"", b"COPY t TO STDOUT"), bind(), execute(), SYNC)
        assert kinds(said) == b"12HddcCZ"
    assert len(contents(client)) == 2


def test_a_query_during_copy_ends_the_session_only(server: SqlServer, client: Connection) -> None:
    with RawClient(server.router.port) as raw:
        raw.send(pg.query(b"COPY t FROM STDIN"))
        assert raw.receive_kinds(1) == b"G"
        assert sqlstate(raw.ask(pg.query(b"SELECT 1"))) == "08P01"
        assert raw.receive() == b""
    assert contents(client) == [(1, "one")]
