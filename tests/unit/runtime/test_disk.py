"""Disks: the one on real files, and what all `Disk`s promise, also the simulated one."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from daybreak.errors import OperatorError
from daybreak.runtime.local.disk import LocalDisk
from daybreak.runtime.protocols import Disk
from daybreak.runtime.sim.disk import SECTOR_BYTES, SimDisk


@pytest.fixture(params=["local", "sim"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    if request.param == "sim":
        yield SimDisk(Random(1))
    else:
        local = LocalDisk(tmp_path)
        yield local
        local.close()


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalDisk]:
    disk = LocalDisk(tmp_path / "zone")
    yield disk
    disk.close()


# --- every disk --------------------------------------------------------------------------------------------------


def test_a_new_file_is_zeros(disk: Disk) -> None:
    disk.create("b", 100)
    disk.create("a", 0)
    assert disk.names() == ["a", "b"]
    assert (disk.size("a"), disk.size("b")) == (0, 100)
    assert disk.read("b", 0, 1_000) == bytes(100)
    assert disk.read("b", 90, 20) == bytes(10)
    assert disk.read("b", 200, 20) == b""


def test_what_was_written_is_read(disk: Disk) -> None:
    disk.create("a", 10)
    disk.write("a", 3, b"xyz")
    disk.write("a", 12, b"!")
    assert disk.read("a", 0, 99) == b"\0\0\0xyz\0\0\0\0\0\0!"
    assert disk.read("a", 4, 2) == b"yz"


def test_truncating_cuts_and_extending_adds_zeros(disk: Disk) -> None:
    disk.create("a", 10)
    disk.write("a", 0, b"0123456789")
    disk.truncate("a", 4)
    assert disk.size("a") == 4
    disk.truncate("a", 8)
    assert disk.read("a", 0, 99) == b"0123\0\0\0\0"


def test_replacing_makes_a_whole_new_content(disk: Disk) -> None:
    disk.replace("a", b"a long content")
    assert disk.read("a", 0, 99) == b"a long content"
    disk.replace("a", b"short")
    assert disk.read("a", 0, 99) == b"short"
    assert disk.names() == ["a"]


def test_removed_is_gone_and_can_be_made_again(disk: Disk) -> None:
    disk.create("a", 10)
    disk.write("a", 0, b"x")
    disk.remove("a")
    assert disk.names() == []
    disk.create("a", 5)
    assert disk.read("a", 0, 99) == bytes(5)


def test_errors_name_the_file(disk: Disk) -> None:
    disk.create("there", 1)
    with pytest.raises(OperatorError, match=f"^{disk.where}/there: File exists"):
        disk.create("there", 1)
    for attempt in (disk.size, disk.remove):
        with pytest.raises(OperatorError, match=f"^{disk.where}/missing: No such file"):
            attempt("missing")
    with pytest.raises(OperatorError, match=f"^{disk.where}/missing: No such file"):
        disk.read("missing", 0, 1)
    with pytest.raises(OperatorError, match=f"^{disk.where}/missing: No such file"):
        disk.write("missing", 0, b"x")


# --- real files --------------------------------------------------------------------------------------------------


def fail(number: int) -> object:
    def failing(*arguments: object) -> object:
        raise OSError(number, os.strerror(number))

    return failing


def test_space_is_reserved(local: LocalDisk, tmp_path: Path) -> None:
    local.create("a", 1 << 20)
    assert (tmp_path / "zone/a").stat().st_blocks * 512 >= 1 << 20
    local.truncate("a", 0)
    local.truncate("a", 1 << 20)
    assert (tmp_path / "zone/a").stat().st_blocks * 512 >= 1 << 20


def test_a_full_disk_has_its_own_state_and_leaves_no_half_file(
    local: LocalDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", fail(errno.ENOSPC))
        with pytest.raises(OperatorError, match="/zone/a: No space left on device") as caught:
            local.create("a", 10)
    assert caught.value.sqlstate == "53100"
    assert local.names() == []
    local.create("a", 10)
    monkeypatch.setattr(os, "pwrite", fail(errno.EIO))
    with pytest.raises(OperatorError, match="/zone/a: Input/output error") as caught:
        local.write("a", 0, b"x")
    assert caught.value.sqlstate == "58000"


def test_short_writes_and_reads_are_continued(local: LocalDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    pwrite, pread = os.pwrite, os.pread
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: pwrite(fd, data[:3], offset))
    monkeypatch.setattr(os, "pread", lambda fd, length, offset: pread(fd, min(length, 2), offset))
    local.create("a", 10)
    local.write("a", 1, b"12345678")
    assert local.read("a", 0, 10) == b"\x0012345678\0"


def test_a_short_write_that_cannot_be_continued_is_an_error(local: LocalDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    pwrite = os.pwrite

    def nearly_full(fd: int, data: memoryview, offset: int) -> int:
        if offset:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return pwrite(fd, data[:3], offset)

    local.create("a", 10)
    monkeypatch.setattr(os, "pwrite", nearly_full)
    with pytest.raises(OperatorError, match="No space left"):
        local.write("a", 0, b"12345678")


def test_a_failed_replace_leaves_the_old_content(local: LocalDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    local.replace("a", b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail(errno.EIO))
        with pytest.raises(OperatorError, match="/zone/a: "):
            local.replace("a", b"new")
    assert local.read("a", 0, 99) == b"old"


def test_leftovers_of_an_interrupted_replace_are_removed(local: LocalDisk, tmp_path: Path) -> None:
    (tmp_path / "zone/a.tmp").write_bytes(b"half")
    again = LocalDisk(tmp_path / "zone")
    assert again.names() == []
    assert not (tmp_path / "zone/a.tmp").exists()


def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OperatorError, match=f"^{tmp_path}/file/zone: Not a directory"):
        LocalDisk(tmp_path / "file/zone")


class Synced:
    """Records what is synced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._names: list[str] = []
        for name in ("fdatasync", "fsync"):
            monkeypatch.setattr(os, name, self._note)

    def _note(self, fd: int) -> None:
        self._names.append(Path(os.readlink(f"/proc/self/fd/{fd}")).name)

    def take(self) -> list[str]:
        names, self._names = sorted(self._names), []
        return names


