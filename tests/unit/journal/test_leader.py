"""A leader from its proposal to its fall, against real replicas without faults; and what it refuses."""

from __future__ import annotations

from collections import deque
from random import Random

import pytest

from daybreak.base.ids import NodeId
from daybreak.errors import InternalError
from daybreak.journal.frame import MAX_PAYLOAD_BYTES
from daybreak.journal.leader import Leader
from daybreak.journal.messages import Append, Appended, Entry, Fenced, Promised, Propose
from daybreak.journal.replication import Limits
from daybreak.runtime.protocols import Effects, Message, Send, Sync, Synced
from daybreak.runtime.role import handler_name
from daybreak.runtime.sim.disk import SimDisk
from tests.support.journal_world import ZONES, open_replica


class Cluster:
    """Three replicas and any leaders; messages arrive at once, syncs take no time."""

    def __init__(self) -> None:
        self.replicas = {zone: open_replica(zone, SimDisk(Random(1), zone)) for zone in ZONES}
        self.leaders: dict[NodeId, Leader] = {}
        self.down: set[NodeId] = set()
        self._mail: deque[tuple[NodeId, NodeId, Message]] = deque()
        for zone, replica in self.replicas.items():
            self.perform(zone, replica.start())

    def perform(self, node: NodeId, effects: Effects) -> None:
        self._post(node, effects)
        while self._mail:
            source, to, message = self._mail.popleft()
            if to in self.down or source in self.down:
                continue
            if to in self.replicas:
                self._post(to, self.replicas[to].receive(source, message))
            else:
                self._post(to, getattr(self.leaders[to], handler_name(type(message)))(source, message))

    def _post(self, node: NodeId, effects: Effects) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._mail.append((node, effect.to, effect.message))
            elif isinstance(effect, Sync):
                self._mail.append((node, node, Synced(effect.token)))

    def lead(self, name: str, hint: int = 0) -> Leader:
        node = NodeId(name)
        leader = self.leaders[node] = Leader(
            ZONES,
            candidate=name,
            seal=lambda recovered: b"seal over %d" % len(recovered),
            limits=Limits(patience=0),
        )
        self.perform(node, leader.propose(hint))
        return leader

    def append(self, name: str, *payloads: bytes) -> None:
        leader = self.leaders[NodeId(name)]
        for payload in payloads:
            leader.append(payload)
        self.perform(NodeId(name), leader.flush())

    def retry(self, name: str, times: int = 1) -> None:
        for _ in range(times):
            self.perform(NodeId(name), self.leaders[NodeId(name)].retry())


def payloads(entries: list[Entry]) -> list[bytes]:
    return [entry.payload for entry in entries]


def test_the_first_leader_finds_nothing_and_seals() -> None:
    leader = Cluster().lead("l1")
    assert leader.ready
    assert (leader.epoch, leader.anchor, leader.recovered) == (1, None, [])
    assert leader.take_durable() == [Entry(1, 1, b"seal over 0")]


def test_what_is_appended_becomes_durable_in_order() -> None:
    cluster = Cluster()
    leader = cluster.lead("l1")
    cluster.append("l1", b"a", b"b")
    cluster.append("l1", b"c")
    assert payloads(leader.take_durable()) == [b"seal over 0", b"a", b"b", b"c"]
    assert (leader.last_index, leader.durable) == (4, 4)


def test_a_successor_recovers_what_was_not_known_to_be_durable() -> None:
    cluster = Cluster()
    cluster.lead("l1")
    cluster.append("l1", b"a")
    cluster.append("l1", b"b")
    successor = cluster.lead("l2")
    assert successor.epoch == 1
    cluster.retry("l2")
    assert successor.deposed, "it was outbid"
    cluster.perform(NodeId("l2"), successor.propose())
    assert (successor.epoch, successor.ready) == (2, True)
    assert successor.anchor == Entry(2, 1, b"a")
    assert successor.recovered == [Entry(3, 1, b"b")]
    assert payloads(successor.take_durable()) == [b"b", b"seal over 1"]
    assert successor.durable == 4


