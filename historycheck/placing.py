"""When transactions committed of whose outcome nobody was told, but which others have seen.

Of two transactions that wrote one key the first has committed when the second starts. So starts alone tell which
versions of its keys come before a transaction's own, and which after; those who saw an earlier one started before its
commit, those who saw its own at it or after. What is left between these bounds is as good as any other time there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import NamedTuple

from historycheck.fold import Seen
from historycheck.index import Index
from historycheck.model import Key, Value


class Reading(NamedTuple):
    """What was seen of a key at a start; sorted by that."""

    start: int
    reader: int
    seen: Seen


class Placing:
    """`starts` has a time for everybody who counts, `known` the commits that the database tells; `commits` has also
    those of who was added."""

    def __init__(self, index: Index, starts: Mapping[int, int], known: Mapping[int, int]) -> None:
        self._index, self._starts, self._known = index, starts, known
        self.commits = dict(known)
        unknown = [n for n, each in enumerate(index.transactions) if each.status == "info" and n not in known]
        self._unknown: dict[Key, list[int]] = {}
        for number in unknown:
            for key in index.writes(number):
                self._unknown.setdefault(key, []).append(number)
        self._writers: dict[Key, list[int]] = {key: [] for key in self._unknown}
        for number in known:
            for key in index.writes(number).keys() & self._unknown.keys():
                self._writers[key].append(number)
        self.readings: dict[Key, list[Reading]] = {key: [] for key in self._unknown}
        """Of the keys that such a transaction wrote."""
        for number in range(len(index.transactions) if unknown else 0):
            for each in index.reads(number):
                if each.key in self._unknown:
                    self.readings[each.key].append(Reading(starts[number], number, each))
        for readings in self.readings.values():
            readings.sort(key=lambda each: each[:2])
        self._latest: dict[int, int] = {}

    def writers(self, key: Key) -> list[int]:
        """Who wrote a key, of those that have committed."""
        return self._writers[key]

    def add(self, numbers: Mapping[int, int | None]) -> set[Key]:
        """Take some transactions for committed, at a time or before, if one is given. Returns the keys of which the
        versions are others now."""
        keys: set[Key] = set()
        for number, latest in numbers.items():
            if latest is not None:
                self._latest[number] = min(latest, self._latest.get(number, latest))
            for key in self._index.writes(number):
                keys.add(key)
                if number not in self.commits:
                    self._writers[key].append(number)
            self.commits.setdefault(number, 0)
        changed = {writer for key in keys for writer in self._writers[key] if writer not in self._known}
        for number in changed:
            self.commits[number] = min(self._bounds(number))
        return {key for number in changed for key in self._index.writes(number)}

    def may_explain(self, reading: Reading, newest: int | None) -> list[int]:
        """Transactions of unknown outcome that may have left what was seen, after the version that would have been the
        newest then."""
        key, value, _ = reading.seen
        if isinstance(value, tuple):
            return []
        writers = [writer for writer in self._unknown.get(key, ()) if self._index.writes(writer)[key] == value]
        return [writer for writer in writers if self._fits(writer, reading, newest)]

    def _fits(self, writer: int, reading: Reading, newest: int | None) -> bool:
        """Whether it can have committed before a reader started: after the newest version, before all who then have to
        see its other writes and do."""
        own, start = self._starts[writer], reading.start
        if not own < start < self.commits.get(writer, start + 1):
            return False
        if newest is not None and self._known.get(newest, self._starts[newest]) > own:
            return False
        return all(
            key == reading.seen.key or self._consistent(writer, key, left, start)
            for key, left in self._index.writes(writer).items()
        )

    def _consistent(self, writer: int, key: Key, left: Value, start: int) -> bool:
        """Whether all who had to see one of its writes, had it committed by a time, did."""
        own = self._starts[writer]
        others = [self._known[other] for other in self._writers[key] if other in self._known]
        upto = min((commit for commit in others if commit > own), default=None)
        if any(self._starts[other] > own for other in self._unknown[key]):
            return True  # one of those may have come after it
        readings = self.readings[key]
        first = bisect_left(readings, start, key=lambda each: each.start)
        last = len(readings) if upto is None else bisect_left(readings, upto, key=lambda each: each.start)
        return all(self._shows(each.seen.value, left) for each in readings[first:last])

    def _bounds(self, number: int) -> list[int]:
        """Times at or before which it committed."""
        start = self._starts[number]
        found = [self._latest[number]] if number in self._latest else []
        for key, left in self._index.writes(number).items():
            for other in self._writers[key]:
                if other != number and not self._earlier(other, start):
                    found.append(self._starts[other])
            readings = self.readings[key]
            first = bisect_left(readings, start + 1, key=lambda each: each.start)
            found += [each.start for each in readings[first:] if self._is_of(number, key, left, each.seen.value)][:1]
        return found or [start + 1]

    def _earlier(self, writer: int, start: int) -> bool:
        """Whether a version of a writer comes before that of a transaction with this start."""
        return self._known[writer] <= start if writer in self._known else self._starts[writer] < start

    def _is_of(self, number: int, key: Key, left: Value, value: Value) -> bool:
        """Whether nobody else can have left what was seen."""
        if left is None or not self._shows(value, left):  # nobody need have deleted what never was
            return False
        return isinstance(left, tuple) or len(self._index.writers[key, left]) == 1

    def _shows(self, value: Value, left: Value) -> bool:
        if isinstance(left, tuple):
            return isinstance(value, tuple) and not set(left).isdisjoint(value)
        return value == left
