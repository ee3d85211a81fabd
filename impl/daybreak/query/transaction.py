"""A transaction while it runs: its snapshot and its buffered writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from daybreak.base.ids import TxnId
from daybreak.base.keys import Key
from daybreak.base.limits import MAX_AGE_US, MAX_BYTES, MAX_ROWS
from daybreak.base.time import SECOND_US, Timestamp
from daybreak.base.writes import Access, Write, stronger
from daybreak.errors import LimitError

MEGABYTE = 1024 * 1024


@dataclass
class Transaction:
    """Snapshot time and write buffer (P8).

    # Invariant: `accesses` names every key of `writes`, in the strongest class that any write of it had.
    """

    txn: TxnId
    start: Timestamp
    attempt: TxnId
    """The name under which owners were asked last; the transaction's own, the first time."""
    writes: dict[Key, Write] = field(default_factory=dict)
    accesses: dict[Key, Access] = field(default_factory=dict)
    rows: int = 0
    phase: str = "running"
    closed: bool = False
    """Whether that attempt is over, and another one is to follow."""
    version: int = -1
    """Of the map that the owners were looked up in."""
    pause_us: int = 0
    """Before the next attempt, unless more is known by then."""

    def check_age(self, now: Timestamp) -> None:
        """Raise `LimitError` if the transaction is older than P22 allows."""
        age = now - self.start
        if age > MAX_AGE_US:
            raise LimitError(
                f"transaction age limit of {MAX_AGE_US // SECOND_US}s exceeded",
                detail=f"Current transaction age {age // SECOND_US}s exceeds {MAX_AGE_US // SECOND_US}s",
            )

    def check_rows(self, rows: int) -> None:
        """Raise `LimitError` if `rows` more rows are more than P22 allows."""
        if self.rows + rows > MAX_ROWS:
            raise LimitError("transaction row limit exceeded")

    def check_size(self) -> None:
        """Raise `LimitError` if the write set has more bytes than P22 allows."""
        size = sum(len(key) + len(write.value or b"") for key, write in self.writes.items())
        if size > MAX_BYTES:
            limit = MAX_BYTES // MEGABYTE
            raise LimitError(
                f"transaction size limit {limit}mb exceeded",
                detail=f"Current transaction size {-(-size // MEGABYTE)}mb > {limit}mb",
            )

    def access(self, key: Key, access: Access) -> None:
        """Note that COMMIT must check `key` in class `access`."""
        known = self.accesses.get(key)
        self.accesses[key] = access if known is None else stronger(known, access)

    def buffer(self, writes: Iterable[Write], rows: int) -> None:
        """Add post-images; the last one of a key counts."""
        self.rows += rows
        for write in writes:
            self.writes[write.key] = write
            self.access(write.key, write.access)
