"""Bytes that are no protocol: they end the session that sent them, and no other."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daybreak.query import pgmessages as pg
from tests.support.raw_client import SYNC, RawClient, kinds, sqlstate
from tests.support.sql_server import SqlServer

Running = tuple[SqlServer, psycopg.Connection[tuple[object, ...]]]


@pytest.fixture
def running(server: SqlServer) -> Iterator[Running]:
    with server.connect() as other:
        other.execute("CREATE TABLE t (id int PRIMARY KEY)")
        other.execute("INSERT INTO t VALUES (1)")
        yield server, other


def length(size: int) -> bytes:
    return struct.pack("!i", size)


@pytest.mark.parametrize(
    "data",
    [
        b"?" + length(4),
        b"\0" + length(4),
        b"Q" + length(3),
        b"Q" + length(0),
        b"Q" + length(-5),
        b"Q" + length(10 * 1024 * 1024 + 1),
        b"d" + length(0x7FFFFFFF),
        pg.message(b"Q", b"no end"),
        pg.message(b"Q", b"SELECT 1\0 and more"),
        pg.message(b"P", b"name\0SELECT 1\0\0\5"),
        pg.message(b"B", b"\0\0\0\1\0\7\0\0\0\0"),
        pg.message(b"B", b"\0\0\0\0\0\1\0\0\0\x09short\0\0"),
        pg.message(b"B", b"\0\0\0\0\0\1\xff\xff\xff\xfe\0\0"),
        pg.message(b"D", b"Zname\0"),
        pg.message(b"C", b""),
        pg.message(b"E", b"portal\0\0"),
    ],
)
def test_malformed_messages(running: Running, data: bytes) -> None:
    server, other = running
    with RawClient(server.router.port) as raw:
        raw.send(data)
        said = raw.until_ready()
        assert [kinds(said), sqlstate(said)] == [b"E", "08P01"]
        assert pg.error_fields(said[0][5:])["S"] == "FATAL"
    assert other.execute("SELECT * FROM t").fetchall() == [(1,)]


def test_copy_messages_out_of_place_are_ignored(running: Running) -> None:
    with RawClient(running[0].router.port) as raw:
        said = raw.ask(pg.message(b"d", b"x"), pg.COPY_DONE, pg.copy_fail("x"), pg.query(b"SELECT 1"))
        assert kinds(said) == b"TDCZ"


@pytest.mark.parametrize(
    "data", [b"", b"\0", length(7) + b"xxx", length(20000), length(9) + b"\0\3\0\0x", b"GET / HTTP/1.1\r\n"]
)
def test_malformed_startup(running: Running, data: bytes) -> None:
    server, other = running
    with RawClient(server.router.port, start=False) as raw:
        raw.send(data)
        raw.socket.shutdown(1)
        raw.until_ready()
    assert other.execute("SELECT * FROM t").fetchall() == [(1,)]


junk = st.binary(max_size=200)
framed = st.builds(
    lambda kind, body: pg.message(bytes([kind]), body), st.sampled_from(b"BCDEFHPQSdcf"), st.binary(max_size=40)
)
sane = st.sampled_from(
    [
        SYNC,
        pg.query(b"SELECT 1"),
        pg.query(b"BEGIN"),
        pg.query(b"INSERT INTO t VALUES (5)"),
        pg.query(b"COPY t FROM STDIN"),
        pg.parse(b"", b"SELECT * FROM t WHERE id = $1"),
        pg.bind(pg.BindMessage(b"", b"", (0,), (b"1",), ())),
        pg.execute(b""),
        pg.describe(b"P", b""),
        pg.message(b"H"),
        pg.COPY_DONE,
    ]
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(data=st.lists(st.one_of(junk, framed, sane), max_size=12))
def test_any_bytes_after_startup_harm_nobody_else(running: Running, data: list[bytes]) -> None:
    server, other = running
    with RawClient(server.router.port) as raw:
        raw.send(*data)
        raw.socket.shutdown(1)
        while raw.receive():
            pass
    assert other.execute("SELECT id FROM t WHERE id = 1").fetchall() == [(1,)]
