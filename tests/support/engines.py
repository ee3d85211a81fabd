"""A private PostgreSQL with a pool of engines on an event loop of the test's own, and rows by hand."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from daybreak.query import pgmessages as pg
from daybreak.query.catalog import Column, Index, Table
from daybreak.query.engine import Engine, Outcome
from daybreak.query.pool import EnginePool
from daybreak.query.private_server import PrivateServer

Result = TypeVar("Result")

ACCOUNTS_DDL = "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL DEFAULT 100, owner text)"
ACCOUNTS = Table(
    64,
    "public",
    "accounts",
    (Column("id", 23, "integer", True), Column("balance", 23, "integer", True), Column("owner", 25, "text", False)),
    (Index(65, "accounts_pkey", (0,), True, primary=True),),
)


class World:
    """A private server, a pool on it, and the loop that they live on."""

    def __init__(self, runner: asyncio.Runner, server: PrivateServer, pool: EnginePool) -> None:
        self._runner = runner
        self.server = server
        self.pool = pool

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run `work` to its end, within a minute."""
        return self._runner.run(asyncio.wait_for(work, 60))


@contextmanager
def engine_world(directory: Path, *, warm: int = 2, keep: int = 8) -> Iterator[World]:
    """A world in `directory`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        server = runner.run(PrivateServer.start(directory))
        try:
            pool = runner.run(EnginePool.start(server, warm=warm, keep=keep))
            yield World(runner, server, pool)
            runner.run(pool.stop())
        finally:
            runner.run(server.stop())


@contextmanager
def accounts_engine(world: World) -> Iterator[Engine]:
    """An engine with the table `ACCOUNTS`, whose database nobody has used before or will use again."""
    engine = world.run(world.pool.acquire())
    world.run(engine.apply([ACCOUNTS_DDL]))
    yield engine
    world.run(_retire(engine))


async def _retire(engine: Engine) -> None:
    engine.backend.close()
    await engine.backend.closed()
    await engine.close()


def integer(number: int) -> bytes:
    """An int4 field."""
    return struct.pack("!i", number)


def row(*fields: bytes | None) -> bytes:
    """A row in COPY BINARY tuple format."""
    parts = [struct.pack("!i", -1) if field is None else struct.pack("!i", len(field)) + field for field in fields]
    return struct.pack("!h", len(fields)) + b"".join(parts)


def account(number: int, balance: int, owner: str | None = None) -> bytes:
    """A row of `ACCOUNTS`."""
    return row(integer(number), integer(balance), None if owner is None else owner.encode())


async def run(engine: Engine, sql: str, *captures: Table, settle: bool = False) -> Outcome:
    """Run `sql` as one Query message."""
    return await engine.run([pg.query(sql.encode())], captures=captures, settle=settle)


async def rows(engine: Engine, sql: str) -> list[tuple[str | None, ...]]:
    """The result of a query in the private transaction, in text."""
    outcome = await engine.run([pg.query(sql.encode())], captures=(), savepoint=False)
    assert outcome.error is None, outcome.error
    return pg.text_rows(outcome.messages)


def tags(messages: Sequence[bytes]) -> list[str]:
    """The CommandComplete tags among `messages`."""
    return [m[5:-1].decode() for m in messages if m[:1] == b"C"]
