"""What is said to and by an adjudicator."""

from __future__ import annotations

from enum import StrEnum

from daybreak.base.ids import JournalId, TxnId
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
    """An owner has no lease for the time that it would need, has not recovered yet, or did not vote in time."""
    MOVED = "moved"
    """P9: an owner that was asked owns one of the keys no more, or is about to give it away: ask again, under another
    name."""
    DISK_FULL = "disk full"
    """A majority of the journal's zones has no space for more than what keeps the journal alive."""


class CommitRequest(Message, frozen=True):
    """P9: a query processor wants `txn` committed, and the receiver is its only owner or leads.

    `keys` are those that the receiver owns, `writes` all post-images (P13), `voters` the other owners (P12).
    """

    txn: TxnId
    start: Timestamp
    keys: dict[Key, Access]
    writes: tuple[Write, ...]
    voters: tuple[JournalId, ...] = ()


class VoteRequest(Message, frozen=True):
    """P9, P12: a query processor wants `txn` committed; the receiver owns `keys`, and another owner leads."""

    txn: TxnId
    start: Timestamp
    keys: dict[Key, Access]
    leader: JournalId


class Voted(Message, frozen=True):
    """P12: the owner `journal` agrees to any commit time of `txn` above `bound` and not beyond `until`.

    Until then it commits nothing that conflicts.
    """

    txn: TxnId
    journal: JournalId
    bound: Timestamp
    until: Timestamp


class Outcome(Message, frozen=True):
    """To a voter: `txn` has committed at `ts`, or, where `ts` is zero, never will (P14)."""

    txn: TxnId
    ts: Timestamp


class AskOutcome(Message, frozen=True):
    """A voter that holds keys for `txn`, which began at `start`, wants to know what became of it (P14)."""

    txn: TxnId
    start: Timestamp


class Committed(Message, frozen=True):
    """The record of `txn` is durable; it committed at `ts`."""

    txn: TxnId
    ts: Timestamp


class Refused(Message, frozen=True):
    """`txn` did not commit and never will. A voter says so to the leader too."""

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


class HoldTick(Message, frozen=True):
    """The voter's own timer: if the hold for `txn` is still there, `leader` knows more."""

    txn: TxnId
    leader: JournalId


class VotesMissing(Message, frozen=True):
    """The leader's own timer: by now all votes on `txn` should have come."""

    txn: TxnId


class Release(Message, frozen=True):
    """Give the lease back and commit nothing more: an orderly stop."""


class Released(Message, frozen=True):
    """The lease is given back, durably; a successor may start at once."""
