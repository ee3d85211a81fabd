"""Checkpoints on the disk: what a start finds after every end, and that a base costs one piece of work at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random
from zlib import crc32

import pytest

from daybreak.base.ids import JournalId
from daybreak.base.time import Timestamp
from daybreak.base.writes import Access, Record, Write
from daybreak.errors import OperatorError
from daybreak.runtime.protocols import Disk
from daybreak.runtime.sim.disk import SimDisk
from daybreak.storage.blocks import VERSION, Commit, pack_header
from daybreak.storage.checkpoint import Checkpoints, Settings
from daybreak.storage.load import load
from daybreak.storage.names import Names
from tests.support.checkpointing import KEYS, NAMES, SETTINGS, Bench, J, history, view


class StopError(Exception):
    """The process died."""


class LimitedDisk(SimDisk):
    """A disk that lets through so many changes and then stops the process; or is full for a while."""

    changes = 1 << 60
    full = False

    def create(self, name: str, size: int) -> None:
        self._allow(space=True)
        super().create(name, size)

    def write(self, name: str, offset: int, data: bytes) -> None:
        self._allow(space=True)
        super().write(name, offset, data)

    def truncate(self, name: str, size: int) -> None:
        self._allow()
        super().truncate(name, size)

    def remove(self, name: str) -> None:
        self._allow()
        super().remove(name)

    def _allow(self, *, space: bool = False) -> None:
        if self.full and space:
            raise OperatorError("dir: No space left on device")
        self.changes -= 1
        if self.changes < 0:
            raise StopError


def new_disk(seed: int = 0) -> LimitedDisk:
    return LimitedDisk(Random(seed), "dir")


def run(disk: Disk, rounds: int, sync: Callable[[], None]) -> Bench:
    """A replica that commits and writes checkpoints for a while."""
    bench = Bench(disk)
    sync()
    bench.checkpoints.begin()
    bench.checkpoints.synced()
    random = Random(1)
    for _ in range(rounds):
        bench.commit(random.randint(0, 4))
        if bench.step():
            sync()
            bench.checkpoints.synced()
    return bench


def check(bench: Bench) -> None:
    """What was loaded is what the first transactions made, as far back as it says it can be read."""
    low = max(bench.forgotten, 0)
    assert view(bench.versions, low, bench.index) == truth(low, bench.index)


@cache
def truth(low: int, index: int) -> list[list[tuple[Timestamp, bytes | None]]]:
    """What snapshots from `low` to `index` see of the first transactions."""
    return view(history(index, 0), low, index)


def test_a_start_finds_the_state_of_the_last_commit() -> None:
    disk = new_disk()
    before = run(disk, 200, disk.sync)
    after = Bench(disk)
    assert after.checkpoints.notes == []
    assert 0 < before.durable() < after.index <= before.index
    check(after)
    names = disk.names()
    assert 1 <= len(names) <= 2 and names[-1] > "0000000002", "new bases were begun, and old files removed"


def test_a_new_disk_has_no_checkpoint_and_needs_the_journal_from_its_beginning() -> None:
    bench = Bench(new_disk())
    assert (bench.index, bench.durable(), bench.checkpoints.notes) == (0, 0, [])


def test_a_start_from_a_start_goes_on_in_the_same_file() -> None:
    disk = new_disk()
    run(disk, 30, disk.sync)
    for _ in range(5):
        bench = Bench(disk)
        check(bench)
        bench.checkpoints.begin()
        bench.checkpoints.synced()
        bench.commit(3)
        bench.until_synced()
        assert bench.durable() == bench.index - 3, "the commit that was found counts as the older one"


def test_what_is_durable_is_the_last_commit_but_one() -> None:
    disk = new_disk()
    bench = run(disk, 0, disk.sync)
    seen = [bench.durable()]
    for _ in range(4):
        bench.commit(2)
        bench.until_synced()
        seen.append(bench.durable())
    assert seen == [0, 0, 2, 4, 6], "the first base needs no records, and counts with its first commit"


@pytest.mark.parametrize("power", [True, False])
def test_a_crash_between_any_two_changes_of_the_disk_leaves_a_checkpoint(power: bool) -> None:
    """Each prefix of the changes is a crash; with the power lost, unsynced changes are kept or torn by chance."""
    done, changes = False, 0
    while not done:
        disk, acknowledged = new_disk(changes), [0]
        disk.changes = changes
        try:
            bench = Bench(disk)
            for round_ in range(60):
                bench.commit(round_ % 4)
                if bench.step():
                    disk.sync()
                    bench.checkpoints.synced()
                    acknowledged.append(bench.durable())
            done = True
        except StopError:
            pass
        disk.changes = 1 << 60
        if power:
            disk.crash()
        after = Bench(disk)
        check(after)
        assert after.index >= acknowledged[-1], "what the journals may have lost is here"
        after.commit(5)
        after.checkpoints.begin()
        after.checkpoints.synced()
        after.until_synced()
        check(Bench(disk))
        changes += 1
    assert changes > 40


def test_a_crash_while_the_disk_is_mended_leaves_a_checkpoint() -> None:
    for seed in range(40):
        disk = new_disk(seed)
        run(disk, 37 + seed, disk.sync)
        for _ in range(3):
            bench = Bench(disk)
            check(bench)
            bench.commit(seed % 5)
            for _ in range(seed % 7):
                bench.step()
            disk.crash()
        check(Bench(disk))


def test_whatever_byte_is_spoilt_no_start_finds_a_wrong_state() -> None:
    disk = new_disk()
    run(disk, 36, disk.sync)
    files = {name: disk.read(name, 0, disk.size(name)) for name in disk.names()}
    used = load(disk, max(files), [])
    assert used is not None and used.end > 500
    for name, content in files.items():
        for offset in range(len(content)):
            spoilt = new_disk()
            for other, data in files.items():
                spoilt.create(other, 0)
                spoilt.write(other, 0, data)
            spoilt.corrupt(name, offset)
            bench = Bench(spoilt)
            check(bench)
            if name == max(files) and offset < used.end:
                assert bench.index <= used.commits[-1].positions[J]
                (note,) = bench.checkpoints.notes
                assert note.startswith(f"dir/{name}: torn or damaged at offset "), note


def test_without_its_last_commit_a_start_has_what_was_called_durable() -> None:
    disk = new_disk()
    bench = run(disk, 60, disk.sync)
    name = disk.names()[-1]
    disk.corrupt(name, disk.size(name) - 1)
    assert Bench(disk).index >= bench.durable() > 0


def test_a_file_without_a_whole_base_gives_way_to_the_one_before() -> None:
    disk = new_disk()
    bench = run(disk, 0, disk.sync)
    while True:
        bench.commit(3)
        bench.until_synced()
        if len(disk.names()) == 2 and not bench.step(0):
            break
    disk.corrupt(disk.names()[-1], 30)
    after = Bench(disk)
    check(after)
    assert after.index >= bench.durable()
    assert len(disk.names()) == 1


def test_a_newer_format_is_refused() -> None:
    disk = new_disk()
    disk.create("0000000001.checkpoint", 0)
    header = pack_header(1)
    newer = header[:8] + (VERSION + 1).to_bytes(4, "big") + header[12:20]
    disk.write("0000000001.checkpoint", 0, newer + crc32(newer + bytes(4)).to_bytes(4, "big"))
    with pytest.raises(OperatorError, match=r"newer version \(format 3; this version reads 2\)"):
        Bench(disk)


def test_no_step_writes_much_more_than_a_block() -> None:
    written: list[int] = []

    class Watched(SimDisk):
        def write(self, name: str, offset: int, data: bytes) -> None:
            written[-1] += len(data)
            super().write(name, offset, data)

    disk = Watched(Random(0))
    bench = Bench(disk)
    for _ in range(400):
        bench.commit(2)
        written.append(0)
        if bench.step():
            disk.sync()
            bench.checkpoints.synced()
    assert len(disk.names()) >= 1 and max(written) < 10 * SETTINGS.block_bytes


def test_while_a_base_is_written_what_commits_goes_on_counting() -> None:
    settings = Settings(interval_us=10, keep_us=5, block_bytes=60, growth_bytes=300, pending_bytes=2_000)
    disk = new_disk()
    bench = Bench(disk, settings=settings)
    counted: dict[int, set[int]] = {}
    for _ in range(150):
        bench.commit(1)
        if bench.step():
            disk.sync()
            bench.checkpoints.synced()
            counted.setdefault(len(disk.names()), set()).add(bench.durable())
    assert len(counted[2]) > 5, "with a new file on its way"
    check(Bench(disk, settings=settings))


def test_a_full_disk_costs_nothing_but_time() -> None:
    disk = new_disk()
    bench = run(disk, 30, disk.sync)
    before = bench.durable()
    disk.full = True
    for _ in range(4):
        bench.commit(2)
        assert not bench.step(11)
        assert bench.checkpoints.status()["failure"] == "dir: No space left on device"
    disk.full = False
    bench.until_synced()
    assert bench.checkpoints.failure is None
    bench.commit(1)
    bench.until_synced()
    assert bench.durable() > before
    check(Bench(disk))


def test_a_disk_that_is_full_for_long_is_given_up_and_begun_anew() -> None:
    disk = new_disk()
    bench = run(disk, 30, disk.sync)
    before, disk.full = bench.durable(), True
    for _ in range(60):
        bench.commit(3)
        bench.step(11)
    pending = bench.checkpoints.status()["pending"]
    assert isinstance(pending, int) and pending < 100, "memory is bounded"
    assert bench.durable() == before
    disk.full = False
    for _ in range(4):
        bench.commit(1)
        bench.until_synced()
    assert bench.durable() > before
    check(Bench(disk))
    assert len(disk.names()) == 1


def test_after_a_failed_sync_nothing_counts_any_more() -> None:
    disk = new_disk()
    bench = run(disk, 30, disk.sync)
    before = bench.durable()
    bench.commit(5)
    while not bench.step():
        pass
    bench.checkpoints.sync_failed("dir: Input/output error")
    bench.commit(5)
    assert not any(bench.step() for _ in range(20))
    assert bench.durable() == before
    assert bench.checkpoints.status()["failure"] == "dir: Input/output error"


def test_an_idle_replica_writes_nothing() -> None:
    disk = new_disk()
    bench = run(disk, 20, disk.sync)
    while bench.checkpoints.status()["pending"] or bench.step():
        bench.checkpoints.synced()
        bench.step()
    size = [disk.size(name) for name in disk.names()]
    assert not any(bench.step() for _ in range(30))
    assert [disk.size(name) for name in disk.names()] == size


def test_positions_of_entries_without_a_record_are_written_too() -> None:
    disk = new_disk()
    checkpoints = Checkpoints(disk, SETTINGS)
    versions = Bench(new_disk()).versions
    record = Record("t", 1, (Write(KEYS[0], Access.WRITE, b"v"),))
    versions.apply(record)
    checkpoints.note(record)
    other = JournalId("adj-1")
    for now in range(0, 100, 5):
        state = Commit({JournalId("adj-0"): 1 + now, other: now}, Timestamp(1), Timestamp(0))
        if checkpoints.step(Timestamp(now), versions, Names(), state):
            checkpoints.synced()
    assert checkpoints.durable[other] > 50


def test_a_checkpoint_knows_the_names_of_its_base_and_of_what_came_since() -> None:
    disk = new_disk()
    bench = Bench(disk)
    for count in (7, 3, 40, 1):
        bench.commit(count)
        bench.until_synced()
    found = Bench(disk).names
    since = Timestamp(bench.index - NAMES)
    assert found.since <= since, "nothing is missing"
    found.forget(since)
    assert found.listed(Timestamp(99)) == bench.names.listed(Timestamp(99))
    assert len(found) == NAMES
