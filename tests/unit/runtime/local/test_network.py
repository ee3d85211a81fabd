"""The network of one process: order, timers, syncs, and what becomes of a role that fails."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar

import pytest

from daybreak.base.ids import NodeId
from daybreak.errors import OperatorError
from daybreak.runtime.local.disk import LocalDisk
from daybreak.runtime.local.network import FINE_WAIT_US, LocalNetwork
from daybreak.runtime.protocols import After, Effects, Message, Send, Sync, Synced, SyncFailed
from daybreak.runtime.role import Role
from daybreak.trace.recorder import NoTrace
from tests.support.roles import ManualClock, traced

A, B, SESSION, OUTSIDE = map(NodeId, ("A/a-0", "A/b-0", "A/session-0", "A/outside-0"))


class Note(Message, frozen=True):
    """Carries a text."""

    text: str


class Order(Message, frozen=True):
    """Have these effects carried out."""

    effects: list[Send | After | Sync]


class Idle(Note, frozen=True):
    """Changes nothing that matters."""

    causal: ClassVar[bool] = False


class Failure(Message, frozen=True):
    """Makes the role that hears it fail."""


class Actor(Role):
    """Does what it is told and remembers what it hears."""

    def __init__(self, node: NodeId, traced_to_memory: bool = False) -> None:
        clock = ManualClock()
        trace, self.sink = traced(node, clock)
        super().__init__(node, clock, trace if traced_to_memory else NoTrace())
        self.heard: list[tuple[NodeId, object]] = []
        self.hears: asyncio.Queue[object] = asyncio.Queue()

    def _note(self, source: NodeId, content: object) -> Effects:
        self.heard.append((source, content))
        self.hears.put_nowait(content)
        return []

    def on_order(self, source: NodeId, message: Order) -> Effects:
        """Obey."""
        return message.effects

    def on_note(self, source: NodeId, message: Note) -> Effects:
        """Remember."""
        return self._note(source, message.text)

    def on_idle(self, source: NodeId, message: Idle) -> Effects:
        """Remember."""
        return self._note(source, message.text)

    def on_synced(self, source: NodeId, message: Synced) -> Effects:
        """Remember."""
        return self._note(source, message)

    def on_sync_failed(self, source: NodeId, message: SyncFailed) -> Effects:
        """Remember."""
        return self._note(source, message)

    def on_failure(self, source: NodeId, message: Failure) -> Effects:
        """Fail."""
        raise OperatorError("the role fails")


def run(test: Callable[[LocalNetwork], Awaitable[None]]) -> None:
    """Run a test with a network that is closed afterwards."""

    async def body() -> None:
        network = LocalNetwork()
        try:
            await test(network)
        finally:
            network.close()

    asyncio.run(body())


def test_messages_arrive_in_the_order_in_which_they_were_sent() -> None:
    async def test(network: LocalNetwork) -> None:
        a, b = Actor(A), Actor(B)
        host = network.add(a)
        network.add(b)
        inner = Order([Send(B, Note("3")), Send(A, Note("4"))])
        network.perform(host, [Send(B, Note("1")), Send(A, inner), Send(B, Note("2"))])
        assert b.heard == [(A, "1"), (A, "2"), (A, "3")]
        assert a.heard == [(A, "4")]

    run(test)


def test_a_long_exchange_of_messages_takes_no_more_stack_than_a_short_one() -> None:
    class Echo(Actor):
        def on_synced(self, source: NodeId, message: Synced) -> Effects:
            self._note(source, message.token)
            return [Send(source, Synced(message.token - 1))] if message.token else []

    async def test(network: LocalNetwork) -> None:
        a, b = Echo(A), Echo(B)
        host = network.add(a)
        network.add(b)
        network.perform(host, [Send(B, Synced(2 * sys.getrecursionlimit()))])
        assert len(a.heard) + len(b.heard) == 2 * sys.getrecursionlimit() + 1

    run(test)


def test_a_message_to_nobody_is_lost() -> None:
    async def test(network: LocalNetwork) -> None:
        host = network.add(Actor(A))
        network.perform(host, [Send(B, Note("x")), Send(SESSION, Note("y"))])
        assert not network.failure.done()

    run(test)


def test_a_session_hears_until_it_stops_listening() -> None:
    async def test(network: LocalNetwork) -> None:
        host = network.add(Actor(A))
        heard: list[Message] = []
        network.listen(SESSION, heard.append)
        network.perform(host, [Send(SESSION, Note("x"))])
        network.unlisten(SESSION)
        network.perform(host, [Send(SESSION, Note("y"))])
        assert heard == [Note("x")]

    run(test)


def test_a_role_begins_when_it_is_started() -> None:
    class Starter(Actor):
        def start(self) -> Effects:
            return [Send(A, Note("begun"))]

    async def test(network: LocalNetwork) -> None:
        role = Starter(A)
        host = network.add(role)
        assert role.heard == []
        network.start(host)
        assert role.heard == [(A, "begun")]

    run(test)


def test_a_message_from_outside_names_who_sent_it() -> None:
    async def test(network: LocalNetwork) -> None:
        role = Actor(A)
        network.add(role)
        network.post(A, Note("x"), OUTSIDE)
        assert role.heard == [(OUTSIDE, "x")]

    run(test)


@pytest.mark.parametrize("delay_us", [0, 3_000, FINE_WAIT_US, FINE_WAIT_US + 1])
def test_a_timer_fires_after_its_delay_and_not_before_the_handler_has_returned(delay_us: int) -> None:
    async def test(network: LocalNetwork) -> None:
        role = Actor(A)
        host = network.add(role)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        network.perform(host, [After(delay_us, Note("late")), Send(A, Note("early"))])
        assert role.heard == [(A, "early")]
        assert [await role.hears.get() for _ in range(2)] == ["early", "late"]
        assert loop.time() - begun >= delay_us / 1e6 - 0.001
        assert role.heard[-1] == (A, "late")

    run(test)


def test_a_short_wait_is_finer_than_a_timer_of_the_loop() -> None:
    async def test(network: LocalNetwork) -> None:
        role = Actor(A)
        host = network.add(role)
        loop = asyncio.get_running_loop()
        waits = [1.0]
        while min(waits) >= 0.0005 and len(waits) < 500:
            begun = loop.time()
            network.perform(host, [After(50, Note("x"))])
            await role.hears.get()
            waits.append(loop.time() - begun)
        assert min(waits) < 0.0005, "a timer of the loop takes a millisecond at least"

    run(test)


def test_a_sync_is_answered_when_the_disk_has_everything(tmp_path: Path) -> None:
    async def test(network: LocalNetwork) -> None:
        role = Actor(A)
        disk = LocalDisk(tmp_path)
        host = network.add(role, disk)
        threads: list[int] = []
        sync = disk.sync

        def watched() -> None:
            threads.append(threading.get_ident())
            sync()

        disk.sync = watched  # type: ignore[method-assign]
        network.perform(host, [Sync(7), Sync(8)])
        assert role.heard == []
        assert [await role.hears.get() for _ in range(2)] == [Synced(7), Synced(8)]
        assert threading.get_ident() not in threads, "the loop does not wait for a disk"
        network.close()
        disk.close()

    run(test)


def test_a_sync_that_fails_is_answered_as_failed(tmp_path: Path) -> None:
    async def test(network: LocalNetwork) -> None:
        role = Actor(A)
        disk = LocalDisk(tmp_path)
        host = network.add(role, disk)

        def fail() -> None:
            raise OperatorError("no space left")

        disk.sync = fail  # type: ignore[method-assign]
        network.perform(host, [Sync(7)])
        assert await role.hears.get() == SyncFailed(7, "no space left")
        network.close()
        disk.close()

    run(test)


def test_the_exception_of_a_role_ends_in_failure_and_nothing_more_is_delivered() -> None:
    async def test(network: LocalNetwork) -> None:
        a, b = Actor(A), Actor(B)
        host = network.add(a)
        network.add(b)
        network.perform(host, [Send(B, Failure()), Send(A, Note("x")), After(0, Note("y")), After(1, Note("z"))])
        with pytest.raises(OperatorError, match="the role fails"):
            await network.failure
        network.post(A, Note("w"), OUTSIDE)
        network.close()
        assert a.heard == []

    run(test)


def test_a_message_carries_what_its_sender_knows() -> None:
    async def test(network: LocalNetwork) -> None:
        a, b = Actor(A, traced_to_memory=True), Actor(B, traced_to_memory=True)
        host = network.add(a)
        network.add(b)
        a.trace.record("M!A", {})
        network.perform(host, [Send(B, Idle("x"))])
        b.trace.record("M!B", {})
        network.perform(host, [Send(B, Note("y"))])
        b.trace.record("M!B", {})
        assert [event.cause for event in b.sink.events()] == [(), ((A, 1),)]

    run(test)


def test_closing_ends_delivery_and_closes_traces() -> None:
    async def test(network: LocalNetwork) -> None:
        role = Actor(A, traced_to_memory=True)
        host = network.add(role)
        network.perform(host, [After(0, Note("x")), After(100, Note("y")), After(FINE_WAIT_US + 1, Note("z"))])
        network.close()
        await asyncio.sleep(2 * FINE_WAIT_US / 1e6)  # this timer of the loop comes after theirs
        assert role.heard == []
        assert role.sink.closed
        assert network.failure.cancelled()

    run(test)
