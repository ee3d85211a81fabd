"""A storage replica's checkpoints driven by hand: commits, steps and syncs, and what a restart finds."""

from __future__ import annotations

from random import Random

from daybreak.base.ids import JournalId
from daybreak.base.keys import Key
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Access, Record, Write
from daybreak.runtime.protocols import Disk
from daybreak.storage.blocks import Commit
from daybreak.storage.checkpoint import Checkpoints, Settings
from daybreak.storage.mvcc import Versions
from daybreak.storage.names import Names
from tests.support.roles import key

J = JournalId("adj-0")
SETTINGS = Settings(interval_us=10, keep_us=5, block_bytes=120, growth_bytes=600, pending_bytes=2_000)
KEYS = [key(name) for name in "abcdefgh"]

State = dict[Key, tuple[tuple[Timestamp, bytes | None], ...]]
"""Per key what a snapshot at each time of interest sees."""


def record(ts: int, random: Random) -> Record:
    """A transaction at `ts` that writes or deletes some keys."""
    keys = sorted(random.sample(KEYS, random.randint(1, 3)))
    values = [None if random.random() < 0.3 else b"%d" % ts * random.randint(1, 9) for _ in keys]
    return Record(f"t{ts}", ts, tuple(Write(k, Access.WRITE, v) for k, v in zip(keys, values, strict=True)))


def history(upto: int, seed: int) -> Versions:
    """All versions of the first `upto` transactions of a seed; transaction n commits at n."""
    versions, random = Versions(), Random(seed)
    for ts in range(1, upto + 1):
        versions.apply(record(ts, random))
    return versions


def view(versions: Versions, low: int, high: int) -> list[list[tuple[Timestamp, bytes | None]]]:
    """What snapshots from `low` to `high` see of every key."""
    return [
        [value if value[1] is not None else (ZERO, None) for value in (versions.read(k, Timestamp(t)) for k in KEYS)]
        for t in range(low, high + 1)
    ]


NAMES = 5
"""So many transactions are known by name."""


class Bench:
    """A replica's versions and its checkpoints on a disk; the entry of index n commits at time n."""

    def __init__(self, disk: Disk, seed: int = 0, settings: Settings = SETTINGS) -> None:
        self.checkpoints = Checkpoints(disk, settings)
        self.versions = Versions()
        self.index = 0
        self.forgotten = ZERO
        self.names = Names()
        self.now = 0
        if (loaded := self.checkpoints.take_loaded()) is not None:
            self.versions, self.index = loaded.versions, loaded.commits[-1].positions[J]
            self.names = loaded.names
            self.forgotten = loaded.forgotten
        self._random = Random(seed)
        for ts in range(1, self.index + 1):
            record(ts, self._random)

    def commit(self, count: int = 1) -> None:
        """Apply the next transactions."""
        for _ in range(count):
            self.index += 1
            made = record(self.index, self._random)
            self.versions.apply(made)
            self.names.add(made)
            self.checkpoints.note(made)

    def step(self, us: int = 4) -> bool:
        """One piece of work; whether it wants a sync."""
        self.now += us
        self.names.forget(Timestamp(self.index - NAMES))
        state = Commit({J: self.index}, Timestamp(self.index), self.forgotten)
        return self.checkpoints.step(Timestamp(self.now), self.versions, self.names, state)

    def until_synced(self) -> None:
        """Work until a sync is wanted, and let it be done (the caller's disk is always synced)."""
        while not self.step():
            pass
        self.checkpoints.synced()

    def durable(self) -> int:
        """Up to here nothing of the journal is needed."""
        return self.checkpoints.durable.get(J, 0)
