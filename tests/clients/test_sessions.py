"""Sessions: how they begin and end, and that one never harms another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from psycopg import errors

from daybreak.errors import OperatorError
from daybreak.query import pgmessages as pg
from daybreak.query.private_server import PrivateServer
from daybreak.router.server import Router
from tests.support.raw_client import RawClient, rows, sqlstate, startup
from tests.support.sql_server import LoopThread, SqlServer, sql_server


@pytest.fixture
def small(private: tuple[LoopThread, PrivateServer]) -> Iterator[SqlServer]:
    with sql_server(*private, max_sessions=2) as running:
        yield running


def refusal(server: SqlServer, **parameters: str) -> str | None:
    with RawClient(server.router.port, start=False) as raw:
        raw.send(startup(parameters))
        state = sqlstate(raw.until_ready())
        assert raw.receive() == b""
        return state


def test_who_may_connect_where(server: SqlServer) -> None:
    assert refusal(server, user="admin", database="other") == "3D000"
    assert refusal(server, user="admin") == "3D000"  # the database is named after the user then
    assert refusal(server, user="postgres", database="postgres") == "28000"
    assert refusal(server, database="postgres") == "28000"
    assert refusal(server, user="admin", database="postgres", replication="database") == "0A000"
    assert refusal(server, user="admin", database="postgres", statement_timeout="1") == "0A000"


def test_what_a_new_session_is_told(server: SqlServer) -> None:
    with RawClient(server.router.port, start=False) as raw:
        raw.send(startup({"user": "admin", "database": "postgres", "application_name": "me", "TimeZone": "Asia/Tokyo"}))
        said = raw.until_ready()
        told = dict(m[5:-1].decode().split("\0") for m in said if m[:1] == b"S")
        assert told["application_name"] == "me"
        assert told["TimeZone"] == "Asia/Tokyo"
        assert told["client_encoding"] == told["server_encoding"] == "UTF8"
        assert told["standard_conforming_strings"] == "on"
        assert "server_version" in told
        assert [m[:1] for m in said if m[:1] != b"S"] == [b"R", b"K", b"Z"]


def test_options_in_the_startup_message(server: SqlServer) -> None:
    with psycopg.connect(server.dsn(options="'-c search_path=pg_catalog,public --timezone=Asia/Tokyo'")) as client:
        assert client.execute("SHOW search_path").fetchone() == ("pg_catalog,public",)
        assert client.execute("SHOW timezone").fetchone() == ("Asia/Tokyo",)


def test_encryption_is_declined_and_newer_protocols_are_negotiated(server: SqlServer) -> None:
    with RawClient(server.router.port, start=False) as raw:
        for request in (80877103, 80877104):
            raw.send((8).to_bytes(4, "big") + request.to_bytes(4, "big"))
            assert raw.socket.recv(1) == b"N"
        raw.send(startup({"user": "admin", "database": "postgres", "_pq_.new": "1"}, version=(3 << 16) + 2))
        said = raw.until_ready()
        assert said[0] == pg.message(b"v", b"\0\3\0\0" + b"\0\0\0\1" + b"_pq_.new\0")
        assert said[-1] == pg.ready_for_query(b"I")
    with RawClient(server.router.port, start=False) as raw:
        raw.send(startup({"user": "admin", "database": "postgres"}, version=2 << 16))
        assert sqlstate(raw.until_ready()) == "0A000"


def test_too_many_sessions(small: SqlServer) -> None:
    with small.connect() as one, small.connect():
        assert refusal(small, user="admin", database="postgres") == "53300"
        assert one.execute("SELECT 1").fetchone() == (1,)
    wait_until(small, lambda: small.router.session_count == 0)
    with small.connect() as again:
        assert again.execute("SELECT 1").fetchone() == (1,)


def wait_until(server: SqlServer, condition: Callable[[], bool]) -> None:
    """Let the server's loop run until `condition` holds."""

    async def poll() -> None:
        while not condition():  # noqa: ASYNC110 - the server has no event for what tests want to know
            await asyncio.sleep(0.001)

    server.thread.run(asyncio.wait_for(poll(), 30))


