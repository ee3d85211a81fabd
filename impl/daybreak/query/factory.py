"""How the router gets a session's SQL side: a store of its own and a private engine from the warm pool."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from daybreak.query.client import CommitGuard
from daybreak.query.engine import Engine
from daybreak.query.insight import Insight, NoInsight
from daybreak.query.sqlsession import SqlSession
from daybreak.query.startsettings import apply_settings
from daybreak.query.store import Store


class Engines(Protocol):
    """Where private databases come from; `pool.EnginePool` is one."""

    async def acquire(self) -> Engine:
        """A private database for one session; its `close` gives it back."""


class SqlSessions:
    """Opens SQL sessions; `new_store` is called once for each, `insight` knows the cluster."""

    def __init__(self, engines: Engines, new_store: Callable[[], Store], insight: Insight | None = None) -> None:
        self._engines = engines
        self._insight = insight or NoInsight()
        self._new_store = new_store

    async def open(self, settings: Mapping[str, str], guard: CommitGuard) -> SqlSession:
        """A session with the client's startup `settings` applied; raises what refuses one of them."""
        engine = await self._engines.acquire()
        try:
            await apply_settings(engine, settings)
            return SqlSession(self._new_store(), engine, guard, self._insight)
        except BaseException:
            await engine.close()
            raise