def test_a_fenced_leader_is_deposed_and_reports_nothing_any_more() -> None:
    cluster = Cluster()
    first = cluster.lead("l1")
    cluster.append("l1", b"a")
    cluster.lead("l2", hint=1)
    assert not first.deposed
    cluster.append("l1", b"b")
    assert first.deposed
    assert not first.ready
    assert first.take_durable() == []
    assert first.flush() == first.retry() == []
    assert (first.epoch, first.fenced_by) == (1, 2)
    with pytest.raises(InternalError, match="not ready"):
        first.append(b"c")


def test_a_deposed_leader_may_take_the_journal_over_again() -> None:
    cluster = Cluster()
    first = cluster.lead("l1")
    cluster.lead("l2", hint=1)
    cluster.append("l1", b"lost")
    cluster.perform(NodeId("l1"), first.propose())
    assert (first.epoch, first.ready, first.deposed) == (3, True, False)
    assert payloads(first.take_durable()) == [b"seal over 0", b"seal over 1", b"seal over 2"]


def test_a_takeover_outbid_before_its_seal_is_durable_is_over() -> None:
    leader = Leader(ZONES, candidate="x", seal=lambda recovered: b"seal", limits=Limits(patience=0))

    def elect(epoch: int) -> Effects:
        leader.on_promised(ZONES[0], Promised(epoch, 0, 0, 0))
        return leader.on_promised(ZONES[1], Promised(epoch, 0, 0, 0))

    def seals(epoch: int) -> Effects:
        return [Send(zone, Append(epoch, 0, 0, (Entry(1, epoch, b"seal"),), 0)) for zone in ZONES]

    leader.propose()
    assert elect(1) == seals(1)
    leader.on_fenced(ZONES[2], Fenced(1, 4))
    assert leader.deposed
    assert leader.retry() == []
    assert leader.propose() == [Send(zone, Propose(5, "x")) for zone in ZONES]
    leader.on_appended(ZONES[0], Appended(1, 1))
    leader.on_appended(ZONES[1], Appended(1, 1))
    assert not leader.ready
    assert elect(5) == seals(5)


def test_a_zone_that_was_down_catches_up() -> None:
    cluster = Cluster()
    cluster.down = {ZONES[2]}
    leader = cluster.lead("l1")
    cluster.append("l1", *[b"%d" % n for n in range(30)])
    assert leader.durable == 31
    cluster.down = set()
    cluster.retry("l1", 3)
    assert cluster.replicas[ZONES[2]].durable == 31


def test_without_a_majority_nothing_is_durable() -> None:
    cluster = Cluster()
    leader = cluster.lead("l1")
    leader.take_durable()
    cluster.down = set(ZONES[1:])
    cluster.append("l1", b"a")
    assert leader.take_durable() == []
    assert cluster.lead("l2", hint=5).ready is False


def test_a_stale_refusal_deposes_nobody() -> None:
    leader = Cluster().lead("l1", hint=3)
    leader.on_fenced(ZONES[0], Fenced(2, 3))
    leader.on_fenced(ZONES[0], Fenced(4, 4))
    assert leader.ready


def test_only_a_ready_leader_appends_and_only_what_an_entry_holds() -> None:
    leader = Leader(ZONES, candidate="x", seal=lambda recovered: b"")
    with pytest.raises(InternalError, match="not ready"):
        leader.append(b"a")
    leader = Cluster().lead("l1")
    with pytest.raises(InternalError, match="bytes"):
        leader.append(bytes(MAX_PAYLOAD_BYTES + 1))
    assert leader.append(bytes(MAX_PAYLOAD_BYTES)) == 2


def test_it_seals_when_its_owner_lets_it_and_is_heard_of_until_then() -> None:
    seals: list[bytes | None] = [None, None, b"seal"]
    leader = Leader(ZONES, candidate="x", seal=lambda recovered: seals.pop(0), limits=Limits(patience=0))
    leader.propose()
    leader.on_promised(ZONES[0], Promised(1, 0, 0, 0))
    assert leader.on_promised(ZONES[1], Promised(1, 0, 0, 0)) == []
    assert leader.retry() == [Send(zone, Propose(1, "x")) for zone in ZONES]
    said = leader.retry()
    assert [e for e in said if isinstance(e, Send) and isinstance(e.message, Append)] == said[-3:]


def test_who_resigns_says_nothing_more() -> None:
    cluster = Cluster()
    leader = cluster.lead("l1")
    leader.append(b"a")
    leader.resign()
    assert leader.flush() == leader.retry() == []
    assert leader.take_durable() == []
    assert not leader.ready