def test_a_client_that_goes_away_leaves_nothing_behind(server: SqlServer) -> None:
    with server.connect() as admin:
        admin.execute("CREATE TABLE t (id int PRIMARY KEY)")
        for _ in range(6):
            raw = RawClient(server.router.port)
            raw.ask(pg.query(b"BEGIN"))
            raw.ask(pg.query(b"INSERT INTO t VALUES (1)"))
            raw.send(pg.query(b"SELECT pg_sleep(100)"))
            raw.socket.close()
        wait_until(server, lambda: server.router.session_count == 1)
        assert admin.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_a_commit_under_way_is_not_undone_by_losing_the_client(server: SqlServer) -> None:
    with server.connect() as admin:
        admin.execute("CREATE TABLE t (id int PRIMARY KEY)")
        gate = asyncio.Event()
        raw = RawClient(server.router.port)
        server.store.gate = gate
        raw.send(pg.query(b"INSERT INTO t VALUES (1)"))
        wait_until(server, lambda: server.store.waiting == 1)
        raw.socket.close()
        server.thread.loop.call_soon_threadsafe(gate.set)
        wait_until(server, lambda: server.router.session_count == 1)
        server.store.gate = None
        assert admin.execute("SELECT count(*) FROM t").fetchone() == (1,)


@contextmanager
def cancelling(client: psycopg.Connection[tuple[object, ...]]) -> Iterator[None]:
    """Cancel what `client` runs, again and again: a request that finds nothing running does nothing."""
    done = threading.Event()

    def cancel() -> None:
        while not done.is_set():
            client.cancel_safe()

    thread = threading.Thread(target=cancel)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_cancel_ends_the_statement_not_the_session(server: SqlServer) -> None:
    with server.connect() as client, server.connect() as other:
        with cancelling(client), pytest.raises(errors.QueryCanceled):
            client.execute("SELECT pg_sleep(100)")
        assert client.execute("SELECT 1").fetchone() == other.execute("SELECT 1").fetchone() == (1,)
    with RawClient(server.router.port, start=False) as raw:  # an unknown key
        raw.send(bytes.fromhex("00000010 04d2162e 00000001 00000002"))
        assert raw.receive() == b""


def test_cancels_at_any_moment_hit_statements_of_the_client_only(server: SqlServer) -> None:
    with server.connect() as client:
        client.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
        client.execute("INSERT INTO t SELECT g, 0 FROM generate_series(1, 50) g")
        committed = 0
        with cancelling(client):
            for _ in range(200):
                try:
                    client.execute("UPDATE t SET v = v + 1 WHERE id = (SELECT 1 FROM pg_sleep(0.001))")
                    committed += 1
                except errors.QueryCanceled:
                    continue
        assert client.execute("SELECT v FROM t WHERE id = 1").fetchone() == (committed,)


def test_stop_ends_sessions_and_rolls_back(private: tuple[LoopThread, PrivateServer]) -> None:
    with sql_server(*private) as server, ExitStack() as stack:
        with server.connect() as admin:
            admin.execute("CREATE TABLE t (id int PRIMARY KEY)")
        stack.enter_context(idle := RawClient(server.router.port))
        stack.enter_context(busy := RawClient(server.router.port))
        idle.ask(pg.query(b"BEGIN"))
        idle.ask(pg.query(b"INSERT INTO t VALUES (1)"))
        busy.send(pg.query(b"SELECT pg_sleep(100)"))
        port = server.router.port
        server.thread.run(server.router.stop())
        for client in (idle, busy):
            assert sqlstate(client.until_ready()) == "57P01"
            assert client.receive() == b""
        with pytest.raises(ConnectionRefusedError):
            RawClient(port)
        assert server.store.commits == 1  # the table


def test_port_in_use_is_one_clear_line(server: SqlServer) -> None:
    port = server.router.port
    second = Router(sessions=None, host="127.0.0.1", port=port)  # type: ignore[arg-type]
    with pytest.raises(OperatorError, match=rf"^cannot listen on 127\.0\.0\.1:{port}: the port is in use") as caught:
        server.thread.run(second.start())
    assert "\n" not in caught.value.message


def test_a_crash_of_the_private_backend_costs_one_transaction(server: SqlServer) -> None:
    with server.connect() as client:
        client.execute("CREATE TABLE t (id int PRIMARY KEY)")
        client.execute("BEGIN")
        client.execute("INSERT INTO t VALUES (1)")

        async def crash() -> None:
            for sql in server.router.sessions:
                sql.engine.backend.close()

        server.thread.run(crash())
        with pytest.raises(psycopg.Error) as caught:
            client.execute("INSERT INTO t VALUES (2)")
        assert caught.value.sqlstate == "57P02"
        client.execute("ROLLBACK")
        assert client.execute("SELECT * FROM t").fetchall() == []


def test_a_slow_reader_does_not_stop_others(server: SqlServer) -> None:
    with RawClient(server.router.port) as slow, server.connect() as other:
        slow.send(*[pg.query(b"SELECT repeat('x', 1000000) FROM generate_series(1, 10)")] * 10)
        assert other.execute("SELECT 1").fetchone() == (1,)
        for _ in range(10):
            assert len(rows(slow.until_ready())) == 10
