"""A connection to the private server that passes raw protocol messages, pipelined.

Several batches may be under way at once; their replies come in order. Nothing is interpreted but where a message
ends, which of them is ReadyForQuery, and whether COPY waits for data that nobody will send.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections import deque
from pathlib import Path
from typing import NamedTuple, cast

from daybreak.errors import DaybreakError
from daybreak.query import pgmessages as pg

PROTOCOL_VERSION = 3 << 16
CANCEL_REQUEST = 80877102
HEADER_BYTES = 5
PATIENCE_SECONDS = 0.1

READY, ERROR, NOTICE, COPY_IN, PARAMETER, KEY_DATA = b"ZENGSK"
LOOKED_INTO = frozenset((READY, ERROR, NOTICE, COPY_IN, PARAMETER, KEY_DATA))


class EngineLostError(DaybreakError):
    """The private backend has gone (crash, kill, stop): the session's transaction cannot go on."""

    sqlstate = "57P02"


class Reply(NamedTuple):
    """The messages up to one ReadyForQuery, and the transaction status that it told: ``I``, ``T`` or ``E``."""

    messages: list[bytes]
    status: bytes


class _Batch:
    """A batch that was sent: `ready` more ReadyForQuery end it, `copies` streams of COPY data went with it."""

    __slots__ = ("copies", "future", "messages", "ready", "replies")

    def __init__(self, ready: int, copies: int, future: asyncio.Future[list[Reply]]) -> None:
        self.ready = ready
        self.copies = copies
        self.messages: list[bytes] = []  # since the last ReadyForQuery
        self.replies: list[Reply] = []
        self.future = future


class Backend(asyncio.Protocol):
    """One connection; made by `connect`."""

    def __init__(self) -> None:
        self._batches: deque[_Batch] = deque()
        self._quiet = asyncio.Event()  # set while no batch is under way
        self._quiet.set()
        self._chunks: list[bytes] = []  # of a message that has not arrived in full
        self._missing = 0  # bytes of it, at least
        self._transport: asyncio.WriteTransport | None = None
        self._last_words = b""
        self._key = b""
        self._socket = ""
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.parameters: dict[str, str] = {}
        """What the server reports of its settings (ParameterStatus), as of now."""

    @classmethod
    async def connect(cls, socket: Path, *, user: str, database: str) -> Backend:
        """Log in. Raises `EngineLostError` with the server's reason when it refuses."""
        loop = asyncio.get_running_loop()
        try:
            _, backend = await loop.create_unix_connection(cls, str(socket))
        except OSError as error:
            raise EngineLostError(f"the private server does not answer: {error.strerror}") from error
        backend._socket = str(socket)
        options = {"user": user, "database": database, "client_encoding": "UTF8"}
        text = "".join(f"{name}\0{value}\0" for name, value in options.items()).encode() + b"\0"
        await backend.exchange(struct.pack("!ii", len(text) + 8, PROTOCOL_VERSION) + text, ready=1)
        return backend

    @property
    def lost(self) -> bool:
        """Whether the connection is gone."""
        return self._transport is None or self._transport.is_closing()

    @property
    def process(self) -> int:
        """Process number of the private backend."""
        return int.from_bytes(self._key[:4], "big")

    @property
    def busy(self) -> bool:
        """Whether replies are outstanding."""
        return bool(self._batches)

    @property
    def outstanding(self) -> int:
        """How many batches have not been answered in full."""
        return len(self._batches)

    @property
    def answered(self) -> int:
        """How many replies of the oldest batch that is under way are there."""
        return len(self._batches[0].replies) if self._batches else 0

    def exchange(self, data: bytes, *, ready: int, copies: int = 0) -> asyncio.Future[list[Reply]]:
        """Send `data`, whose replies end with the `ready`-th ReadyForQuery, at once.

        The future gives one reply per ReadyForQuery. `copies` counts the CopyDone and CopyFail
        messages in `data`: when the server asks for more COPY data than that, it is told that there is none, or
        both sides would wait for ever. The future fails with `EngineLostError` when the connection ends first.
        """
        future: asyncio.Future[list[Reply]] = asyncio.get_running_loop().create_future()
        if self._transport is None or self._transport.is_closing():
            future.set_exception(self._loss())
        else:
            self._batches.append(_Batch(ready, copies, future))
            self._quiet.clear()
            self._transport.write(data)
        return future

    async def interrupt(self) -> None:
        """Wait a moment until no reply is outstanding; have what runs then cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._quiet.wait(), PATIENCE_SECONDS)
            if not self._batches:
                return
            await self.cancel()  # lost on a server that has not begun yet: it may take several

    async def cancel(self) -> None:
        """Ask the server to cancel what this connection runs; it may have done with that by then."""
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket)
        except OSError:
            return  # no server, nothing to cancel
        writer.write(struct.pack("!ii", len(self._key) + 8, CANCEL_REQUEST) + self._key)
        await reader.read()  # the server hangs up once the request is passed on
        writer.close()

    def close(self) -> None:
        """Say goodbye; batches under way fail."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(pg.message(b"X"))
            self._transport.close()

    async def closed(self) -> None:
        """Wait until the connection has ended."""
        await asyncio.shield(self._closed)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        for batch in self._batches:
            if not batch.future.done():
                batch.future.set_exception(self._loss())
        self._batches.clear()
        self._quiet.set()
        if not self._closed.done():
            self._closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        if self._chunks:
            self._chunks.append(data)
            self._missing -= len(data)
            if self._missing > 0:
                return
            data = b"".join(self._chunks)
            self._chunks.clear()
        at, size = 0, len(data)
        end = HEADER_BYTES
        while end <= size:
            end = at + 1 + int.from_bytes(data[at + 1 : at + HEADER_BYTES], "big")
            if end > size:
                break
            message = data[at:end]
            if data[at] in LOOKED_INTO:
                self._look_into(message)
            elif self._batches:
                self._batches[0].messages.append(message)
            at, end = end, end + HEADER_BYTES
        if at < size:
            self._chunks.append(data[at:])
            self._missing = end - size

    def _look_into(self, message: bytes) -> None:
        kind = message[0]
        if kind == READY:
            self._on_ready(message[HEADER_BYTES:])
            return
        if kind == PARAMETER:
            name, value, _ = message[HEADER_BYTES:].split(b"\0")
            self.parameters[name.decode()] = value.decode("utf-8", "replace")
        elif kind == KEY_DATA:
            self._key = message[HEADER_BYTES:]
        elif kind == COPY_IN:
            self._on_copy_in()
        else:
            self._last_words = message
        if self._batches:
            self._batches[0].messages.append(message)

    def _on_ready(self, status: bytes) -> None:
        batch = self._batches[0]
        batch.replies.append(Reply(batch.messages, status))
        batch.messages = []
        batch.ready -= 1
        if batch.ready == 0:
            self._batches.popleft()
            if not self._batches:
                self._quiet.set()
            if not batch.future.done():  # whoever waited may have been cancelled
                batch.future.set_result(batch.replies)

    def _on_copy_in(self) -> None:
        batch = self._batches[0]
        batch.copies -= 1
        if batch.copies < 0 and self._transport is not None:
            self._transport.write(pg.copy_fail("no data was sent for this COPY"))

    def _loss(self) -> EngineLostError:
        reason = "the connection to the private server has ended"
        if self._last_words:
            reason = pg.error_fields(self._last_words[HEADER_BYTES:]).get("M", reason)
        return EngineLostError(reason)
