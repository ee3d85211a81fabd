"""A disk of the simulation: loses, on a crash, any part of what was not synced."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from daybreak.errors import DiskFullError, OperatorError

SECTOR_BYTES = 512
"""What a disk writes as a whole; a torn write has some sectors and lacks others."""


class _Create(NamedTuple):
    name: str
    size: int


class _Write(NamedTuple):
    name: str
    offset: int
    data: bytes


class _Truncate(NamedTuple):
    name: str
    size: int


class _Remove(NamedTuple):
    name: str


_Change = _Create | _Write | _Truncate | _Remove
_Files = dict[str, bytearray]


class SimDisk:
    """A `Disk` in memory.

    `sync` makes durable what was done before `mark` was taken. `crash` keeps of each later change all, nothing or, of
    a write, some of its sectors, each on its own and independent of order.
    """

    def __init__(self, random: Random, where: str = "sim") -> None:
        self._random = random
        self._where = where
        self._files: _Files = {}
        self._durable: _Files = {}
        self._pending: list[_Change] = []
        self._count = 0
        """Changes ever made."""
        self.capacity: int | None = None
        """How many bytes all files together may have; None: no bound."""

    @property
    def where(self) -> str:
        """What the disk was named."""
        return self._where

    def names(self) -> list[str]:
        """The names of all files, sorted."""
        return sorted(self._files)

    def create(self, name: str, size: int) -> None:
        """Make a file of `size` zero bytes."""
        if name in self._files:
            raise OperatorError(f"{self._where}/{name}: File exists")
        self._need(name, size)
        self._do(_Create(name, size))

    def size(self, name: str) -> int:
        """The size of a file in bytes."""
        return len(self._file(name))

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`."""
        return bytes(self._file(name)[offset : offset + length])

    def write(self, name: str, offset: int, data: bytes) -> None:
        """Replace the bytes at `offset`."""
        self._need(name, offset + len(data) - len(self._file(name)))
        self._do(_Write(name, offset, data))

    def truncate(self, name: str, size: int) -> None:
        """Cut a file to `size` bytes, or extend it with zeros."""
        self._need(name, size - len(self._file(name)))
        self._do(_Truncate(name, size))

    def replace(self, name: str, data: bytes) -> None:
        """Make `data` the whole content of a small file, atomically and durably, at once."""
        self._need(name, len(data))
        self._files[name] = bytearray(data)
        self._durable[name] = bytearray(data)

    def overwrite(self, name: str, data: bytes) -> None:
        """Put `data` at the beginning of an existing file, durably, at once, and without need of new space."""
        self._file(name)[: len(data)] = data
        self._durable.setdefault(name, bytearray(self._files[name]))[: len(data)] = data

    def remove(self, name: str) -> None:
        """Delete a file."""
        self._file(name)
        self._do(_Remove(name))

    def mark(self) -> int:
        """A point in the history of changes: all that was done so far."""
        return self._count

    def sync(self, mark: int | None = None) -> None:
        """Make durable what was done before `mark`; None: everything."""
        upto = len(self._pending) if mark is None else max(0, len(self._pending) - (self._count - mark))
        for change in self._pending[:upto]:
            _apply(self._durable, change)
        del self._pending[:upto]

    def fail_sync(self, mark: int) -> None:
        """A sync of what was done before `mark` fails: only chance knows what is on the disk, and later syncs make up
        for nothing of it."""
        upto = max(0, len(self._pending) - (self._count - mark))
        for change in self._pending[:upto]:
            self._leave_to_chance(change)
        del self._pending[:upto]

    def crash(self) -> None:
        """The power fails: what was synced is there, of the rest only chance knows."""
        for change in self._pending:
            self._leave_to_chance(change)
        self._pending.clear()
        self._files = {name: bytearray(data) for name, data in self._durable.items()}

    def lose_unsynced(self) -> None:
        """The power fails: what was synced is there, and nothing else."""
        self._pending.clear()
        self._files = {name: bytearray(data) for name, data in self._durable.items()}

    def stay(self) -> None:
        """The process ends, and the machine goes on: all that was written is there, and not durable yet."""

    def wipe(self) -> None:
        """The disk is replaced by an empty one."""
        self._pending.clear()
        self._files, self._durable = {}, {}

    def corrupt(self, name: str, offset: int, mask: int = 0xFF) -> None:
        """Sync everything, then spoil one byte of it, as a failing disk does: turn the bits of `mask`."""
        self.sync()
        for files in (self._files, self._durable):
            files[name][offset] ^= mask

    def used(self) -> int:
        """How many bytes all files together have."""
        return sum(map(len, self._files.values()))

    def _need(self, name: str, more: int) -> None:
        """Raise DiskFullError if the file cannot grow by `more` bytes."""
        if self.capacity is not None and more > 0 and self.used() + more > self.capacity:
            raise DiskFullError(f"{self._where}/{name}: No space left on device")

    def _leave_to_chance(self, change: _Change) -> None:
        fate = self._random.random()
        if isinstance(change, _Write) and fate < 0.4:
            self._tear(change)
        elif fate < 0.7:
            _apply(self._durable, change)

    def _tear(self, change: _Write) -> None:
        """Apply a random choice of the sectors of a write."""
        start, end = change.offset, change.offset + len(change.data)
        while start < end:
            stop = min(end, (start // SECTOR_BYTES + 1) * SECTOR_BYTES)
            if self._random.random() < 0.5:
                part = change.data[start - change.offset : stop - change.offset]
                _apply(self._durable, _Write(change.name, start, part))
            start = stop

    def _do(self, change: _Change) -> None:
        _apply(self._files, change)
        self._pending.append(change)
        self._count += 1

    def _file(self, name: str) -> bytearray:
        if name not in self._files:
            raise OperatorError(f"{self._where}/{name}: No such file")
        return self._files[name]


def _apply(files: _Files, change: _Change) -> None:
    """Carry out a change; one to a file whose creation was lost is lost with it."""
    if isinstance(change, _Create):
        files[change.name] = bytearray(change.size)
        return
    data = files.get(change.name)
    if data is None:
        return
    if isinstance(change, _Write):
        _, offset, new = change
        end = offset + len(new)
        if end > len(data):
            data.extend(bytes(end - len(data)))
        data[offset:end] = new
    elif isinstance(change, _Truncate):
        del data[change.size :]
        data.extend(bytes(change.size - len(data)))
    else:
        del files[change.name]
