"""The cycle in transactions for which there is no order, and its name.

Where nobody saw in which order a key was written, or from whom a read comes, one way has to be taken before there are
edges: the one that agrees best with the times at which clients saw things. Every other way ends in a cycle too, but
this is the one that a reader expects.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

from historycheck.constraints import Constraints
from historycheck.cycles import Cycles
from historycheck.fold import absent
from historycheck.graph import Dependency, Graph
from historycheck.model import Anomaly, Key
from historycheck.naming import describe
from historycheck.observed import Observed, View
from historycheck.precedence import Precedence


class Contradiction:
    """Of transactions (`members`) whose `constraints` cannot be fulfilled."""

    def __init__(self, constraints: Constraints, observed: Observed, members: list[int], wish: list[float]) -> None:
        self._constraints = constraints
        self._observed = observed
        self._members = members
        order = Precedence(constraints.points)
        for clause in constraints.clauses:
            first, second = clause.choices[0]
            if len(clause.choices) == 1 and not order.excludes(first, second):
                order.add(first, second, 0)
        place = {point: number for number, point in enumerate(order.line(wish))}
        self._spans = {member: (place[start], place[commit]) for member, (start, commit) in constraints.spans()}

    def anomaly(self, strong: bool) -> Anomaly:
        """The shortest cycle of those that need the least."""
        index = self._observed.index
        graph = Graph(len(index.transactions))
        for member in self._members:
            start, commit = self._observed.starts.get(member), self._observed.commits.get(member)
            if start is not None and commit is not None and commit <= start:
                what = f"{index.name(member)} started at {start} and committed at {commit}."
                return Anomaly("time violation", what, (index.name(member),))
        dependencies = list(self._dependencies())
        graph.depend(dependencies)
        if strong:
            alive = [(member, index.transactions[member]) for member in self._members]
            graph.sessions(alive)
            graph.real_time(alive)
        seen = {dependency.source for dependency in dependencies if dependency.kind == "wr"}
        committed = [n for n in self._members if index.ok[n] or n in seen or n in self._observed.commits]
        starts, commits = self._observed.starts, self._observed.commits
        graph.times(
            {n: starts[n] for n in committed if n in starts}, {n: commits[n] for n in committed if n in commits}
        )
        edges = [(node, link) for node in range(graph.moments) for link in graph.links[node] if link.length]
        steps = Cycles(graph).through(edges)
        assert steps, "there is an order after all"
        return describe(steps, index)

    def _dependencies(self) -> Iterator[Dependency]:
        for key in self._observed.writers:
            for one, other in combinations(self._writers(key), 2):
                yield Dependency(one, other, "ww", key)
        for view in self._observed.views:
            if view.reader in self._spans:
                yield from self._of_list(view) if isinstance(view.seen.value, tuple) else self._of_register(view)

    def _writers(self, key: Key) -> list[int]:
        """Those of a key, in the order that is taken."""
        writers = [member for member in self._observed.writers[key] if member in self._spans]
        return sorted(writers, key=lambda member: self._spans[member][1])

    def _of_list(self, view: View) -> Iterator[Dependency]:
        for one, other in pairwise(view.sources):
            if one in self._spans and other in self._spans:
                yield Dependency(one, other, "ww", view.seen.key)
        for source in dict.fromkeys(view.sources):
            if source in self._spans:
                yield Dependency(source, view.reader, "wr", view.seen.key)
        yield from self._overlooks(view, self._all_but(view, set(view.sources)))

    def _of_register(self, view: View) -> Iterator[Dependency]:
        candidates, initial, because = self._constraints.possible(view)
        if any(member not in self._spans for member in (*candidates, *because)):
            return
        source = self._source(view, candidates, initial)
        if source is None:
            yield from self._overlooks(view, self._all_but(view, set()))
            return
        yield Dependency(source, view.reader, "wr", view.seen.key)
        writers = self._writers(view.seen.key)
        later = writers[writers.index(source) + 1 :]
        yield from self._overlooks(view, [member for member in later if member != view.reader])

    def _source(self, view: View, candidates: list[int], initial: bool) -> int | None:
        """The last one to commit before the reader starts, or else nobody, or else the first one."""
        ordered = [member for member in self._writers(view.seen.key) if member in candidates] if candidates else []
        before = [member for member in ordered if self._spans[member][1] < self._spans[view.reader][0]]
        if before or initial:
            return before[-1] if before else None
        return ordered[0]

    def _all_but(self, view: View, but: set[int]) -> list[int]:
        writers = self._writers(view.seen.key) if view.seen.key in self._observed.writers else []
        return [member for member in writers if member != view.reader and member not in but]

    def _overlooks(self, view: View, writers: list[int]) -> Iterator[Dependency]:
        seen = view.seen
        for writer in writers:
            comes = absent(seen.value) or absent(self._observed.index.writes(writer)[seen.key])
            yield Dependency(view.reader, writer, "rw", seen.key, seen.scanned and comes)
