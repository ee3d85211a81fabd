"""What is said to and by an adjudicator."""

from __future__ import annotations

from enum import StrEnum

from daybreak.base.ids import TxnId
from daybreak.base.keys import Key
from daybreak.base.time import Timestamp
from daybreak.base.writes import Access, Write
from daybreak.runtime.protocols import Message


class Reason(StrEnum):
    """Why a transaction did not commit."""

    CONFLICT = "conflict"
    """P10: a conflicting access was committed since its start, or its start lies below the floor."""
    SCHEMA = "schema"
    """P21: something that it had read as validated (the catalog) has changed."""
    UNAVAILABLE = "unavailable"
    """The adjudicator has no lease for the time that it would need, or has not recovered yet."""
    DISK_FULL = "disk full"
    """A majority of the journal's zones has no space for more than what keeps the journal alive."""


class CommitRequest(Message, frozen=True):
    """P9: a query processor wants `txn` committed."""

    txn: TxnId
    start: Timestamp
    keys: dict[Key, Access]
    writes: tuple[Write, ...]


class Committed(Message, frozen=True):
    """The record of `txn` is durable; it committed at `ts`."""

    txn: TxnId
    ts: Timestamp


class Refused(Message, frozen=True):
    """`txn` did not commit and never will."""

    txn: TxnId
    reason: Reason


class HeartbeatRequest(Message, frozen=True):
    """A reader waits for the promise that nothing commits at or below `upto` any more (P6)."""

    upto: Timestamp


class Tick(Message, frozen=True):
    """The adjudicator's own timer: heartbeat, lease, retries."""


class ForgetTick(Message, frozen=True):
    """The adjudicator's own timer: raise the floor."""


class LeaseExpired(Message, frozen=True):
    """The adjudicator's own timer: the lease of its predecessor has run out by now."""


class Release(Message, frozen=True):
    """Give the lease back and commit nothing more: an orderly stop."""


class Released(Message, frozen=True):
    """The lease is given back, durably; a successor may start at once."""
