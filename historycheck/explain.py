"""Gives what does not fit the database's times its name in the literature.

A misread, an overlap, a late snapshot: each is an edge of the graph that goes back in time, and so lies on a cycle. Of
the cycles through it the shortest is taken of those that need the least: writes alone, then reads, then sessions, real
time, and the database's own times last.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from historycheck.cycles import Cycles, Step
from historycheck.fold import Seen, show
from historycheck.graph import LEVELS, Dependency, Graph, Link
from historycheck.model import Anomaly, Edge, Key
from historycheck.naming import describe, name_of
from historycheck.placing import Reading
from historycheck.times import Late, Overlap, Timed
from historycheck.versions import Versions, as_seen

MOST = 50
"""Anomalies that a report names; who has more has one bug, or many, but reads only the first."""

Candidate = tuple[int, Link]


class Explanation:
    """Of a history with times."""

    def __init__(self, timed: Timed) -> None:
        self._timed, self._index = timed, timed.index
        self._seen: dict[Key, list[tuple[int, Seen]]] = {}
        for misread in timed.misreads:
            if isinstance(misread.seen.value, tuple):
                self._seen.setdefault(misread.seen.key, [])
        for reader in timed.alive:
            for seen in self._index.reads(reader):
                if seen.key in self._seen and isinstance(seen.value, tuple):
                    self._seen[seen.key].append((reader, seen))

    def anomalies(self) -> list[Anomaly]:
        """The first `MOST`, none twice."""
        found: dict[tuple[str, frozenset[str]], Anomaly] = {}
        for anomaly in self._all():
            found.setdefault((anomaly.name, frozenset(anomaly.transactions)), anomaly)
            if len(found) == MOST:
                break
        return list(found.values())

    def _all(self) -> Iterator[Anomaly]:
        yield from self._index.internal
        backward = list(self._timed.backward())
        for number in backward:
            each = self._index.transactions[number]
            what = f"{each.name} started at {each.start} and committed at {self._timed.commits[number]}."
            yield Anomaly("time violation", what, (each.name,))
        if backward:
            return  # with such times nothing else can be told by them
        for misread in self._timed.misreads:
            yield self._misread(misread)
        for overlap in self._timed.overlaps():
            yield self._overlap(overlap)
        for late in self._timed.late():
            yield self._late(late)

    def _misread(self, misread: Reading) -> Anomaly:
        _, reader, seen = misread
        wrong = self._index.wrong_value(reader, seen)
        if wrong is None and isinstance(seen.value, tuple):
            wrong = self._wrong_order(reader, seen, seen.value)
        return wrong or self._cycle(self._of_read(reader, seen))

    def _wrong_order(self, reader: int, seen: Seen, elements: tuple[int | str, ...]) -> Anomaly | None:
        """What two readers of one list do not agree on, or what shows a transaction's elements apart."""
        for other, its in self._seen[seen.key]:
            theirs = its.value if isinstance(its.value, tuple) else ()
            short = min(len(theirs), len(elements))
            if theirs[:short] != elements[:short]:
                names = (self._index.name(other), self._index.name(reader))
                what = f"{names[0]} saw {show(theirs)} in {seen.key!r}, and {names[1]} {show(elements)}: neither order"
                return Anomaly("incompatible order", f"{what} is the beginning of the other.", names)
        return self._apart(reader, seen.key, elements)

    def _apart(self, reader: int, key: Key, elements: tuple[int | str, ...]) -> Anomaly | None:
        owners = [self._index.owner(key, element) for element in elements]
        runs = [owner for place, owner in enumerate(owners) if place == 0 or owners[place - 1] != owner]
        for place, owner in enumerate(runs):
            if owner in runs[:place]:
                one, other = self._index.name(owner), self._index.name(runs[place - 1])
                edges = tuple(
                    Edge(source, target, "ww", f"{target} appended to {key!r} after {source}", key)
                    for source, target in ((one, other), (other, one))
                )
                what = f"{self._index.name(reader)} saw {show(elements)} in {key!r}: {other} appended between"
                return Anomaly("G0", f"{what} what {one} appended.", (one, other), edges)
        return None

    def _of_read(self, reader: int, seen: Seen) -> list[Candidate]:
        """The edges that what was seen stands for, and, of a list, those of the order that it shows."""
        start = 2 * reader
        found = [
            (node, link)
            for node, link in self._into.get(start, ())
            if link.dependency and link.dependency.key == seen.key
        ]
        found += [
            (start, link) for link in self._graph.links[start] if link.dependency and link.dependency.key == seen.key
        ]
        versions = self._orders[seen.key]
        for place in range(1, len(versions.owners)):
            if versions.commits[place] < versions.commits[place - 1]:
                found += self._links(2 * versions.owners[place - 1] + 1, 2 * versions.owners[place], seen.key)
        return found

    def _links(self, source: int, target: int, key: Key) -> list[Candidate]:
        return [
            (source, link)
            for link in self._graph.links[source]
            if link.node == target and link.dependency and link.dependency.key == key
        ]

    def _overlap(self, overlap: Overlap) -> Anomaly:
        """Whichever of the two was first: of a list, readers may know better than the commit times."""
        owners = self._orders[overlap.key].owners
        first, second = sorted(overlap[:2], key=owners.index)
        dependency = Dependency(first, second, "ww", overlap.key)
        steps = self._through([(2 * first + 1, Link(2 * second, LEVELS.index("ww"), 1, dependency))])
        return describe(steps, self._index, "write conflict" if name_of(steps) == "time violation" else "")

    def _late(self, late: Late) -> Anomaly:
        level = LEVELS.index("session" if late.session else "rt")
        return self._cycle([(2 * late.before + 1, Link(2 * late.after, level, 1, None))])

    def _cycle(self, candidates: list[Candidate]) -> Anomaly:
        return describe(self._through(candidates), self._index)

    def _through(self, candidates: list[Candidate]) -> list[Step]:
        steps = self._cycles.through(candidates)
        assert steps, "what does not fit lies on a cycle"
        return steps

    @cached_property
    def _orders(self) -> dict[Key, Versions]:
        orders = dict(self._timed.versions)
        for key, reads in self._seen.items():
            values = [seen.value for _, seen in reads if isinstance(seen.value, tuple)]
            if values and key in orders:
                longest = max(values, key=lambda value: len(value))  # others that do not agree with it have been named
                orders[key] = as_seen(key, orders[key], longest, self._index)
        return orders

    @cached_property
    def _graph(self) -> Graph:
        timed = self._timed
        graph = Graph(len(self._index.transactions))
        alive = [(number, self._index.transactions[number]) for number in timed.alive]
        graph.depend(timed.dependencies(self._orders))
        graph.sessions(alive)
        graph.real_time(alive)
        graph.times({number: timed.starts[number] for number in timed.alive}, timed.commits)
        return graph

    @cached_property
    def _into(self) -> dict[int, list[Candidate]]:
        """The edges to the starts of those who misread."""
        starts = {2 * misread.reader for misread in self._timed.misreads}
        found: dict[int, list[Candidate]] = {}
        for node, links in enumerate(self._graph.links):
            for link in links:
                if link.node in starts:
                    found.setdefault(link.node, []).append((node, link))
        return found

    @cached_property
    def _cycles(self) -> Cycles:
        return Cycles(self._graph)
