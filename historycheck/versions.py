"""The versions of each key in the order in which they were committed, and which of them a transaction saw.

With times, the order is that of the commit times, unless those who read a list have seen another.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from historycheck.index import Index
from historycheck.model import Key, Value


class Versions:
    """Of one key: version 0 is its absence, version n was made by ``owners[n - 1]``."""

    __slots__ = ("commits", "elements", "ends", "owners", "values")

    def __init__(self) -> None:
        self.owners: list[int] = []
        self.commits: list[int] = []
        self.values: list[Value] = []
        """Of a register: one for each version."""
        self.elements: list[int | str] = []
        """Of a list: those of all versions together."""
        self.ends: list[int] | None = None
        """Of a list: how many elements it had after each version."""

    def add(self, owner: int, commit: int, value: Value) -> None:
        """One more, newer than all before."""
        self.owners.append(owner)
        self.commits.append(commit)
        if isinstance(value, tuple):
            self.ends = self.ends or []
            self.elements.extend(value)
            self.ends.append(len(self.elements))
        else:
            self.values.append(value)

    def at(self, time: int) -> int:
        """The newest version at a time."""
        return bisect_right(self.commits, time)

    def value(self, version: int) -> Value:
        """What a reader of it sees."""
        if self.ends is not None:
            return tuple(self.elements[: self.ends[version - 1]]) if version else ()
        return self.values[version - 1] if version else None

    def find(self, value: Value, expected: int) -> int | None:
        """The version that has a value: the newest one up to `expected`, or else the oldest one after it."""
        if self.ends is not None:
            length = len(value) if isinstance(value, tuple) else 0
            if value is not None and value != tuple(self.elements[:length]):
                return None
            return bisect_right(self.ends, length) if length in (0, *self.ends) else None
        for version in range(expected, -1, -1):
            if self.value(version) == value:
                return version
        return next((n for n in range(expected + 1, len(self.owners) + 1) if self.value(n) == value), None)


def by_commit(index: Index, commits: Mapping[int, int]) -> dict[Key, Versions]:
    """What the transactions that committed at known times left, in the order of these."""
    found: dict[Key, Versions] = {}
    for number in sorted(commits, key=commits.__getitem__):
        commit = commits[number]
        for key, value in index.writes(number).items():
            versions = found.get(key)
            if versions is None:
                versions = found[key] = Versions()
            versions.add(number, commit, value)
    return found


def of_key(index: Index, key: Key, writers: Iterable[int], commits: Mapping[int, int]) -> Versions:
    """Of one key alone, by some writers."""
    versions = Versions()
    for number in sorted(writers, key=commits.__getitem__):
        versions.add(number, commits[number], index.writes(number)[key])
    return versions


def as_seen(key: Key, versions: Versions, longest: Iterable[int | str], index: Index) -> Versions:
    """The versions of a list in the order in which somebody saw its elements, `longest`, and then, by commit time,
    those that nobody has seen. Their commit times need not grow any more."""
    place: dict[int, int] = {}
    for element in longest:
        for owner, _ in index.writers.get((key, element), ()):
            place.setdefault(owner, len(place))
    committed = zip(versions.owners, versions.commits, strict=True)
    ordered = Versions()
    for owner, commit in sorted(committed, key=lambda pair: (place.get(pair[0], len(place)), pair[1])):
        ordered.add(owner, commit, index.writes(owner)[key])
    return ordered
