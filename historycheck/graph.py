"""What had to come before what: a graph of the starts and commits of transactions.

Under snapshot isolation a transaction takes effect in two moments. If B saw or replaced what A wrote, A committed
before B started; if A did not see what B wrote, A started before B committed. That is one edge each, and every
transaction starts before it commits. There are moments that fit if, and only if, the graph has no cycle; a cycle with
two anti-dependencies in a row (write skew) is none here, because the first ends at a commit and the second begins at a
start.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from historycheck.model import EdgeKind, Key, Transaction

LEVELS: tuple[EdgeKind, ...] = ("ww", "wr", "rw", "session", "rt", "time")
"""Kinds of edges; what a cycle of the first ones shows is worse, and needs no later one to be seen."""
WITHIN = -1
"""Where a kind would stand: from a transaction's start to its commit."""


class Dependency(NamedTuple):
    """One transaction, by its number, comes before another because of a key."""

    source: int
    target: int
    kind: EdgeKind
    key: Key
    phantom: bool = False
    """An anti-dependency by a predicate read, of a key that came to be or ceased to be."""


class Link(NamedTuple):
    """An edge to a node; the level of its kind; how much longer it makes a cycle."""

    node: int
    level: int
    length: int
    dependency: Dependency | None


class Graph:
    """Nodes are numbers: ``2 * n`` is the start of transaction n, ``2 * n + 1`` its commit; those beyond are moments
    between others, which keep the edges of an order in time few."""

    def __init__(self, transactions: int) -> None:
        self.moments = 2 * transactions
        self.links: list[list[Link]] = [[] for _ in range(self.moments)]
        for number in range(transactions):
            self.links[2 * number].append(Link(2 * number + 1, WITHIN, 0, None))

    def depend(self, found: Iterable[Dependency]) -> None:
        """Add what follows from keys."""
        for each in found:
            ends = (
                (2 * each.source, 2 * each.target + 1) if each.kind == "rw" else (2 * each.source + 1, 2 * each.target)
            )
            self.links[ends[0]].append(Link(ends[1], LEVELS.index(each.kind), 1, each))

    def sessions(self, alive: Iterable[tuple[int, Transaction]]) -> None:
        """Add that a client's transactions follow each other, if it waited for the outcome of each."""
        last: dict[str, tuple[int, Transaction]] = {}
        for number, each in alive:
            before = last.get(each.process)
            if before and follows(before[1], each):
                self.links[2 * before[0] + 1].append(Link(2 * number, LEVELS.index("session"), 1, None))
            if each.status == "ok":
                last[each.process] = (number, each)

    def real_time(self, alive: Iterable[tuple[int, Transaction]]) -> None:
        """Add that a transaction whose outcome was known comes before those that began later."""
        events: list[tuple[int, bool, int]] = []
        for number, each in alive:
            if each.invoked is not None:
                events.append((each.invoked, False, 2 * number))
            if each.completed is not None and each.status == "ok":
                events.append((each.completed, True, 2 * number + 1))
        self._chain(events, LEVELS.index("rt"))

    def times(self, starts: dict[int, int], commits: dict[int, int]) -> None:
        """Add what the database's own times say. Who starts at the time of a commit sees it."""
        events = [(time, True, 2 * number) for number, time in starts.items()]
        events += [(time, False, 2 * number + 1) for number, time in commits.items()]
        level = LEVELS.index("time")
        events.sort()
        before: int | None = None
        for _, group in groupby(events, key=lambda event: event[:2]):
            nodes = [node for _, _, node in group]
            moment = self._moment(before, level)
            for node in nodes:
                if before is not None:
                    self.links[before].append(Link(node, level, 0, None))
                self.links[node].append(Link(moment, level, 1, None))
            before = moment

    def _chain(self, events: list[tuple[int, bool, int]], level: int) -> None:
        """An end comes before a beginning that is later, not before one at the same time."""
        moment: int | None = None
        for _, end, node in sorted(events):
            if end:
                moment = self._moment(moment, level)
                self.links[node].append(Link(moment, level, 1, None))
            elif moment is not None:
                self.links[moment].append(Link(node, level, 0, None))

    def _moment(self, before: int | None, level: int) -> int:
        self.links.append([])
        moment = len(self.links) - 1
        if before is not None:
            self.links[before].append(Link(moment, level, 0, None))
        return moment


def follows(before: Transaction, after: Transaction) -> bool:
    """Whether a client began one transaction when it had the outcome of the other."""
    return before.completed is None or after.invoked is None or before.completed <= after.invoked
