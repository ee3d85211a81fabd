"""A region's endpoint: takes new sessions while the data can be read there (P20).

What was seen a moment ago is believed, so that most sessions wait for nothing.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping

from daybreak.errors import NotAcceptingError
from daybreak.query.client import CommitGuard
from daybreak.query.factory import SqlSessions
from daybreak.query.sqlsession import SqlSession

LOOK_SECONDS = 3.0
"""Without a complete replica for so long, a new session is refused."""
BELIEVED_SECONDS = 1.0
"""For so long an endpoint that could read is believed to be able to."""


class Endpoint:
    """`router.server.SessionFactory`: refuses sessions until `begin`, and while `can_read` says so.

    `can_read` tells whether a snapshot of now can be read within some seconds; without it, that is taken for granted.
    """

    def __init__(
        self,
        can_read: Callable[[float], Awaitable[bool]] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._can_read = can_read
        self._monotonic = monotonic
        self._sessions: SqlSessions | None = None
        self._believed_until = -1.0

    def begin(self, sessions: SqlSessions) -> None:
        """Take new sessions from here on."""
        self._sessions = sessions

    async def open(self, settings: Mapping[str, str], guard: CommitGuard) -> SqlSession:
        """As `SqlSessions.open`; `NotAcceptingError` if the session would have to wait for long."""
        if self._sessions is None:
            raise NotAcceptingError("it is starting, or waits for a majority of the zones")
        await self._look()
        return await self._sessions.open(settings, guard)

    async def _look(self) -> None:
        asked = self._monotonic()
        if self._can_read is None or asked < self._believed_until:
            return
        if not await self._can_read(LOOK_SECONDS):
            raise NotAcceptingError("it cannot reach a majority of the zones")
        self._believed_until = asked + BELIEVED_SECONDS
