"""What the clients of a simulated run do: a workload is one kind of transactions, all of them over the same keys."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from daybreak.errors import DaybreakError
from daybreak.simulation.witness import WatchedSession


class SessionLostError(DaybreakError):
    """The query processor that served the session has crashed."""

    sqlstate = "08006"


class Turn(NamedTuple):
    """A client's turn to do one transaction."""

    name: str
    """Its own."""
    store: WatchedSession
    random: random.Random
    """The client's."""
    sleep: Callable[[int], Awaitable[None]]
    """Lets so many microseconds pass."""
    drop: Callable[[int], None]
    """Has the query processor crash after so many microseconds."""


class Workload(Protocol):
    """What clients do; whatever becomes of a transaction, a client goes on with the next one."""

    async def open(self, store: WatchedSession) -> None:
        """Make what the transactions need, in one; it is repeated if it fails."""

    async def turn(self, turn: Turn) -> None:
        """Do one transaction, whatever becomes of it."""

    async def settle(self, store: WatchedSession) -> None:
        """Look, in the end, whether all is as clients were told; raises FoundError."""
