"""What one process believes of who owns which keys (P9). It decides nothing: an owner answers for itself.

Values in, values out. It begins with what the cluster was made with, and learns from what owners say.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from daybreak.base.ids import JournalId
from daybreak.base.keys import Key
from daybreak.base.placed import Known
from daybreak.base.ranges import Ranges, marked


class _Part(NamedTuple):
    owner: JournalId
    ts: int


class PlacementMap:
    """The ranges of all keys, each with the latest owner that was heard of.

    # Invariant: the lows strictly increase, and the first one is empty: of every key somebody is asked.
    """

    def __init__(self, ranges: Ranges, journals: Sequence[JournalId] | None = None) -> None:
        """`journals` are all adjudicators, also those that own nothing; None if each owns something in `ranges`."""
        listed = ranges.listed()
        self.journals = tuple(journals) if journals is not None else ranges.journals
        self._lows = [low for low, _ in listed]
        self._parts = [_Part(owner, 0) for _, owner in listed]
        self.version = 0
        """Grows whenever something new was learned."""

    def owner(self, key: Key) -> JournalId:
        """Who is to be asked for a key; for a catalog mark, the adjudicator that it names."""
        return marked(key) or self._parts[bisect_right(self._lows, key) - 1].owner

    def find(self, key: bytes) -> Known:
        """The range of a key."""
        return self._known(bisect_right(self._lows, key) - 1)

    def _known(self, number: int) -> Known:
        high = self._lows[number + 1] if number + 1 < len(self._lows) else b""
        return Known(self._lows[number], high, *self._parts[number])

    def listed(self) -> list[Known]:
        """All ranges in key order; neighbours may have one owner."""
        return [self._known(number) for number in range(len(self._lows))]

    def learn(self, ranges: Iterable[Known]) -> bool:
        """Take in what an owner says; of two that claim a key, the greatest time wins. Whether anything changed."""
        before = self.version
        for known in ranges:
            self._learn(known)
        return self.version != before

    def _learn(self, known: Known) -> None:
        new = _Part(known.owner, known.ts)
        first = self._cut(known.low)
        last = self._cut(known.high) if known.high else len(self._lows)
        for number in range(first, last):
            old = self._parts[number]
            if new.ts > old.ts:
                self._parts[number] = new
                self.version += 1
        if all(part == new for part in self._parts[first:last]):
            del self._lows[first + 1 : last], self._parts[first + 1 : last]

    def _cut(self, at: bytes) -> int:
        """Have a range begin at `at`; its number."""
        number = bisect_left(self._lows, at)
        if number == len(self._lows) or self._lows[number] != at:
            self._lows.insert(number, at)
            self._parts.insert(number, self._parts[number - 1])
        return number
