"""A pool of private databases, so that a new session need not wait for one to be made."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from daybreak.query import template
from daybreak.query.backend import Backend, EngineLostError
from daybreak.query.commands import PREPARE_ALL, SYNC, once, succeeded
from daybreak.query.engine import Engine
from daybreak.query.postmaster import SUPERUSER
from daybreak.query.private_server import PrivateServer

T = TypeVar("T")

RECONNECT_SECONDS = 15.0
RECONNECT_PAUSE_SECONDS = 0.02
RESET_SECONDS = 5.0

DATA_ROW = ord("D")


class EnginePool:
    """Private databases of one private server: `warm` of them are kept ready, any number may be in use.

    An engine that comes back is reset and kept, up to `keep` of them; its schema stays, so that the next holder need
    not replay the catalog.
    """

    def __init__(self, server: PrivateServer, *, warm: int, keep: int) -> None:
        self._server = server
        self._warm = warm
        self._keep = keep
        self._idle: list[Engine] = []
        self._used: set[Engine] = set()
        self._waiting = 0  # acquirers that make their own engine
        self._tasks: set[asyncio.Task[object]] = set()
        self._refilling = False
        self._admin: Backend | None = None
        self._admin_lock = asyncio.Lock()
        self._stopped = False

    @classmethod
    async def start(cls, server: PrivateServer, *, warm: int = 4, keep: int = 8) -> EnginePool:
        """Make the template database, unless a former pool has, and the first `warm` private databases."""
        pool = cls(server, warm=warm, keep=keep)
        if not await pool._command(template.EXISTS):
            await pool._make_template()
        await pool._refill()
        return pool

    async def acquire(self) -> Engine:
        """An engine without client state: no transaction, default settings, and a schema for `Engine.apply`.

        Raises `EngineLostError` when the private server is gone, `InternalError` when it refuses.
        """
        while self._idle:
            engine = self._idle.pop()
            if not engine.backend.lost:
                break
            self._discard(engine)
        else:
            engine = await self._make_for_me()
        self._used.add(engine)
        self._start(self._refill())
        return engine

    async def stop(self) -> None:
        """Close every connection; the server itself is stopped by its owner."""
        self._stopped = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        backends = [engine.backend for engine in (*self._idle, *self._used)]
        backends += [self._admin] if self._admin is not None else []
        for backend in backends:
            backend.close()
        for backend in backends:
            await backend.closed()

    # -- making and dropping

    async def _make_template(self) -> None:
        for sql in (template.CREATE_ROLE, template.CREATE_TEMPLATE):
            await self._command(sql)
        maker = await self._reach(SUPERUSER, template.TEMPLATE)
        for sql in template.IN_TEMPLATE:
            [reply] = await maker.exchange(once(sql) + SYNC, ready=1)
            succeeded(reply.messages, "the template database")
        maker.close()
        await maker.closed()
        await self._command(template.SEAL_TEMPLATE)

    async def _make_for_me(self) -> Engine:
        self._waiting += 1
        task = self._start(self._make())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(self._on_unwanted)
            raise
        finally:
            self._waiting -= 1

    def _on_unwanted(self, task: asyncio.Task[Engine]) -> None:
        """Whoever wanted this engine has given up meanwhile."""
        if not task.cancelled() and task.exception() is None:
            self._idle.append(task.result())

    async def _refill(self) -> None:
        """Make engines until `warm` are ready, unless somebody needs the server's time more."""
        if self._refilling:
            return
        self._refilling = True
        try:
            while len(self._idle) < self._warm and not self._waiting:
                self._idle.append(await self._make())
        finally:
            self._refilling = False

    async def _make(self) -> Engine:
        name = self._server.new_database_name()
        await self._command(template.create_database(name))
        return Engine(name, await self._connect(name), lambda: self._connect(name), self._take_back)

    async def _take_back(self, engine: Engine) -> None:
        if self._stopped or engine not in self._used:
            return
        self._used.discard(engine)
        try:
            is_good = await asyncio.wait_for(engine.reset(), RESET_SECONDS)
        except (TimeoutError, EngineLostError):
            is_good = False
        if is_good and len(self._idle) < self._keep:
            self._idle.append(engine)
        else:
            self._discard(engine)

    def _discard(self, engine: Engine) -> None:
        engine.backend.close()
        self._start(self._command(template.drop_database(engine.database)))

    def _start(self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        """Run `work` beside; a failure of it is found by whoever needs its result, or does not matter."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)
        return task

    def _on_done(self, task: asyncio.Task[T]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: no warning about a refill that failed as the server was stopped

    # -- the server

    async def _connect(self, name: str) -> Backend:
        """A session's connection to private database `name`, with our own statements prepared."""
        backend = await self._reach(template.CLIENT_ROLE, name)
        [reply] = await backend.exchange(PREPARE_ALL + SYNC, ready=1)
        succeeded(reply.messages, "preparing")
        return backend

    async def _command(self, sql: str) -> bool:
        """Run a statement as the superuser, outside of any session; whether it gave a row."""
        async with self._admin_lock:
            if self._admin is None or self._admin.lost:
                self._admin = await self._reach(SUPERUSER, "postgres")
            [reply] = await self._admin.exchange(once(sql) + SYNC, ready=1)
        succeeded(reply.messages, sql)
        return any(m[0] == DATA_ROW for m in reply.messages)

    async def _reach(self, user: str, database: str) -> Backend:
        """Connect, patiently: after the crash of a backend the server takes a moment to start over."""
        deadline = asyncio.get_running_loop().time() + RECONNECT_SECONDS
        while True:
            try:
                return await Backend.connect(self._server.socket, user=user, database=database)
            except EngineLostError:
                if not self._server.alive or asyncio.get_running_loop().time() > deadline:
                    raise
            await asyncio.sleep(RECONNECT_PAUSE_SECONDS)
