"""The promise file."""

from __future__ import annotations

from random import Random

import pytest

from daybreak.errors import CorruptionError, OperatorError
from daybreak.journal.promise import FILE, Promise, load_promise, save_promise
from daybreak.runtime.sim.disk import SimDisk


def test_a_new_replica_has_promised_nothing() -> None:
    assert load_promise(SimDisk(Random(1))) == Promise(0, "", 0)


def test_a_promise_survives_a_crash_at_once() -> None:
    disk = SimDisk(Random(1))
    save_promise(disk, Promise(7, "A/adj-0 at 12", 5))
    disk.crash()
    assert load_promise(disk) == Promise(7, "A/adj-0 at 12", 5)


def test_no_byte_of_the_file_can_change_unseen() -> None:
    disk = SimDisk(Random(1), "dir")
    save_promise(disk, Promise(7, "x"))
    for offset in range(disk.size(FILE) - 1):
        disk.corrupt(FILE, offset)
        with pytest.raises(OperatorError, match=r"^dir/promise: "):
            load_promise(disk)
        disk.corrupt(FILE, offset)
    assert load_promise(disk).epoch == 7


def test_garbage_is_corruption_and_a_newer_format_is_named() -> None:
    disk = SimDisk(Random(1), "dir")
    disk.replace(FILE, b"")
    with pytest.raises(CorruptionError):
        load_promise(disk)
    disk.replace(FILE, b'daybreak-promise 2 whatever {"vote":1}')
    with pytest.raises(OperatorError, match="dir/promise: written by a newer version"):
        load_promise(disk)
