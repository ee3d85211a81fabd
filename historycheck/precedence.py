"""A strict order that grows by one pair at a time, and can say why a pair is in it.

Everything that follows from the pairs is known at once: a set of bits per point holds all points behind it, so that
asking costs a few machine words, and adding a pair costs one operation on such a set per point that it concerns.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

Pair = tuple[int, int]
"""The first point comes before the second."""


@dataclass(frozen=True, slots=True)
class Added:
    """A pair that was added, and what for: a number that only the caller understands."""

    before: int
    after: int
    reason: int


def bits(number: int) -> Iterator[int]:
    """The places of all ones, lowest first."""
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low


class Precedence:
    """Points ``0 .. size - 1`` in a strict partial order."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.added: list[Added] = []
        self._next: list[list[int]] = [[] for _ in range(size)]
        self._after = [0] * size
        self._before = [0] * size
        self._bit = [1 << point for point in range(size)]

    def copy(self) -> Precedence:
        """One of its own that begins with the same pairs."""
        other = Precedence(self.size)
        other.added = self.added.copy()
        other._next = [pairs.copy() for pairs in self._next]
        other._after = self._after.copy()
        other._before = self._before.copy()
        return other

    def knows(self, first: int, second: int) -> bool:
        """Whether the first point comes before the second by all that was added."""
        return bool(self._after[first] & self._bit[second])

    def excludes(self, first: int, second: int) -> bool:
        """Whether the first point cannot come before the second any more."""
        return first == second or bool(self._after[second] & self._bit[first])

    def add(self, first: int, second: int, reason: int) -> None:
        """Adds a pair. Raises AssertionError if the order excludes it."""
        assert not self.excludes(first, second), f"{first} cannot come before {second}"
        if self.knows(first, second):
            return
        self._next[first].append(len(self.added))
        self.added.append(Added(first, second, reason))
        behind = self._after[second] | self._bit[second]
        ahead = self._before[first] | self._bit[first]
        for point in bits(ahead):
            self._after[point] |= behind
        for point in bits(behind):
            self._before[point] |= ahead

    def path(self, first: int, second: int, limit: int | None = None) -> list[int]:
        """A shortest chain of added pairs (their indices) from one point to the other, of the first `limit` pairs;
        empty if there is none."""
        limit = len(self.added) if limit is None else limit
        came: dict[int, int] = {first: -1}
        wave = [first]
        while wave and second not in came:
            further = []
            for point in wave:
                for index in self._next[point]:
                    target = self.added[index].after
                    if index < limit and target not in came:
                        came[target] = index
                        further.append(target)
            wave = further
        chain = []
        while second in came and second != first:
            chain.append(came[second])
            second = self.added[came[second]].before
        return chain[::-1]

    def line(self, wish: list[float]) -> list[int]:
        """All points in one line that the order allows: where it leaves a choice, as wished, lowest first."""
        missing = [before.bit_count() for before in self._before]
        ready = [(wish[point], point) for point, count in enumerate(missing) if not count]
        heapq.heapify(ready)
        line = []
        while ready:
            _, point = heapq.heappop(ready)
            line.append(point)
            for follower in bits(self._after[point]):
                missing[follower] -= 1
                if not missing[follower]:
                    heapq.heappush(ready, (wish[follower], follower))
        return line
