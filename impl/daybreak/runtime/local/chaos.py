"""A clock and disks that fail by order (`runtime.chaos`)."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from daybreak.errors import DiskFullError, OperatorError
from daybreak.runtime.chaos import SLOW_SECONDS, Chaos
from daybreak.runtime.local.clock import SystemClock
from daybreak.runtime.local.disk import LocalDisk
from daybreak.runtime.local.undo import Change, Undo


def clock_of(chaos: Chaos | None) -> SystemClock:
    """The clock of a process; one that jumps if there is chaos."""
    if chaos is None:
        return SystemClock()
    return SystemClock(real=lambda: time.time_ns() + chaos.jumped_us * 1_000)


def disks_of(chaos: Chaos | None) -> Callable[[Path], LocalDisk]:
    """Opens the disks of a process; such as fail if there is chaos."""
    return LocalDisk if chaos is None else partial(ChaosDisk, chaos)


class ChaosDisk(LocalDisk):
    """A `LocalDisk` that is full, slow, or fails to sync, as `Chaos.disk` says, or loses what was not synced.

    A full one refuses what needs new space and lets everything else through, as real ones do.
    """

    def __init__(self, chaos: Chaos, directory: Path) -> None:
        self._chaos = chaos
        self._undo = Undo(directory)
        super().__init__(directory)
        super().sync()  # what an earlier process has left unsynced cannot be taken back
        chaos.on_power_loss.insert(0, self._undo.take_back)

    def create(self, name: str, size: int) -> None:
        """As a real disk; DiskFullError if it is full."""
        self._need(name, size)
        super().create(name, size)
        self._undo.note(self._undo.absence_of(name))

    def write(self, name: str, offset: int, data: bytes) -> None:
        """As a real disk; DiskFullError if the file would grow and the disk is full."""
        if self._chaos.disk == "full":
            self._need(name, offset + len(data) - self.size(name))
        with self._noted(self._bytes_of(name, offset, len(data))):
            super().write(name, offset, data)

    def truncate(self, name: str, size: int) -> None:
        """As a real disk; DiskFullError if the file would grow and the disk is full."""
        before = self.size(name)
        if self._chaos.disk == "full":
            self._need(name, size - before)
        with self._noted(self._bytes_of(name, size, max(0, before - size))):
            super().truncate(name, size)

    def replace(self, name: str, data: bytes) -> None:
        """As a real disk; DiskFullError if it is full."""
        self._need(name, len(data))
        self._may_sync(name)
        super().replace(name, data)
        self._undo.synced_file(name)

    def overwrite(self, name: str, data: bytes) -> None:
        """As a real disk; OperatorError if its syncs fail."""
        self._may_sync(name)
        super().overwrite(name, data)
        self._undo.synced_file(name)

    def remove(self, name: str) -> None:
        """As a real disk."""
        with self._explained(name):
            change = self._undo.content_of(name)
        super().remove(name)
        self._undo.note(change)

    def sync(self) -> None:
        """As a real disk; later if it is slow."""
        self._chaos.fast.wait(SLOW_SECONDS)
        mark = self._undo.mark()
        super().sync()
        self._undo.synced(mark)

    def close(self) -> None:
        """As a real disk."""
        super().close()
        self._undo.close()

    def _bytes_of(self, name: str, offset: int, length: int) -> Change:
        with self._explained(name):
            return self._undo.bytes_of(name, offset, length)

    @contextmanager
    def _noted(self, change: Change) -> Iterator[None]:
        """Note a change when it has been made, so that no sync that began before takes credit for it; a write that
        fails may have been made in part."""
        try:
            yield
        finally:
            self._undo.note(change)

    def _sync_file(self, name: str) -> None:
        self._may_sync(name)
        super()._sync_file(name)

    def _need(self, name: str, more: int) -> None:
        if self._chaos.disk == "full" and more > 0:
            raise DiskFullError(f"{self.where}/{name}: {os.strerror(errno.ENOSPC)}")

    def _may_sync(self, name: str) -> None:
        if self._chaos.disk == "sync-fails":
            raise OperatorError(f"{self.where}/{name}: {os.strerror(errno.EIO)}")
