"""What snapshot isolation allows and serialisability does not: write skew, in a history that is otherwise right."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Set

from historycheck.cycles import Step, components
from historycheck.model import Anomaly
from historycheck.naming import describe
from historycheck.times import Timed

MOST = 20
"""Cycles that a report shows, of different transactions."""


def skews(timed: Timed) -> list[Anomaly]:
    """A short cycle of each part of the graph of transactions; whatever has two of these is write skew."""
    successors = timed.successors()
    found = []
    for part in components(successors)[:MOST]:
        members = set(part)
        cycle = _shortest({number: members.intersection(successors[number]) for number in sorted(part)})
        found.append(_describe(cycle, timed))
    return found


def _shortest(links: Mapping[int, Set[int]]) -> list[int]:
    """A cycle of two if there is one, else a shortest one through the first transaction."""
    for number, after in links.items():
        for other in sorted(after):
            if number in links[other]:
                return [number, other]
    first = next(iter(links))
    before: dict[int, int] = {}
    waiting = deque([first])
    while first not in before:
        number = waiting.popleft()
        for other in sorted(links[number] - before.keys()):
            before[other] = number
            waiting.append(other)
    cycle = [before[first]]
    while cycle[-1] != first:
        cycle.append(before[cycle[-1]])
    return cycle[::-1]


def _describe(cycle: list[int], timed: Timed) -> Anomaly:
    """An anti-dependency is shown where there is one: it is what makes it a skew."""
    links = {
        (each.source, each.target): each
        for each in sorted(timed.dependencies(timed.versions, cycle), key=lambda each: each.kind == "rw")
    }
    around = [links[pair] for pair in zip(cycle, (*cycle[1:], cycle[0]), strict=True)]
    steps = [Step(2 * each.source, 2 * each.target, each.kind, each) for each in around]
    return describe(steps, timed.index, "write skew")
