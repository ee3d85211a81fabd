"""The other processes of the cluster, and the connections to them.

Of two processes the one whose name comes first dials, so there is one connection between them, and letters of one
process to another arrive in the order in which they were sent, or not at all. What is sent while there is no
connection is lost, and counted: the roles repeat what matters.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from functools import partial
from socket import gaierror
from typing import NamedTuple

import msgspec

from daybreak.runtime.local.network import Letter
from daybreak.runtime.remote.codec import Registry
from daybreak.runtime.remote.connection import BEAT, Connection
from daybreak.runtime.remote.frames import frame
from daybreak.runtime.remote.handshake import Handshake, Identity
from daybreak.runtime.remote.messages import Ping
from daybreak.runtime.remote.outbox import Outbox
from daybreak.runtime.remote.tls import Channel, Tls

log = logging.getLogger(__name__)

MAX_STRANGERS = 32
"""So many connections may be amid their handshake; further ones are closed at once."""


class TcpAddress(NamedTuple):
    """Where a process listens, if not on a Unix socket; port 0 takes a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


Address = str | TcpAddress
"""The path of a Unix socket, or host and port."""


class Limits(msgspec.Struct, frozen=True):
    """Bounds on time and memory; seconds and bytes."""

    outbox_bytes: int = 16 * 1024 * 1024
    """What waits for a peer that reads slowly."""
    beat_seconds: float = 1.0
    """Who has said nothing for so long says that it is alive."""
    silent_seconds: float = 5.0
    """A peer of which nothing was heard for so long is given up, and dialled again; so is a handshake."""
    least_wait_seconds: float = 0.02
    """Before the first attempt to connect again; each further one waits twice as long as the one before."""
    most_wait_seconds: float = 1.0
    """The longest wait between two attempts."""
    missing_seconds: float = math.inf
    """Who has not been there for so long is reported: where each machine is run by itself, nobody else sees that."""


class Traffic(msgspec.Struct):
    """What has passed between this process and a peer since this one started, pings not counted."""

    sent: int = 0
    received: int = 0
    sent_bytes: int = 0
    dropped: int = 0
    """Letters that gave way to newer ones because the peer read too slowly."""
    unsent: int = 0
    """Letters for which there was no connection."""
    connections: int = 0
    """How often a connection was made; all after the first are reconnects."""
    kinds: dict[str, int] = msgspec.field(default_factory=dict)
    """Letters for which there was a connection, by the class of the message."""


class Peer:
    """What is known of one other process."""

    def __init__(self, name: str, limits: Limits) -> None:
        self.name = name
        self.connection: Connection | None = None
        self.outbox = Outbox(limits.outbox_bytes)
        self.traffic = Traffic()
        self.gone_since = time.monotonic()
        """When the last connection ended, or this process began to look for it."""
        self.missed = False
        """Whether the operator was told that it is not there."""

    def send(self, data: bytes, *, bulk: bool) -> None:
        """Send a frame, now or when there is room; lost if there is no connection."""
        connection = self.connection
        if connection is None:
            self.traffic.unsent += 1
        elif connection.paused or self.outbox:
            self.traffic.dropped += self.outbox.put(data, bulk=bulk)
        else:
            self._write(connection, data)

    def flush(self) -> None:
        """Send what waits, as far as there is room."""
        connection = self.connection
        while connection is not None and self.outbox and not connection.paused:
            self._write(connection, self.outbox.take())

    def _write(self, connection: Connection, data: bytes) -> None:
        self.traffic.sent += 1
        self.traffic.sent_bytes += len(data)
        connection.write(data)

    def status(self) -> dict[str, object]:
        """What an operator may want to know."""
        traffic = msgspec.structs.asdict(self.traffic)
        return {"connected": self.connection is not None, **traffic, "waiting_bytes": self.outbox.bytes}


