from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from daybreak.query import pgmessages as pg
from daybreak.query.backend import Backend, EngineLostError, Reply
from tests.support.engines import World, engine_world, tags
from tests.support.raw_client import kinds

SYNC = pg.message(b"S")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with engine_world(tmp_path_factory.mktemp("private"), warm=1) as world:
        yield world


async def connect(world: World) -> Backend:
    return await Backend.connect(world.server.socket, user="admin", database="postgres")


def first_column(reply: Reply) -> list[str | None]:
    return [fields[0] for fields in pg.text_rows(reply.messages)]


def test_login_tells_settings_and_process(world: World) -> None:
    async def scenario() -> None:
        backend = await connect(world)
        assert backend.parameters["TimeZone"] == "UTC"
        [reply] = await backend.exchange(pg.query(b"SELECT pg_backend_pid()"), ready=1)
        assert first_column(reply) == [str(backend.process)]
        assert reply.status == b"I"
        await backend.exchange(pg.query(b"SET timezone = 'Asia/Tokyo'"), ready=1)
        assert backend.parameters["TimeZone"] == "Asia/Tokyo"
        backend.close()
        await backend.closed()

    world.run(scenario())


def test_batches_are_pipelined_and_answered_in_order(world: World) -> None:
    async def scenario() -> None:
        backend = await connect(world)
        futures = [backend.exchange(pg.query(b"SELECT %d" % n), ready=1) for n in range(20)]
        assert backend.busy
        assert [first_column(reply) for [reply] in await asyncio.gather(*futures)] == [[str(n)] for n in range(20)]
        assert not backend.busy
        begun, failed, ended = await backend.exchange(
            pg.query(b"BEGIN") + pg.query(b"SELEC") + pg.query(b"ROLLBACK"), ready=3
        )
        assert (begun.status, failed.status, ended.status) == (b"T", b"E", b"I")
        assert tags(ended.messages) == ["ROLLBACK"]

    world.run(scenario())


def test_a_message_larger_than_any_buffer_arrives_whole(world: World) -> None:
    async def scenario() -> None:
        backend = await connect(world)
        [reply] = await backend.exchange(pg.query(b"SELECT repeat('x', 5000000), 1 UNION ALL SELECT 'y', 2"), ready=1)
        assert first_column(reply) == ["x" * 5_000_000, "y"]

    world.run(scenario())


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return False


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_messages_may_arrive_in_any_pieces(step: int) -> None:
    async def scenario() -> None:
        backend = Backend()
        backend.connection_made(cast(asyncio.BaseTransport, Wire()))
        future = backend.exchange(SYNC, ready=2)
        told = [pg.data_row([b"a" * n]) for n in (0, 1, 300)]
        first = [pg.BIND_COMPLETE, *told, pg.command_complete("SELECT 3")]
        stream = b"".join((*first, pg.ready_for_query(b"T"), pg.NO_DATA, pg.ready_for_query(b"I")))
        for at in range(0, len(stream), step):
            backend.data_received(stream[at : at + step])
        assert await future == [Reply(first, b"T"), Reply([pg.NO_DATA], b"I")]

    asyncio.run(scenario())


def test_copy_data_is_refused_only_when_none_was_sent() -> None:
    async def scenario() -> None:
        backend, wire = Backend(), Wire()
        backend.connection_made(cast(asyncio.BaseTransport, wire))
        done = backend.exchange(pg.query(b"COPY t FROM STDIN") + pg.COPY_DONE, ready=1, copies=1)
        backend.data_received(pg.message(b"G", b"\0\0\0"))
        assert len(wire.written) == 1
        backend.data_received(pg.message(b"G", b"\0\0\0"))
        assert wire.written[1][:1] == b"f"
        backend.data_received(pg.ready_for_query(b"I"))
        assert kinds((await done)[0].messages) == b"GG"

    asyncio.run(scenario())


def test_a_waiter_that_gives_up_does_not_disturb_the_next(world: World) -> None:
    async def scenario() -> None:
        backend = await connect(world)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(backend.exchange(pg.query(b"SELECT pg_sleep(60)"), ready=1), 0.01)
        await backend.interrupt()
        assert not backend.busy
        [reply] = await backend.exchange(pg.query(b"SELECT 2"), ready=1)
        assert first_column(reply) == ["2"]

    world.run(scenario())


def test_an_interrupt_ends_what_runs_or_is_about_to(world: World) -> None:
    async def scenario() -> None:
        backend = await connect(world)
        future = backend.exchange(pg.query(b"SELECT pg_sleep(60)"), ready=1)
        await backend.interrupt()
        [reply] = await future
        assert pg.error_fields(reply.messages[-1][5:])["C"] == "57014"

    world.run(scenario())


def test_a_lost_connection_fails_what_is_under_way_and_what_follows(world: World) -> None:
    async def scenario() -> None:
        backend, other = await connect(world), await connect(world)
        futures = [backend.exchange(pg.query(b"SELECT pg_sleep(60)"), ready=1) for _ in range(2)]
        await other.exchange(pg.query(b"SELECT pg_terminate_backend(%d)" % backend.process), ready=1)
        for future in futures:
            with pytest.raises(EngineLostError, match="terminating connection due to administrator command"):
                await future
        await backend.closed()
        assert backend.lost
        with pytest.raises(EngineLostError, match="administrator command"):
            await backend.exchange(SYNC, ready=1)

    world.run(scenario())


def test_a_refused_login_tells_the_reason(world: World) -> None:
    async def scenario() -> None:
        with pytest.raises(EngineLostError, match='database "nowhere" does not exist'):
            await Backend.connect(world.server.socket, user="admin", database="nowhere")
        with pytest.raises(EngineLostError, match="does not answer"):
            await Backend.connect(Path("/nowhere/socket"), user="admin", database="postgres")

    world.run(scenario())
