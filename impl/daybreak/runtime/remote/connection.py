"""One connection to a peer: TLS if it is over TCP, handshake, then letters both ways, until it breaks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol, cast

from daybreak.runtime.local.network import Letter
from daybreak.runtime.remote.codec import CodecError, Registry
from daybreak.runtime.remote.frames import MAX_BODY_BYTES, FrameDecoder, FrameError, frame
from daybreak.runtime.remote.handshake import Handshake, HandshakeError
from daybreak.runtime.remote.tls import Channel, TlsError

WRITE_BUFFER_BYTES = 256 * 1024
"""With more than this in the socket's own buffer, frames wait in the peer's outbox."""

BEAT = frame(b"")
"""Says only that the sender is alive."""


class Owner(Protocol):
    """Who is told what happens to a connection."""

    def opened(self, connection: Connection) -> None:
        """The peer has proved who it is."""

    def arrived(self, connection: Connection, letters: list[Letter]) -> None:
        """Letters, in the order in which they were sent."""

    def writable(self, connection: Connection) -> None:
        """There is room again."""

    def closed(self, connection: Connection, why: str | None) -> None:
        """It is over; `why` is None if the peer has just hung up, or we have."""


class Connection(asyncio.Protocol):
    """See above. What cannot be understood closes the connection, and nothing else."""

    def __init__(
        self,
        handshake: Handshake,
        registry: Registry,
        owner: Owner,
        *,
        unwanted: bool = False,
        secure: Callable[[str], Channel] | None = None,
    ) -> None:
        """One that is `unwanted` is hung up on as soon as it is there. `secure` makes its TLS, if it is to have that,
        of what to call the other end."""
        self.who = handshake.dials or "a stranger"
        """What to call the other end in a log."""
        self.peer = ""
        """Who is at the other end; empty before the handshake is over."""
        self.paused = False
        """Whether frames have to wait."""
        self.heard = self.spoke = time.monotonic()
        """When something last came, and went."""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._handshake = handshake
        self._registry = registry
        self._owner = owner
        self._decoder = FrameDecoder()
        self._transport: asyncio.Transport | None = None
        self._why: str | None = None
        self._unwanted = unwanted
        self._secure = secure
        self._channel: Channel | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, if it is upon us to."""
        stream = cast(asyncio.Transport, transport)  # uvloop's are not of this class
        self._transport = stream
        if self._unwanted:
            stream.abort()
            return
        stream.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        if self._secure is None:
            self._begin()
        else:
            self._channel = self._secure(self._handshake.dials or _host(stream))
            self._uncover(b"")

    def _begin(self) -> None:
        for body in self._handshake.begin():
            self._put(frame(body))

    def write(self, data: bytes) -> None:
        """Send a frame; only while not `paused`, and after the handshake."""
        if self._transport is not None:
            self.spoke = time.monotonic()
            self._put(data)

    def _put(self, data: bytes) -> None:
        """Send bytes, as they are or through TLS."""
        if self._channel is not None:
            self._channel.write(data)
            data = self._channel.outgoing()
        if self._transport is not None:
            self._transport.write(data)

    def _uncover(self, data: bytes) -> bytes:
        """What has come, in the clear. Its peer's certificate once it is known, the handshake begins."""
        channel = self._channel
        if channel is None:
            return data
        known = channel.peer
        try:
            clear = channel.receive(data)
        finally:  # also when the other side is refused: it is told why
            if self._transport is not None and (answer := channel.outgoing()):
                self._transport.write(answer)
        if channel.peer and not known:
            self._handshake.certified = channel.peer
            self._begin()
        return clear

    def data_received(self, data: bytes) -> None:
        """Cut into frames; what is left of a connection that has been given up is not read."""
        if self._why is not None:
            return
        self.heard = time.monotonic()
        letters: list[Letter] = []
        try:
            self._decoder.feed(self._uncover(data))
            while (body := self._decoder.take()) is not None:
                if not self.peer:
                    self._greeted(body)
                elif body:
                    letters.append(self._registry.decode(body))
        except HandshakeError as refusal:
            if refusal.answer is not None:
                self._put(frame(refusal.answer))
            self.close(str(refusal))
        except TlsError as refusal:
            self._part(str(refusal))
        except (FrameError, CodecError) as error:
            self.close(f"the connection to {self.who} is closed: it sent {error}")
        if letters:
            self._owner.arrived(self, letters)

    def _greeted(self, body: bytes) -> None:
        for answer in self._handshake.receive(body):
            self._put(frame(answer))
        if self._handshake.peer is not None:
            self.peer = self.who = self._handshake.peer
            self._decoder.limit = MAX_BODY_BYTES
            self._owner.opened(self)

    def pause_writing(self) -> None:
        """The peer reads more slowly than we write."""
        self.paused = True

    def resume_writing(self) -> None:
        """It has caught up."""
        self.paused = False
        self._owner.writable(self)

    def close(self, why: str | None = None) -> None:
        """Hang up; what was written before still goes out, if the peer reads it."""
        self._why = why if self._why is None else self._why
        if self._transport is not None:
            self._transport.close()

    def _part(self, why: str) -> None:
        """Say no more, and let the other side hang up: what we have not read yet would have our last words thrown away
        otherwise. One that does not is given up like all who are silent."""
        self._why = why
        if self._transport is not None:
            self._transport.write_eof()

    def abort(self, why: str | None = None) -> None:
        """Hang up on a peer that does not listen."""
        self._why = why if self._why is None else self._why
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over, whoever wanted it."""
        self._transport = None
        if not self.ended.done():
            self.ended.set_result(None)
        self._owner.closed(self, self._why)


def _host(transport: asyncio.Transport) -> str:
    """Where a stranger is, for people."""
    at = transport.get_extra_info("peername")
    return str(at[0]) if isinstance(at, tuple) and at else "a stranger"
