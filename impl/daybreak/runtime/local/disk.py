"""The files of one node in a directory of the machine."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daybreak.errors import DiskFullError, OperatorError

_TEMPORARY = ".tmp"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_MAX_OPEN = 32
"""Files kept open between syncs; those with unsynced writes stay open beyond it."""


class LocalDisk:
    """A `Disk` on real files.

    All methods belong to the event loop's thread, except `sync`, which may run in another one at the same time: it
    covers every write that returned before it was called. Errors are OperatorErrors that name the file, for a full
    disk DiskFullError.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._open: dict[str, int] = {}
        self._lock = threading.Lock()
        # Guarded by _lock. A previous process may have left writes that are in the machine's memory only.
        self._unsynced: set[str] = set()
        self._directory_unsynced = True
        self._failure: str | None = None
        with self._explained(""):
            directory.mkdir(parents=True, exist_ok=True)
            for name in os.listdir(directory):
                if name.endswith(_TEMPORARY):
                    (directory / name).unlink()
        self._unsynced.update(self.names())

    @property
    def where(self) -> str:
        """The directory's path."""
        return str(self._directory)

    def names(self) -> list[str]:
        """The names of all files, sorted."""
        with self._explained(""):
            return sorted(entry.name for entry in os.scandir(self._directory) if entry.is_file())

    def create(self, name: str, size: int) -> None:
        """Make a file of `size` zero bytes, its space reserved."""
        with self._explained(name):
            fd = os.open(self._directory / name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                _reserve(fd, 0, size)
            except OSError:
                os.close(fd)
                (self._directory / name).unlink()
                raise
        self._keep(name, fd)
        self._wrote(name, directory=True)

    def size(self, name: str) -> int:
        """The size of a file in bytes."""
        with self._explained(name):
            return os.stat(self._directory / name).st_size

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`."""
        parts = []
        with self._explained(name):
            fd = self._fd(name)
            while length > 0 and (part := os.pread(fd, length, offset)):
                parts.append(part)
                offset += len(part)
                length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def write(self, name: str, offset: int, data: bytes) -> None:
        """Replace the bytes at `offset`."""
        with self._explained(name):
            _write_all(self._fd(name), data, offset)
        self._wrote(name)

    def truncate(self, name: str, size: int) -> None:
        """Cut a file to `size` bytes, or extend it with zeros, their space reserved."""
        with self._explained(name):
            fd = self._fd(name)
            before = os.fstat(fd).st_size
            os.ftruncate(fd, size)
            _reserve(fd, before, size - before)
        self._wrote(name)

    def replace(self, name: str, data: bytes) -> None:
        """Make `data` the whole content of a small file, atomically and durably, at once."""
        path = self._directory / name
        temporary = self._directory / (name + _TEMPORARY)
        with self._explained(name):
            fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                _write_all(fd, data, 0)
                os.fsync(fd)
            except OSError:
                temporary.unlink()
                raise
            finally:
                os.close(fd)
            temporary.rename(path)
            self._close(name)
            self._sync_directory()

    def overwrite(self, name: str, data: bytes) -> None:
        """Put `data` at the beginning of an existing file, durably, at once, and without need of new space."""
        with self._explained(name):
            fd = self._fd(name)
            _write_all(fd, data, 0)
            os.fdatasync(fd)

    def remove(self, name: str) -> None:
        """Delete a file."""
        with self._explained(name):
            self._close(name)
            (self._directory / name).unlink()
        self._wrote(name, directory=True)

    def sync(self) -> None:
        """Force all earlier writes onto the disk; blocks.

        After a failure every later call fails too: the kernel may have dropped the writes and forget to say so
        again.
        """
        with self._lock:
            if self._failure is not None:
                raise OperatorError(self._failure)
            names, self._unsynced = self._unsynced, set()
            directory, self._directory_unsynced = self._directory_unsynced, False
        try:
            for name in names:
                self._sync_file(name)
            if directory:
                with self._explained(""):
                    self._sync_directory()
        except OperatorError as error:
            with self._lock:
                self._failure = error.message
            raise

    def close(self) -> None:
        """Close all files; no sync may be under way."""
        for name in list(self._open):
            self._close(name)

    def _sync_file(self, name: str) -> None:
        """Sync through a descriptor of our own: the event loop may close or remove the file meanwhile."""
        with self._explained(name):
            with self._lock:
                fd = os.dup(self._open[name]) if name in self._open else None
            if fd is None:
                try:
                    fd = os.open(self._directory / name, os.O_RDWR | os.O_CLOEXEC)
                except FileNotFoundError:
                    return
            try:
                os.fdatasync(fd)
            finally:
                os.close(fd)

    def _sync_directory(self) -> None:
        fd = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def _wrote(self, name: str, *, directory: bool = False) -> None:
        """Note what the next sync must cover; after the write, so that a sync that began before it takes no credit."""
        with self._lock:
            self._unsynced.add(name)
            self._directory_unsynced = self._directory_unsynced or directory

    def _fd(self, name: str) -> int:
        fd = self._open.get(name)
        if fd is None:
            fd = os.open(self._directory / name, os.O_RDWR | os.O_CLOEXEC)
            self._keep(name, fd)
        return fd

    def _keep(self, name: str, fd: int) -> None:
        """Keep `fd` open for the next use, and the others within bounds."""
        with self._lock:
            idle = [other for other in self._open if other not in self._unsynced]
        for other in idle[: max(0, len(self._open) + 1 - _MAX_OPEN)]:
            self._close(other)
        self._open[name] = fd

    def _close(self, name: str) -> None:
        with self._lock:
            fd = self._open.pop(name, None)
            if fd is not None:
                os.close(fd)

    @contextmanager
    def _explained(self, name: str) -> Iterator[None]:
        """Turn the system's error into ours, which names the file."""
        try:
            yield
        except OSError as error:
            path = self._directory / name if name else self._directory
            kind = DiskFullError if error.errno in _FULL else OperatorError
            raise kind(f"{path}: {error.strerror}") from error


def _reserve(fd: int, offset: int, length: int) -> None:
    if length > 0:
        os.posix_fallocate(fd, offset, length)


def _write_all(fd: int, data: bytes, offset: int) -> None:
    """Write all of `data`: one call may write less than asked, and the next one then tells why."""
    rest = memoryview(data)
    while rest:
        written = os.pwrite(fd, rest, offset)
        offset += written
        rest = rest[written:]
