"""Whether what clients saw can be strong snapshot isolation at all, if the database tells no times.

Looks for an order of the points at which transactions start and commit. If there is none, a least set of transactions
is found for which there is none either, whatever the others did: the anomaly. It is the least in that with any one of
its transactions left out there is an order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from historycheck.constraints import Constraints
from historycheck.contradiction import Contradiction
from historycheck.index import Index
from historycheck.model import Anomaly, History, Report, Transaction
from historycheck.observed import Observed
from historycheck.serialise import Refuted, UndecidedError, serialise

Spans = Mapping[int, tuple[int, int]]
"""By transaction, its start and its commit as places in one line; the same place if it wrote nothing."""


MOST = 2000
"""Transactions that are put in order. Time and memory grow with their square, and faster."""


def decide(index: Index, *, strong: bool = True, timed: bool = False) -> tuple[Report, Spans]:
    """The verdict without times, and times at which all reads are explained, if there are any.

    With `strong`, real time and sessions count as well as what was read; that is strong snapshot isolation, and the
    other is plain. With `timed` so do the database's own times where they are known.
    """
    observed = Observed(index, timed=timed)
    anomalies, undecided = tuple(observed.wrong), observed.undecided
    spans: Spans = {}
    if len(observed.members) > MOST:
        undecided = (
            f"to look for an order of {len(observed.members):,} transactions takes too long; {MOST:,} can be had"
        )
    if not undecided:
        try:
            answer = find(observed, observed.members, strong=strong)
            if isinstance(answer, Mapping):
                spans = answer if not anomalies else {}
            else:
                anomalies = (*anomalies, _explain(observed, answer, strong))
        except UndecidedError as error:
            undecided = str(error)
    return Report(anomalies, transactions=len(index.transactions), undecided=undecided), spans


def with_times(transactions: Sequence[Transaction], spans: Spans) -> History:
    """A history with the times that were found."""
    timed = list(transactions)
    for number, (start, commit) in spans.items():
        known = None if start == commit else commit
        timed[number] = msgspec.structs.replace(timed[number], start=start, commit=known)
    return History(tuple(timed))


def find(observed: Observed, chosen: Iterable[int], *, strong: bool = True) -> Spans | list[int]:
    """Times for some transactions, or those of them for which there are none. Raises UndecidedError."""
    constraints = Constraints(observed, chosen, strong=strong)
    answer = serialise(constraints, wishes(constraints, observed))
    if isinstance(answer, Refuted):
        return sorted({member for index in answer.clauses for member in constraints.clauses[index].members})
    place = {point: number for number, point in enumerate(answer)}
    return {member: (place[start], place[commit]) for member, (start, commit) in constraints.spans()}


def minimise(observed: Observed, members: list[int], *, strong: bool = True) -> list[int]:
    """Of some transactions without an order, some of which each is needed for that. Raises UndecidedError."""
    needed: list[int] = []
    while members:
        *rest, candidate = members
        answer = find(observed, [*needed, *rest], strong=strong)
        if isinstance(answer, Mapping):
            needed.append(candidate)
            members = rest
        else:
            members = [member for member in answer if member not in needed]
    return sorted(needed)


def wishes(constraints: Constraints, observed: Observed) -> list[float]:
    """When each point would be if all was as the clients saw it."""
    wish = [0.0] * constraints.points
    for member, (start, commit) in constraints.spans():
        one = observed.index.transactions[member]
        begin = member if one.invoked is None else one.invoked
        end = member if one.completed is None else one.completed
        if observed.starts:
            begin = observed.starts.get(member, begin)
            end = observed.commits.get(member, begin)
        wish[commit], wish[start] = float(end), float(begin)
    return wish


def _explain(observed: Observed, members: list[int], strong: bool) -> Anomaly:
    """A least part of some transactions without an order, with a name and a cycle."""
    needed = minimise(observed, members, strong=strong)
    constraints = Constraints(observed, needed, strong=strong)
    anomaly = Contradiction(constraints, observed, needed, wishes(constraints, observed)).anomaly(strong)
    names = tuple(observed.index.name(member) for member in needed)
    others = [name for name in names if name not in anomaly.transactions]
    if not others:
        return anomaly
    listed = " and ".join([", ".join(others[:-1])] * (len(others) > 1) + others[-1:])
    sentence = f"{anomaly.sentence} What {listed} did lets every other order end in a cycle, too."
    return msgspec.structs.replace(anomaly, sentence=sentence, transactions=names)
