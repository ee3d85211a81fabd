"""Versions of keys, by commit time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from operator import itemgetter

from sortedcontainers import SortedDict

from daybreak.base.keys import Key
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Record

History = list[tuple[Timestamp, bytes | None]]
"""The versions of one key, oldest first; None where the key was deleted."""


class Versions:
    """A multi-version map over ordered keys.

    # Invariant: the commit times of each history strictly increase.
    """

    def __init__(self) -> None:
        self._histories: SortedDict[Key, History] = SortedDict()
        self._superseded: list[tuple[Timestamp, Key]] = []

    def __len__(self) -> int:
        return len(self._histories)

    def apply(self, record: Record) -> None:
        """Add the versions of a committed transaction (P13: all at one time)."""
        ts = Timestamp(record.ts)
        for write in record.writes:
            history = self._histories.get(write.key)
            if history is None:
                self._histories[write.key] = [(ts, write.value)]
            else:
                history.append((ts, write.value))
            if history is not None or write.value is None:
                self._superseded.append((ts, write.key))

    def read(self, key: Key, start: Timestamp) -> tuple[Timestamp, bytes | None]:
        """P4: the newest version at or before `start`; time zero if there is none."""
        history: History | None = self._histories.get(key)
        for version in reversed(history or ()):
            if version[0] <= start:
                return version
        return ZERO, None

    def scan(self, low: Key, high: Key, start: Timestamp) -> Iterator[tuple[Key, Timestamp, bytes]]:
        """P4 for every key in ``[low, high)`` that has a value at `start`, in key order."""
        for key in self._histories.irange(low, high, inclusive=(True, False)):
            ts, value = self.read(key, start)
            if value is not None:
                yield key, ts, value

    def forget(self, upto: Timestamp) -> None:
        """Drop what no snapshot at or after `upto` can see; superseded versions come in commit order."""
        done = bisect_right(self._superseded, upto, key=itemgetter(0))
        for _, key in self._superseded[:done]:
            self._trim(key, upto)
        del self._superseded[:done]

    def _trim(self, key: Key, upto: Timestamp) -> None:
        history = self._histories.get(key)
        if history is None:
            return
        newest = max((i for i, (ts, _) in enumerate(history) if ts <= upto), default=0)
        del history[:newest]
        if len(history) == 1 and history[0][1] is None and history[0][0] <= upto:
            del self._histories[key]
