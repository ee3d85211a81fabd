"""A journal replica on a disk whose syncs end when the test says so."""

from __future__ import annotations

from random import Random

from msgspec.structs import replace

from daybreak.base.ids import NodeId
from daybreak.journal.messages import Append, Appended, Entry
from daybreak.journal.replica import Journal
from daybreak.runtime.protocols import Effects, Message, Send, Sync, Synced
from daybreak.runtime.sim.disk import SimDisk
from tests.support.journal_world import open_replica

ZONE, LEADER, OTHER = NodeId("z1"), NodeId("l1"), NodeId("l2")


class Zone:
    """A replica on a disk whose syncs end when the test says so."""

    def __init__(self, seed: int = 1) -> None:
        self.disk = SimDisk(Random(seed), ZONE)
        self.open()
        self.synced()

    def open(self) -> None:
        self._syncs: list[tuple[int, int]] = []
        self.journal: Journal = open_replica(ZONE, self.disk)
        self._keep(self.journal.start())

    def _keep(self, effects: Effects) -> list[Message]:
        """What it says; how often its promise was saved is left out."""
        said: list[Message] = []
        for effect in effects:
            if isinstance(effect, Sync):
                self._syncs.append((effect.token, self.disk.mark()))
            elif isinstance(effect, Send):
                message = effect.message
                said.append(replace(message, serial=0) if isinstance(message, Appended) else message)
        assert len(self._syncs) <= 1, "one sync at a time"
        self.journal.check_invariants()
        return said

    def hear(self, message: Message, source: NodeId = LEADER) -> list[Message]:
        return self._keep(self.journal.receive(source, message))

    @property
    def syncing(self) -> bool:
        return bool(self._syncs)

    def synced(self) -> list[Message]:
        """The sync under way ends."""
        token, mark = self._syncs.pop()
        self.disk.sync(mark)
        return self.hear(Synced(token), ZONE)

    def append(self, prev: int, epochs: list[int], *, epoch: int = 1, prev_epoch: int = 1, durable: int = 0) -> Append:
        entries = tuple(entry(prev + n, e) for n, e in enumerate(epochs, 1))
        return Append(epoch, prev, prev_epoch if prev else 0, entries, durable)

    def epochs(self) -> list[int]:
        return [e.epoch for e in self.journal.entries(1, 99)]


def entry(index: int, epoch: int) -> Entry:
    return Entry(index, epoch, b"%d of %d" % (index, epoch) + b"." * 100)


def filled(zone: Zone, count: int, *, durable: int = 0) -> Zone:
    """`count` entries of epoch 1, synced."""
    zone.hear(zone.append(0, [1] * count, durable=durable))
    zone.synced()
    return zone
