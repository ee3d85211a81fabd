"""The end of a transaction: its owners are asked, until one that leads has said what became of it (P9, P16).

Whoever does not lead says so, and who does if it knows; that one is asked within the same COMMIT. If no answer comes,
all candidates of the leader's journal are asked for the outcome, again and again: only one that leads answers, and what
it says is true, whoever was lost. A new leader that has not read so far back leaves it to storage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

import msgspec

from daybreak.adjudicator.messages import (
    AskOutcome,
    CommitRequest,
    Committed,
    Leads,
    Outcome,
    Reason,
    Refused,
    Unread,
    VoteRequest,
    WhoLeads,
)
from daybreak.base.ids import JournalId, NodeId, TxnId, whole_name
from daybreak.base.keys import Key
from daybreak.base.time import SECOND_US, ZERO, Timestamp
from daybreak.base.writes import Access
from daybreak.errors import InternalError
from daybreak.query.leaders import Leaders
from daybreak.query.messages import AskAgain, CommitDone, CommitFailed, CommitTimeout, CommitWaitOver
from daybreak.query.slices import Slice
from daybreak.query.transaction import Transaction
from daybreak.runtime.protocols import After, Clock, Effects, Message, Send
from daybreak.runtime.role import Role
from daybreak.storage.messages import OutcomeRead, ReadOutcome
from daybreak.trace.action import performs
from daybreak.trace.recorder import Trace

UNKNOWN = "unknown"
"""`CommitFailed.reason` when no answer came (P16)."""
MAX_TURNS = 8
"""So often one COMMIT turns to another candidate, should they name each other in turn."""


class Settings(msgspec.Struct, frozen=True):
    """Times of a query processor, in microseconds."""

    commit_timeout_us: int = 10 * SECOND_US
    """Without an answer for this long the outcome of a COMMIT is unknown."""
    outcome_us: int = 500_000
    """Without an answer for this long the outcome is asked for."""
    limbo_us: int = 2_000
    """While no owner answers for a key that is being moved, the next attempt waits this long, then twice as long…"""
    limbo_most_us: int = 50_000
    """… but no longer than this."""
    read_retry_us: int = 500_000
    """Without an answer for this long a read is sent again."""
    read_turn_us: int = 60_000
    """Without a first answer for this long the other storage replica is asked, and from then on."""
    read_timeout_us: int = 30 * SECOND_US
    """Without an answer for this long a read is given up: no replica is complete, nor will be soon."""


@dataclass
class Asked:
    """What the owners were asked for, and what came of it so far."""

    leader: JournalId
    slices: Mapping[JournalId, Slice]
    at: Timestamp
    """If the transaction commits, then after this time."""
    nodes: dict[JournalId, NodeId] = field(default_factory=dict)
    """Who was asked last, of each owner."""
    turns: int = 0
    """How often another candidate was turned to."""
    lookup: int = 0
    """The number of the last question to storage."""


class Committer(Role):
    """A query processor's transaction, from COMMIT to its end."""

    def __init__(
        self,
        node: NodeId,
        clock: Clock,
        trace: Trace,
        *,
        session: NodeId,
        storages: tuple[NodeId, ...],
        leaders: Leaders,
        settings: Settings | None = None,
    ) -> None:
        super().__init__(node, clock, trace)
        self._session = session
        self._storages = storages
        self._leaders = leaders
        self._settings = settings or Settings()
        # Invariant: no transaction waits for an answer once it has ended; start times never repeat.
        self._transaction: Transaction | None = None
        self._last_start = ZERO
        self._asked: Asked | None = None
        # An answer to a previous life of this node must not pass for one to this life: numbers go on with time.
        self._numbers = count(clock.now().latest + 1)
        """Of questions to storage."""

    @property
    def transaction(self) -> Transaction:
        """The transaction under way."""
        if self._transaction is None:
            raise InternalError(f"{self.node}: no transaction is under way")
        return self._transaction

    def _waiting_for(self, txn: TxnId, phase: str) -> Transaction | None:
        transaction = self._transaction
        if transaction is None or transaction.attempt != txn or transaction.phase != phase:
            return None
        return transaction

    # --- asking -------------------------------------------------------------------------------------------------

    def _ask_owners(self, leader: JournalId, slices: Mapping[JournalId, Slice]) -> Effects:
        """Ask every owner for its slice."""
        txn = self.transaction.txn
        self.ask(txn=txn, leader=leader, slices=slices)
        timeout = After(self._settings.commit_timeout_us, CommitTimeout(txn))
        return [*self._requests_to(leader, slices), timeout]

    def _requests_to(self, leader: JournalId, slices: Mapping[JournalId, Slice]) -> Effects:
        """What the owners are asked, under the name of the attempt."""
        self._asked = Asked(leader, slices, self.clock.now().earliest)
        return [
            self._commit_request(self._asked),
            *(self._vote_request(self._asked, voter) for voter in slices if voter != leader),
            After(self._settings.outcome_us, AskAgain(self.transaction.attempt)),
        ]

    def _commit_request(self, asked: Asked) -> Send:
        transaction = self.transaction
        voters = {journal: self._leaders.of(journal) for journal in asked.slices if journal != asked.leader}
        writes = tuple(transaction.writes.values())
        keys = dict(asked.slices[asked.leader])
        request = CommitRequest(transaction.attempt, transaction.start, keys, writes, voters, asked.at)
        return self._send(asked, asked.leader, request)

    def _vote_request(self, asked: Asked, voter: JournalId) -> Send:
        txn, start, leader = self.transaction.attempt, self.transaction.start, asked.leader
        request = VoteRequest(txn, start, dict(asked.slices[voter]), leader, self._leaders.of(leader), asked.at)
        return self._send(asked, voter, request)

    def _send(self, asked: Asked, owner: JournalId, request: Message) -> Send:
        asked.nodes[owner] = self._leaders.of(owner)
        return Send(asked.nodes[owner], request)

    def on_leads(self, source: NodeId, message: Leads) -> Effects:
        """Who leads a journal says so; or one that was asked does not lead, and may know who does."""
        journal, believed = message.journal, self._leaders.of(message.journal)
        if message.leader is not None and (message.leader == source or believed == source):
            self._leaders.learn(journal, message.leader)
        if message.txn is None or self._waiting_for(message.txn, "committing") is None or self._asked is None:
            return []
        asked = self._asked
        if asked.nodes[journal] != source or self._leaders.of(journal) == source or asked.turns == MAX_TURNS:
            return []
        asked.turns += 1
        if journal != asked.leader:
            return [self._vote_request(asked, journal)]
        voters = [voter for voter in asked.slices if voter != asked.leader]
        return [self._commit_request(asked), *(self._vote_request(asked, voter) for voter in voters)]

    def on_ask_again(self, source: NodeId, message: AskAgain) -> Effects:
        """No answer has come: perhaps who was asked is lost."""
        if self._waiting_for(message.txn, "committing") is None:
            return []
        asked = self._asked
        assert asked is not None, "who commits has asked"
        question = AskOutcome(message.txn, asked.at)
        candidates = self._leaders.candidates(asked.leader)
        return [*(Send(node, question) for node in candidates), After(self._settings.outcome_us, message)]

    def _look_for_leaders(self) -> Effects:
        """An owner could not be reached, or not in time: the next attempt should know who leads."""
        slices = self._asked.slices if self._asked is not None else {}
        return [Send(node, WhoLeads()) for journal in slices for node in self._leaders.candidates(journal)]

    # --- answers ------------------------------------------------------------------------------------------------

    def on_committed(self, source: NodeId, message: Committed) -> Effects:
        """The record is durable: wait until its commit time has passed on every clock (P3)."""
        transaction = self._waiting_for(message.txn, "committing")
        if transaction is None:
            return []
        transaction.phase = "committed"
        return self._commit_wait(message.txn, message.ts)

    def _commit_wait(self, txn: TxnId, ts: Timestamp) -> Effects:
        wait = ts - self.clock.now().earliest
        if wait > 0:
            return [After(wait, CommitWaitOver(txn, ts))]
        self.acknowledge(txn=txn)
        return [Send(self._session, CommitDone(whole_name(txn), ts))]

    def on_commit_wait_over(self, source: NodeId, message: CommitWaitOver) -> Effects:
        """Look at the clock again."""
        if self._waiting_for(message.txn, "committed") is None:
            return []
        return self._commit_wait(message.txn, message.ts)

    def on_refused(self, source: NodeId, message: Refused) -> Effects:
        """An owner has decided against the transaction, or could not decide; so none will commit it."""
        if self._waiting_for(message.txn, "committing") is None:
            return []
        looking = self._look_for_leaders() if message.reason is Reason.UNAVAILABLE else []
        self.abort(txn=message.txn)
        return [Send(self._session, CommitFailed(whole_name(message.txn), str(message.reason))), *looking]

    def on_outcome(self, source: NodeId, message: Outcome) -> Effects:
        """Who leads now says what became of it."""
        if self._waiting_for(message.txn, "committing") is None:
            return []
        if self._asked is not None:
            self._leaders.learn(self._asked.leader, source)
        return self._learn(message.txn, message.ts)

    def _learn(self, txn: TxnId, ts: Timestamp) -> Effects:
        """The transaction has committed at `ts`, or, where that is zero, never will."""
        if ts:
            return self.on_committed(self.node, Committed(txn, ts))
        return self.on_refused(self.node, Refused(txn, Reason.UNAVAILABLE))

    def on_unread(self, source: NodeId, message: Unread) -> Effects:
        """Who leads now has not read so far back: storage has, when it is complete up to there."""
        if self._waiting_for(message.txn, "committing") is None or self._asked is None:
            return []
        self._leaders.learn(self._asked.leader, source)
        self._asked.lookup = next(self._numbers)
        question = ReadOutcome(self._asked.lookup, message.upto, message.txn)
        return [Send(storage, question) for storage in self._storages]

    def on_outcome_read(self, source: NodeId, message: OutcomeRead) -> Effects:
        """Storage has looked for the record; where it has forgotten too much, another replica may know."""
        asked, transaction = self._asked, self._transaction
        if asked is None or transaction is None or asked.lookup != message.request or transaction.phase != "committing":
            return []
        if message.ts is None and message.since > asked.at:
            return []
        return self._learn(transaction.attempt, message.ts or ZERO)

    def on_commit_timeout(self, source: NodeId, message: CommitTimeout) -> Effects:
        """Nobody has answered: the outcome is unknown (P16)."""
        transaction = self._transaction
        if transaction is None or (transaction.txn, transaction.phase) != (message.txn, "committing"):
            return []
        self.abandon(txn=transaction.attempt)
        return [Send(self._session, CommitFailed(message.txn, UNKNOWN))]

    # --- steps --------------------------------------------------------------------------------------------------

    @performs("Commit!Ask")
    def ask(self, *, txn: TxnId, leader: JournalId, slices: Mapping[JournalId, Mapping[Key, Access]]) -> None:
        """P9, P12: each owner is to check its slice, and `leader` to decide."""
        self.transaction.phase = "committing"

    @performs("SnapshotIsolation!Acknowledge")
    def acknowledge(self, *, txn: TxnId) -> None:
        """P3: whoever begins from here on sees the commit."""
        self._end()

    @performs("SnapshotIsolation!Abort")
    def abort(self, *, txn: TxnId) -> None:
        """Nothing of the transaction remains."""
        self._end()

    @performs("SnapshotIsolation!Abandon")
    def abandon(self, *, txn: TxnId) -> None:
        """P16: stop waiting; the transaction commits, or not, without us."""
        self._end()

    def _end(self) -> None:
        self._transaction = self._asked = None
