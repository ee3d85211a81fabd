"""Strong snapshot isolation where the database tells its times: every read is compared with the snapshot at its start.

A history is strong snapshot isolation with these times if every transaction saw what was committed at or before its
start, no two that wrote the same key overlap, and nothing that had been acknowledged in real time, or in the same
session, is missing from a later snapshot. That takes time in proportion to the history.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from historycheck.fold import Seen, absent
from historycheck.graph import Dependency, follows
from historycheck.index import Index
from historycheck.model import Key, Transaction
from historycheck.placing import Placing
from historycheck.versions import Versions, by_commit


class Misread(NamedTuple):
    """A transaction did not see the version that was the newest at its start."""

    reader: int
    seen: Seen


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
        self._settle()

    def _each(self) -> Iterator[tuple[int, Transaction]]:
        return ((number, self.index.transactions[number]) for number in self.alive)

    def _settle(self) -> None:
        """Find out which transactions of unknown outcome have committed, and when."""
        known = self._known = dict(self.commits)
        seen = self.index.seen_info - known.keys()
        latest: dict[int, int] = {}
        while True:
            if seen:
                self.commits = known | Placing(self.index, self.starts, known, seen).place(latest)
            self.versions = by_commit(self.index, self.commits)
            self.misreads = list(self._misreads())
            more = self._explaining()
            if not more:
                break
            latest |= more
            seen |= more.keys()
        self.alive = sorted({*self.alive, *seen})

    def _misreads(self) -> Iterator[Misread]:
        versions, starts = self.versions, self.starts
        for number in self.alive:
            start = starts[number]
            for seen in self.index.reads(number):
                of_key = versions.get(seen.key)
                if of_key.value(of_key.at(start)) != seen.value if of_key else not absent(seen.value):
                    yield Misread(number, seen)

    def _explaining(self) -> dict[int, int]:
        """Transactions of unknown outcome that explain what was misread, with the start of who saw them: those that
        wrote a value that others wrote too, such as those that deleted a key."""
        found: dict[int, int] = {}
        for reader, seen in self.misreads:
            start = self.starts[reader]
            may = [writer for writer in self._unknown_writers(seen) if writer not in self._known]
            may = [writer for writer in may if self._between(writer, seen.key, start)]
            if len(may) > 1:
                names = " or ".join(map(self.index.name, may))
                self.guessed = (
                    f"{self.index.name(reader)} saw what {names} left at {seen.key!r}, and nobody knows which"
                )
            if may:
                found[may[-1]] = min(start, found.get(may[-1], start))
        return found

    def _unknown_writers(self, seen: Seen) -> list[int]:
        if isinstance(seen.value, tuple):
            return []
        writers = self.index.writers.get((seen.key, seen.value), ())
        return [writer for writer, final in writers if final and self.index.transactions[writer].status == "info"]

    def _between(self, writer: int, key: Key, start: int) -> bool:
        """Whether a writer, if it is not thought to have committed before a reader's start, may yet have replaced what
        was then the newest version of a key."""
        versions = self.versions.get(key)
        place = versions.at(start) if versions else 0
        if not self.starts[writer] < start < self.commits.get(writer, start + 1):
            return False
        if not versions or not place:
            return True
        newest = versions.owners[place - 1]
        return self._known.get(newest, self.starts[newest]) <= self.starts[writer]

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

    def dependencies(self, orders: dict[Key, Versions]) -> Iterator[Dependency]:
        """What follows from who saw and replaced which version."""
        for key, versions in orders.items():
            for first, second in pairwise(versions.owners):
                yield Dependency(first, second, "ww", key)
        for reader in self.alive:
            for seen in self.index.reads(reader):
                of_key = orders.get(seen.key)
                if of_key is None:
                    continue
                version = of_key.find(seen.value, self.versions[seen.key].at(self.starts[reader]))
                if version is not None:
                    yield from _around(reader, seen, of_key, version)


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
