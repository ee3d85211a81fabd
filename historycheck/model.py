"""A history: what the clients of a database asked for, and what they were told.

Values are what the workload makes of them. In a *register* a write replaces the value, and every write of a key should
have a value of its own, or nobody can tell whose value was read; in a *list* an append adds one element to the end.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Key = int | str
Value = int | str | None | tuple[int | str, ...]
"""Of a register, of a list; None: the key does not exist."""

Status = Literal["ok", "fail", "info"]
"""Committed, not committed, and nobody knows."""


class Read(msgspec.Struct, frozen=True, tag="r"):
    """A key and the value that was seen."""

    key: Key
    value: Value


class Write(msgspec.Struct, frozen=True, tag="w"):
    """A register was set; to None: the key was deleted."""

    key: Key
    value: int | str | None


class Append(msgspec.Struct, frozen=True, tag="append"):
    """An element was added to the end of a list."""

    key: Key
    value: int | str


class Scan(msgspec.Struct, frozen=True, tag="scan"):
    """A predicate read: all keys in ``[low, high)`` that exist, and their values; all other keys there do not."""

    low: Key
    high: Key
    found: tuple[tuple[Key, Value], ...]


Op = Read | Write | Append | Scan


class Transaction(msgspec.Struct, frozen=True):
    """One transaction of one client (`process`); its operations in their order.

    `invoked` and `completed` are real times, of one clock that all clients share, in any unit: before its first
    operation, and when the outcome of its commit was known, None if it never was. `start` and `commit` are the
    database's own times of its snapshot and its commit, where it tells them; `commit` is None where nothing was
    written or nothing is known.
    """

    name: str
    process: str
    status: Status
    ops: tuple[Op, ...]
    invoked: int | None = None
    completed: int | None = None
    start: int | None = None
    commit: int | None = None


class History(msgspec.Struct, frozen=True):
    """Transactions in the order in which they were invoked."""

    transactions: tuple[Transaction, ...]


EdgeKind = Literal["ww", "wr", "rw", "rt", "session", "time"]
"""Why one transaction comes before another: it wrote the version before the other's, the one that the other read, read
the version before the other's; it had ended in real time, or in the same session, before the other began; the
database's own times say so."""


class Edge(msgspec.Struct, frozen=True):
    """One transaction comes before another, with the key and a sentence that says why."""

    source: str
    target: str
    kind: EdgeKind
    why: str
    key: Key | None = None


class Anomaly(msgspec.Struct, frozen=True):
    """Something that strong snapshot isolation does not allow, by its name in the literature, or, in
    `Report.allowed`, something that it does and serialisability does not."""

    name: str
    sentence: str
    transactions: tuple[str, ...]
    edges: tuple[Edge, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """The verdict on a history."""

    anomalies: tuple[Anomaly, ...]
    allowed: tuple[Anomaly, ...] = ()
    transactions: int = 0
    undecided: str = ""
    """Why it could not be decided, if so."""

    @property
    def valid(self) -> bool:
        """Whether it is strong snapshot isolation."""
        return not self.anomalies and not self.undecided
