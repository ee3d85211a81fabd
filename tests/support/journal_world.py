"""A little world for the journal: three replicas on faulty disks, leaders one after another or side by side, and a
network that loses, doubles, delays and reorders. What was reported durable may be trimmed. One seed decides everything.
On demand, disks are full now and then, and the disk of one zone spoils what it holds.

`World(seed).run()` raises AssertionError when a promise of the journal is broken, whoever broke it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random

from daybreak.base.ids import NodeId
from daybreak.base.time import Interval, Timestamp
from daybreak.journal.leader import Leader
from daybreak.journal.messages import BeginAfter, Entry, HealthTick, Trim
from daybreak.journal.promise import FILES, damaged_copies
from daybreak.journal.replica import Journal
from daybreak.journal.replication import Limits
from daybreak.runtime.protocols import After, Disk, Effects, Message, Send, Sync, Synced
from daybreak.runtime.role import handler_name
from daybreak.runtime.sim.disk import SimDisk
from daybreak.trace.recorder import NoTrace

MS = 1_000
LIMITS = Limits(tail_entries=6, tail_bytes=1_500, message_bytes=700, patience=1)
ZONES = tuple(NodeId(f"z{n}") for n in (1, 2, 3))


class NoClock:
    """The journal needs no time."""

    def now(self) -> Interval:
        """Always the same."""
        return Interval(Timestamp(0), Timestamp(0))


def open_replica(node: NodeId, disk: Disk, kind: type[Journal] = Journal) -> Journal:
    """A replica with small segments and messages."""
    return kind(node, NoClock(), NoTrace(), disk, segment_bytes=1_024, message_bytes=700)


class Oracle:
    """Remembers what was reported durable, and by which leader, and finds contradictions."""

    def __init__(self) -> None:
        self.log: dict[int, Entry] = {}
        self._last: dict[tuple[NodeId, int], int] = {}

    def report(self, leader: NodeId, epoch: int, entries: list[Entry]) -> None:
        """`leader` reports `entries` durable in its `epoch`."""
        for entry in entries:
            last = self._last.get((leader, epoch), entry.index - 1)
            assert entry.index == last + 1, f"{leader} reports {entry.index} after {last}"
            self._last[leader, epoch] = entry.index
            known = self.log.setdefault(entry.index, entry)
            assert known == entry, f"{leader} reports {entry} where {known} was durable"

    def compare(self, replica: NodeId, base: int, entries: tuple[Entry, ...]) -> None:
        """In the end `replica` holds `entries`, from the one after `base` on."""
        last = base + len(entries)
        for index, entry in self.log.items():
            if index > base:
                assert index <= last, f"{replica} lost entry {index}: it ends at {last}"
                assert entries[index - base - 1] == entry, f"{replica} has {entries[index - base - 1]} for {entry}"


class World:
    """Three zones, any number of leaders, and chance."""

    def __init__(self, seed: int, *, replica: type[Journal] = Journal, rot: float = 0.0, full: float = 0.0) -> None:
        """`rot` and `full` are the shares of faults that spoil a bit of one zone's disk, and that fill up a disk."""
        self.random = Random(seed)
        self.spoilt = self.filled = 0
        self._rot, self._full = rot, full
        self._victim = ZONES[seed % 3]
        """Whose disk spoils what it holds."""
        self.now = 0
        self.oracle = Oracle()
        self.loss, self.doubling, self.slow = self.random.choice([(0.0, 0.0, 0.05), (0.05, 0.05, 0.1), (0.2, 0.1, 0.3)])
        self.fragile = self.random.choice((0.0, 0.02, 0.1, 0.3))
        """How often a zone dies in the middle of a sync."""
        self._kind = replica
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self.disks = {zone: SimDisk(self.random, zone) for zone in ZONES}
        self.replicas: dict[NodeId, Journal] = {}
        self.leaders: dict[NodeId, Leader] = {}
        self._blocked: set[NodeId] = set()
        self.trimmed = 0
        """Up to here the replicas were allowed to trim."""
        self.restarts = 0
        """How often a replica was told to begin after what is trimmed, and had nothing there."""
        self._payloads = 0
        self._at_work = True

    # --- time ---------------------------------------------------------------------------------------------------

    def later(self, delay: int, action: Callable[[], None]) -> None:
        """Do something after `delay` microseconds."""
        self._count += 1
        heapq.heappush(self._queue, (self.now + delay, self._count, action))

    def run_until(self, time: int, done: Callable[[], bool] = lambda: False) -> None:
        """Let things happen until `time` or until `done`."""
        while self._queue and self._queue[0][0] <= time and not done():
            self.now, _, action = heapq.heappop(self._queue)
            action()

    # --- messages -----------------------------------------------------------------------------------------------

    def perform(self, node: NodeId, effects: Effects) -> None:
        """Carry out what `node` asks for."""
        for effect in effects:
            if isinstance(effect, Send):
                self._send(node, effect.to, effect.message)
            elif isinstance(effect, Sync):
                self._sync(node, effect.token)
            elif isinstance(effect, After):
                self._wake(node, self.replicas[node], effect)

    def _wake(self, zone: NodeId, replica: Journal, effect: After) -> None:
        def due() -> None:
            if self.replicas.get(zone) is replica:
                self._hear(zone, replica, zone, effect.message)

        if isinstance(effect.message, HealthTick):
            self.later(effect.delay_us // 5, due)

    def _send(self, source: NodeId, to: NodeId, message: Message) -> None:
        random = self.random
        copies = 0 if random.random() < self.loss else 2 if random.random() < self.doubling else 1
        for _ in range(copies):
            delay = random.randrange(100, 2 * MS) * (100 if random.random() < self.slow else 1)
            self.later(delay, lambda: self._deliver(source, to, message))

    def _deliver(self, source: NodeId, to: NodeId, message: Message) -> None:
        if source in self._blocked or to in self._blocked:
            return
        if (replica := self.replicas.get(to)) is not None:
            self._hear(to, replica, source, message)
        elif (leader := self.leaders.get(to)) is not None:
            self.perform(to, getattr(leader, handler_name(type(message)))(source, message))
            self.oracle.report(to, leader.epoch, leader.take_durable())

    def _hear(self, zone: NodeId, replica: Journal, source: NodeId, message: Message) -> None:
        before = replica.last_index
        effects = replica.receive(source, message)
        self.restarts += isinstance(message, BeginAfter) and replica.base > before
        assert replica.failure is None, f"{zone} failed: {replica.failure}"
        replica.check_invariants()
        self.perform(zone, effects)

    def _sync(self, zone: NodeId, token: int) -> None:
        replica, disk = self.replicas[zone], self.disks[zone]
        mark = disk.mark()

        def done() -> None:
            if self.replicas.get(zone) is replica:
                disk.sync(mark)
                self._hear(zone, replica, zone, Synced(token))

        if self.random.random() < self.fragile:
            self.later(self.random.randrange(MS), lambda: self.stop(zone))
        self.later(self.random.randrange(100, 30 * MS if self.random.random() < 0.3 else 2 * MS), done)

    # --- faults -------------------------------------------------------------------------------------------------

    def start(self, zone: NodeId) -> None:
        """A replica opens what its disk holds; that must always succeed."""
        if zone not in self.replicas:
            replica = self.replicas[zone] = open_replica(zone, self.disks[zone], self._kind)
            self.perform(zone, replica.start())

    def stop(self, zone: NodeId) -> None:
        """A replica's process dies, with the machine's power or without."""
        if self.replicas.pop(zone, None) is not None and self.random.random() < 0.6:
            self.disks[zone].crash()

    def lead(self) -> NodeId:
        """One more leader takes the journal over; earlier ones may be alive."""
        name = NodeId(f"l{self._count}")
        sealed = self.now + (self.random.randrange(200 * MS) if self.random.random() < 0.3 else 0)
        """Somebody else's lease runs until then."""
        leader = self.leaders[name] = Leader(
            ZONES,
            candidate=name,
            seal=lambda recovered: b"seal %d" % len(recovered) if self.now >= sealed else None,
            limits=LIMITS,
        )
        self.perform(name, leader.propose(self.random.randrange(3)))
        self._tick(name, leader)
        self._work(name, leader)
        return name

    def _tick(self, name: NodeId, leader: Leader) -> None:
        if self.leaders.get(name) is leader:
            again = leader.deposed and (len(self.leaders) == 1 or self.random.random() < 0.2)
            self.perform(name, leader.propose() if again else leader.retry())
            self.later(50 * MS, lambda: self._tick(name, leader))

    def _work(self, name: NodeId, leader: Leader) -> None:
        """The owner appends now and then, a few entries at a time."""
        if self.leaders.get(name) is not leader:
            return
        for _ in range(self.random.randrange(5) if self._may_append(leader) else 0):
            self._payloads += 1
            size = self.random.choice((0, 30, 30, 200, 1_500))
            leader.append(b"%d " % self._payloads + b"." * size)
        self.perform(name, leader.flush())
        self.later(self.random.randrange(MS, 15 * MS), lambda: self._work(name, leader))

    def _may_append(self, leader: Leader) -> bool:
        return self._at_work and leader.ready and leader.last_index - leader.durable < 40 and leader.room

    def _spoil(self) -> None:
        """Turn a bit of one zone's disk; of its two promises one stays whole."""
        disk = self.disks[self._victim]
        broken = damaged_copies(disk)
        names = [name for name in disk.names() if disk.size(name) and (name not in FILES or not broken)]
        if names:
            name = self.random.choice(names)
            bit = self.random.randrange(8 * disk.size(name))
            disk.corrupt(name, bit // 8, 1 << bit % 8)
            self.spoilt += 1

    def _fill(self) -> None:
        """Let a disk be full from here on, or no more."""
        disk = self.disks[self.random.choice(ZONES)]
        if disk.capacity is None:
            disk.capacity = disk.used() + self.random.choice((0, 500, 3_000))
            self.filled += 1
        else:
            disk.capacity = None

    def _trim(self) -> None:
        """Somebody has made sure that some of what was reported durable is needed no more."""
        self.trimmed = max(self.trimmed, int(max(self.oracle.log, default=0) * self.random.random()))
        for zone in ZONES:
            self._send(NodeId("crossbar"), zone, Trim(self.random.randint(0, self.trimmed)))
        self.later(self.random.randrange(5 * MS, 40 * MS), self._trim)

    def _fault(self) -> None:
        random = self.random
        if self._rot and random.random() < self._rot:
            self._spoil()
        if self._full and random.random() < self._full:
            self._fill()
        match random.randrange(8):
            case 0 | 1:
                self.stop(random.choice(ZONES))
            case 2 | 3 | 4:
                for zone in ZONES:
                    self.start(zone)
            case 5:
                self._blocked = {random.choice([*ZONES, *self.leaders])} if random.random() < 0.5 else set()
            case 6 if len(self.leaders) < 3:
                self.lead()
            case _ if len(self.leaders) > 2:
                del self.leaders[random.choice(list(self.leaders))]
            case _:
                pass
        self.later(random.randrange(MS, 80 * MS), self._fault)

    # --- a whole run --------------------------------------------------------------------------------------------

    def run(self, time: int = 1_500 * MS) -> World:
        """Trouble for `time` microseconds, then peace: a new leader finds everything that was ever reported."""
        for zone in ZONES:
            self.start(zone)
        self.lead()
        self.later(30 * MS, self._fault)
        if self.random.random() < 0.7:
            self.later(30 * MS, self._trim)
        self.run_until(time)
        self.settle()
        return self

    def settle(self) -> None:
        """No more faults: a majority makes progress, the third zone catches up, all hold the same."""
        self._queue = []
        self._blocked.clear()
        self.leaders.clear()
        self.loss = self.doubling = self.slow = self.fragile = 0.0
        for zone in ZONES:
            self.stop(zone)
            self.disks[zone].capacity = None
        down = self._victim if self._rot else self.random.choice(ZONES)
        for zone in ZONES:
            if zone != down:
                self.start(zone)
        leader = self.leaders[self.lead()]
        self.run_until(self.now + 2_000 * MS, lambda: leader.ready)
        assert leader.ready, "two zones are enough for a takeover"
        last = leader.last_index + 20
        self.run_until(self.now + 2_000 * MS, lambda: leader.durable >= last)
        assert leader.durable >= last, "two zones are enough for progress"
        self.start(down)
        self._at_work = False
        zones = self.replicas.values()
        self.run_until(
            self.now + 3_000 * MS, lambda: all(z.whole and z.durable == leader.last_index >= last for z in zones)
        )
        for zone, replica in self.replicas.items():
            assert replica.durable == leader.last_index >= last, f"{zone} stops at {replica.durable}"
            assert replica.base <= self.trimmed, f"{zone} begins after {replica.base}, allowed is {self.trimmed}"
            assert replica.whole, f"{zone} is not whole: {replica.status()}"
            self.oracle.compare(zone, replica.base, replica.entries(replica.base + 1, replica.durable))
