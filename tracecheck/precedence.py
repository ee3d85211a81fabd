"""The partial order of a trace: which of two events certainly came first.

An event came before a later one of its node, before what it is a cause of, and before what began after it had ended:
`at` is the interval within which an event took place. All other pairs may have happened in either order. A cause need
not name what it itself was caused by: knowledge is passed on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracecheck.read import Event

_REMEMBERED = 8192
_NOTHING: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an event stands in the partial order: its node and number, its interval in microseconds, and the number of
    the last event of each other node that it knew of. `earliest` is not before that of anything it knew of."""

    node: str
    n: int
    earliest: int
    latest: int
    known: Mapping[str, int]

    def save(self) -> list[Any]:
        """JSON's own types, from which `Placed(*saved)` makes it again."""
        return [self.node, self.n, self.earliest, self.latest, dict(self.known)]

    def before(self, later: Placed) -> bool:
        """Whether this event certainly came before `later`, which comes after it in one order that is possible."""
        return self.latest < later.earliest or self.node == later.node or later.known.get(self.node, 0) >= self.n


class Precedence:
    """Takes every event of a trace, in one order that is possible, and places it.

    It remembers the latest 8192 events. Of a cause that is older, only itself is known.
    """

    def __init__(self) -> None:
        self._last: dict[str, Placed] = {}
        self._remembered: dict[tuple[str, int], Placed] = {}
        self._queue: deque[tuple[str, int]] = deque()

    def place(self, event: Event) -> Placed:
        """Takes the next event."""
        node, (earliest, latest) = event.node, event.at
        last = self._last.get(node)
        known = _NOTHING
        if last is not None:
            known, earliest = last.known, max(earliest, last.earliest)
        if event.cause:
            known, earliest = self._learnt(event, known, earliest)
        placed = Placed(node, event.n, earliest, max(earliest, latest), known)
        self._last[node] = self._remembered[node, event.n] = placed
        self._queue.append((node, event.n))
        if len(self._queue) > _REMEMBERED:
            self._remembered.pop(self._queue.popleft(), None)
        return placed

    def _learnt(self, event: Event, known: Mapping[str, int], earliest: int) -> tuple[Mapping[str, int], int]:
        learnt = dict(known)
        for node, n in event.cause:
            learnt[node] = max(n, learnt.get(node, 0))
            cause = self._remembered.get((node, n))
            if cause is not None:
                earliest = max(earliest, cause.earliest)
                for other, count in cause.known.items():
                    learnt[other] = max(count, learnt.get(other, 0))
        learnt.pop(event.node, None)
        return learnt, earliest

    def is_known(self, placed: Placed) -> bool:
        """Whether every node that has logged anything knows of an event: what they log from now on came after it."""
        return all(
            last.node == placed.node or last.known.get(placed.node, 0) >= placed.n for last in self._last.values()
        )

    def save(self) -> list[list[Any]]:
        """Where the last event of each node stood, from which `restore` goes on."""
        return [placed.save() for placed in self._last.values()]

    def restore(self, saved: Sequence[Sequence[Any]]) -> None:
        """Goes on where `save` was called. Other events are forgotten."""
        self._last = {placed.node: placed for placed in (Placed(*content) for content in saved)}
        self._remembered = {(placed.node, placed.n): placed for placed in self._last.values()}
        self._queue = deque(self._remembered)


def predecessors(earlier: Sequence[Placed], masks: Sequence[int], event: Placed) -> int:
    """Which events of `earlier` certainly came before `event`, as a mask: bit i for the i-th.

    `masks` are the masks of `earlier` themselves; what came before a predecessor is one too.
    """
    found, everything = 0, (1 << len(earlier)) - 1
    for i in range(len(earlier) - 1, -1, -1):
        if found == everything:
            break
        if not found >> i & 1 and earlier[i].before(event):
            found |= masks[i] | 1 << i
    return found


def last_cut(masks: Sequence[int], upto: int) -> int:
    """The greatest k, at most `upto`, such that each of the first k events came before all others."""
    common, found = -1, 0
    for k in range(len(masks), 0, -1):
        low = (1 << k) - 1
        if k <= upto and (k == len(masks) or common & low == low):
            found = k
            break
        common &= masks[k - 1]
    return found


def prefix(mask: int) -> int:
    """How many events from the first one on are in `mask` without a gap."""
    return (~mask & (mask + 1)).bit_length() - 1
