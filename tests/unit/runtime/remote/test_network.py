"""Roles in two processes: messages go where their node lives, with what their sender knew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from daybreak.base.ids import NodeId
from daybreak.errors import InternalError
from daybreak.runtime.local.network import Letter
from daybreak.runtime.protocols import Effects, Message, Send
from daybreak.runtime.remote.codec import Registry
from daybreak.runtime.remote.network import PeerNetwork
from daybreak.runtime.remote.peers import Peers
from daybreak.runtime.role import Role
from tests.support.processes import Note, Parcel, identity, limited, unix, until
from tests.support.roles import ManualClock, traced

HERE, NEAR, THERE = NodeId("A/here-0"), NodeId("A/near-0"), NodeId("A2/there-0")


class Pass(Message, frozen=True):
    """Take a step, then send this on; no registry has it."""

    to: NodeId
    message: Message


class Actor(Role):
    """Sends what it is told to, and remembers the notes that it hears."""

    def __init__(self, node: NodeId) -> None:
        clock = ManualClock()
        trace, self.sink = traced(node, clock)
        super().__init__(node, clock, trace)
        self.heard: list[tuple[NodeId, int]] = []

    def on_pass(self, source: NodeId, message: Pass) -> Effects:
        """Obey."""
        self.trace.record("Module!Step", {})
        return [Send(message.to, message.message)]

    def on_note(self, source: NodeId, message: Note) -> Effects:
        """Remember, and take a step, whose cause is the sender's."""
        self.heard.append((source, message.number))
        self.trace.record("Module!Step", {})
        return []


class Side:
    """One process."""

    def __init__(self, name: str, directory: Path, *nodes: NodeId) -> None:
        self.network = PeerNetwork(name, lambda node: node.partition("/")[0])
        self.peers = Peers(identity(name), Registry([Note, Parcel]), unix(directory), self.network.receive)
        self.network.join(self.peers)
        self.roles = {node: Actor(node) for node in nodes}
        for role in self.roles.values():
            self.network.start(self.network.add(role))


@asynccontextmanager
async def sides(directory: Path) -> AsyncIterator[tuple[Side, Side]]:
    """Process A with two nodes, and A2 with one, connected."""
    a, a2 = Side("A", directory, HERE, NEAR), Side("A2", directory, THERE)
    for side in (a, a2):
        await side.peers.start()
    await until(lambda: a.peers.is_up("A2") and a2.peers.is_up("A"))
    try:
        yield a, a2
    finally:
        for side in (a, a2):
            side.network.close()


def test_a_message_finds_its_node_in_either_process(tmp_path: Path) -> None:
    async def test() -> None:
        async with sides(tmp_path) as (a, a2):
            for number, to in enumerate((NEAR, THERE, THERE)):
                a.network.post(HERE, Pass(to, Note(number)), HERE)
            there = a2.roles[THERE]
            await until(lambda: len(there.heard) == 2)
            assert (there.heard, a.roles[NEAR].heard) == ([(HERE, 1), (HERE, 2)], [(HERE, 0)])
            assert [event.cause for event in there.sink.events()] == [(("A/here-0", 2),), (("A/here-0", 3),)]

    limited(test())


def test_letters_for_nobody_and_from_nobody_there_go_nowhere(tmp_path: Path) -> None:
    async def test() -> None:
        async with sides(tmp_path) as (_, a2):
            there = a2.roles[THERE]
            a2.network.receive("A", [Letter(NodeId("A2/gone-0"), HERE, Note(1), ())])
            a2.network.receive("A1", [Letter(THERE, HERE, Note(2), ())])
            a2.network.receive("A", [Letter(THERE, HERE, Note(3), ())])
            assert (there.heard, a2.network.astray) == ([(HERE, 3)], 2)

    limited(test())


def test_what_cannot_be_sent_is_a_bug_and_fails_the_process(tmp_path: Path) -> None:
    async def test() -> None:
        async with sides(tmp_path) as (a, _):
            a.network.post(HERE, Pass(THERE, Pass(THERE, Note(1))), HERE)
            with pytest.raises(InternalError, match=r"A/here-0 cannot send Pass to A2/there-0"):
                await a.network.failure

    limited(test())


def test_a_closed_network_sends_nothing(tmp_path: Path) -> None:
    async def test() -> None:
        async with sides(tmp_path) as (a, a2):
            a.network.close()
            a.network.perform(a.network._hosts[HERE], [Send(THERE, Note(1))])
            await until(lambda: not a2.peers.is_up("A"))
            assert a2.roles[THERE].heard == []
            await asyncio.sleep(0)

    limited(test())
