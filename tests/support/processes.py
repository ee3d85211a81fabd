"""Processes of a cluster that talk over real sockets, all on one event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar, TypeVar

from daybreak.base.ids import NodeId
from daybreak.control.places import RunDirectory
from daybreak.runtime.local.network import Letter
from daybreak.runtime.protocols import Message
from daybreak.runtime.remote.codec import Registry
from daybreak.runtime.remote.handshake import Identity
from daybreak.runtime.remote.peers import Address, Limits, Peers, TcpAddress
from daybreak.runtime.remote.tls import Tls

T = TypeVar("T")
SECONDS = 20.0
"""Nothing in these tests takes so long."""


class Note(Message, frozen=True):
    """Carries a number, and as many bytes as wanted."""

    number: int
    weight: bytes = b""


class Parcel(Note, frozen=True):
    """A part of a bulk transfer."""

    bulk: ClassVar[bool] = True


def identity(process: str, *, secret: bytes = b"s" * 32, build: str = "b") -> Identity:
    """A process of cluster c."""
    return Identity("c", process, build, secret)


def note(number: int, weight: bytes = b"", kind: type[Note] = Note) -> Letter:
    """A letter from a node of process A to one of A2."""
    return Letter(NodeId("A2/there-0"), NodeId("A/here-0"), kind(number, weight), (("A/here-0", number),))


class Party:
    """One process: its connections, and what it has heard."""

    def __init__(self, me: Identity, addresses: dict[str, Address], limits: Limits, tls: Tls | None = None) -> None:
        self.letters: list[Letter] = []
        self.heard: asyncio.Queue[Letter] = asyncio.Queue()
        self.peers = Peers(me, Registry([Note, Parcel]), addresses, self._deliver, limits, tls)

    def _deliver(self, process: str, letters: list[Letter]) -> None:
        self.letters += letters
        for letter in letters:
            self.heard.put_nowait(letter)

    async def hear(self) -> Letter:
        """The next letter that was not heard yet."""
        return await self.heard.get()


async def until(done: Callable[[], object]) -> None:
    """Let the loop run until something is so."""
    while not done():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.001)


def limited(test: Awaitable[T]) -> T:
    """Run a test on a loop of its own, not for ever."""

    async def body() -> T:
        return await asyncio.wait_for(test, SECONDS)

    return asyncio.run(body())


def unix(directory: Path) -> dict[str, Address]:
    """Sockets in a directory, for processes A and A2."""
    run = RunDirectory(directory)
    return {name: run.socket(name) for name in ("A", "A2")}


def tcp() -> dict[str, Address]:
    """Free ports for processes A and A2."""
    found: dict[str, Address] = {}
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        for name, free in (("A", one), ("A2", two)):
            found[name] = TcpAddress(*free.getsockname())
    return found
