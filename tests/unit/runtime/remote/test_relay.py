"""Processes that find a way around cut links, over real sockets on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from daybreak.base.ids import NodeId
from daybreak.control.places import RunDirectory
from daybreak.runtime.chaos import Chaos, Disturb, Heal
from daybreak.runtime.local.network import Letter
from daybreak.runtime.remote.chaos import ChaosPeers
from daybreak.runtime.remote.codec import Registry
from daybreak.runtime.remote.messages import Carry, Ping
from daybreak.runtime.remote.network import PeerNetwork
from daybreak.runtime.remote.peers import Address, Peers
from daybreak.runtime.remote.relay import Deliver, Relay
from tests.support.processes import Note, Parcel, identity, limited, until

NAMES = ("A", "B", "C")
PING_SECONDS, SILENT_SECONDS = 0.01, 0.2


class Member:
    """One process: its relay, what may go wrong with its messages, and the letters that it has got."""

    def __init__(self, name: str, addresses: dict[str, Address]) -> None:
        self.name = name
        self.chaos = Chaos(tuple(other for other in addresses if other != name), seed=1)
        self.got: list[tuple[str, Letter]] = []
        self.registry = Registry([Note, Parcel, Ping, Carry])

        def connect(deliver: Deliver) -> Peers:
            return ChaosPeers(identity(name), self.registry, addresses, deliver, chaos=self.chaos)

        self.relay = Relay(
            name, tuple(addresses), self.registry, self._take, connect,
            ping_seconds=PING_SECONDS, silent_seconds=SILENT_SECONDS,
        )  # fmt: skip

    def _take(self, process: str, letters: list[Letter]) -> None:
        self.got += [(process, letter) for letter in letters]

    def cut(self, *others: str) -> None:
        """From here on, hear and reach some other processes no more."""
        for other in others:
            self.chaos.obey(Disturb(other, "cut", 1.0))

    def says(self, other: str, key: str) -> Any:
        """A figure of its status of another process."""
        return self.relay.status()[other][key]

    def numbers(self) -> list[tuple[str, int]]:
        """Who the notes come from that it has got, and their numbers."""
        return [(process, letter.message.number) for process, letter in self.got if isinstance(letter.message, Note)]


def note(source: str, to: str, number: int, kind: type[Note] = Note) -> Letter:
    """A letter between nodes of two processes."""
    return Letter(NodeId(f"{to}/x-0"), NodeId(f"{source}/x-0"), kind(number), ((f"{source}/x-0", number),))


@asynccontextmanager
async def cluster(directory: Path, names: tuple[str, ...] = NAMES) -> AsyncIterator[list[Member]]:
    """Processes that hear each other."""
    run = RunDirectory(directory)
    addresses: dict[str, Address] = {name: run.socket(name) for name in names}
    members = [Member(name, addresses) for name in names]
    for member in members:
        await member.relay.start()
    try:
        await until(lambda: all(m.says(other, "heard") for m in members for other in names if other != m.name))
        yield members
    finally:
        for member in members:
            member.relay.close()


def test_as_long_as_two_hear_each_other_letters_go_straight(tmp_path: Path) -> None:
    async def test() -> None:
        async with cluster(tmp_path) as (a, b, c):
            for number in range(100):
                a.relay.send("B", note("A", "B", number))
            await until(lambda: len(b.got) == 100)
            assert b.got == [("A", note("A", "B", number)) for number in range(100)]
            assert (a.says("B", "around"), a.says("B", "relayed"), c.says("A", "passed")) == (None, 0, 0)
            assert (a.says("B", "sent"), b.says("A", "received"), a.says("C", "sent")) == (100, 100, 0), "no pings"

    limited(test())


def test_a_cut_link_is_gone_around_until_it_is_whole(tmp_path: Path) -> None:
    async def test() -> None:
        async with cluster(tmp_path) as (a, b, c):
            a.cut("B")
            await until(lambda: (a.says("B", "around"), b.says("A", "around")) == ("C", "C"))
            assert (a.says("B", "heard"), a.says("C", "around"), c.says("A", "around")) == (False, None, None)
            a.relay.send("B", note("A", "B", 1))
            b.relay.send("A", note("B", "A", 2, Parcel))
            await until(lambda: a.got and b.got)
            assert (b.got, a.got, c.got) == ([("A", note("A", "B", 1))], [("B", note("B", "A", 2, Parcel))], [])
            assert (a.says("B", "relayed"), c.says("A", "passed"), c.says("B", "passed")) == (1, 1, 1)
            a.chaos.obey(Heal())
            await until(lambda: (a.says("B", "around"), b.says("A", "around")) == (None, None))
            a.relay.send("B", note("A", "B", 3))
            await until(lambda: len(b.got) == 2)
            assert (b.numbers(), a.says("B", "relayed"), c.says("A", "passed")) == ([("A", 1), ("A", 3)], 1, 1)

    limited(test())


def test_every_letter_comes_once_at_most_while_a_link_flaps(tmp_path: Path) -> None:
    async def test() -> None:
        async with cluster(tmp_path) as (a, b, _):
            sent = 0
            for flap in range(6):
                a.chaos.obey(Disturb("B", "cut", float(flap % 2 == 0)))
                way = "C" if flap % 2 == 0 else None
                while (a.says("B", "around"), b.says("A", "around")) != (way, way):
                    a.relay.send("B", note("A", "B", sent))
                    sent += 1
                    await asyncio.sleep(0)
            a.relay.send("B", note("A", "B", sent))
            await until(lambda: ("A", sent) in b.numbers())
            assert len(set(b.numbers())) == len(b.numbers())
            assert a.says("B", "relayed") > 0

    limited(test())


def test_who_is_heard_by_nobody_is_sent_to_straight(tmp_path: Path) -> None:
    """And goes nowhere while he is cut off, as without relays."""

    async def test() -> None:
        async with cluster(tmp_path) as (a, b, c):
            b.cut("A", "C")
            await until(lambda: not a.says("B", "heard") and not c.says("B", "heard"))
            await until(lambda: a.says("B", "around") is None and c.says("A", "heard"))
            before = a.says("B", "relayed"), c.says("A", "passed")
            a.relay.send("B", note("A", "B", 1))
            b.relay.send("A", note("B", "A", 2))
            a.relay.send("C", note("A", "C", 3))
            await until(lambda: c.got)
            assert (a.got, b.got) == ([], [])
            assert (a.says("B", "relayed"), c.says("A", "passed")) == before

    limited(test())


def test_a_relay_passes_on_straight_only(tmp_path: Path) -> None:
    """A and D hear only B and C, of which neither hears the other end: nothing runs in circles."""

    async def test() -> None:
        async with cluster(tmp_path, ("A", "B", "C", "D")) as (a, b, c, d):
            a.cut("C", "D")
            d.cut("B")
            c.cut("D")
            await until(lambda: (a.says("D", "around"), a.says("C", "around")) == (None, "B"))
            carry = Carry("A", "D", a.registry.encode(note("A", "D", 1)))
            a.relay.send("B", Letter(NodeId("D/relay-0"), NodeId("A/relay-0"), carry, ()))
            a.relay.send("C", note("A", "C", 2))
            await until(lambda: c.got)
            assert (b.says("A", "passed"), c.numbers(), d.got, b.got) == (2, [("A", 2)], [], [])

    limited(test())


def test_a_process_comes_up_beside_a_link_that_is_cut(tmp_path: Path) -> None:
    async def test() -> None:
        async with cluster(tmp_path) as (a, b, _):
            a.cut("B")
            await until(lambda: a.says("B", "around") == "C")
            connection = a.relay._peers._peers["B"].connection
            assert connection is not None
            connection.abort()
            assert a.relay.is_up("B"), "there is a way around"
            b.relay.close()
            await until(lambda: not a.relay.is_up("B"))

    limited(test())


@pytest.mark.parametrize(("origin", "target"), [("B", "C"), ("A", "A"), ("A", "nobody"), ("nobody", "C"), ("C", "C")])
def test_letters_in_anothers_name_or_to_nobody_are_not_passed_on(tmp_path: Path, origin: str, target: str) -> None:
    async def test() -> None:
        async with cluster(tmp_path) as (a, b, c):
            carry = Carry(origin, target, a.registry.encode(note(origin, target, 1)))
            at = c if target == "C" and origin != "B" else b
            a.relay.send(at.name, Letter(NodeId(f"{target}/relay-0"), NodeId(f"{origin}/relay-0"), carry, ()))
            await until(lambda: at.says("A", "refused") == 1)
            a.relay.send("C", note("A", "C", 2))
            await until(lambda: c.got)
            assert (at.says("A", "passed"), c.numbers(), a.got, b.got) == (0, [("A", 2)], [], [])

    limited(test())


def test_what_is_passed_on_and_no_letter_is_refused(tmp_path: Path) -> None:
    async def test() -> None:
        async with cluster(tmp_path) as (a, b, c):
            carry = Carry("A", "B", b"nonsense")
            a.relay.send("C", Letter(NodeId("B/relay-0"), NodeId("A/relay-0"), carry, ()))
            await until(lambda: b.says("C", "refused") == 1)
            assert (c.says("A", "passed"), b.got, b.says("C", "connections")) == (1, [], 1)

    limited(test())


def test_a_letter_in_the_name_of_another_ones_node_comes_as_from_whom_it_is(tmp_path: Path) -> None:
    """So the network sees that it lies, and lets it go nowhere."""

    async def test() -> None:
        async with cluster(tmp_path) as (a, b, c):
            a.cut("B")
            await until(lambda: a.says("B", "around") == "C")
            a.relay.send("B", note("C", "B", 1))
            await until(lambda: b.got)
            assert (c.says("A", "passed"), b.got) == (1, [("A", note("C", "B", 1))])
            network = PeerNetwork("B", lambda node: node.partition("/")[0])
            for process, letter in b.got:
                network.receive(process, [letter])
            assert network.astray == 1
            network.close()

    limited(test())
