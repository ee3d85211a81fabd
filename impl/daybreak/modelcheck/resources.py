"""What this machine has to give: cores, and memory that is shared out among models."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_LIMIT, _USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
_BESIDE_HEAP_MB = 300  # a worker's Python, and what Java needs beside its heap
_UNKNOWN_MB = 4096


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_mb() -> int:
    """How much memory is left, in MiB: of the machine, or of the container if that is less."""
    return min(_of_machine(), _of_container())


def _of_machine() -> int:
    if not _MEMINFO.is_file():
        return _UNKNOWN_MB
    lines = dict(line.split(":", 1) for line in _MEMINFO.read_text().splitlines())
    return int(lines["MemAvailable"].split()[0]) >> 10


def _of_container() -> int:
    try:
        return (int(_LIMIT.read_text()) - int(_USED.read_text())) >> 20
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return _of_machine()


class Memory:
    """Memory for workers. Whoever asks for more than there is gets it when nobody else has any."""

    def __init__(self, total_mb: int) -> None:
        self.total_mb = total_mb
        self._taken_mb = 0
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, heap_mb: int) -> Iterator[None]:
        """Waits until a worker with such a heap fits, and counts it while the block runs."""
        needed = heap_mb + _BESIDE_HEAP_MB
        with self._changed:
            self._changed.wait_for(lambda: self._taken_mb == 0 or self._taken_mb + needed <= self.total_mb)
            self._taken_mb += needed
        try:
            yield
        finally:
            with self._changed:
                self._taken_mb -= needed
                self._changed.notify_all()
