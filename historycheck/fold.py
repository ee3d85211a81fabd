"""What a transaction saw of others, and what it left behind, once its own operations are taken away.

A transaction that writes a key and reads it then has seen itself: that says nothing of other transactions, but it must
fit, and so must a second read of one key. What does not fit is found here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple

from historycheck.errors import HistoryError
from historycheck.model import Anomaly, Append, Key, Read, Scan, Transaction, Value, Write


class Seen(NamedTuple):
    """A version of another transaction, or the absence of one; for a list the elements of others that it began with."""

    key: Key
    value: Value
    scanned: bool
    """By a predicate read."""


class Folded(NamedTuple):
    """One transaction from outside."""

    seen: list[Seen]
    left: dict[Key, Value]
    """The last value of each register that it wrote; all elements that it appended, for a list."""
    passing: list[tuple[Key, Value]]
    """Values of registers that it wrote and then replaced itself."""
    anomalies: list[Anomaly]


class Keys:
    """All keys that a history speaks of; which of them are lists; which lie in a range."""

    def __init__(self, transactions: Iterable[Transaction]) -> None:
        self.lists: set[Key] = set()
        written: set[Key] = set()
        every: set[Key] = set()
        for transaction in transactions:
            for op in transaction.ops:
                if isinstance(op, Scan):
                    every.update(key for key, _ in op.found)
                    self.lists.update(key for key, value in op.found if isinstance(value, tuple))
                    continue
                every.add(op.key)
                if isinstance(op, Append) or (isinstance(op, Read) and isinstance(op.value, tuple)):
                    self.lists.add(op.key)
                elif isinstance(op, Write):
                    written.add(op.key)
        for key in self.lists & written:
            raise HistoryError(f"key {key!r} is written and appended to; a key is either a register or a list")
        self._numbers = sorted(key for key in every if isinstance(key, int))
        self._names = sorted(key for key in every if isinstance(key, str))

    def between(self, low: Key, high: Key) -> list[Key]:
        """Those in ``[low, high)``; both are numbers or both are text."""
        if isinstance(low, int) and isinstance(high, int):
            return list(self._numbers[bisect_left(self._numbers, low) : bisect_left(self._numbers, high)])
        if isinstance(low, str) and isinstance(high, str):
            return list(self._names[bisect_left(self._names, low) : bisect_left(self._names, high)])
        raise HistoryError(f"a scan goes from {low!r} to {high!r}; both have to be numbers, or both text")


def fold(transaction: Transaction, keys: Keys) -> Folded:
    """Take a transaction's own operations away."""
    return _Folding(transaction, keys).result


class _Folding:
    def __init__(self, transaction: Transaction, keys: Keys) -> None:
        self._name = transaction.name
        self._keys = keys
        self._now: dict[Key, Value] = {}  # what the transaction has to see from here on
        self.result = Folded([], {}, [], [])
        for op in transaction.ops:
            if isinstance(op, Read):
                self._see(op.key, op.value, False)
            elif isinstance(op, Write):
                self._write(op)
            elif isinstance(op, Append):
                self._append(op)
            else:
                self._scan(op)

    def _write(self, op: Write) -> None:
        left = self.result.left
        if op.key in left:
            self.result.passing.append((op.key, left[op.key]))
        left[op.key] = self._now[op.key] = op.value

    def _append(self, op: Append) -> None:
        left, now = self.result.left, self._now
        left[op.key] = (*_elements(left.get(op.key)), op.value)
        if op.key in now:
            now[op.key] = (*_elements(now[op.key]), op.value)

    def _scan(self, op: Scan) -> None:
        found = dict(op.found)
        within = self._keys.between(op.low, op.high)
        if outside := found.keys() - set(within):
            what = (
                f"scanned from {op.low!r} to {op.high!r} and found {min(outside, key=str)!r}, which does not lie there"
            )
            self._complain("internal", what)
        for key, value in op.found:
            self._see(key, value, True)
        for key in within:
            if key not in found:
                self._see(key, None, True)

    def _see(self, key: Key, value: Value, scanned: bool) -> None:
        now = self._now
        if key in self._keys.lists and value is None:
            value = ()
        if key in now:
            if now[key] != value:
                self._differs(key, value, scanned)
        elif key in self.result.left:
            self._see_appended(key, _elements(value), _elements(self.result.left[key]), scanned)
        else:
            self.result.seen.append(Seen(key, value, scanned))
        now[key] = value

    def _see_appended(self, key: Key, value: tuple[int | str, ...], own: tuple[int | str, ...], scanned: bool) -> None:
        if value[-len(own) :] == own:
            self.result.seen.append(Seen(key, value[: -len(own)], scanned))
        else:
            what = f"appended {show(own)} to {key!r}, and then read {show(value)} there"
            self._complain("internal", what)

    def _differs(self, key: Key, value: Value, scanned: bool) -> None:
        before = self._now[key]
        if key in self.result.left:
            self._complain("internal", f"left {key!r} at {show(before)}, and then read {show(value)} there")
        elif scanned and (absent(before) != absent(value)):
            what = f"saw {key!r} {_existing(before)}, and then {_existing(value)} in a scan"
            self._complain("phantom", what)
        else:
            self._complain("internal", f"read {show(before)} in {key!r}, and then {show(value)}, without writing it")

    def _complain(self, name: str, what: str) -> None:
        self.result.anomalies.append(Anomaly(name, f"{self._name} {what}.", (self._name,)))


def _elements(value: Value) -> tuple[int | str, ...]:
    return value if isinstance(value, tuple) else ()


def absent(value: Value) -> bool:
    """Whether a key that has this value does not exist; an empty list is one that does not."""
    return value is None or value == ()


def _existing(value: Value) -> str:
    return "not there" if absent(value) else f"there ({show(value)})"


def show(value: Value) -> str:
    """A value as sentences have it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return "nothing" if value is None else str(value)
