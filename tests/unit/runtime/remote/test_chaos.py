"""Messages between two processes of which one makes them fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from daybreak.runtime.chaos import Chaos, Disturb, Heal
from daybreak.runtime.remote.chaos import ChaosPeers
from daybreak.runtime.remote.codec import Registry
from daybreak.runtime.remote.peers import Limits
from tests.support.processes import Note, Parcel, Party, identity, limited, note, unix, until


def run(directory: Path, test: Callable[[Party, Party, Chaos], Awaitable[None]]) -> None:
    """A test with process A and process A2, whose messages fail as `chaos` of A2 says."""

    async def body() -> None:
        addresses, chaos = unix(directory), Chaos(("A",), seed=1)
        a, a2 = (Party(identity(name), addresses, Limits()) for name in ("A", "A2"))
        registry = Registry([Note, Parcel])
        a2.peers = ChaosPeers(identity("A2"), registry, addresses, a2._deliver, chaos=chaos)
        for party in (a, a2):
            await party.peers.start()
        await until(lambda: a.peers.is_up("A2") and a2.peers.is_up("A"))
        try:
            await test(a, a2, chaos)
        finally:
            for party in (a, a2):
                party.peers.close()

    limited(body())


def numbers(party: Party) -> list[int]:
    """Of the notes that it has heard."""
    return [letter.message.number for letter in party.letters if isinstance(letter.message, Note)]


def test_a_cut_loses_what_is_sent_and_what_comes(tmp_path: Path) -> None:
    async def test(a: Party, a2: Party, chaos: Chaos) -> None:
        chaos.obey(Disturb("A", "cut", 1.0))
        a.peers.send("A2", note(1))
        a2.peers.send("A", note(2))
        await until(lambda: a2.peers._peers["A"].traffic.received == 1)
        chaos.obey(Heal())
        a.peers.send("A2", note(3))
        a2.peers.send("A", note(4))
        await a.hear()
        await a2.hear()
        assert (numbers(a), numbers(a2)) == ([4], [3])

    run(tmp_path, test)


def test_messages_come_twice_both_ways(tmp_path: Path) -> None:
    async def test(a: Party, a2: Party, chaos: Chaos) -> None:
        chaos.obey(Disturb("A", "duplicate", 1.0))
        a.peers.send("A2", note(1))
        a2.peers.send("A", note(2))
        for party in (a, a, a2, a2):
            await party.hear()
        assert (numbers(a), numbers(a2)) == ([2, 2], [1, 1])

    run(tmp_path, test)


def test_late_messages_stay_in_order_and_those_held_back_do_not(tmp_path: Path) -> None:
    async def test(a: Party, a2: Party, chaos: Chaos) -> None:
        chaos.obey(Disturb("A", "latency", 2_000.0))
        begun = asyncio.get_running_loop().time()
        for number in range(20):
            a2.peers.send("A", note(number))
        await until(lambda: len(a.letters) == 20)
        assert asyncio.get_running_loop().time() >= begun + 0.002
        assert numbers(a) == list(range(20))
        chaos.obey(Disturb("A", "reorder", 0.5))
        for number in range(20):
            a.peers.send("A2", note(number))
        await until(lambda: len(a2.letters) == 20)
        assert sorted(numbers(a2)) == list(range(20)) != numbers(a2)

    run(tmp_path, test)
