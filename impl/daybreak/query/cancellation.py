"""Cancel requests: they must hit a statement of the client's, never a command of ours before or after it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from daybreak.query.engine import Engine

Result = TypeVar("Result")

PAUSE_SECONDS = 0.001


class Cancellation:
    """Lets cancel requests through to the private server while `during` runs, and only then."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._running = False
        self._sending = asyncio.Lock()
        self.requested = False
        """Whether one was sent since `forget`."""

    async def during(self, run: Awaitable[Result]) -> Result:
        """Wait for `run`; when it is over no cancel is under way any more."""
        self._running = True
        try:
            return await run
        finally:
            self._running = False
            if self._sending.locked():
                await self.settled()

    async def settled(self) -> None:
        """Wait for a cancel that is under way: the server's answer means that the signal was sent."""
        async with self._sending:
            pass

    async def cancel(self) -> None:
        """Cancel the client's statement, if one is running."""
        async with self._sending:
            # The rollback of the transaction before may still be under way, or our BEGIN: were that cancelled, the
            # client's statement would run outside of the private transaction. Either takes well under a millisecond.
            while self._running and not self._engine.cancellable:  # noqa: ASYNC110 - rare, not worth an event
                await asyncio.sleep(PAUSE_SECONDS)
            if self._running:
                self.requested = True
                await self._engine.backend.cancel()

    def forget(self) -> None:
        """The client was told that its statement is over."""
        self.requested = False
