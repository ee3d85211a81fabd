"""What is said of key ranges: to owners by the control plane, between owners, and by owners to those who ask."""

from __future__ import annotations

from daybreak.base.ids import JournalId, TxnId
from daybreak.base.keys import Key
from daybreak.base.placed import Known
from daybreak.base.time import Timestamp
from daybreak.base.writes import Access
from daybreak.runtime.protocols import Message


class SplitRange(Message, frozen=True):
    """Have a range begin at `at`, in the middle of one of the receiver's. Answered with `RangeDone`, as all three."""

    request: int
    at: bytes


class MergeRanges(Message, frozen=True):
    """Make one of the two neighbours that meet at `at`, both the receiver's."""

    request: int
    at: bytes


class MoveRange(Message, frozen=True):
    """Give the range that begins at `low`, and is the receiver's, to the adjudicator `to`."""

    request: int
    low: bytes
    to: JournalId


Request = SplitRange | MergeRanges | MoveRange


class RangeDone(Message, frozen=True):
    """It is done, durably; or `error` says why it is not."""

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


class Installed(Message, frozen=True):
    """To the old owner: what it released at `ts` is taken, durably."""

    by: JournalId
    ts: Timestamp


class Load(Message, frozen=True):
    """How busy a range is: transactions judged per second, and keys of some of the last ones."""

    low: bytes
    per_second: float
    sample: tuple[Key, ...]


class OwnedRanges(Message, frozen=True):
    """To the control plane, every second and at every change: what `journal` owns and how busy it is."""

    journal: JournalId
    ranges: tuple[Known, ...]
    loads: tuple[Load, ...]
