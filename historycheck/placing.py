"""When transactions committed of whose outcome nobody was told, but which others have seen.

Of two transactions that wrote one key the first has committed when the second starts. So starts alone tell which
versions of its keys come before a transaction's own, and which after; those who saw an earlier one started before its
commit, those who saw its own at it or after. What is left between these bounds is as good as any other time there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from historycheck.fold import Seen
from historycheck.index import Index
from historycheck.model import Key, Value


class Placing:
    """`starts` has a time for everybody who counts, `commits` for those whose commit is known; `seen` are those to be
    placed."""

    def __init__(
        self, index: Index, starts: Mapping[int, int], commits: Mapping[int, int], seen: Iterable[int]
    ) -> None:
        self._index, self._starts, self._commits = index, starts, commits
        self._seen = sorted(seen)
        wanted = {key for number in self._seen for key in index.writes(number)}
        self._writers: dict[Key, list[int]] = {key: [] for key in wanted}
        for number in sorted({*commits, *self._seen}):
            for key in index.writes(number).keys() & wanted:
                self._writers[key].append(number)
        self._readers: dict[Key, list[tuple[int, Seen]]] = {key: [] for key in wanted}
        for number in range(len(index.transactions)):
            for each in index.reads(number):
                if each.key in wanted:
                    self._readers[each.key].append((starts[number], each))

    def place(self, latest: Mapping[int, int]) -> dict[int, int]:
        """A commit time for each. `latest` bounds it for those of which something else than what was written tells
        that they have been seen."""
        return {number: min(self._bounds(number, latest.get(number))) for number in self._seen}

    def _bounds(self, number: int, latest: int | None) -> list[int]:
        """Times at or before which it committed."""
        start = self._starts[number]
        found = [] if latest is None else [latest]
        for key, left in self._index.writes(number).items():
            for other in self._writers[key]:
                if other != number and not self._earlier(other, start):
                    found.append(self._starts[other])
            found += [
                time for time, seen in self._readers[key] if time > start and self._has_seen(number, key, left, seen)
            ]
        return found or [start + 1]

    def _earlier(self, writer: int, start: int) -> bool:
        """Whether a version of a writer comes before that of a transaction with this start."""
        return self._commits[writer] <= start if writer in self._commits else self._starts[writer] < start

    def _has_seen(self, number: int, key: Key, left: Value, seen: Seen) -> bool:
        if isinstance(seen.value, tuple):
            return isinstance(left, tuple) and not set(left).isdisjoint(seen.value)
        if left is None or seen.value != left:  # nobody need have deleted what never was
            return False
        return len(self._index.writers[key, left]) == 1
