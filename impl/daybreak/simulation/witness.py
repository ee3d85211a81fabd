"""What the clients of a simulated run asked for and were told, written down where they meet their query processors.

A client that goes through a `WatchedSession` leaves an `Attempt` for each of its transactions. Whoever judges a run
compares these with what the cluster has in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from daybreak.base.ids import TxnId
from daybreak.base.keys import Key
from daybreak.base.time import Timestamp
from daybreak.base.writes import Access, Write, stronger
from daybreak.errors import DiskFullError, LimitError, RetryError
from daybreak.query.gateway import Future, Gateway, GatewayTransaction
from daybreak.query.processor import QueryProcessor
from daybreak.runtime.protocols import Effects
from historycheck.model import History, Op, Transaction

Outcome = Literal["ok", "fail", "info"]
"""Committed, not committed, and nobody knows (P16)."""


@dataclass
class Attempt:
    """One transaction of one client; times in microseconds."""

    client: int
    txn: TxnId
    start: Timestamp
    invoked_us: int
    """When it began, in virtual time, …"""
    completed_us: int | None = None
    """… and when its client was told of its end; None if it never was."""
    writes: dict[Key, bytes | None] = field(default_factory=dict)
    accesses: dict[Key, Access] = field(default_factory=dict)
    """Everything that is checked at COMMIT, in the strongest class."""
    ops: list[Op] = field(default_factory=list)
    """What it did, as its client sees it; empty if that keeps no history."""
    outcome: Outcome = "fail"
    """Until COMMIT is sent nothing can come of it."""
    commit: Timestamp | None = None
    """When it committed, if its client knows and something was written."""


class Witness:
    """All transactions of a run, in the order in which they began; `now_us` tells the virtual time."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self.now_us = now_us
        self.attempts: list[Attempt] = []

    def history(self) -> History:
        """What the clients have seen, of those transactions of which that was noted."""
        return History(tuple(_told(attempt) for attempt in self.attempts if attempt.ops))

    def session(
        self,
        client: int,
        processor: QueryProcessor,
        perform: Callable[[Effects], None],
        new_future: Callable[[], Future],
    ) -> WatchedSession:
        """A session of a client, served by `processor`."""
        return WatchedSession(self, client, processor, perform=perform, new_future=new_future)


class WatchedSession(Gateway):
    """A gateway all of whose transactions are written down."""

    def __init__(
        self,
        witness: Witness,
        client: int,
        processor: QueryProcessor,
        *,
        perform: Callable[[Effects], None],
        new_future: Callable[[], Future],
    ) -> None:
        super().__init__(processor, perform=perform, new_future=new_future)
        self._witness = witness
        self._client = client

    def give_up(self) -> None:
        """End the transaction under way; of one whose query processor is gone there is nothing to end."""
        if self._lost is None:
            super().give_up()

    def begin(self) -> WatchedTransaction:
        """Start a transaction whose snapshot is now (P1)."""
        witness = self._witness
        invoked_us = witness.now_us()
        transaction = self.processor.open()
        attempt = Attempt(self._client, transaction.txn, transaction.start, invoked_us)
        witness.attempts.append(attempt)
        return WatchedTransaction(self, attempt, witness)


class WatchedTransaction(GatewayTransaction):
    """A transaction that is written down as it goes."""

    def __init__(self, session: WatchedSession, attempt: Attempt, witness: Witness) -> None:
        super().__init__(session, attempt.txn, attempt.start)
        self.attempt = attempt
        self._witness = witness

    def write(self, writes: Iterable[Write], *, rows: int) -> None:
        """Buffer post-images (P8)."""
        writes = tuple(writes)
        super().write(writes, rows=rows)
        for write in writes:
            self.attempt.writes[write.key] = write.value
            self._access(write.key, write.access)

    def validate(self, key: Key) -> None:
        """Make COMMIT fail if `key` was written after the snapshot (P21)."""
        super().validate(key)
        self._access(key, Access.VALIDATE)

    def share(self, keys: Iterable[Key]) -> None:
        """Take FOR KEY SHARE on `keys`."""
        keys = tuple(keys)
        super().share(keys)
        for key in keys:
            self._access(key, Access.SHARE)

    def _access(self, key: Key, access: Access) -> None:
        accesses = self.attempt.accesses
        accesses[key] = stronger(access, accesses.get(key, access))

    async def commit(self) -> Timestamp:
        """Commit, and note what the client is told."""
        attempt = self.attempt
        attempt.outcome = "info"
        try:
            ts = await super().commit()
        except (RetryError, LimitError, DiskFullError):
            attempt.outcome, attempt.completed_us = "fail", self._witness.now_us()
            raise
        attempt.outcome, attempt.completed_us = "ok", self._witness.now_us()
        attempt.commit = ts if attempt.writes else None
        return ts

    def rollback(self) -> None:
        """End the transaction; nothing of it remains."""
        super().rollback()
        self.attempt.completed_us = self._witness.now_us()


def _told(attempt: Attempt) -> Transaction:
    return Transaction(
        attempt.txn,
        f"client {attempt.client}",
        attempt.outcome,
        tuple(attempt.ops),
        invoked=attempt.invoked_us,
        completed=attempt.completed_us,
        start=attempt.start,
        commit=attempt.commit,
    )


def committed(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Those whose clients were told that their writes have committed."""
    return [attempt for attempt in attempts if attempt.commit is not None]
