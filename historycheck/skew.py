"""What snapshot isolation allows and serialisability does not: write skew, in a history that is otherwise right."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from historycheck.cycles import Step, components
from historycheck.graph import Dependency
from historycheck.index import Index
from historycheck.model import Anomaly
from historycheck.naming import describe

MOST = 20
"""Cycles that a report shows, of different transactions."""


def skews(index: Index, dependencies: Iterable[Dependency]) -> list[Anomaly]:
    """The shortest cycle of each part of the graph of transactions; whatever has two of these is write skew."""
    links: list[list[Dependency]] = [[] for _ in index.transactions]
    for each in dependencies:
        links[each.source].append(each)
    found = []
    for part in components([[each.target for each in of_one] for of_one in links]):
        members = set(part)
        within = {number: [each for each in links[number] if each.target in members] for number in sorted(part)}
        found.append(_describe(_shortest(within), index))
        if len(found) == MOST:
            break
    return found


def _shortest(links: dict[int, list[Dependency]]) -> list[Dependency]:
    """A cycle of two if there is one, else a shortest one through the first transaction."""
    for number, of_one in links.items():
        for there in of_one:
            for back in links[there.target]:
                if back.target == number:
                    return [there, back]
    first = next(iter(links))
    before: dict[int, Dependency] = {}
    waiting = deque([first])
    while first not in before:
        number = waiting.popleft()
        for each in links[number]:
            if each.target not in before:
                before[each.target] = each
                waiting.append(each.target)
    cycle = [before[first]]
    while cycle[-1].source != first:
        cycle.append(before[cycle[-1].source])
    return cycle[::-1]


def _describe(cycle: Sequence[Dependency], index: Index) -> Anomaly:
    steps = [Step(2 * each.source, 2 * each.target, each.kind, each) for each in cycle]
    return describe(steps, index, "write skew")
