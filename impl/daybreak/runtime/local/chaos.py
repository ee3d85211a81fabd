"""A clock and disks that fail by order (`runtime.chaos`)."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from daybreak.errors import DiskFullError, OperatorError
from daybreak.runtime.chaos import SLOW_SECONDS, Chaos
from daybreak.runtime.local.clock import SystemClock
from daybreak.runtime.local.disk import LocalDisk


def clock_of(chaos: Chaos | None) -> SystemClock:
    """The clock of a process; one that jumps if there is chaos."""
    if chaos is None:
        return SystemClock()
    return SystemClock(real=lambda: time.time_ns() + chaos.jumped_us * 1_000)


def disks_of(chaos: Chaos | None) -> Callable[[Path], LocalDisk]:
    """Opens the disks of a process; such as fail if there is chaos."""
    return LocalDisk if chaos is None else partial(ChaosDisk, chaos)


class ChaosDisk(LocalDisk):
    """A `LocalDisk` that is full, slow, or fails to sync, as `Chaos.disk` says.

    A full one refuses what needs new space and lets everything else through, as real ones do.
    """

    def __init__(self, chaos: Chaos, directory: Path) -> None:
        self._chaos = chaos
        super().__init__(directory)

    def create(self, name: str, size: int) -> None:
        """As a real disk; DiskFullError if it is full."""
        self._need(name, size)
        super().create(name, size)

    def write(self, name: str, offset: int, data: bytes) -> None:
        """As a real disk; DiskFullError if the file would grow and the disk is full."""
        if self._chaos.disk == "full":
            self._need(name, offset + len(data) - self.size(name))
        super().write(name, offset, data)

    def truncate(self, name: str, size: int) -> None:
        """As a real disk; DiskFullError if the file would grow and the disk is full."""
        if self._chaos.disk == "full":
            self._need(name, size - self.size(name))
        super().truncate(name, size)

    def replace(self, name: str, data: bytes) -> None:
        """As a real disk; DiskFullError if it is full."""
        self._need(name, len(data))
        self._may_sync(name)
        super().replace(name, data)

    def overwrite(self, name: str, data: bytes) -> None:
        """As a real disk; OperatorError if its syncs fail."""
        self._may_sync(name)
        super().overwrite(name, data)

    def sync(self) -> None:
        """As a real disk; later if it is slow."""
        self._chaos.fast.wait(SLOW_SECONDS)
        super().sync()

    def _sync_file(self, name: str) -> None:
        self._may_sync(name)
        super()._sync_file(name)

    def _need(self, name: str, more: int) -> None:
        if self._chaos.disk == "full" and more > 0:
            raise DiskFullError(f"{self.where}/{name}: {os.strerror(errno.ENOSPC)}")

    def _may_sync(self, name: str) -> None:
        if self._chaos.disk == "sync-fails":
            raise OperatorError(f"{self.where}/{name}: {os.strerror(errno.EIO)}")
