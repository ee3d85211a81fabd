"""A connection without a network: what is delivered when, and what ends a session."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from daybreak.query import pgmessages as pg
from daybreak.router.connection import QUEUE_HIGH_BYTES, Connection, ConnectionClosedError

STARTUP = bytes.fromhex("00000009 0003000000")


class FakeTransport(asyncio.Transport):
    """Remembers whether it is being read."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


async def opened() -> tuple[Connection, FakeTransport]:
    async def serve(connection: Connection) -> None:
        await asyncio.Event().wait()

    connection, transport = Connection(serve), FakeTransport()
    connection.connection_made(transport)
    connection.data_received(STARTUP)
    assert await connection.startup_packet() == STARTUP[4:]
    connection.startup_over()
    return connection, transport


def run(work: Any) -> None:
    asyncio.run(work)


def test_bytes_sent_along_with_the_startup_packet_are_kept() -> None:
    async def work() -> None:
        async def serve(connection: Connection) -> None: ...

        connection = Connection(serve)
        connection.connection_made(FakeTransport())
        connection.data_received(STARTUP + pg.query(b"SELECT 1"))
        await connection.startup_packet()
        connection.startup_over()
        assert await connection.receive() == (ord("Q"), b"SELECT 1\0")

    run(work())


def test_what_came_before_a_violation_is_delivered_first() -> None:
    async def work() -> None:
        connection, _ = await opened()
        connection.data_received(pg.query(b"SELECT 1"))
        connection.data_received(b"?????")
        assert (await connection.receive())[0] == ord("Q")
        with pytest.raises(pg.ProtocolViolationError):
            await connection.receive()

    run(work())


def test_a_full_queue_pauses_reading_until_it_is_worked_off() -> None:
    async def work() -> None:
        connection, transport = await opened()
        for _ in range(3):
            connection.data_received(pg.message(b"d", bytes(QUEUE_HIGH_BYTES // 2)))
        assert not transport.reading
        for _ in range(3):
            await connection.receive()
        assert transport.reading

    run(work())


def test_losing_the_client_cancels_the_session_unless_it_commits() -> None:
    async def work() -> None:
        for shielded in (False, True):
            connection, _ = await opened()
            await asyncio.sleep(0)
            connection.shielded = shielded
            connection.connection_lost(None)
            await asyncio.sleep(0)
            assert connection.task is not None
            assert connection.task.cancelled() is not shielded
            with pytest.raises(ConnectionClosedError):
                await connection.receive()
            connection.task.cancel()

    run(work())


def test_drain_waits_while_the_client_does_not_read() -> None:
    async def work() -> None:
        connection, _ = await opened()
        await connection.drain()
        connection.pause_writing()
        waiting = asyncio.ensure_future(connection.drain())
        await asyncio.sleep(0)
        assert not waiting.done()
        connection.resume_writing()
        await waiting
        connection.connection_lost(None)

    run(work())
