"""The last entries of a leader's log, in memory."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from daybreak.journal.messages import Entry


class Position(msgspec.Struct, frozen=True):
    """A place in a log: an index, and the epoch of the entry there; (0, 0) is before the first."""

    index: int
    epoch: int


def position(entry: Entry) -> Position:
    """Where an entry stands."""
    return Position(entry.index, entry.epoch)


class Tail:
    """Entries that follow `base` without a gap."""

    def __init__(self, base: Position, entries: Iterable[Entry]) -> None:
        self.base = base
        self._entries = list(entries)
        self._bytes = sum(len(entry.payload) for entry in self._entries)

    @property
    def last(self) -> Position:
        """Where the log ends."""
        return position(self._entries[-1]) if self._entries else self.base

    def covers(self, index: int) -> bool:
        """Whether the epoch at `index` is known here."""
        return self.base.index <= index <= self.base.index + len(self._entries)

    def at(self, index: int) -> Position:
        """The position of a covered index."""
        offset = index - self.base.index
        return position(self._entries[offset - 1]) if offset else self.base

    def append(self, entry: Entry) -> None:
        """Add the next entry."""
        self._entries.append(entry)
        self._bytes += len(entry.payload)

    def between(self, low: int, high: int) -> list[Entry]:
        """The entries from `low` to `high`, both above the base."""
        start = self.base.index + 1
        return self._entries[low - start : high + 1 - start]

    def chunk(self, low: int, high: int, limit_bytes: int) -> tuple[Entry, ...]:
        """As `between`, but no more than `limit_bytes` of payload, and one entry at least."""
        size, start, stop = 0, low - self.base.index - 1, high - self.base.index
        for offset in range(start, stop):
            size += len(self._entries[offset].payload)
            if size > limit_bytes and offset > start:
                stop = offset
                break
        return tuple(self._entries[start:stop])

    def trim(self, upto: int, *, entries: int, size: int) -> None:
        """Drop the oldest while there are more than `entries` or `size` bytes, but none above index `upto`."""
        held, drop = len(self._entries), 0
        while drop < upto - self.base.index and (held - drop > entries or self._bytes > size):
            self._bytes -= len(self._entries[drop].payload)
            drop += 1
        if drop:
            self.base = position(self._entries[drop - 1])
            del self._entries[:drop]
