"""First committer wins, and nobody waits: seen through psycopg."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from daybreak.query import pgmessages as pg
from tests.support.raw_client import SYNC, RawClient, kinds, sqlstate
from tests.support.sql_server import SqlServer


def test_second_to_commit_loses_whoever_wrote_first(server: SqlServer) -> None:
    with server.connect() as admin:
        admin.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
        admin.execute("INSERT INTO t VALUES (1, 0)")
    with server.connect(autocommit=False) as a, server.connect(autocommit=False) as b:
        a.execute("UPDATE t SET v = v + 1 WHERE id = 1")
        b.execute("UPDATE t SET v = v + 10 WHERE id = 1")  # does not wait for a's lock: there is none
        b.commit()
        with pytest.raises(psycopg.errors.SerializationFailure, match=r"\(OC000\)"):
            a.commit()
        assert a.execute("SELECT v FROM t").fetchall() == [(10,)]


def test_the_loser_without_a_block_is_told_of_no_success(server: SqlServer) -> None:
    with server.connect() as admin, RawClient(server.router.port) as raw:
        admin.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
        admin.execute("INSERT INTO t VALUES (1, 0), (2, 0)")
        sql = b"UPDATE t SET v = v + 1 WHERE id = 1 RETURNING v"
        series = [pg.parse(b"", sql), pg.bind(pg.BindMessage(b"", b"", (), (), ())), pg.execute(b""), SYNC]
        for messages, expected in (([pg.query(sql)], b"EZ"), (series, b"12EZ")):
            gate = server.store.gate = asyncio.Event()
            raw.send(*messages)
            server.thread.run(asyncio.wait_for(waits(server), 30))
            server.store.gate = None
            admin.execute("UPDATE t SET v = 100 WHERE id = 1")
            server.thread.loop.call_soon_threadsafe(gate.set)
            said = raw.until_ready()
            assert (kinds(said), sqlstate(said)) == (expected, "40001")
        assert admin.execute("SELECT v FROM t WHERE id = 1").fetchone() == (100,)


async def waits(server: SqlServer) -> None:
    """Until a commit waits at the store's gate."""
    while server.store.waiting == 0:  # noqa: ASYNC110 - the store has no event for what tests want to know
        await asyncio.sleep(0.001)


def test_disjoint_writers_both_win(server: SqlServer) -> None:
    with server.connect() as admin:
        admin.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
        admin.execute("INSERT INTO t VALUES (1, 0), (2, 0)")
    with server.connect(autocommit=False) as a, server.connect(autocommit=False) as b:
        a.execute("UPDATE t SET v = (SELECT sum(v) FROM t) + 1 WHERE id = 1")
        b.execute("UPDATE t SET v = 1 WHERE id = 2")
        b.commit()
        a.commit()
        assert a.execute("SELECT v FROM t ORDER BY id").fetchall() == [(1,), (1,)]
