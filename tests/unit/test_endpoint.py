"""Who is let in at a region's endpoint."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from daybreak.endpoint import BELIEVED_SECONDS, LOOK_SECONDS, Endpoint
from daybreak.errors import NotAcceptingError
from daybreak.query.client import CommitGuard
from daybreak.query.factory import SqlSessions

GUARD = cast(CommitGuard, None)


class Sessions:
    """Counts those that were opened."""

    opened = 0

    async def open(self, settings: object, guard: object) -> None:
        """One more."""
        self.opened += 1


class Surroundings:
    """An endpoint, whether it can read, and the time."""

    def __init__(self) -> None:
        self.now, self.can, self.asked = 0.0, True, 0
        self.sessions = Sessions()
        self.endpoint = Endpoint(self._can_read, lambda: self.now)

    async def _can_read(self, seconds: float) -> bool:
        assert seconds == LOOK_SECONDS
        self.asked += 1
        return self.can

    def open(self) -> None:
        """A client comes."""
        asyncio.run(self.endpoint.open({}, GUARD))

    def begin(self) -> None:
        """The region is ready."""
        self.endpoint.begin(cast(SqlSessions, self.sessions))


def test_whoever_comes_before_the_region_is_ready_is_told_so() -> None:
    around = Surroundings()
    with pytest.raises(NotAcceptingError, match="it is starting") as refused:
        around.open()
    assert refused.value.sqlstate == "57P03"
    assert around.asked == 0


def test_while_nothing_can_be_read_nobody_is_let_in() -> None:
    around = Surroundings()
    around.begin()
    around.can = False
    with pytest.raises(NotAcceptingError, match="cannot reach a majority"):
        around.open()
    around.can = True
    around.open()
    assert (around.sessions.opened, around.asked) == (1, 2)


def test_what_was_seen_a_moment_ago_is_believed() -> None:
    around = Surroundings()
    around.begin()
    around.open()
    around.can = False
    around.now = BELIEVED_SECONDS - 0.1
    around.open()
    assert around.asked == 1
    around.now = BELIEVED_SECONDS
    with pytest.raises(NotAcceptingError):
        around.open()


def test_where_there_is_one_region_nobody_looks() -> None:
    sessions = Sessions()
    endpoint = Endpoint()
    endpoint.begin(cast(SqlSessions, sessions))
    asyncio.run(endpoint.open({}, GUARD))
    assert sessions.opened == 1
