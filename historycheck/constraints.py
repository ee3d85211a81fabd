"""What strong snapshot isolation demands of the points at which transactions start and commit.

Each transaction has a point where its snapshot is taken and, if it writes, one where it commits; all points stand in
one line. A *clause* is a choice of pairs of points of which one must stand in that order:

- a transaction starts before it commits;
- one that ended in real time, or in the same session, before another began commits before that one starts;
- if the database's times count, points stand in their order;
- of two writers of one key, one commits before the other starts: the first committer wins;
- a reader starts after the commit of the writer that it read from, and each other writer of the key commits before that
  writer starts, or after the reader starts.

Where a read may come from several writers there are two more points for each of them: if they stand in order, it is
this one that the read comes from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, groupby, pairwise, product
from typing import NamedTuple

from historycheck.graph import follows
from historycheck.model import Transaction
from historycheck.observed import Observed, View


class Choice(NamedTuple):
    """Two points in order."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Clause:
    """One of `choices` must hold, because of what the transactions `members` did."""

    choices: tuple[Choice, ...]
    members: tuple[int, ...]


class Constraints:
    """Of some transactions of a history; what it says of others is left out.

    So the clauses of fewer transactions are always fewer, and if those cannot hold, neither can those of all.
    """

    def __init__(self, observed: Observed, chosen: Iterable[int], *, strong: bool = True) -> None:
        self.clauses: list[Clause] = []
        self.points = 0
        self._observed = observed
        self._transactions = observed.index.transactions
        self._strong = strong
        self._chosen = dict.fromkeys(sorted(chosen))
        self._start: dict[int, int] = {}
        self._commit: dict[int, int] = {}
        self._committed: dict[int, tuple[Choice, Choice]] = {}
        for member in self._chosen:
            self._start[member] = self._commit[member] = self._point()
            if observed.index.writes(member):
                self._commit[member] = self._point()
                self._say([Choice(self._start[member], self._commit[member])], member)
        if strong:
            self._real_time()
            self._sessions()
        self._times()
        for view in observed.views:
            if view.reader in self._chosen:
                if isinstance(view.seen.value, tuple):
                    self._list(view)
                else:
                    self._register(view)
        self._first_committer_wins()

    def spans(self) -> list[tuple[int, tuple[int, int]]]:
        """Each transaction with the points at which it starts and commits; the same one if it writes nothing."""
        return [(member, (self._start[member], self._commit[member])) for member in self._chosen]

    def _point(self) -> int:
        self.points += 1
        return self.points - 1

    def _say(self, choices: list[Choice], *members: int) -> None:
        self.clauses.append(Clause(tuple(choices), tuple(dict.fromkeys(members))))

    def _follows(self, first: int, second: int) -> Choice:
        """The second starts after the first has committed."""
        return Choice(self._commit[first], self._start[second])

    def _overlooks(self, view: View, writer: int) -> Choice:
        """The reader starts before the writer commits."""
        return Choice(self._start[view.reader], self._commit[writer])

    def _real_time(self) -> None:
        """Only between neighbours: what has others in between follows."""
        every = self._transactions
        known = ((_end(every[member]), member) for member in self._chosen)
        ended = sorted((end, member) for end, member in known if end is not None)
        for member in self._chosen:
            invoked = every[member].invoked
            if invoked is None:
                continue
            earlier = [(end, one) for end, one in ended if end < invoked and one != member]
            latest = max((_invoked(every[one], earlier[0][0]) for _, one in earlier), default=invoked)
            for end, one in earlier:
                if end >= latest:
                    self._say([self._follows(one, member)], one, member)

    def _sessions(self) -> None:
        """A client that knows the outcome of one transaction begins the next."""
        previous: dict[str, int] = {}
        for member in self._chosen:
            one = self._transactions[member]
            earlier = previous.get(one.process)
            if earlier is not None and follows(self._transactions[earlier], one):
                self._say([self._follows(earlier, member)], earlier, member)
            if one.status == "ok":
                previous[one.process] = member

    def _times(self) -> None:
        """Where the database's times count: who starts at the time of a commit sees it. The start of one of whom nobody
        knows whether it committed counts if it did; that is a choice of its own."""
        starts, commits = self._observed.starts, self._observed.commits
        events = [(starts[member], True, member, self._start[member]) for member in self._chosen if member in starts]
        events += [
            (commits[member], False, member, self._commit[member]) for member in self._chosen if member in commits
        ]
        doubtful = [n for n in starts if n in self._chosen and not self._observed.index.ok[n] and n not in commits]
        self._committed = {member: self._choose() for member in doubtful}
        last: list[tuple[int, int]] = []
        pending: list[tuple[int, int]] = []
        for _, group in groupby(sorted(events), lambda event: event[:2]):
            now = [event[2:] for event in group]
            for (one, first), (other, second) in product((*last, *pending), now):
                unless = [self._committed[member][1] for member in (one, other) if member in self._committed]
                self._say([Choice(first, second), *unless], one, other)
            certain = [event for event in now if event[0] not in self._committed]
            pending = [*(() if certain else pending), *(event for event in now if event[0] in self._committed)]
            last = certain or last

    def _first_committer_wins(self) -> None:
        for writers in self._observed.writers.values():
            for one, other in combinations([member for member in writers if member in self._chosen], 2):
                self._say([self._follows(one, other), self._follows(other, one)], one, other)

    def _list(self, view: View) -> None:
        """A list tells the order of its writers, and that it is without all others."""
        for one, other in pairwise(view.sources):
            if one in self._chosen and other in self._chosen:
                self._say([self._follows(one, other)], one, other, view.reader)
        for source in dict.fromkeys(reversed(view.sources)):
            if source in self._chosen:
                self._say([self._follows(source, view.reader)], source, view.reader)
                self._seen(source, view.reader, [], [])
        self._without(view, set(view.sources))

    def _without(self, view: View, but: set[int]) -> None:
        """Nothing of others was seen."""
        for other in self._others(view, but):
            self._say([self._overlooks(view, other)], view.reader, other)

    def _register(self, view: View) -> None:
        candidates, initial, because = self.possible(view)
        if not candidates:
            self._without(view, set())
        elif any(member not in self._chosen for member in (*candidates, *because)):
            return
        elif len(candidates) == 1 and not initial:
            source = candidates[0]
            self._say([self._follows(source, view.reader)], source, view.reader, *because)
            self._latest(view, source, [], because)
            self._seen(source, view.reader, [], because)
        else:
            self._one_of(view, candidates, initial, because)

    def _one_of(self, view: View, candidates: list[int], initial: bool, because: list[int]) -> None:
        """The read comes from one of several, and what follows from that holds for the one it comes from."""
        chosen = []
        for source in candidates:
            yes, unless = self._choose()
            chosen.append(yes)
            self._say([unless, self._follows(source, view.reader)], source, view.reader)
            self._latest(view, source, [unless], because)
            self._seen(source, view.reader, [unless], because)
        if initial:
            yes, unless = self._choose()
            chosen.append(yes)
            for other in self._others(view, set()):
                self._say([unless, self._overlooks(view, other)], view.reader, other)
        self._say(chosen, view.reader, *candidates, *because)

    def _seen(self, source: int, reader: int, unless: list[Choice], because: list[int]) -> None:
        """One of whom nobody knew has committed, and so its times count."""
        if source in self._committed:
            self._say([*unless, self._committed[source][0]], source, reader, *because)

    def _choose(self) -> tuple[Choice, Choice]:
        """Yes and no."""
        first, second = self._point(), self._point()
        return Choice(first, second), Choice(second, first)

    def _latest(self, view: View, source: int, unless: list[Choice], because: list[int]) -> None:
        """Nobody else wrote the key between the source of a read and the snapshot of the reader."""
        for other in self._others(view, {source}):
            either = [*unless, self._follows(other, source), self._overlooks(view, other)]
            self._say(either, view.reader, source, other, *because)

    def _others(self, view: View, but: set[int]) -> list[int]:
        writers = self._observed.writers.get(view.seen.key, ())
        return [one for one in writers if one in self._chosen and one != view.reader and one not in but]

    def possible(self, view: View) -> tuple[list[int], bool, list[int]]:
        """Which writers, and whether the initial state, real time leaves as the source of a read, and the writer
        because of whom others are out: it began after they had ended, and had ended before the reader began."""
        sources, every = list(view.sources), self._transactions
        if not self._strong or len(sources) + view.initial == 1:
            return sources, view.initial, []
        reader = every[view.reader]
        candidates = [one for one in sources if not _apart(reader, every[one])]
        if not candidates and not view.initial:
            return sources, False, []
        over = [one for one in self._observed.writers.get(view.seen.key, ()) if one not in sources]
        over = [one for one in over if one != view.reader and _apart(every[one], reader)]
        if not over:
            return candidates, view.initial, []
        last = max(over, key=lambda one: _invoked(every[one], 0))
        left = [one for one in candidates if not _apart(every[one], every[last])]
        return (left, False, [last]) if left else (candidates, view.initial, [])


def _end(one: Transaction) -> int | None:
    """When it was known that it had committed."""
    return one.completed if one.status == "ok" else None


def _invoked(one: Transaction, default: int) -> int:
    return default if one.invoked is None else one.invoked


def _apart(first: Transaction, second: Transaction) -> bool:
    """Whether the second was invoked after the first had ended."""
    end = _end(first)
    return end is not None and second.invoked is not None and end < second.invoked