class Peers:
    """This process's side of all connections. `start` once, then `close` once."""

    def __init__(
        self,
        me: Identity,
        registry: Registry,
        addresses: dict[str, Address],
        deliver: Callable[[str, list[Letter]], None],
        limits: Limits | None = None,
        tls: Tls | None = None,
    ) -> None:
        """`addresses` has all processes of the cluster, this one too; `deliver` gets what comes, and from whom.

        With `tls`, all TCP connections are made with it."""
        self._me = me
        self._registry = registry
        self._addresses = addresses
        self._deliver = deliver
        self._limits = limits or Limits()
        self._tls = tls
        self._peers = {name: Peer(name, self._limits) for name in addresses if name != me.process}
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._said = ""
        """What was logged last: one who comes again and again is not complained of again and again."""
        self._closed = False

    async def start(self) -> None:
        """Listen, and dial those whose names come after this one's. OSError if it cannot listen."""
        loop = asyncio.get_running_loop()
        own = self._addresses[self._me.process]
        if isinstance(own, str):
            self._server = await loop.create_unix_server(self._accepted, own)
        else:
            self._server = await loop.create_server(self._accepted, own.host, own.port)
        for peer in self._peers.values():
            if peer.name > self._me.process:
                self._tasks.append(loop.create_task(self._dial(peer)))
        self._tasks.append(loop.create_task(self._beat()))

    @property
    def port(self) -> int:
        """The port listened on, for a TCP address."""
        assert self._server is not None, "started"
        return int(self._server.sockets[0].getsockname()[1])

    def send(self, name: str, letter: Letter) -> None:
        """Send a letter to a process."""
        peer = self._peers[name]
        if peer.connection is None:
            peer.traffic.unsent += 1
        else:
            kind = type(letter.message).__name__
            peer.traffic.kinds[kind] = peer.traffic.kinds.get(kind, 0) + 1
            peer.send(frame(self._registry.encode(letter)), bulk=letter.message.bulk)

    def ping(self, name: str, letter: Letter) -> None:
        """Send a letter that is worth something at once or not at all, and is not counted."""
        connection = self._peers[name].connection
        if connection is not None and not connection.paused:
            connection.write(frame(self._registry.encode(letter)))

    def is_up(self, name: str) -> bool:
        """Whether there is a connection to a process."""
        return self._peers[name].connection is not None

    def status(self) -> dict[str, dict[str, object]]:
        """What an operator may want to know, by peer."""
        return {name: peer.status() for name, peer in sorted(self._peers.items())}

    # --- connections --------------------------------------------------------------------------------------------

    def _accepted(self) -> Connection:
        strangers = sum(not known.peer for known in self._connections)
        return self._connection(None, unwanted=strangers >= MAX_STRANGERS)

    def _connection(self, dials: str | None, *, unwanted: bool = False) -> Connection:
        handshake = Handshake(self._me, known=self._peers, dials=dials)
        connection = Connection(handshake, self._registry, self, unwanted=unwanted, secure=self._secure(dials))
        self._connections.add(connection)
        return connection

    def _secure(self, dials: str | None) -> Callable[[str], Channel] | None:
        """What makes the TLS of a connection that we dial, or accept; None where there is none."""
        over_tcp = isinstance(self._addresses[dials or self._me.process], TcpAddress)
        return partial(self._tls.channel, dials=dials) if self._tls is not None and over_tcp else None

    async def _dial(self, peer: Peer) -> None:
        """Keep connected to a peer, with longer and longer waits while that fails."""
        limits, loop = self._limits, asyncio.get_running_loop()
        wait = limits.least_wait_seconds
        while True:
            address = self._addresses[peer.name]
            connection = self._connection(peer.name)
            try:
                if isinstance(address, str):
                    await loop.create_unix_connection(lambda made=connection: made, address)  # type: ignore[misc]
                else:
                    await loop.create_connection(lambda made=connection: made, *address)  # type: ignore[misc]
                await connection.ended
            except gaierror as error:
                self._say(f"{peer.name} is not found at {address}: {error.strerror}")
            except OSError:
                pass  # not there yet, or not any more
            finally:
                self._connections.discard(connection)
            wait = limits.least_wait_seconds if connection.peer else min(2 * wait, limits.most_wait_seconds)
            await asyncio.sleep(wait)

    async def _beat(self) -> None:
        """Tell those who have not heard of us for long that we are alive; give up those we have not heard of."""
        limits = self._limits
        while True:
            before = time.monotonic()
            await asyncio.sleep(limits.beat_seconds)
            now = time.monotonic()
            late = now - before - limits.beat_seconds
            self._miss(now)
            for connection in list(self._connections):
                if now - connection.heard > limits.silent_seconds + late:
                    connection.abort(
                        f"{connection.who} has said nothing for {limits.silent_seconds:g} s and is given up"
                    )
                elif connection.peer and not connection.paused and now - connection.spoke > limits.beat_seconds / 2:
                    connection.write(BEAT)

    def _miss(self, now: float) -> None:
        """Tell of those who are not there, once each."""
        for peer in self._peers.values():
            absent = peer.connection is None and now - peer.gone_since > self._limits.missing_seconds
            if absent and not peer.missed:
                peer.missed = True
                how = "does not reach" if peer.name > self._me.process else "is not reached by"
                log.warning(
                    "%s %s %s, which should be at %s", self._me.process, how, peer.name, self._addresses[peer.name]
                )

    # --- what connections report --------------------------------------------------------------------------------

    def opened(self, connection: Connection) -> None:
        """A peer has proved who it is; an older connection to it is of no use any more."""
        peer = self._peers[connection.peer]
        old, peer.connection = peer.connection, connection
        if peer.missed:
            peer.missed = False
            log.warning("%s and %s have found each other", self._me.process, peer.name)
        if old is not None:
            old.abort()
        peer.traffic.dropped += peer.outbox.clear()
        peer.traffic.connections += 1

    def arrived(self, connection: Connection, letters: list[Letter]) -> None:
        """Hand letters over, except those of a connection that was replaced."""
        peer = self._peers[connection.peer]
        if peer.connection is connection and not self._closed:
            peer.traffic.received += sum(type(letter.message) is not Ping for letter in letters)
            self._deliver(peer.name, letters)

    def writable(self, connection: Connection) -> None:
        """A slow peer has caught up."""
        peer = self._peers.get(connection.peer)
        if peer is not None and peer.connection is connection:
            peer.flush()

    def closed(self, connection: Connection, why: str | None) -> None:
        """What waited for the peer is lost; it is dialled again by whoever has to."""
        self._connections.discard(connection)
        peer = self._peers.get(connection.peer)
        if peer is not None and peer.connection is connection:
            peer.connection, peer.gone_since = None, time.monotonic()
            peer.traffic.dropped += peer.outbox.clear()
        if why is not None:
            self._say(why)

    def _say(self, what: str) -> None:
        """Tell the operator, once."""
        if what != self._said and not self._closed:
            self._said = what
            log.warning("%s", what)

    def close(self) -> None:
        """Hang up on everybody, and listen no more."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.close()
