"""What is said to and by an adjudicator."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from daybreak.base.ids import JournalId, NodeId, TxnId
from daybreak.base.keys import Key
from daybreak.base.placed import Known
from daybreak.base.time import ZERO, Timestamp
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

    `keys` are those that the receiver owns, `writes` all post-images (P13), `voters` the other owners with the nodes
    that were asked (P12). If it commits, then after the time `asked`.
    """

    txn: TxnId
    start: Timestamp
    keys: dict[Key, Access]
    writes: tuple[Write, ...]
    voters: dict[JournalId, NodeId]
    asked: Timestamp


class VoteRequest(Message, frozen=True):
    """P9, P12: a query processor wants `txn` committed; the receiver owns `keys`, and another owner, of which `node`
    was asked, leads."""

    txn: TxnId
    start: Timestamp
    keys: dict[Key, Access]
    leader: JournalId
    node: NodeId
    asked: Timestamp
    """As in CommitRequest."""


class Leads(Message, frozen=True):
    """To a query processor: `leader` leads the journal; None if the sender does not know who does.

    With a `txn` it is the answer to a request that the sender does nothing about, for it does not lead.
    """

    journal: JournalId
    leader: NodeId | None
    txn: TxnId | None = None


class WhoLeads(Message, frozen=True):
    """A query processor asks all candidates of a journal; the one that leads says so."""


class Voted(Message, frozen=True):
    """P12: the owner `journal` agrees to any commit time of `txn` above `bound` and not beyond `until`.

    Until then it commits nothing that conflicts.
    """

    txn: TxnId
    journal: JournalId
    bound: Timestamp
    until: Timestamp


class Outcome(Message, frozen=True):
    """To who waits for it: `txn` has committed at `ts`, or, where `ts` is zero, never will (P14, P16)."""

    txn: TxnId
    ts: Timestamp


class AskOutcome(Message, frozen=True):
    """A voter that holds keys for `txn` (P14), or the query processor that waits for it (P16), asks what became of it.

    If it has committed, then after the time `asked`. All candidates are asked; the one that leads answers.
    """

    txn: TxnId
    asked: Timestamp


class Unread(Message, frozen=True):
    """`txn` is not decided any more, but an earlier leader may have done so.

    Then its record lies in the journal at or before the time `upto`, where this leader has not read.
    """

    txn: TxnId
    upto: Timestamp


class Committed(Message, frozen=True):
    """The record of `txn` is durable; it committed at `ts`."""

    txn: TxnId
    ts: Timestamp


class Refused(Message, frozen=True):
    """`txn` did not commit and never will. A voter says so to the leader too: it does not vote."""

    txn: TxnId
    reason: Reason
    asked: Timestamp = ZERO
    """From a voter: that of its request."""


class HeartbeatRequest(Message, frozen=True):
    """A reader waits for the promise that nothing commits at or below `upto` any more (P6)."""

    upto: Timestamp


class Lag(Message, frozen=True):
    """From a crossbar, now and then while somebody reads there: what it hears of the journal is so many microseconds
    old by its clock (P23)."""

    us: int


class Tick(Message, frozen=True):
    """The adjudicator's own timer: heartbeat, lease, retries."""


class LeadTick(Message, frozen=True):
    """Its own timer, while somebody reads far away: promise further ahead (P23)."""


class ForgetTick(Message, frozen=True):
    """The adjudicator's own timer: raise the floor."""


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


# --- key ranges: with the control plane, between owners, and to those who ask ----------------------------------------


class SplitRange(Message, frozen=True):
    """Have a range begin at `at`, in the middle of one of the receiver's. Answered with `OrderDone`, as all three."""

    request: int
    at: bytes
    kept: bool = False
    """An operator wants it, and nobody else is to undo it."""


class MergeRanges(Message, frozen=True):
    """Make one of the two neighbours that meet at `at`, both the receiver's."""

    request: int
    at: bytes


class MoveRange(Message, frozen=True):
    """Give the range that begins at `low`, and is the receiver's, to the adjudicator `to`."""

    request: int
    low: bytes
    to: JournalId


class OrderDone(Message, frozen=True):
    """What the control plane wanted is done, durably; or `error` says why it is not."""

    request: int
    error: str | None = None


class Redirect(Message, frozen=True):
    """P9: who was asked to judge `txn` does not own all the keys; it knows of these owners. The outcome comes from the
    leader."""

    txn: TxnId
    ranges: tuple[Known, ...]


class Moved(Message, frozen=True):
    """To the new owner, again and again until it says `Installed`: `source` has released the range for `to` at `ts`.

    Its `history` is what was committed on it above `floor`.
    """

    source: JournalId
    to: JournalId
    low: bytes
    high: bytes
    ts: Timestamp
    floor: Timestamp
    history: tuple[tuple[Key, Access, Timestamp], ...]
    kept: bool = False
    """As in `Owned`."""


class Installed(Message, frozen=True):
    """To the old owner: what it released at `ts` is taken, durably."""

    by: JournalId
    ts: Timestamp


class Load(Message, frozen=True):
    """How busy a range is: transactions judged per second, and keys of some of the last ones."""

    low: bytes
    per_second: float
    sample: tuple[Key, ...]
    kept: bool = False
    """As in `Owned`."""


class OwnedRanges(Message, frozen=True):
    """To the control plane, every second and at every change: what `journal` owns and how busy it is."""

    journal: JournalId
    ranges: tuple[Known, ...]
    loads: tuple[Load, ...]
    origins: Mapping[str, float] = {}
    """Transactions judged per second, by the region of their query processors."""
    kept_in: str = ""
    """The region or zone where an operator wants the adjudicator to run; empty: nobody has said so."""


# --- who leads a journal: with the control plane, and between its candidates -----------------------------------------


class MoveLead(Message, frozen=True):
    """Have the candidate `to` lead the receiver's journal. Answered with `OrderDone`, by `to` once it leads."""

    request: int
    to: NodeId
    kept_in: str | None = None
    """From now on, that of `OwnedRanges`; None: as it was."""


Request = SplitRange | MergeRanges | MoveRange | MoveLead


class OfferLead(Message, frozen=True):
    """To a candidate: would it lead after the sender, which leads in `epoch`? Sent again until it accepts."""

    epoch: int


class AcceptLead(Message, frozen=True):
    """The sender stands by and hears a majority of the journal's replicas."""

    epoch: int
    """That of the offer."""


class TakeLead(Message, frozen=True):
    """The lease of `epoch` is given back, durably: the receiver is to take the journal over at once (P19).

    It tells `asker` when it has done so.
    """

    epoch: int
    asker: NodeId
    request: int
