"""Cycles in a graph: which nodes have one, and the shortest through an edge."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from historycheck.graph import LEVELS, Dependency, Graph, Link
from historycheck.model import EdgeKind, Key

UNSEEN = -1


class Step(NamedTuple):
    """An edge of a cycle; the nodes tell starts from commits."""

    source: int
    target: int
    kind: EdgeKind
    dependency: Dependency | None = None

    @property
    def key(self) -> Key | None:
        """Of a dependency."""
        return self.dependency.key if self.dependency else None


def components(successors: Sequence[Iterable[int]]) -> list[list[int]]:
    """The strongly connected parts of more than one node (Tarjan 1972, without recursion)."""
    order = [UNSEEN] * len(successors)
    low = [0] * len(successors)
    waiting: list[int] = []
    is_waiting = bytearray(len(successors))
    found: list[list[int]] = []
    count = 0
    for root in range(len(successors)):
        if order[root] != UNSEEN:
            continue
        path = [(root, iter(successors[root]))]
        order[root] = low[root] = count
        count += 1
        waiting.append(root)
        is_waiting[root] = 1
        while path:
            node, rest = path[-1]
            for after in rest:
                if order[after] == UNSEEN:
                    order[after] = low[after] = count
                    count += 1
                    waiting.append(after)
                    is_waiting[after] = 1
                    path.append((after, iter(successors[after])))
                    break
                if is_waiting[after]:
                    low[node] = min(low[node], order[after])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == order[node]:
                    part = _take(waiting, is_waiting, node)
                    if len(part) > 1:
                        found.append(part)
    return found


def _take(waiting: list[int], is_waiting: bytearray, last: int) -> list[int]:
    part: list[int] = []
    while not part or part[-1] != last:
        part.append(waiting.pop())
        is_waiting[part[-1]] = 0
    return part


class Cycles:
    """Finds the cycles of a graph, those of the first kinds of edges before those that need later ones."""

    def __init__(self, graph: Graph) -> None:
        self._links = graph.links
        self._moments = graph.moments
        self._parts: dict[int, dict[int, int]] = {}

    def parts(self, level: int) -> dict[int, int]:
        """To each node that lies on a cycle without kinds beyond a level, the number of its part."""
        if level not in self._parts:
            # Whatever is on a cycle is on one of all kinds too, so each level looks only at what the next one left.
            nodes = sorted(self.parts(level + 1)) if level + 1 < len(LEVELS) else range(len(self._links))
            number = {node: place for place, node in enumerate(nodes)}
            successors = [
                [number[link.node] for link in self._links[node] if link.level <= level and link.node in number]
                for node in nodes
            ]
            self._parts[level] = {
                nodes[place]: part for part, places in enumerate(components(successors)) for place in places
            }
        return self._parts[level]

    def through(self, edges: Sequence[tuple[int, Link]]) -> list[Step]:
        """The shortest cycle, of the first level that has one, through one of some edges (a node and its link);
        empty if there is none."""
        for level in range(len(LEVELS)):
            parts = self.parts(level)
            found = [
                self._steps(node, link, self._path(link.node, node, level))
                for node, link in edges
                if link.level <= level and node in parts and parts.get(link.node) == parts[node]
            ]
            if found:
                return min(found, key=len)
        return []

    def within(self, part: Iterable[int], level: int) -> list[Step]:
        """A short cycle among the nodes of a part."""
        nodes = {node for node in part if node < self._moments}
        edges = [
            (node, link)
            for node in sorted(nodes)
            for link in self._links[node]
            if link.level <= level and link.length and self.parts(level).get(link.node) == self.parts(level)[node]
        ]
        return min((self.through([edge]) for edge in edges[:ENOUGH]), key=len, default=[])

    def _path(self, source: int, target: int, level: int) -> list[int]:
        """The nodes of a shortest path; there is one."""
        parts, part = self.parts(level), self.parts(level)[source]
        waiting = deque([(source, source)])
        done: set[int] = set()
        before: dict[int, int] = {}
        while waiting:
            node, last = waiting.popleft()
            if node in done:
                continue
            done.add(node)
            before[node] = last
            if node == target:
                break
            for link in self._links[node]:
                if link.level <= level and parts.get(link.node) == part and link.node not in done:
                    (waiting.append if link.length else waiting.appendleft)((link.node, node))
        path = [target]
        while path[-1] != source:
            path.append(before[path[-1]])
        return path[::-1]

    def _steps(self, first: int, link: Link, path: Sequence[int]) -> list[Step]:
        """The edges between transactions on a cycle that an edge closes."""
        found: list[Step] = []
        begin, key = first, link.dependency.key if link.dependency else None
        for place, node in enumerate(path):
            if place:
                links = (each for each in self._links[path[place - 1]] if each.node == node)
                link = min(links, key=lambda each: (each.level, not each.dependency or each.dependency.key != key))
            if node >= self._moments:
                continue
            if begin // 2 != node // 2:
                found.append(Step(begin, node, LEVELS[link.level], link.dependency))
            begin = node
        return found


ENOUGH = 200
"""Edges of one part from which a short cycle is looked for."""
