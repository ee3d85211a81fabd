"""The promise file."""

from __future__ import annotations

from random import Random

import pytest

from daybreak.errors import CorruptionError, DiskFullError, OperatorError
from daybreak.journal import promise
from daybreak.journal.promise import FILES, PROMISE_BYTES, Promise, damaged_copies, load_promise, save_promise
from daybreak.runtime.sim.disk import SimDisk


def test_a_new_replica_has_promised_nothing() -> None:
    assert load_promise(SimDisk(Random(1))) == Promise(0, "", 0)


def test_a_promise_survives_a_crash_at_once() -> None:
    disk = SimDisk(Random(1))
    save_promise(disk, Promise(7, "A/adj-0 at 12", 5))
    disk.crash()
    assert load_promise(disk) == Promise(7, "A/adj-0 at 12", 5)


def test_no_byte_of_a_copy_can_change_unseen_and_the_other_one_mends_it() -> None:
    disk = SimDisk(Random(1), "dir")
    kept = Promise(7, "x", doubt=3, serial=5)
    save_promise(disk, kept)
    for name in FILES:
        for offset in range(PROMISE_BYTES):
            disk.corrupt(name, offset, 1)
            assert damaged_copies(disk) == [name]
            assert load_promise(disk) == kept
            assert damaged_copies(disk) == []


def test_the_newer_of_two_copies_counts_whichever_it_is() -> None:
    """Power may fail between the two."""
    for name in FILES:
        disk = SimDisk(Random(1), "dir")
        save_promise(disk, Promise(8, "x", serial=2))
        newer = disk.read(name, 0, PROMISE_BYTES)
        save_promise(disk, Promise(7, "x", serial=1))
        disk.overwrite(name, newer)
        assert load_promise(disk) == Promise(8, "x", serial=2)
        assert disk.read(FILES[0], 0, PROMISE_BYTES) == disk.read(FILES[1], 0, PROMISE_BYTES) == newer


def test_a_copy_that_is_missing_or_cut_off_is_written_again() -> None:
    disk = SimDisk(Random(1), "dir")
    save_promise(disk, Promise(7, "x"))
    disk.remove(FILES[0])
    disk.truncate(FILES[1], PROMISE_BYTES)
    assert load_promise(disk).epoch == 7
    disk.truncate(FILES[1], 30)
    assert load_promise(disk).epoch == 7
    assert damaged_copies(disk) == []


def test_two_damaged_copies_are_corruption() -> None:
    disk = SimDisk(Random(1), "dir")
    save_promise(disk, Promise(7, "x"))
    for name in FILES:
        disk.corrupt(name, 30, 1)
    with pytest.raises(CorruptionError, match=r"^dir/promise\.1: "):
        load_promise(disk)


def test_another_format_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = SimDisk(Random(1), "dir")
    with monkeypatch.context() as other:
        other.setattr(promise, "VERSION", 3)
        save_promise(disk, Promise(7, "x"))
    with pytest.raises(OperatorError, match=r"dir/promise\.1: written by a newer version \(format 3"):
        load_promise(disk)


def test_a_promise_needs_no_new_space() -> None:
    disk = SimDisk(Random(1), "dir")
    disk.capacity = 2 * PROMISE_BYTES - 1
    with pytest.raises(DiskFullError):
        save_promise(disk, Promise(1, "x"))
    disk.capacity = 2 * PROMISE_BYTES
    save_promise(disk, Promise(1, "x"))
    save_promise(disk, Promise(2, "y"))
    assert load_promise(disk).epoch == 2
