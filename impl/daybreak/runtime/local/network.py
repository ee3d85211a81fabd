"""Hosts and messages of one process on an asyncio loop.

Messages between roles of one process are handed over in memory, in the order in which they were sent, with the
sender's causal context. Syncs of a disk run in a thread of that disk, so the loop never waits for one.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from daybreak.base.ids import NodeId
from daybreak.errors import OperatorError
from daybreak.runtime.local.disk import LocalDisk
from daybreak.runtime.protocols import After, Effects, Message, Send, Sync, Synced, SyncFailed
from daybreak.runtime.role import Role
from daybreak.trace.recorder import Cause

FINE_WAIT_US = 5_000
"""Waits up to this long sleep in a thread: the event loop's own timers count whole milliseconds."""

Listener = Callable[[Message], None]
"""Takes the messages to an address that is no role's: a session, or whoever asks roles from outside."""


class Letter(NamedTuple):
    """A message on its way between two nodes, and what its sender knew."""

    to: NodeId
    source: NodeId
    message: Message
    cause: Cause


class Host:
    """A node of this process: a role and, if it needs one, a disk."""

    def __init__(self, role: Role, disk: LocalDisk | None = None) -> None:
        self.role = role
        self.disk = disk
        self.syncer = ThreadPoolExecutor(1, thread_name_prefix=f"sync-{role.node}") if disk else None


class LocalNetwork:
    """Runs the roles of one process."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._hosts: dict[NodeId, Host] = {}
        self._listeners: dict[NodeId, Listener] = {}
        self._inbox: deque[tuple[Host, NodeId, Message, Cause]] = deque()
        self._draining = False
        self._closed = False
        self._sleepers = ThreadPoolExecutor(8, thread_name_prefix="wait")
        self.failure: asyncio.Future[None] = self._loop.create_future()
        """Gets the exception of a role that failed: the process cannot go on."""

    def add(self, role: Role, disk: LocalDisk | None = None) -> Host:
        """Give a role a host; `start` sets it going."""
        host = self._hosts[role.node] = Host(role, disk)
        return host

    def listen(self, address: NodeId, listener: Listener) -> None:
        """Hand messages to `address`, which is no role's, to `listener`."""
        self._listeners[address] = listener

    def unlisten(self, address: NodeId) -> None:
        """Drop messages to `address` from here on."""
        self._listeners.pop(address, None)

    def start(self, host: Host) -> None:
        """Let a role begin."""
        self.perform(host, host.role.start())

    def perform(self, host: Host, effects: Effects) -> None:
        """Carry out effects, and whatever follows from them at once."""
        for effect in effects:
            match effect:
                case Send(to, message):
                    self._send(host, to, message)
                case After(delay_us, message):
                    self._later(host, delay_us, message)
                case Sync(token):
                    self._sync(host, token)
        self._drain()

    def post(self, to: NodeId, message: Message, source: NodeId) -> None:
        """Send a message from outside of all roles, in the name of `source`."""
        self._route(Letter(to, source, message, ()))
        self._drain()

    def _send(self, host: Host, to: NodeId, message: Message) -> None:
        self._route(Letter(to, host.role.node, message, host.role.trace.context()))

    def _route(self, letter: Letter) -> None:
        """Hand a letter to whom it is for; a role hears it when those before it have been heard."""
        receiver = self._hosts.get(letter.to)
        if receiver is not None:
            self._inbox.append((receiver, letter.source, letter.message, letter.cause))
        elif (listener := self._listeners.get(letter.to)) is not None:
            listener(letter.message)
        else:
            self._elsewhere(letter)

    def _elsewhere(self, letter: Letter) -> None:
        """A message for nobody here: lost, as there is nowhere else."""

    def _drain(self) -> None:
        if self._draining:
            return
        self._draining = True
        try:
            while self._inbox:
                host, source, message, cause = self._inbox.popleft()
                self._deliver(host, source, message, cause)
        finally:
            self._draining = False

    def _deliver(self, host: Host, source: NodeId, message: Message, cause: Cause) -> None:
        if self._closed:
            return
        if message.causal:
            host.role.trace.observe(cause)
        try:
            effects = host.role.receive(source, message)
        except Exception as error:
            self.fail(error)
            return
        self.perform(host, effects)

    def fail(self, error: BaseException) -> None:
        """Deliver nothing more: what the roles know can no longer be trusted, or not be recorded."""
        self._closed = True
        if not self.failure.done():
            self.failure.set_exception(error)

    def _arrive(self, host: Host, message: Message) -> None:
        self._inbox.append((host, host.role.node, message, ()))
        self._drain()

    def _later(self, host: Host, delay_us: int, message: Message) -> None:
        if delay_us > FINE_WAIT_US:
            self._loop.call_later(delay_us / 1e6, self._arrive, host, message)
            return
        if delay_us <= 0:
            self._loop.call_soon(self._arrive, host, message)
            return

        def sleep() -> None:
            time.sleep(delay_us / 1e6)
            self._call(self._arrive, host, message)

        self._sleepers.submit(sleep)

    def _sync(self, host: Host, token: int) -> None:
        disk, syncer = host.disk, host.syncer
        assert disk is not None and syncer is not None, "only a role with a disk asks for a sync"

        def sync() -> None:
            message: Message
            try:
                disk.sync()
                message = Synced(token)
            except OperatorError as error:
                message = SyncFailed(token, error.message)
            self._call(self._arrive, host, message)

        syncer.submit(sync)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        if not self._closed:
            self._loop.call_soon_threadsafe(function, *arguments)

    def close(self) -> None:
        """Stop delivering, wait for the threads, close traces."""
        self._closed = True
        self._sleepers.shutdown()
        for host in self._hosts.values():
            if host.syncer is not None:
                host.syncer.shutdown()
            host.role.trace.close()
        if not self.failure.done():
            self.failure.cancel()