def test_a_sync_covers_what_was_written_since_the_last(local: LocalDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = Synced(monkeypatch)
    local.create("a", 10)
    local.create("b", 10)
    local.sync()
    assert synced.take() == ["a", "b", "zone"]
    local.write("b", 0, b"x")
    local.sync()
    assert synced.take() == ["b"]
    local.truncate("a", 5)
    local.remove("b")
    local.sync()
    assert synced.take() == ["a", "zone"]
    local.sync()
    assert synced.take() == []


def test_the_first_sync_covers_what_an_earlier_process_left(
    local: LocalDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.create("a", 10)
    synced = Synced(monkeypatch)
    again = LocalDisk(tmp_path / "zone")
    again.sync()
    assert synced.take() == ["a", "zone"]


def test_a_replace_is_synced_at_once(local: LocalDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = Synced(monkeypatch)
    local.replace("a", b"x")
    assert synced.take() == ["a.tmp", "zone"]


def test_a_failed_sync_fails_for_ever(local: LocalDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    local.create("a", 10)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail(errno.EIO))
        with pytest.raises(OperatorError, match="/zone/a: Input/output error"):
            local.sync()
    local.write("a", 0, b"x")
    with pytest.raises(OperatorError, match="/zone/a: Input/output error"):
        local.sync()


def test_a_write_during_a_sync_belongs_to_the_next_one(local: LocalDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    local.create("a", 10)
    local.sync()
    begun, go_on = threading.Event(), threading.Event()
    files: list[str] = []

    def slow(fd: int) -> None:
        files.append(os.readlink(f"/proc/self/fd/{fd}"))
        begun.set()
        assert go_on.wait(10)

    monkeypatch.setattr(os, "fdatasync", slow)
    local.write("a", 0, b"x")
    thread = threading.Thread(target=local.sync)
    thread.start()
    assert begun.wait(10)
    local.write("a", 1, b"y")
    go_on.set()
    thread.join()
    local.sync()
    assert len(files) == 2


def test_syncs_and_writes_of_two_threads_do_not_disturb_each_other(local: LocalDisk) -> None:
    stop = threading.Event()
    errors: list[BaseException] = []

    def sync() -> None:
        try:
            while not stop.is_set():
                local.sync()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=sync)
    thread.start()
    for number in range(150):
        name = f"f{number % 40}"
        if name in local.names():
            local.remove(name)
        local.create(name, 100)
        local.write(name, 0, str(number).encode())
        local.read(f"f{number // 2 % 40}", 0, 3)
    stop.set()
    thread.join()
    assert errors == []
    for number in range(110, 150):
        assert local.read(f"f{number % 40}", 0, 3) == str(number).encode()


def test_few_files_stay_open(local: LocalDisk) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for number in range(100):
        local.create(f"f{number}", 1)
    local.sync()
    local.create("one more", 1)
    assert len(os.listdir("/proc/self/fd")) - before <= 32
    for number in range(100):
        local.read(f"f{number}", 0, 1)
    assert len(os.listdir("/proc/self/fd")) - before <= 32
    local.close()
    assert len(os.listdir("/proc/self/fd")) == before


# --- the simulated disk ------------------------------------------------------------------------------------------


def test_a_crash_keeps_what_was_synced() -> None:
    for seed in range(20):
        disk = SimDisk(Random(seed))
        disk.create("a", 2_000)
        disk.write("a", 0, b"x" * 1_500)
        disk.sync()
        disk.write("a", 1_500, b"y")
        disk.crash()
        assert disk.read("a", 0, 1_500) == b"x" * 1_500


def test_a_sync_covers_what_came_before_its_mark_only() -> None:
    outcomes = set()
    for seed in range(40):
        disk = SimDisk(Random(seed))
        disk.create("a", 10)
        disk.write("a", 0, b"x")
        mark = disk.mark()
        disk.write("a", 1, b"y")
        disk.sync(mark)
        disk.crash()
        assert disk.read("a", 0, 1) == b"x"
        outcomes.add(disk.read("a", 1, 1))
    assert outcomes == {b"y", b"\0"}


def test_a_crash_tears_writes_at_sectors_and_loses_them_out_of_order() -> None:
    outcomes = set()
    for seed in range(400):
        disk = SimDisk(Random(seed))
        disk.create("a", 4 * SECTOR_BYTES)
        disk.sync()
        disk.write("a", 0, b"x" * 2 * SECTOR_BYTES)
        disk.write("a", 2 * SECTOR_BYTES, b"z")
        disk.crash()
        data = disk.read("a", 0, 4 * SECTOR_BYTES)
        assert data[:SECTOR_BYTES] in (bytes(SECTOR_BYTES), b"x" * SECTOR_BYTES)
        outcomes.add((data[0], data[SECTOR_BYTES], data[2 * SECTOR_BYTES]))
    assert len(outcomes) == 8


def test_after_a_crash_a_new_file_is_there_or_not() -> None:
    outcomes = set()
    for seed in range(40):
        disk = SimDisk(Random(seed))
        disk.create("a", 10)
        disk.write("a", 0, b"x")
        disk.crash()
        outcomes.add(tuple((name, disk.read(name, 0, 1)) for name in disk.names()))
    assert outcomes == {(), (("a", b"\0"),), (("a", b"x"),)}
