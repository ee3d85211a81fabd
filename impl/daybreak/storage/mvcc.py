"""Versions of keys, by commit time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import NamedTuple

from sortedcontainers import SortedDict

from daybreak.base.keys import Key
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Record

History = list[tuple[Timestamp, bytes | None]]
"""The versions of one key, oldest first; None where the key was deleted."""

_VERSION_BYTES = 12
"""What a version takes besides its value, about."""


class Cursor(NamedTuple):
    """How far a walk over all versions has come: the last one taken."""

    key: Key
    ts: Timestamp


class Versions:
    """A multi-version map over ordered keys.

    # Invariant: the commit times of each history strictly increase.
    """

    def __init__(self) -> None:
        self._histories: SortedDict[Key, History] = SortedDict()
        self._superseded: list[tuple[Timestamp, Key]] = []

    def __len__(self) -> int:
        return len(self._histories)

    def contents(self) -> list[tuple[Key, History]]:
        """All keys, in order, and copies of their histories."""
        return [(key, list(history)) for key, history in self._histories.items()]

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

    # --- checkpoints --------------------------------------------------------------------------------------------

    def export(
        self, after: Cursor | None, *, floor: Timestamp, cut: Timestamp, limit_bytes: int
    ) -> tuple[list[tuple[Key, History]], Cursor | None]:
        """The next part of a walk over what snapshots from `floor` to `cut` can see, in key order.

        About `limit_bytes` long, and one version at least. Returns with it where to go on, None at the end. What
        is applied or forgotten between two parts changes nothing of it, as long as it lies beyond `cut` or below
        `floor`.
        """
        rows: list[tuple[Key, History]] = []
        for key in self._histories.irange(minimum=after.key if after else None):
            history = _visible(self._histories[key], floor, cut)
            if after is not None and key == after.key:
                history = [version for version in history if version[0] > after.ts]
            for number, (ts, value) in enumerate(history, 1):
                limit_bytes -= _VERSION_BYTES + len(value or b"") + (len(key) if number == 1 else 0)
                if limit_bytes <= 0:
                    rows.append((key, history[:number]))
                    return rows, Cursor(key, ts)
            if history:
                rows.append((key, history))
        return rows, None

    def restore(self, rows: Iterable[tuple[Key, History]]) -> None:
        """Add a part of such a walk, in its order; `restored` follows the last one."""
        for key, history in rows:
            held = self._histories.get(key)
            if held is None:
                self._histories[key] = history
            else:
                held.extend(history)
            first = held is None
            for number, (ts, value) in enumerate(history):
                if value is None or number or not first:
                    self._superseded.append((ts, key))

    def restored(self) -> None:
        """Everything that was exported is here: records may be applied again."""
        self._superseded.sort(key=itemgetter(0))


def _visible(history: History, floor: Timestamp, cut: Timestamp) -> History:
    """Of a history what snapshots from `floor` to `cut` can see."""
    if len(history) == 1:
        ts, value = history[0]
        return history if ts <= cut and (value is not None or ts > floor) else []
    end = bisect_right(history, cut, key=itemgetter(0))
    begin = max(bisect_right(history, floor, hi=end, key=itemgetter(0)) - 1, 0)
    if begin < end and history[begin][1] is None and history[begin][0] <= floor:
        begin += 1
    return history[begin:end]
