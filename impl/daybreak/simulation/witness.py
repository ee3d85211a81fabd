"""What the clients of a simulated run asked for and were told, written down where they meet their query processors.

A client that goes through a `WatchedSession` leaves an `Attempt` for each of its transactions. Whoever judges a run
compares these with what the cluster has in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from daybreak.base.ids import TxnId
from daybreak.base.keys import Key
from daybreak.base.time import Timestamp
from daybreak.base.writes import Write
from daybreak.errors import DiskFullError, LimitError, RetryError
from daybreak.query.gateway import Future, Gateway, GatewayTransaction
from daybreak.query.processor import QueryProcessor
from daybreak.runtime.protocols import Effects

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
    outcome: Outcome = "fail"
    """Until COMMIT is sent nothing can come of it."""
    commit: Timestamp | None = None
    """When it committed, if its client knows and something was written."""


class Witness:
    """All transactions of a run, in the order in which they began; `now_us` tells the virtual time."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self.now_us = now_us
        self.attempts: list[Attempt] = []

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
        self.attempt.writes.update((write.key, write.value) for write in writes)

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
