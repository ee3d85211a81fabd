from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from daybreak.query import pgmessages as pg
from daybreak.query.engine import Engine, EngineLostError
from daybreak.query.pool import EnginePool
from tests.support.engines import ACCOUNTS, ACCOUNTS_DDL, World, account, engine_world, integer, rows, run


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with engine_world(tmp_path_factory.mktemp("private")) as world:
        yield world


async def accounts_engine(world: World) -> Engine:
    engine = await world.pool.acquire()
    await engine.apply([ACCOUNTS_DDL])
    return engine


async def update(engine: Engine, balance: int) -> None:
    """A point update on a loaded row, as a transaction of its own."""
    engine.queue_load(ACCOUNTS, [account(1, balance)])
    outcome = await run(engine, "UPDATE accounts SET balance = balance + 1", ACCOUNTS)
    assert outcome.changes[0].new == account(1, balance + 1)
    await engine.rollback()


def crash(engine: Engine) -> None:
    """What the kernel does to a process when memory runs out."""
    os.kill(engine.backend.process, signal.SIGKILL)


def test_an_engine_that_comes_back_is_reused_with_its_schema_only(world: World) -> None:
    async def scenario() -> None:
        engine = await accounts_engine(world)
        await engine.direct([pg.query(b"SET timezone = 'Asia/Tokyo'"), pg.parse(b"mine", b"SELECT 1")])
        engine.queue_load(ACCOUNTS, [account(1, 10)])
        await run(engine, "DELETE FROM accounts", ACCOUNTS)
        engine.queue_load(ACCOUNTS, [account(2, 10)])
        await engine.close()
        again = await world.pool.acquire()
        assert again.database == engine.database
        await again.apply([ACCOUNTS_DDL])
        assert await rows(again, "SHOW timezone") == [("UTC",)]
        assert await rows(again, "SELECT count(*) FROM accounts") == [("0",)]
        assert await rows(again, "SELECT name FROM pg_prepared_statements WHERE name = 'mine'") == []
        await update(again, 5)
        await again.close()

    world.run(scenario())


def test_closing_twice_gives_back_once(world: World) -> None:
    async def scenario() -> None:
        engine = await world.pool.acquire()
        await engine.close()
        await engine.close()
        first, second = await world.pool.acquire(), await world.pool.acquire()
        assert first is not second
        await first.close()
        await second.close()

    world.run(scenario())


def test_a_busy_engine_is_interrupted_and_reused(world: World) -> None:
    async def scenario() -> None:
        engine = await accounts_engine(world)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(run(engine, "SELECT pg_sleep(60)"), 0.01)
        await engine.close()
        again = await world.pool.acquire()
        assert again is engine
        await again.apply([ACCOUNTS_DDL])
        await update(again, 1)
        await again.close()

    world.run(scenario())


def test_a_spoiled_engine_is_dropped_with_its_database(world: World) -> None:
    async def scenario() -> None:
        engine = await world.pool.acquire()
        with pytest.raises(Exception, match="began or ended"):
            await engine.direct([pg.query(b"BEGIN")])
        await engine.close()
        watcher = await world.pool.acquire()
        assert watcher is not engine
        while await rows(watcher, f"SELECT 1 FROM pg_database WHERE datname = '{engine.database}'"):
            await watcher.rollback()
        await watcher.close()

    world.run(scenario())


def test_a_dozen_sessions_at_once(world: World) -> None:
    async def scenario() -> None:
        engines = await asyncio.gather(*(accounts_engine(world) for _ in range(12)))
        assert len({engine.database for engine in engines}) == 12
        await asyncio.gather(*(update(engine, number) for number, engine in enumerate(engines)))
        await asyncio.gather(*(engine.close() for engine in engines))

    world.run(scenario())


def test_an_acquirer_that_gives_up_loses_no_engine(world: World) -> None:
    async def scenario() -> None:
        pool = await EnginePool.start(world.server, warm=0)
        before = int(world.server.new_database_name().removeprefix("session_"))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pool.acquire(), 0.001)
        await asyncio.gather(*pool._tasks)
        engine = await pool.acquire()
        assert engine.database == f"session_{before + 1}"
        await pool.stop()

    world.run(scenario())


def test_a_second_pool_on_the_same_server_uses_its_template(world: World) -> None:
    async def scenario() -> None:
        pool = await EnginePool.start(world.server, warm=1)
        engine = await pool.acquire()
        await engine.apply([ACCOUNTS_DDL])
        await update(engine, 3)
        await engine.close()
        await pool.stop()
        assert engine.backend.lost

    world.run(scenario())


def test_the_crash_of_one_backend_costs_one_transaction_each(world: World) -> None:
    """PostgreSQL ends all backends when one crashes; sessions without a private transaction do not notice."""

    async def scenario() -> None:
        victim, idle, busy = [await accounts_engine(world) for _ in range(3)]
        await idle.direct([pg.query(b"SET timezone = 'Asia/Tokyo'")])
        await idle.direct([pg.parse(b"up", b"UPDATE accounts SET balance = $1")])
        await run(busy, "SELECT 1")
        running = asyncio.create_task(run(victim, "SELECT pg_sleep(60)"))
        await asyncio.sleep(0)  # the task has sent it when it first waits
        assert victim.backend.busy
        crash(victim)
        with pytest.raises(EngineLostError):
            await running
        for engine in (idle, busy):
            await engine.backend.closed()
        with pytest.raises(EngineLostError):
            await run(busy, "SELECT 1")

        idle.queue_load(ACCOUNTS, [account(1, 10)])
        bound = pg.bind(pg.BindMessage(b"", b"up", (1,), (integer(11),), ()))
        outcome = await idle.run([bound, pg.execute(b"")], captures=[ACCOUNTS])
        assert outcome.changes[0].new == account(1, 11)
        assert await rows(idle, "SHOW timezone") == [("Asia/Tokyo",)]
        await idle.rollback()
        for engine in (victim, idle, busy):
            await update(engine, 7)
            await engine.close()
        fresh = await accounts_engine(world)
        await update(fresh, 8)
        await fresh.close()

    world.run(scenario())


def test_idle_engines_that_a_crash_has_ended_are_not_given_out(world: World) -> None:
    async def scenario() -> None:
        engine = await accounts_engine(world)
        other = await world.pool.acquire()
        await other.close()
        crash(engine)
        for each in (engine, other):
            await each.backend.closed()
        await engine.close()
        again = await accounts_engine(world)
        assert again not in (engine, other)
        await update(again, 1)
        await again.close()

    world.run(scenario())


def test_a_server_that_is_gone_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    with engine_world(tmp_path_factory.mktemp("private"), warm=1) as world:

        async def scenario() -> None:
            engine = await accounts_engine(world)
            await world.server.stop()
            await engine.backend.closed()
            with pytest.raises(EngineLostError):
                await update(engine, 1)
            await engine.close()
            with pytest.raises(EngineLostError):
                await world.pool.acquire()

        world.run(scenario())
