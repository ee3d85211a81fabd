"""The log on a disk that crashes, and on one that spoils bytes."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from daybreak.journal.messages import Entry
from daybreak.journal.scan import segment_names
from daybreak.journal.segment import Log
from daybreak.runtime.sim.disk import SimDisk

SEGMENT = 600


def open_log(disk: SimDisk) -> Log:
    return Log(disk, segment_bytes=SEGMENT)


def held(log: Log) -> list[Entry]:
    return list(log.read(1, log.last_index, 1 << 30))


class Life:
    """A log that grows, is synced, crashes and is cut; and what it must hold."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.disk = SimDisk(random)
        self.log = open_log(self.disk)
        self.written: list[Entry] = []
        self.synced = 0
        self.proven = 0
        """What the last entries written know to have been synced before them."""

    def grow(self) -> None:
        """One to four entries, written together."""
        first, epoch = len(self.written) + 1, self.log.epoch_at(len(self.written)) + self.random.randrange(2)
        new = [
            Entry(first + n, epoch, self.random.randbytes(self.random.choice((0, 20, 150, 900))))
            for n in range(self.random.randint(1, 4))
        ]
        self.log.append(new, durable=self.synced // 2, synced=self.synced)
        self.written += new
        self.proven = self.synced

    def sync(self) -> None:
        self.disk.sync()
        self.synced = len(self.written)
        if self.random.random() < 0.5:
            self.log.vouch(self.synced)

    def crash(self) -> None:
        """Any part of what was not synced may be missing; what is left is what was written, up to a point."""
        if self.random.random() < 0.7:
            self.disk.crash()
        self.log = open_log(self.disk)
        left = held(self.log)
        assert len(left) >= self.synced
        assert left == self.written[: len(left)]
        assert self.log.damage is None, "a crash is no damage"
        self.written = left
        self.sync()

    def cut(self) -> None:
        """As a replica cuts: nothing is written before the cut is synced."""
        if self.written:
            index = self.random.randint(1, len(self.written))
            self.log.cut(index)
            self.written = self.written[: index - 1]
            self.sync()

    def reopen(self) -> None:
        """Nothing is lost where nothing failed."""
        self.log = open_log(self.disk)
        assert (held(self.log), self.log.notes) == (self.written, [])


def lived(random: Random, steps: int) -> Life:
    life = Life(random)
    for _ in range(steps):
        random.choice([life.grow] * 5 + [life.sync] * 3 + [life.crash, life.cut, life.reopen])()
    return life


@given(st.integers(0, 1 << 32), st.integers(1, 40))
def test_a_log_keeps_what_was_synced_and_invents_nothing(seed: int, steps: int) -> None:
    life = lived(Random(seed), steps)
    life.crash()


@given(st.integers(0, 1 << 32), st.integers(5, 25), st.data())
def test_no_spoilt_bit_changes_what_is_read(seed: int, steps: int, data: st.DataObject) -> None:
    """A damaged log says so, or the damaged bit held nothing: all that was vouched for is read as it was written."""
    life = lived(Random(seed), steps)
    life.grow()
    life.sync()
    vouched = data.draw(st.booleans())
    if vouched:
        life.log.vouch(life.synced)
    name = data.draw(st.sampled_from(segment_names(life.disk)))
    bit = data.draw(st.integers(0, 8 * life.disk.size(name) - 1))
    life.disk.corrupt(name, bit // 8, 1 << bit % 8)
    log = open_log(life.disk)
    left = held(log)
    assert left == life.written[: len(left)]
    if log.damage is None:
        assert len(left) >= life.proven, "an entry that others prove to have been synced is never dropped"
        assert not vouched or left == life.written
    else:
        assert str(log.damage).startswith(f"{life.disk.where}/{name}: corrupt at offset ")
