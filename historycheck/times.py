"""Strong snapshot isolation where the database tells its times: every read is compared with the snapshot at its start.

A history is strong snapshot isolation with these times if every transaction saw what was committed at or before its
start, no two that wrote the same key overlap, and nothing that had been acknowledged in real time, or in the same
session, is missing from a later snapshot. That takes time in proportion to the history.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from historycheck.fold import Seen, absent
from historycheck.graph import Dependency, follows
from historycheck.index import Index
from historycheck.model import Key, Transaction
from historycheck.placing import Placing, Reading
from historycheck.versions import Versions, by_commit, of_key


class Overlap(NamedTuple):
    """Two transactions wrote a key, and the second had started when the first committed."""

    first: int
    second: int
    key: Key


class Late(NamedTuple):
    """A transaction had ended before another began, and yet its commit, or start if it wrote nothing, is later by the
    database's times than the other's start."""

    before: int
    after: int
    session: bool


def lacks_times(index: Index) -> str:
    """Why a history cannot be checked by its times; empty if it can."""
    for number, each in enumerate(index.transactions):
        writes = bool(index.writes(number))
        told = each.status == "ok" or (each.status == "info" and (writes or each.commit is not None))
        if told and each.start is None:
            return f"{each.name} has no start time"
        if each.commit is None and each.status == "ok" and writes:
            return f"{each.name} has no commit time"
    return ""


class Timed:
    """A history with known times, but for transactions of unknown outcome."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.alive = [number for number, each in enumerate(index.transactions) if _committed(each)]
        self.starts = {n: each.start for n, each in enumerate(index.transactions) if each.start is not None}
        self.commits = {n: each.commit for n, each in self._each() if each.commit is not None}
        self.guessed = ""
        """What had to be guessed: which of several transactions of unknown outcome somebody has seen."""
        self.misreads: list[Reading] = []
        """Whoever did not see the version that was the newest at its start."""
        self._settle()

    def _each(self) -> Iterator[tuple[int, Transaction]]:
        return ((number, self.index.transactions[number]) for number in self.alive)

    def _settle(self) -> None:
        """Find out which transactions of unknown outcome have committed, and when."""
        placing = Placing(self.index, self.starts, self.commits)
        placing.add(dict.fromkeys(self.index.seen_info - self.commits.keys()))
        self.commits = placing.commits
        self.versions = by_commit(self.index, self.commits)
        wrong: dict[Key, list[Reading]] = {}
        for misread in self._misreads():
            wrong.setdefault(misread.seen.key, []).append(misread)
        while more := self._explaining(placing, wrong):
            for key in placing.add(more):
                self.versions[key] = of_key(self.index, key, placing.writers(key), self.commits)
                wrong[key] = [each for each in placing.readings[key] if self._is_wrong(each)]
        self.misreads = sorted((each for of_one in wrong.values() for each in of_one), key=lambda each: each.reader)
        self.alive = sorted({*self.alive, *self.commits})

    def _misreads(self) -> Iterator[Reading]:
        versions = self.versions
        for number in self.alive:
            start = self.starts[number]
            for seen in self.index.reads(number):
                of_one = versions.get(seen.key)
                if of_one.value(of_one.at(start)) != seen.value if of_one else not absent(seen.value):
                    yield Reading(start, number, seen)

    def _is_wrong(self, reading: Reading) -> bool:
        start, _, seen = reading
        versions = self.versions.get(seen.key)
        return versions.value(versions.at(start)) != seen.value if versions else not absent(seen.value)

    def _explaining(self, placing: Placing, wrong: dict[Key, list[Reading]]) -> dict[int, int]:
        """Transactions of unknown outcome that explain what was misread, with the start of who saw them: those that
        wrote a value that others wrote too, such as those that deleted a key."""
        choices = []
        for reading in [each for key in placing.readings for each in wrong.get(key, ())]:
            versions = self.versions.get(reading.seen.key)
            place = versions.at(reading.start) if versions else 0
            if may := placing.may_explain(reading, versions.owners[place - 1] if versions and place else None):
                choices.append((reading, may))
        sure: dict[int, int] = {}
        for reading, may in choices:
            if len(may) == 1:
                sure[may[0]] = min(reading.start, sure.get(may[0], reading.start))
        if sure or not choices:
            return sure
        support = Counter(writer for _, may in choices for writer in may)
        reading, may = choices[0]
        names = " or ".join(map(self.index.name, may))
        what = f"{self.index.name(reading.reader)} saw what {names} left at {reading.seen.key!r}"
        self.guessed = f"{what}, and nobody knows which"
        best = max(may, key=lambda writer: (support[writer], -len(self.index.writes(writer)), self.starts[writer]))
        return {best: reading.start}

    def overlaps(self) -> Iterator[Overlap]:
        """Writers of one key that overlap, each with the one before it."""
        for key, versions in self.versions.items():
            for place in range(1, len(versions.owners)):
                second = versions.owners[place]
                if self.starts[second] < versions.commits[place - 1]:
                    yield Overlap(versions.owners[place - 1], second, key)

    def backward(self) -> Iterator[int]:
        """Transactions that committed before they started, or then."""
        return (number for number, commit in self.commits.items() if commit <= self.starts[number])

    def late(self) -> Iterator[Late]:
        """Those whose snapshot is too early, each with the latest one that it does not have."""
        events: list[tuple[int, bool, int]] = []
        sessions: dict[str, tuple[int, Transaction]] = {}
        for number, each in self._each():
            if each.invoked is not None:
                events.append((each.invoked, False, number))
            if each.status != "ok":
                continue
            if each.completed is not None:
                events.append((each.completed, True, number))
            before = sessions.get(each.process)
            if before and follows(before[1], each) and self._ended(before[0]) > self.starts[number]:
                yield Late(before[0], number, True)
            sessions[each.process] = (number, each)
        last = -1
        for _, end, number in sorted(events):
            if end and (last < 0 or self._ended(number) > self._ended(last)):
                last = number
            elif not end and last >= 0 and self._ended(last) > self.starts[number]:
                yield Late(last, number, False)

    def _ended(self, number: int) -> int:
        return self.commits.get(number, self.starts[number])

    def dependencies(
        self, orders: Mapping[Key, Versions], among: Collection[int] | None = None
    ) -> Iterator[Dependency]:
        """What follows from who saw and replaced which version; only `among` some, if they are given."""
        members = self.alive if among is None else among
        keys = orders.keys() if among is None else {key for number in among for key in self.index.writes(number)}
        for key in keys:
            for first, second in pairwise(orders[key].owners):
                if among is None or (first in among and second in among):
                    yield Dependency(first, second, "ww", key)
        for reader in members:
            for seen in self.index.reads(reader):
                order = orders.get(seen.key)
                if order is None:
                    continue
                version = order.find(seen.value, self.versions[seen.key].at(self.starts[reader]))
                if version is not None:
                    for each in _around(reader, seen, order, version):
                        if among is None or (each.source in among and each.target in among):
                            yield each

    def successors(self) -> list[list[int]]:
        """The same of a history in which nothing is wrong, as numbers alone: who comes right after whom."""
        found: list[list[int]] = [[] for _ in self.index.transactions]
        for versions in self.versions.values():
            for first, second in pairwise(versions.owners):
                found[first].append(second)
        for reader in self.alive:
            start, of_one = self.starts[reader], found[reader]
            for seen in self.index.reads(reader):
                read = self.versions.get(seen.key)
                if read is None:
                    continue
                owners, place = read.owners, read.at(start)
                if place:
                    found[owners[place - 1]].append(reader)
                place += place < len(owners) and owners[place] == reader
                if place < len(owners):
                    of_one.append(owners[place])
        return found


def _around(reader: int, seen: Seen, versions: Versions, version: int) -> Iterator[Dependency]:
    owners = versions.owners
    if version and owners[version - 1] != reader:
        yield Dependency(owners[version - 1], reader, "wr", seen.key)
    if version < len(owners) and owners[version] == reader:
        version += 1  # its own version is not one that it missed, but those after it are
    if version < len(owners):
        phantom = seen.scanned and absent(seen.value) != absent(versions.value(version + 1))
        yield Dependency(reader, owners[version], "rw", seen.key, phantom)


def _committed(transaction: Transaction) -> bool:
    return transaction.status == "ok" or (transaction.status == "info" and transaction.commit is not None)
