"""What was not synced is gone when the power fails, of files of the machine as of simulated ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from daybreak.errors import OperatorError
from daybreak.runtime.chaos import Chaos, LoseUnsynced, SetDisk
from daybreak.runtime.local.chaos import ChaosDisk
from daybreak.runtime.local.disk import LocalDisk
from daybreak.runtime.sim.disk import SimDisk


@pytest.fixture
def chaos() -> Chaos:
    chaos = Chaos(())
    del chaos.on_power_loss[:]  # else this process ends
    return chaos


@pytest.fixture
def disk(chaos: Chaos, tmp_path: Path) -> Iterator[ChaosDisk]:
    disk = ChaosDisk(chaos, tmp_path)
    disk.create("f", 4)
    disk.write("f", 0, b"abcd")
    disk.sync()
    yield disk
    disk.close()


def files(disk: LocalDisk | SimDisk) -> dict[str, bytes]:
    """All there is."""
    return {name: disk.read(name, 0, 1_000) for name in disk.names()}


def after_power_loss(chaos: Chaos, disk: ChaosDisk) -> dict[str, bytes]:
    """What the next process finds."""
    chaos.obey(LoseUnsynced())
    found = LocalDisk(Path(disk.where))
    try:
        return files(found)
    finally:
        found.close()


def test_each_kind_of_change_is_taken_back(chaos: Chaos, disk: ChaosDisk) -> None:
    disk.write("f", 2, b"xyz")
    disk.truncate("f", 1)
    disk.truncate("f", 9)
    disk.create("g", 2)
    disk.write("g", 0, b"!!")
    disk.remove("f")
    disk.create("f", 1)
    assert after_power_loss(chaos, disk) == {"f": b"abcd"}


def test_what_was_synced_stays_and_what_is_durable_at_once(chaos: Chaos, disk: ChaosDisk) -> None:
    disk.replace("small", b"old")
    disk.overwrite("small", b"new")
    disk.write("f", 0, b"AB")
    disk.sync()
    disk.write("f", 2, b"CD")
    assert after_power_loss(chaos, disk) == {"f": b"ABcd", "small": b"new"}


def test_what_is_durable_at_once_takes_earlier_writes_to_its_file_along(chaos: Chaos, disk: ChaosDisk) -> None:
    disk.create("g", 1)
    disk.write("f", 0, b"AB")
    disk.overwrite("f", b"X")
    disk.write("g", 0, b"y")
    disk.replace("g", b"new")
    assert after_power_loss(chaos, disk) == {"f": b"XBcd", "g": b"new"}


def test_a_write_during_a_sync_is_not_covered_by_it(
    chaos: Chaos, disk: ChaosDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.write("f", 0, b"A")
    real = LocalDisk.sync

    def slow(self: LocalDisk) -> None:
        disk.write("f", 1, b"B")
        real(self)

    with monkeypatch.context() as patch:
        patch.setattr(LocalDisk, "sync", slow)
        disk.sync()
    assert after_power_loss(chaos, disk) == {"f": b"Abcd"}


def test_a_sync_that_failed_has_made_nothing_durable(chaos: Chaos, disk: ChaosDisk) -> None:
    disk.write("f", 0, b"A")
    chaos.obey(SetDisk("sync-fails"))
    with pytest.raises(OperatorError):
        disk.sync()
    assert after_power_loss(chaos, disk) == {"f": b"abcd"}


def test_what_failed_leaves_nothing_to_take_back(chaos: Chaos, disk: ChaosDisk) -> None:
    with pytest.raises(OperatorError, match="File exists"):
        disk.create("f", 1)
    with pytest.raises(OperatorError, match="No such file"):
        disk.remove("g")
    with pytest.raises(OperatorError, match="No such file"):
        disk.write("g", 0, b"x")
    assert after_power_loss(chaos, disk) == {"f": b"abcd"}


def test_what_an_earlier_process_has_written_is_made_durable_when_the_next_one_begins(
    chaos: Chaos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = ChaosDisk(chaos, tmp_path)
    disk.create("f", 1)
    disk.write("f", 0, b"x")
    disk.close()
    synced: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(LocalDisk, "_sync_file", lambda self, name: synced.append(name))
        again = ChaosDisk(chaos, tmp_path)
    assert synced == ["f"]
    again.write("f", 0, b"y")
    assert after_power_loss(chaos, again) == {"f": b"x"}
    again.close()


def change(disk: ChaosDisk | SimDisk, rng: random.Random) -> None:
    """Something that a node may do."""
    name = rng.choice(("a", "b", "c"))
    there = name in disk.names()
    match rng.choice(("create", "write", "write", "truncate", "remove", "sync", "replace", "overwrite")):
        case "create" if not there:
            disk.create(name, rng.randint(0, 5))
        case "write" if there:
            disk.write(name, rng.randint(0, 6), rng.randbytes(rng.randint(1, 4)))
        case "truncate" if there:
            disk.truncate(name, rng.randint(0, 8))
        case "remove" if there:
            disk.remove(name)
        case "sync":
            disk.sync()
        case "replace":
            disk.replace("small", rng.randbytes(4))
        case "overwrite" if "small" in disk.names():
            disk.overwrite("small", rng.randbytes(2))


def test_it_is_what_a_simulated_disk_loses(chaos: Chaos, tmp_path: Path) -> None:
    for seed in range(200):
        real, simulated = ChaosDisk(chaos, tmp_path / str(seed)), SimDisk(random.Random(1))
        for disk in (real, simulated):
            rng = random.Random(seed)
            for _ in range(rng.randint(1, 40)):
                change(disk, rng)
        assert files(real) == files(simulated), seed
        simulated.lose_unsynced()
        assert after_power_loss(chaos, real) == files(simulated), seed
        real.close()
        del chaos.on_power_loss[:]
