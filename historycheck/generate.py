"""Histories that are strong snapshot isolation by the way they are made: an ideal database, and clients that do
anything, at random from a seed.

They have write skew, deletes, predicate reads, transactions that fail, that their clients abandon, or whose client
never learns what became of them.
"""

from __future__ import annotations

import heapq
import random
from bisect import bisect_right
from dataclasses import dataclass, field

import msgspec

from historycheck.model import Append, History, Key, Op, Read, Scan, Status, Transaction, Value, Write


class Shape(msgspec.Struct, frozen=True):
    """How many, and of what kind; shares are of 100."""

    transactions: int = 60
    clients: int = 6
    registers: int = 8
    """Their keys are numbers from 0."""
    lists: int = 4
    """Their keys are ``l0``, ``l1`` and so on."""
    most_ops: int = 5
    writes: int = 40
    scans: int = 15
    deletes: int = 15
    """Of the writes of registers."""
    unknown: int = 8
    """Of the transactions: nobody knows whether they committed."""
    abandoned: int = 5
    longest: int = 40
    """Until the next operation, in units of time."""


@dataclass
class _Open:
    """A transaction that has begun."""

    name: str
    process: str
    invoked: int
    start: int
    wanted: int
    ops: list[Op] = field(default_factory=list)
    own: dict[Key, Value] = field(default_factory=dict)


def generate(seed: int, shape: Shape | None = None) -> History:
    """A history with all times; the same for the same seed and shape."""
    return _Database(random.Random(f"history/{seed}"), shape or Shape()).run()


class _Database:
    def __init__(self, rng: random.Random, shape: Shape) -> None:
        self._rng, self._shape = rng, shape
        self._versions: dict[Key, tuple[list[int], list[Value]]] = {}
        self._done: list[Transaction] = []
        self._open: dict[int, _Open] = {}
        self._values = self._begun = 0
        self._lives = shape.clients

    def run(self) -> History:
        """Let all clients go on until they have made enough transactions."""
        events = [(self._rng.randrange(self._shape.longest), client, client) for client in range(self._shape.clients)]
        processes = {client: client for _, client, _ in events}
        heapq.heapify(events)
        while events:
            time, client, _ = heapq.heappop(events)
            if client not in self._open:
                if self._begun == self._shape.transactions:
                    continue
                self._begin(client, processes[client], time)
            elif len(self._open[client].ops) < self._open[client].wanted:
                self._operate(self._open[client])
            elif self._end(self._open.pop(client), time) != "ok":
                processes[client] = self._lives
                self._lives += 1
            heapq.heappush(events, (time + 1 + self._rng.randrange(self._shape.longest), client, client))
        self._done.sort(key=lambda each: each.invoked or 0)
        return History(tuple(self._done))

    def _begin(self, client: int, process: int, time: int) -> None:
        wanted = self._rng.randint(1, self._shape.most_ops)
        # Real times have an origin of their own, and the clock of the client is read a moment earlier.
        invoked = 10 * time + 5000 - self._rng.randrange(5)
        self._open[client] = _Open(f"t{self._begun}", f"c{process}", invoked, 100 * time + 99, wanted)
        self._begun += 1

    def _operate(self, each: _Open) -> None:
        rng, shape = self._rng, self._shape
        listed = rng.randrange(shape.registers + shape.lists) >= shape.registers
        key: Key = f"l{rng.randrange(shape.lists)}" if listed else rng.randrange(shape.registers)
        if not listed and rng.randrange(100) < shape.scans:
            each.ops.append(self._scan(each))
        elif rng.randrange(100) >= shape.writes:
            each.ops.append(Read(key, self._see(each, key)))
        elif isinstance(key, str):
            self._values += 1
            seen = self._see(each, key)
            each.own[key] = (*(seen if isinstance(seen, tuple) else ()), self._values)
            each.ops.append(Append(key, self._values))
        else:
            self._values += 1
            value = None if rng.randrange(100) < shape.deletes else self._values
            each.own[key] = value
            each.ops.append(Write(key, value))

    def _scan(self, each: _Open) -> Scan:
        low, high = sorted(self._rng.randrange(self._shape.registers + 1) for _ in range(2))
        found = ((key, self._see(each, key)) for key in range(low, high))
        return Scan(low, high, tuple((key, value) for key, value in found if value is not None))

    def _see(self, each: _Open, key: Key) -> Value:
        if key in each.own:
            return each.own[key]
        times, values = self._versions.get(key, ((), ()))
        place = bisect_right(times, each.start)
        return values[place - 1] if place else None

    def _end(self, each: _Open, time: int) -> Status:
        draw = self._rng.randrange(100)
        commit = 100 * time + each.invoked % 7 + self._lives % 50
        fails = any(self._versions.get(key, ((0,), ()))[0][-1] > each.start for key in each.own)
        fails = fails or self._shape.unknown <= draw < self._shape.unknown + self._shape.abandoned
        status: Status = "info" if draw < self._shape.unknown else "fail" if fails else "ok"
        if not fails and (status == "ok" or self._rng.randrange(2)):
            for key, value in each.own.items():
                times, values = self._versions.setdefault(key, ([], []))
                times.append(commit)
                values.append(value)
        known = commit if status == "ok" and each.own else None
        completed = None if status == "info" else 10 * time + 5000 + self._rng.randrange(5)
        ops = tuple(each.ops)
        self._done.append(Transaction(each.name, each.process, status, ops, each.invoked, completed, each.start, known))
        return status
