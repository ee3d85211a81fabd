"""What can be told of the order of versions without any times, and the cycles that it shows.

A list tells its order to whoever reads it. Of registers, who read a version and replaced it comes right after it: under
snapshot isolation nobody else can have committed in between. And who began after another had ended in real time comes
later. Each of these is certain, so a cycle is an anomaly; but where the order stays open, no cycle proves nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise

from historycheck.cycles import Cycles
from historycheck.fold import Seen, absent, show
from historycheck.graph import LEVELS, Dependency, Graph
from historycheck.index import Index
from historycheck.model import Anomaly, Edge, Key
from historycheck.naming import MEANINGS, describe

MOST = 50
"""Anomalies of each kind that are named."""


def certain_anomalies(index: Index) -> list[Anomaly]:
    """What is wrong with a history whatever the order of its transactions was, each by its name."""
    return _Recovery(index).anomalies()


class _Recovery:
    def __init__(self, index: Index) -> None:
        self._index = index
        self._alive = [n for n, each in enumerate(index.transactions) if each.status == "ok" or n in index.seen_info]
        self._writers: dict[Key, list[int]] = {}
        for number in self._alive:
            for key in index.writes(number):
                self._writers.setdefault(key, []).append(number)
        self._seen: dict[Key, list[tuple[int, Seen]]] = {}
        self._wrong: list[Anomaly] = []
        for number in self._alive:
            for seen in index.reads(number):
                if wrong := index.wrong_value(number, seen):
                    self._wrong.append(wrong)
                else:
                    self._seen.setdefault(seen.key, []).append((number, seen))
        self._later = {key: _Later(index, numbers) for key, numbers in self._writers.items()}

    def anomalies(self) -> list[Anomaly]:
        dependencies: list[Dependency] = []
        orders: list[Anomaly] = []
        for key, readers in self._seen.items():
            if key in self._index.keys.lists:
                orders += self._disagreement(key, readers) or self._replaced_twice(key, readers)
                dependencies += self._of_list(key, readers)
            else:
                orders += self._replaced_twice(key, readers)
                dependencies += self._of_register(key, readers)
        found = {
            (each.name, frozenset(each.transactions)): each for each in (*self._index.internal, *self._wrong, *orders)
        }
        for each in self._cycles(dependencies):
            found.setdefault((each.name, frozenset(each.transactions)), each)
        return list(found.values())[:MOST]

    def _cycles(self, dependencies: list[Dependency]) -> Iterator[Anomaly]:
        """One cycle of each part of the graph, of the first kinds of edges that close it."""
        graph = Graph(len(self._index.transactions))
        alive = [(number, self._index.transactions[number]) for number in self._alive]
        graph.depend(dependencies)
        graph.sessions(alive)
        graph.real_time(alive)
        cycles = Cycles(graph)
        told: set[int] = set()
        for level in range(LEVELS.index("time")):
            parts: dict[int, list[int]] = {}
            for node, part in cycles.parts(level).items():
                parts.setdefault(part, []).append(node)
            for nodes in sorted(parts.values()):
                if told.isdisjoint(nodes):
                    yield describe(cycles.within(nodes, level), self._index)
                told.update(nodes)

    def _disagreement(self, key: Key, readers: list[tuple[int, Seen]]) -> list[Anomaly]:
        ordered = sorted(readers, key=lambda pair: len(_elements(pair[1])))
        for (one, shorter), (other, longer) in pairwise(ordered):
            if _elements(longer)[: len(_elements(shorter))] != _elements(shorter):
                names = (self._index.name(one), self._index.name(other))
                what = f"{names[0]} saw {show(shorter.value)} in {key!r}, and {names[1]} {show(longer.value)}"
                return [Anomaly("incompatible order", f"{what}: neither is the beginning of the other.", names)]
        return []

    def _of_list(self, key: Key, readers: list[tuple[int, Seen]]) -> Iterator[Dependency]:
        index = self._index
        if not _agree(_elements(seen) for _, seen in readers):
            return
        longest = max((_elements(seen) for _, seen in readers), key=len)
        owners = [index.owner(key, element) for element in longest]
        for one, other in pairwise(owners):
            if one != other:
                yield Dependency(one, other, "ww", key)
        unseen = [number for number in self._writers.get(key, ()) if number not in owners and index.ok[number]]
        for number in unseen:
            if owners:
                yield Dependency(owners[-1], number, "ww", key)
        for reader, seen in readers:
            length = len(_elements(seen))
            if length and owners[length - 1] != reader:
                yield Dependency(owners[length - 1], reader, "wr", key)
            for after in owners[length : length + 1] or unseen:
                if after != reader:
                    yield Dependency(reader, after, "rw", key, seen.scanned and not length)

    def _version(self, key: Key, reader: int, seen: Seen) -> int | None:
        """Who wrote what was seen, if that is certain; -1: nobody."""
        writers = [writer for writer, _ in self._index.writers.get((key, _single(seen)), ()) if writer != reader]
        writers = [writer for writer in writers if self._index.transactions[writer].status != "fail"]
        if seen.value is None:
            return None if writers else -1
        return writers[0] if len(writers) == 1 else None

    def _replaced_twice(self, key: Key, readers: list[tuple[int, Seen]]) -> list[Anomaly]:
        """Two that replaced the same version, where one alone can have come right after it."""
        first: dict[int, int] = {}
        found = []
        for reader, seen in readers:
            listed = isinstance(seen.value, tuple)
            version = len(_elements(seen)) if listed else self._version(key, reader, seen)
            if version is None or key not in self._index.writes(reader):
                continue
            other = first.setdefault(version, reader)
            if other != reader:
                one, two = self._index.name(other), self._index.name(reader)
                edges = (
                    Edge(two, one, "rw", f"{two} saw {key!r} as it was before {one} wrote it", key),
                    Edge(one, two, "ww", f"{two} wrote {key!r} too", key),
                )
                sentence = f"{edges[0].why}; {edges[1].why}: {MEANINGS['lost update']}."
                found.append(Anomaly("lost update", sentence, (one, two), edges))
        return found

    def _of_register(self, key: Key, readers: list[tuple[int, Seen]]) -> Iterator[Dependency]:
        versions = {reader: self._version(key, reader, seen) for reader, seen in readers}
        writers = self._writers.get(key, [])
        replaced = {
            version: reader for reader, version in versions.items() if version is not None and reader in set(writers)
        }
        later = self._later.get(key)
        for reader, seen in readers:
            version = versions[reader]
            if version is None:
                continue
            if version >= 0:
                yield Dependency(version, reader, "ww" if replaced.get(version) == reader else "wr", key)
                yield Dependency(version, reader, "wr", key)
            after = writers if version < 0 else [replaced[version]] if version in replaced else []
            if version >= 0 and later:
                after = [*after, *later.than(version)]
            for number in after:
                if number not in (reader, version):
                    phantom = seen.scanned and absent(seen.value) != absent(self._index.writes(number)[key])
                    yield Dependency(reader, number, "rw", key, phantom)


class _Later:
    """Of the writers of a key, who began after another one had ended, and ended first."""

    def __init__(self, index: Index, writers: list[int]) -> None:
        self._index = index
        known = [
            (each.invoked, number)
            for number in writers
            for each in [index.transactions[number]]
            if each.invoked is not None
        ]
        self._begun = sorted(known)
        self._first: list[tuple[int, int] | None] = [None] * len(self._begun)
        best: tuple[int, int] | None = None
        for place in range(len(self._begun) - 1, -1, -1):
            number = self._begun[place][1]
            completed = index.transactions[number].completed
            if completed is not None and (best is None or completed < best[0]):
                best = (completed, number)
            self._first[place] = best

    def than(self, writer: int) -> list[int]:
        """At most one."""
        completed = self._index.transactions[writer].completed
        if completed is None or not self._index.ok[writer]:
            return []
        place = bisect_right(self._begun, (completed, len(self._index.transactions)))
        first = self._first[place] if place < len(self._first) else None
        return [first[1]] if first else []


def _elements(seen: Seen) -> tuple[int | str, ...]:
    return seen.value if isinstance(seen.value, tuple) else ()


def _single(seen: Seen) -> int | str | None:
    return None if isinstance(seen.value, tuple) else seen.value


def _agree(values: Iterable[tuple[int | str, ...]]) -> bool:
    """Whether one order of elements explains all of what was seen."""
    ordered = sorted(values, key=len)
    return all(longer[: len(shorter)] == shorter for shorter, longer in pairwise(ordered))
