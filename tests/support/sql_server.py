"""A whole SQL server in this process, on a thread and an event loop of its own, over a `MemoryStore`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import uvloop

from daybreak.query.factory import SqlSessions
from daybreak.query.insight import Insight
from daybreak.query.pool import EnginePool
from daybreak.query.private_server import PrivateServer
from daybreak.query.store import Store
from daybreak.router.server import Router
from tests.support.memory_store import MemoryStore

Result = TypeVar("Result")


class LoopThread:
    """An event loop on a thread."""

    def __init__(self) -> None:
        self.loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run `work` on the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def stop(self) -> None:
        """End the loop and its thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class SqlServer:
    """A running server; `store` is what its sessions share."""

    def __init__(self, thread: LoopThread, private: PrivateServer, store: MemoryStore, router: Router) -> None:
        self.thread = thread
        self.private = private
        self.store = store
        self.router = router

    def dsn(self, **options: str) -> str:
        """A connection string for libpq."""
        extra = "".join(f" {name}={value}" for name, value in options.items())
        return f"host=127.0.0.1 port={self.router.port} user=admin dbname=postgres{extra}"

    def connect(self, *, autocommit: bool = True) -> psycopg.Connection[tuple[Any, ...]]:
        """A psycopg connection."""
        return psycopg.connect(self.dsn(), autocommit=autocommit)


@contextmanager
def private_server(directory: Path) -> Iterator[tuple[LoopThread, PrivateServer]]:
    """A private PostgreSQL on a loop thread."""
    thread = LoopThread()
    try:
        private = thread.run(PrivateServer.start(directory))
        try:
            yield thread, private
        finally:
            thread.run(private.stop())
    finally:
        thread.stop()


@contextmanager
def sql_server(
    thread: LoopThread,
    private: PrivateServer,
    *,
    new_store: Callable[[MemoryStore], Store] = lambda store: store,
    max_sessions: int = 100,
    insight: Insight | None = None,
) -> Iterator[SqlServer]:
    """A server with an empty store."""
    store = MemoryStore()
    pool = thread.run(EnginePool.start(private, warm=1))
    router = Router(
        sessions=SqlSessions(pool, lambda: new_store(store), insight),
        host="127.0.0.1",
        port=0,
        max_sessions=max_sessions,
    )
    thread.run(router.start())
    try:
        yield SqlServer(thread, private, store, router)
    finally:
        thread.run(router.stop())
        thread.run(pool.stop())
