from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from daybreak.base.limits import MAX_ROWS
from daybreak.errors import InternalError, SchemaConflictError
from daybreak.query import pgmessages as pg
from daybreak.query.catalog import Column, Table
from daybreak.query.engine import Engine, RowChange
from tests.support.engines import (
    ACCOUNTS,
    ACCOUNTS_DDL,
    World,
    account,
    accounts_engine,
    engine_world,
    integer,
    rows,
    run,
    tags,
)
from tests.support.raw_client import kinds

SYNC = pg.message(b"S")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with engine_world(tmp_path_factory.mktemp("private")) as world:
        yield world


@pytest.fixture
def engine(world: World) -> Iterator[Engine]:
    with accounts_engine(world) as engine:
        yield engine


def test_an_update_of_a_loaded_row_gives_results_and_the_change(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        engine.queue_load(ACCOUNTS, [account(1, 10, "ann"), account(2, 20)])
        outcome = await run(
            engine, "UPDATE accounts SET balance = balance + 5 WHERE id = 1 RETURNING balance", ACCOUNTS
        )
        assert kinds(outcome.messages) == b"TDC"
        assert pg.text_rows(outcome.messages) == [("15",)]
        assert tags(outcome.messages) == ["UPDATE 1"]
        assert outcome.changes == [RowChange(64, "U", account(1, 10, "ann"), account(1, 15, "ann"))]
        assert outcome.error is None
        assert engine.in_transaction

    world.run(scenario())


def test_only_what_the_client_sent_can_be_cancelled(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        engine.queue_load(ACCOUNTS, [account(1, 10)])
        running = asyncio.ensure_future(run(engine, "SELECT pg_sleep(60)", ACCOUNTS))
        seen = []
        while engine.backend.answered == 0:
            seen.append(engine.cancellable)
            await asyncio.sleep(0)
        assert len(seen) > 1 and not any(seen)  # BEGIN, COPY and SAVEPOINT are under way
        assert engine.cancellable
        await engine.backend.cancel()
        outcome = await running
        assert outcome.error is not None and outcome.error.sqlstate == "57014"
        assert not engine.cancellable
        await engine.undo()
        assert engine.in_transaction

    world.run(scenario())


def test_insert_delete_and_on_conflict_are_captured(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        engine.queue_load(ACCOUNTS, [account(1, 10), account(2, 20)])
        outcome = await run(
            engine,
            "INSERT INTO accounts VALUES (1, 1), (3, 3) ON CONFLICT (id) DO UPDATE SET balance = excluded.balance",
            ACCOUNTS,
        )
        assert sorted(outcome.changes, key=lambda change: change.op) == [
            RowChange(64, "I", None, account(3, 3)),
            RowChange(64, "U", account(1, 10), account(1, 1)),
        ]
        outcome = await run(engine, "DELETE FROM accounts WHERE id > 1", ACCOUNTS)
        assert outcome.changes == [
            RowChange(64, "D", account(2, 20), None),
            RowChange(64, "D", account(3, 3), None),
        ]
        outcome = await run(engine, "DELETE FROM accounts WHERE id > 1", ACCOUNTS)
        assert outcome.changes == []

    world.run(scenario())


def test_a_statement_with_several_writes_captures_all(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        engine.queue_load(ACCOUNTS, [account(1, 10)])
        outcome = await run(
            engine,
            "WITH gone AS (DELETE FROM accounts RETURNING *) INSERT INTO accounts SELECT id + 1, balance FROM gone",
            ACCOUNTS,
        )
        assert {change.op for change in outcome.changes} == {"I", "D"}

    world.run(scenario())


def test_copy_both_ways(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        data = [pg.message(b"d", b"7\t70\tgil\n8\t80\t\\N\n"), pg.COPY_DONE]
        outcome = await engine.run([pg.query(b"COPY accounts FROM STDIN"), *data], captures=[ACCOUNTS])
        assert tags(outcome.messages) == ["COPY 2"]
        assert outcome.changes == [
            RowChange(64, "I", None, account(7, 70, "gil")),
            RowChange(64, "I", None, account(8, 80)),
        ]
        outcome = await run(engine, "COPY (SELECT * FROM accounts ORDER BY id) TO STDOUT")
        assert [m[5:] for m in outcome.messages if m[:1] == b"d"] == [b"7\t70\tgil\n", b"8\t80\t\\N\n"]

    world.run(scenario())


def test_copy_without_data_is_an_error_and_not_a_wait(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        outcome = await run(engine, "COPY accounts FROM STDIN", ACCOUNTS)
        assert outcome.error is not None and outcome.error.sqlstate == "57014"

    world.run(scenario())


def test_parameters_and_results_pass_in_binary(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        parsed = await engine.direct([pg.parse(b"up", b"UPDATE accounts SET balance = $1 WHERE id = $2")])
        assert parsed == [pg.PARSE_COMPLETE]
        engine.queue_load(ACCOUNTS, [account(5, 0)])
        bound = pg.bind(pg.BindMessage(b"", b"up", (1, 1), (integer(50), integer(5)), (1,)))
        outcome = await engine.run([bound, pg.execute(b""), SYNC], captures=[ACCOUNTS])
        assert kinds(outcome.messages) == b"2C"
        assert outcome.changes == [RowChange(64, "U", account(5, 0), account(5, 50))]

    world.run(scenario())


def test_the_clients_unnamed_statement_and_suspended_portal_survive_our_commands(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        await engine.direct([pg.parse(b"", b"SELECT id FROM accounts ORDER BY id")])
        engine.queue_load(ACCOUNTS, [account(1, 0), account(2, 0)])
        bound = pg.bind(pg.BindMessage(b"", b"", (), (), ()))
        first_row = pg.message(b"E", b"\0\0\0\0\1")
        outcome = await engine.run([bound, first_row], captures=())
        assert kinds(outcome.messages) == b"2Ds"
        engine.queue_load(ACCOUNTS, [account(3, 0)])
        outcome = await engine.run([pg.execute(b"")], captures=())
        assert pg.text_rows(outcome.messages) == [("2",)]
        await engine.rollback()
        outcome = await engine.run([bound, pg.execute(b"")], captures=())
        assert kinds(outcome.messages) == b"2C"

    world.run(scenario())


def test_undo_takes_back_the_statement_and_leaves_the_loads(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        engine.queue_load(ACCOUNTS, [account(1, 10)])
        await run(engine, "UPDATE accounts SET balance = 11", ACCOUNTS)
        outcome = await run(engine, "UPDATE accounts SET balance = 12", ACCOUNTS)
        assert outcome.changes == [RowChange(64, "U", account(1, 11), account(1, 12))]
        await engine.undo()
        engine.queue_load(ACCOUNTS, [account(2, 20)])
        outcome = await run(engine, "UPDATE accounts SET balance = balance + 1 RETURNING id, balance", ACCOUNTS)
        assert sorted(pg.text_rows(outcome.messages)) == [("1", "12"), ("2", "21")]

    world.run(scenario())


def test_an_error_is_passed_on_and_can_be_undone(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        engine.queue_load(ACCOUNTS, [account(1, 10)])
        outcome = await run(engine, "INSERT INTO accounts VALUES (2, 2), (1, 1)", ACCOUNTS)
        assert outcome.error is not None
        assert outcome.error.sqlstate == "23505"
        assert outcome.error.raw in outcome.messages
        assert outcome.changes == []
        with pytest.raises(InternalError, match="undo or rollback"):
            await run(engine, "SELECT 1")
        await engine.undo()
        assert await rows(engine, "SELECT id FROM accounts") == [("1",)]
        with pytest.raises(InternalError, match="no savepoint"):
            await engine.undo()

    world.run(scenario())


def test_nothing_of_a_transaction_outlives_its_rollback(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        engine.queue_load(ACCOUNTS, [account(1, 10)])
        await run(engine, "SET timezone = 'Asia/Tokyo'")
        await run(engine, "INSERT INTO accounts VALUES (2, 2)", ACCOUNTS)
        engine.queue_load(ACCOUNTS, [account(3, 30)])
        await engine.rollback()
        assert not engine.in_transaction
        assert await rows(engine, "SELECT count(*) FROM accounts") == [("0",)]
        assert await rows(engine, "SHOW timezone") == [("UTC",)]

    world.run(scenario())


def test_settings_made_outside_of_a_transaction_last(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        said = await engine.direct([pg.query(b"SET timezone = 'Asia/Tokyo'")])
        assert kinds(said) == b"CS"
        await run(engine, "SELECT 1")
        await engine.rollback()
        assert await rows(engine, "SHOW timezone") == [("Asia/Tokyo",)]

    world.run(scenario())


def test_deferred_constraints_are_checked_when_asked(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        table = Table(320, "public", "late", (Column("a", 23, "integer", False),))
        await engine.apply(["CREATE TABLE late (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)"])
        outcome = await run(engine, "INSERT INTO late VALUES (1), (1)", table)
        assert outcome.error is None and len(outcome.changes) == 2
        await engine.undo()
        outcome = await run(engine, "INSERT INTO late VALUES (1), (1)", table, settle=True)
        assert outcome.error is not None and outcome.error.sqlstate == "23505"
        await engine.undo()
        outcome = await run(engine, "INSERT INTO late VALUES (1), (2)", table, settle=True)
        assert tags(outcome.messages) == ["INSERT 0 2"]
        assert len(outcome.changes) == 2
        outcome = await run(engine, "SELECT nothing", settle=True)
        assert kinds(outcome.messages) == b"E"

    world.run(scenario())


def test_more_rows_than_a_transaction_may_modify_are_reported_as_one_too_many(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        outcome = await run(engine, "INSERT INTO accounts SELECT g FROM generate_series(1, 20000) g", ACCOUNTS)
        assert tags(outcome.messages) == ["INSERT 0 20000"]
        assert len(outcome.changes) == MAX_ROWS + 1
        outcome = await run(engine, "UPDATE accounts SET balance = 1", ACCOUNTS)
        assert len(outcome.changes) == MAX_ROWS + 1
        assert all(change.new == account(n, 1) for n, change in enumerate(outcome.changes, start=1))

    world.run(scenario())


def test_a_change_of_an_unannounced_table_is_our_bug(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        with pytest.raises(InternalError, match=r"changed public\.accounts, which it was not known to write"):
            await run(engine, "INSERT INTO accounts VALUES (1)")

    world.run(scenario())


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_a_statement_that_ends_the_private_transaction_spoils_the_database(
    world: World, engine: Engine, end: str
) -> None:
    async def scenario() -> None:
        with pytest.raises(InternalError, match="outside of the private transaction or ended it"):
            await run(engine, end)
        with pytest.raises(InternalError, match="cannot be used any more"):
            await run(engine, "SELECT 1")
        assert not await engine.reset()

    world.run(scenario())


def test_a_begin_outside_of_run_spoils_the_database(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        with pytest.raises(InternalError, match="began or ended"):
            await engine.direct([pg.query(b"BEGIN")])

    world.run(scenario())


def test_a_write_outside_of_run_spoils_the_database(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        with pytest.raises(InternalError, match="outside of run"):
            await engine.direct([pg.query(b"INSERT INTO accounts VALUES (1)")])

    world.run(scenario())


def test_direct_inside_a_transaction_is_part_of_it(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        engine.queue_load(ACCOUNTS, [account(1, 10)])
        await run(engine, "UPDATE accounts SET balance = 11", ACCOUNTS)
        assert pg.text_rows(await engine.direct([pg.query(b"SELECT balance FROM accounts")])) == [("11",)]
        assert kinds(await engine.direct([pg.query(b"SELEC")])) == b"E"
        with pytest.raises(InternalError, match="undo or rollback"):
            await run(engine, "SELECT 1")
        await engine.undo()
        assert await rows(engine, "SELECT balance FROM accounts") == [("10",)]

    world.run(scenario())


def test_the_schema_is_replayed_once(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        assert await engine.reset()
        with pytest.raises(SchemaConflictError):
            await engine.apply([])
        with pytest.raises(InternalError, match="another catalog"):
            await engine.apply(["CREATE TABLE other (a int)"])
        await engine.apply([ACCOUNTS_DDL, "CREATE INDEX by_owner ON accounts (owner)"])
        await engine.apply(["DROP INDEX by_owner"])
        await run(engine, "SELECT 1")
        with pytest.raises(InternalError, match="private transaction"):
            await engine.apply([])

    world.run(scenario())


def test_a_catalog_that_cannot_be_replayed_spoils_the_database(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        with pytest.raises(InternalError, match="already exists"):
            await engine.apply([ACCOUNTS_DDL, "CREATE TABLE further (a int)"])
        with pytest.raises(InternalError, match="schema is unknown"):
            await run(engine, "SELECT 1")

    world.run(scenario())


def test_ddl_in_a_private_transaction_is_undone_with_it(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        outcome = await run(engine, "CREATE TABLE later (a int PRIMARY KEY)")
        assert tags(outcome.messages) == ["CREATE TABLE"]
        await engine.rollback()
        assert await rows(engine, "SELECT to_regclass('later')") == [(None,)]

    world.run(scenario())


def test_introspection_shows_the_clients_own_objects_and_the_operators_views_only(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        assert await rows(engine, "SELECT current_database(), current_user, session_user") == [
            ("postgres", "admin", "admin")
        ]
        assert await rows(engine, "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal") == [("0",)]
        schemas = await rows(engine, "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' ORDER BY 1")
        assert schemas == [("information_schema",), ("public",), ("sys",)]
        tables = "SELECT table_catalog, table_name FROM information_schema.tables WHERE table_schema = 'public'"
        assert await rows(engine, tables) == [("postgres", "accounts")]
        assert await rows(engine, "SHOW transaction_isolation") == [("repeatable read",)]

    world.run(scenario())


def test_the_client_is_no_superuser(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        for sql in ("SELECT pg_read_file('postgresql.conf')", "COPY accounts TO PROGRAM 'cat'", "SET ROLE daybreak"):
            outcome = await run(engine, sql)
            assert outcome.error is not None and outcome.error.sqlstate == "42501", sql
            await engine.rollback()

    world.run(scenario())


def test_many_statements_in_one_transaction_stay_fast_to_undo(world: World, engine: Engine) -> None:
    async def scenario() -> None:
        engine.queue_load(ACCOUNTS, [account(1, 0)])
        for _ in range(300):
            await run(engine, "UPDATE accounts SET balance = balance + 1", ACCOUNTS)
        await engine.undo()
        assert await rows(engine, "SELECT balance FROM accounts") == [("299",)]

    world.run(scenario())
