"""One client's TCP connection: bytes in, messages out of a queue; bytes out, with back pressure both ways."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, cast

from daybreak.query.pgmessages import ProtocolViolationError
from daybreak.router.pgwire import Framer

QUEUE_HIGH_BYTES = 1024 * 1024
"""Unread bytes of whole messages above which the connection is read no further."""


class ConnectionClosedError(Exception):
    """The client is gone, or sent bytes that end the connection and were answered."""


class Connection(asyncio.Protocol):
    """Feeds one session task.

    `serve` is started as a task when the client connects and is cancelled when it goes, unless the session says
    `shielded` (a commit is under way: it runs to its end).
    """

    def __init__(self, serve: Callable[[Connection], Coroutine[Any, Any, None]]) -> None:
        self._serve = serve
        self._framer = Framer()
        self._startup = True
        self._queue: deque[tuple[int, bytes]] = deque()
        self._queued_bytes = 0
        self._paused = False
        self._wakeup: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._failure: Exception | None = None
        self._transport: asyncio.Transport | None = None
        self.task: asyncio.Task[None] | None = None
        self.shielded = False

    # -- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        self.task = asyncio.get_running_loop().create_task(self._serve(self))

    def data_received(self, data: bytes) -> None:
        if self._failure is not None:
            return
        self._framer.feed(data)
        try:
            self._cut()
        except ProtocolViolationError as violation:
            self._failure = violation
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._failure = ConnectionClosedError()
        self._queue.clear()
        self._wake()
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        if self.task is not None and not self.shielded:
            self.task.cancel()

    def pause_writing(self) -> None:
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # -- what the session calls

    @property
    def lost(self) -> bool:
        return isinstance(self._failure, ConnectionClosedError)

    def send(self, data: bytes) -> None:
        """Queue bytes for the client; `drain` waits until most of them are on their way."""
        if self._transport is not None and not self.lost:
            self._transport.write(data)

    @property
    def congested(self) -> bool:
        """Whether `drain` would wait."""
        return self._writable is not None

    async def drain(self) -> None:
        if self._writable is not None:
            await self._writable

    async def startup_packet(self) -> bytes:
        """The next packet without a type byte."""
        while not self._queue:
            await self._wait()
        return self._queue.popleft()[1]

    def startup_over(self) -> None:
        """From here on messages have a type byte."""
        self._startup = False
        try:
            self._cut()
        except ProtocolViolationError as violation:
            self._failure = violation

    async def receive(self) -> tuple[int, bytes]:
        """The next message's type and body."""
        while not self._queue:
            await self._wait()
        message = self._queue.popleft()
        self._queued_bytes -= len(message[1])
        if self._paused and self._queued_bytes < QUEUE_HIGH_BYTES and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return message

    def close(self) -> None:
        """Close after what was sent has left."""
        if self._transport is not None:
            self._transport.close()

    def end(self, reason: Exception) -> None:
        """Have the session end with `reason`: now, or after the commit that is under way."""
        if self._failure is None:
            self._failure = reason
            self._queue.clear()
        self._wake()
        if self.task is not None and not self.shielded:
            self.task.cancel()

    def abort(self) -> None:
        """Close at once; what was sent may be lost."""
        if self._transport is not None:
            self._transport.abort()

    # --

    def _cut(self) -> None:
        if not self._startup:
            for message in self._framer.messages():
                self._queue.append(message)
                self._queued_bytes += len(message[1])
        elif not self._queue:
            # One at a time: how the bytes after a packet are to be read depends on the answer to it.
            packet = self._framer.startup_packet()
            if packet is not None:
                self._queue.append((0, packet))
        self._hold_back()

    def _hold_back(self) -> None:
        full = self._queued_bytes >= QUEUE_HIGH_BYTES
        if full and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    async def _wait(self) -> None:
        if self._startup:
            self._cut()
            if self._queue:
                return
        if self._failure is not None:
            raise self._failure
        self._wakeup = asyncio.get_running_loop().create_future()
        await self._wakeup

    def _wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)
