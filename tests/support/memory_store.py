"""A real multi-version store in memory: snapshots, first committer wins, OC001. One process, one clock that counts.

Implements `query.store` for tests of the SQL layer that need neither journal nor adjudicator.
"""

from __future__ import annotations

import asyncio
import bisect
from collections.abc import Iterable, Sequence

from daybreak.adjudicator.conflicts import History
from daybreak.base.ids import TxnId
from daybreak.base.keys import Key
from daybreak.base.time import Timestamp
from daybreak.base.writes import Access, Write
from daybreak.errors import ConflictError, SchemaConflictError
from daybreak.query.transaction import Transaction


class MemoryStore:
    """Versions of every key in commit order, and the history of accesses."""

    def __init__(self) -> None:
        self.now = 1
        self.versions: dict[Key, list[tuple[int, bytes | None]]] = {}
        self.order: list[Key] = []
        self.history = History()
        self.begun = 0
        self.commits = 0
        self.latest: MemoryTransaction | None = None
        """The transaction that began last."""
        self.reads: list[object] = []
        """What was read, in order: a list of keys for a get, a pair of bounds for a scan."""
        self.gate: asyncio.Event | None = None
        """When not None, commits wait for it."""
        self.waiting = 0
        """Commits that do."""
        self.answers: asyncio.Event | None = None
        """When not None, commits that have been made wait for it before they say so."""

    def close(self) -> None:
        """A memory store outlives its sessions."""

    def begin(self) -> MemoryTransaction:
        self.begun += 1
        name = TxnId(f"m{self.begun}")
        self.latest = MemoryTransaction(self, Transaction(name, Timestamp(self.now), name))
        return self.latest

    def read(self, key: Key, at: int) -> bytes | None:
        return next((value for ts, value in reversed(self.versions.get(key, [])) if ts <= at), None)

    def add(self, key: Key, ts: int, value: bytes | None) -> None:
        if key not in self.versions:
            self.versions[key] = []
            bisect.insort(self.order, key)
        self.versions[key].append((ts, value))


class MemoryTransaction:
    """One transaction over a `MemoryStore`."""

    def __init__(self, store: MemoryStore, state: Transaction) -> None:
        self._store = store
        self._state = state
        self.over = False

    @property
    def txn(self) -> TxnId:
        return self._state.txn

    @property
    def accesses(self) -> dict[Key, Access]:
        """What COMMIT will have checked."""
        return self._state.accesses

    @property
    def start(self) -> Timestamp:
        return self._state.start

    async def get(self, keys: Sequence[Key]) -> dict[Key, bytes]:
        self._store.reads.append(list(keys))
        found = {key: self._store.read(key, self.start) for key in keys}
        return {key: value for key, value in found.items() if value is not None}

    async def scan(self, low: Key, high: Key, *, limit: int | None = None) -> list[tuple[Key, bytes]]:
        self._store.reads.append((low, high))
        order = self._store.order
        keys = order[bisect.bisect_left(order, low) : bisect.bisect_left(order, high)]
        rows = [(key, value) for key in keys if (value := self._store.read(key, self.start)) is not None]
        return rows[:limit]

    def write(self, writes: Iterable[Write], *, rows: int) -> None:
        self._state.check_rows(rows)
        self._state.buffer(writes, rows)

    def validate(self, key: Key) -> None:
        self._state.access(key, Access.VALIDATE)

    def share(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._state.access(key, Access.SHARE)

    async def commit(self) -> Timestamp:
        assert not self.over
        self.over = True
        if not self._state.writes:
            return self.start
        self._state.check_size()
        if self._store.gate is not None:
            self._store.waiting += 1
            await self._store.gate.wait()
            self._store.waiting -= 1
        conflict = self._store.history.conflict(self._state.accesses, self.start)
        if conflict is not None:
            raise SchemaConflictError if conflict is Access.VALIDATE else ConflictError
        self._store.now += 1
        ts = Timestamp(self._store.now)
        self._store.history.add(self._state.accesses, ts)
        for key, write in self._state.writes.items():
            self._store.add(key, ts, write.value)
        self._store.commits += 1
        if self._store.answers is not None:
            await self._store.answers.wait()
        return ts

    def rollback(self) -> None:
        self.over = True
