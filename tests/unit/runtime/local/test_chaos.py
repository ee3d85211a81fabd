"""A clock and disks that fail by order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from daybreak.errors import DiskFullError, OperatorError
from daybreak.runtime.chaos import Chaos, Jump, SetDisk
from daybreak.runtime.local.chaos import ChaosDisk, clock_of, disks_of
from daybreak.runtime.local.disk import LocalDisk

HOUR_US = 3_600_000_000


@pytest.fixture
def chaos() -> Chaos:
    return Chaos(())


@pytest.fixture
def disk(chaos: Chaos, tmp_path: Path) -> Iterator[LocalDisk]:
    disk = disks_of(chaos)(tmp_path)
    disk.create("f", 4)
    disk.sync()
    yield disk
    disk.close()


def test_without_chaos_nothing_is_wrapped(tmp_path: Path) -> None:
    assert disks_of(None) is LocalDisk
    assert clock_of(None).status()["jumps"] == 0


def test_a_clock_that_jumps_is_not_believed(chaos: Chaos) -> None:
    clock = clock_of(chaos)
    before = clock.now()
    chaos.obey(Jump(HOUR_US))
    assert clock.now().latest < before.latest + HOUR_US // 2
    assert clock.status()["jumps"] == 1
    chaos.obey(Jump(0))
    clock.now()
    assert clock.status()["off_us"] == 0


def test_a_full_disk_refuses_what_needs_space_and_nothing_else(chaos: Chaos, disk: LocalDisk) -> None:
    assert isinstance(disk, ChaosDisk)
    chaos.obey(SetDisk("full"))
    full = pytest.raises(DiskFullError, match="No space left on device")
    with full:
        disk.create("g", 1)
    with full:
        disk.write("f", 3, b"xy")
    with full:
        disk.truncate("f", 5)
    with full:
        disk.replace("f", b"x")
    disk.create("empty", 0)
    disk.write("f", 0, b"abcd")
    disk.truncate("f", 3)
    disk.overwrite("f", b"A")
    disk.sync()
    assert (disk.names(), disk.read("f", 0, 9)) == (["empty", "f"], b"Abc")
    chaos.obey(SetDisk("ok"))
    disk.write("f", 3, b"de")
    assert disk.read("f", 0, 9) == b"Abcde"


def test_a_sync_that_failed_makes_all_later_ones_fail(chaos: Chaos, disk: LocalDisk) -> None:
    disk.write("f", 0, b"x")
    chaos.obey(SetDisk("sync-fails"))
    failing = pytest.raises(OperatorError, match="Input/output error")
    with failing:
        disk.sync()
    with failing:
        disk.overwrite("f", b"y")
    with failing:
        disk.replace("f", b"z")
    chaos.obey(SetDisk("ok"))
    with failing:
        disk.sync()
    assert disk.read("f", 0, 1) == b"x"


def test_a_slow_disk_syncs_when_it_is_fast_again_or_has_taken_its_time(
    chaos: Chaos, disk: LocalDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(chaos.fast, "wait", waited.append)
    chaos.obey(SetDisk("slow"))
    disk.sync()
    assert len(waited) == 1 and waited[0] > 0
    assert not chaos.fast.is_set()
