"""What a leader knows of a transaction that it has not decided (P12), and of those that are decided.

Values in, values out: the request and the votes may come in any order, and more than once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from daybreak.adjudicator.messages import CommitRequest, Reason, Voted
from daybreak.base.ids import JournalId, NodeId, TxnId
from daybreak.base.time import ZERO, Timestamp


@dataclass
class Undecided:
    """A transaction of several owners: what its leader has heard so far."""

    request: CommitRequest | None = None
    asker: NodeId | None = None
    """The query processor that waits for the outcome; None until the request has come."""
    votes: dict[JournalId, Voted] = field(default_factory=dict)
    nodes: dict[JournalId, NodeId] = field(default_factory=dict)
    """From where the votes came."""

    @property
    def complete(self) -> bool:
        """Whether all owners have said yes."""
        return self.request is not None and all(voter in self.votes for voter in self.request.voters)

    @property
    def voters(self) -> tuple[NodeId, ...]:
        """Those who may hold keys for it, as far as is known."""
        asked = self.request.voters if self.request is not None else {}
        return tuple((asked | self.nodes).values())

    @property
    def bound(self) -> Timestamp:
        """The commit time is greater than this, say the voters."""
        return max(vote.bound for vote in self.votes.values()) if self.votes else ZERO

    def allows(self, ts: Timestamp) -> bool:
        """Whether no hold ends before the commit time `ts`."""
        return not self.votes or all(ts <= vote.until for vote in self.votes.values())


class Verdict(NamedTuple):
    """What became of a transaction here."""

    ts: Timestamp | None
    """Its commit time; zero if it never commits; None while its record is being appended."""
    reason: Reason | None = None
    """Why it was refused here; None if it was not, or nobody here has been told."""


APPENDING = Verdict(None)
OVER = Verdict(ZERO)
"""A voter has nothing more to do with it."""


class Outcomes:
    """Verdicts, for as long as somebody may ask for them: who is asked twice answers the same.

    # Invariant: every commit whose verdict is missing has a time at or below `forgotten`.
    """

    def __init__(self, kept: Mapping[TxnId, Timestamp] | None = None, unread: Timestamp = ZERO) -> None:
        """Go on with a journal in which the records `kept` were found, and none that is not known after `unread`."""
        self._verdicts: dict[TxnId, Verdict] = {}
        self._order: deque[tuple[Timestamp, TxnId]] = deque()
        self.forgotten = unread
        for txn, ts in (kept or {}).items():
            self.add(txn, Verdict(ts), ts)

    def get(self, txn: TxnId) -> Verdict | None:
        """What became of a transaction, if that is known here."""
        return self._verdicts.get(txn)

    def appending(self, txn: TxnId) -> None:
        """The record of `txn` is on its way into the journal."""
        self._verdicts[txn] = APPENDING

    def add(self, txn: TxnId, verdict: Verdict, now: Timestamp) -> None:
        """Remember what became of a transaction, `now`."""
        self._verdicts[txn] = verdict
        self._order.append((now, txn))

    def forget(self, upto: Timestamp) -> None:
        """Drop what became known at or before `upto`."""
        while self._order and self._order[0][0] <= upto:
            verdict = self._verdicts.pop(self._order.popleft()[1], None)
            if verdict is not None and verdict.ts is not None:
                self.forgotten = max(self.forgotten, verdict.ts)
