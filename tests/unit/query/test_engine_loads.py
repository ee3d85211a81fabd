from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from daybreak.errors import InternalError
from daybreak.query import pgmessages as pg
from daybreak.query.backend import Reply
from daybreak.query.capture import is_report
from daybreak.query.catalog import Column, Table
from daybreak.query.engine import Engine, RowChange
from tests.support.engines import (
    ACCOUNTS,
    World,
    account,
    accounts_engine,
    engine_world,
    integer,
    row,
    rows,
    run,
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with engine_world(tmp_path_factory.mktemp("private")) as world:
        yield world


@pytest.fixture
def engine(world: World) -> Iterator[Engine]:
    with accounts_engine(world) as engine:
        yield engine


def test_loading_fires_no_trigger_and_no_default(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        wide = Table(128, "public", "wide", tuple(Column(name, 23, "integer", False) for name in ("a", "b")))
        await engine.apply(["CREATE TABLE wide (a int, b int DEFAULT 7)"])
        engine.queue_load(wide, [row(integer(1), None)])
        outcome = await run(engine, "SELECT a, b FROM wide", wide)
        assert pg.text_rows(outcome.messages) == [("1", None)]
        assert outcome.changes == []

    world.run(scenario())


def test_loaded_rows_are_not_even_reported(world: World, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        said: list[Reply] = []
        exchange = engine.backend.exchange

        def listen(data: bytes, *, ready: int, copies: int = 0) -> asyncio.Future[list[Reply]]:
            future = exchange(data, ready=ready, copies=copies)
            future.add_done_callback(lambda done: said.extend(done.result()))
            return future

        monkeypatch.setattr(engine.backend, "exchange", listen)
        engine.queue_load(ACCOUNTS, [account(1, 10)])
        await run(engine, "INSERT INTO accounts VALUES (2)", ACCOUNTS)
        assert [sum(map(is_report, reply.messages)) for reply in said] == [0, 1]

    world.run(scenario())


def test_generated_columns_are_loaded_by_computing_them(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        columns = (
            Column("a", 23, "integer", True),
            Column("twice", 23, "integer", False, generated=True),
            Column("note", 25, "text", False),
        )
        table = Table(192, "public", "gen", columns)
        ddl = "CREATE TABLE gen (a int PRIMARY KEY, twice int GENERATED ALWAYS AS (a * 2) STORED, note text)"
        await engine.apply([ddl])
        engine.queue_load(table, [row(integer(4), integer(8), b"x")])
        outcome = await run(engine, "UPDATE gen SET a = a + 1", table)
        assert outcome.changes == [
            RowChange(192, "U", row(integer(4), integer(8), b"x"), row(integer(5), integer(10), b"x"))
        ]

    world.run(scenario())


@pytest.mark.parametrize("statements_before", [0, 1])
def test_rows_that_a_check_would_refuse_today_are_loaded(world: World, engine: Engine, statements_before: int) -> None:
    async def scenario() -> None:
        columns = (Column("a", 23, "integer", True), Column("b", 23, "integer", False))
        table = Table(256, "public", "odd", columns)
        await engine.apply(["CREATE TABLE odd (a int PRIMARY KEY, b int CHECK (b > 0))"])
        engine.queue_load(ACCOUNTS, [account(1, 10)])
        for _ in range(statements_before):
            await run(engine, "UPDATE accounts SET balance = balance + 1", ACCOUNTS)
        engine.queue_load(table, [row(integer(1), integer(-1))])
        assert await rows(engine, "SELECT b FROM odd") == [("-1",)]
        assert await rows(engine, "SELECT balance FROM accounts") == [(str(10 + statements_before),)]
        outcome = await run(engine, "INSERT INTO odd VALUES (2, -2)", table)
        assert outcome.error is not None and outcome.error.sqlstate == "23514"

    world.run(scenario())


def test_a_client_cannot_suspend_checks(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        outcome = await run(engine, "SELECT daybreak_set_checks('accounts'::regclass, false)")
        assert outcome.error is not None and outcome.error.sqlstate == "42501"

    world.run(scenario())


def test_a_row_that_cannot_be_loaded_is_our_bug(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        engine.queue_load(ACCOUNTS, [account(1, 10), account(1, 11)])
        with pytest.raises(InternalError, match="rows cannot be loaded: duplicate key"):
            await run(engine, "SELECT 1")
        assert not engine.in_transaction
        assert await rows(engine, "SELECT count(*) FROM accounts") == [("0",)]

    world.run(scenario())


def test_text_stays_utf8_whatever_the_client_speaks(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        await engine.direct([pg.query(b"SET client_encoding = 'LATIN1'")])
        engine.queue_load(ACCOUNTS, [account(1, 10, "Zoë")])
        outcome = await run(engine, "UPDATE accounts SET balance = 11 RETURNING owner", ACCOUNTS)
        assert b"Zo\xeb" in outcome.messages[1]
        assert outcome.changes == [RowChange(64, "U", account(1, 10, "Zoë"), account(1, 11, "Zoë"))]

    world.run(scenario())


def test_dead_rows_do_not_pile_up(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        update = pg.query(b"UPDATE accounts SET balance = balance + 1 WHERE id = 1")
        for _ in range(2_000):
            engine.queue_load(ACCOUNTS, [account(1, 10, "x" * 100)])
            await engine.run([update], captures=[ACCOUNTS])
            await engine.rollback()
        [(heap, index)] = await rows(engine, "SELECT pg_relation_size('accounts'), pg_relation_size('accounts_pkey')")
        assert int(heap or 0) <= 20 * 8192
        assert int(index or 0) <= 4 * 8192
        await engine.rollback()
        engine.queue_load(ACCOUNTS, [account(n, 10) for n in range(20_000)])
        assert await rows(engine, "SELECT count(*) FROM accounts") == [("20000",)]
        await engine.rollback()
        assert await rows(engine, "SELECT pg_relation_size('accounts')") == [("0",)]

    world.run(scenario())
