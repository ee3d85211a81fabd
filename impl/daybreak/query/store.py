"""What the SQL layer sees of the protocol: transactions over ordered keys.

`query.gateway` implements these protocols on top of the query processor's role.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from daybreak.base.ids import TxnId
from daybreak.base.keys import Key
from daybreak.base.time import Timestamp
from daybreak.base.writes import Write


class StoreTransaction(Protocol):
    """One transaction: a snapshot, a write buffer and at the end one commit.

    Reads return the snapshot's rows only, never the transaction's own writes: the SQL layer keeps those in the
    private database. Every method but `rollback` raises `LimitError` once the transaction is older than P22 allows.
    """

    @property
    def txn(self) -> TxnId: ...

    @property
    def start(self) -> Timestamp: ...

    async def get(self, keys: Sequence[Key]) -> dict[Key, bytes]:
        """The values at the snapshot of those of `keys` that exist."""

    async def scan(self, low: Key, high: Key, *, limit: int | None = None) -> list[tuple[Key, bytes]]:
        """The keys in ``[low, high)`` and their values at the snapshot, in key order, at most `limit` of them."""

    def write(self, writes: Iterable[Write], *, rows: int) -> None:
        """Buffer post-images (P8); `rows` of them are table rows and count towards the row limit.

        Raises `LimitError` when the transaction has modified more than 3,000 rows.
        """

    def validate(self, key: Key) -> None:
        """Make COMMIT fail with `SchemaConflictError` if `key` was written after the snapshot (P21)."""

    def share(self, keys: Iterable[Key]) -> None:
        """Take FOR KEY SHARE on `keys`: COMMIT fails if one was deleted or its key columns changed meanwhile.

        FOR UPDATE needs no call of its own: write the row again as it is, with `Access.WRITE` and ``rows=0``.
        """

    async def commit(self) -> Timestamp:
        """Commit; return the commit time, or the snapshot's time when nothing was written (P7).

        Raises `ConflictError`, `SchemaConflictError`, `RetryError`, `LimitError` (nothing was committed) or
        `UnknownOutcomeError` (nobody can tell yet).
        """

    def rollback(self) -> None:
        """End the transaction; nothing of it remains."""


class Store(Protocol):
    """The protocol side of one session."""

    def begin(self) -> StoreTransaction:
        """Start a transaction whose snapshot is now (P1)."""

    def close(self) -> None:
        """The session has ended; a transaction under way is given up."""
