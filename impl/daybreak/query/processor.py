"""The query processor: one session's transaction, from its snapshot to its acknowledgement.

Owns   at most one transaction: snapshot time, buffered writes, and the reads it waits for.
Hears  from the session begin, get, scan, write, commit, rollback (calls); ReadResult, ReadTooOld from storage;
       Committed, Refused, Redirect from adjudicators.
Says   ReadKeys, ReadRange to storage; CommitRequest, VoteRequest to adjudicators; ReadDone, ReadFailed, CommitDone,
       CommitFailed to the session.
Spec   specs/isolation/SnapshotIsolation.tla, specs/commit/Commit.tla; each step below is the action of that name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from daybreak.adjudicator.messages import CommitRequest, Committed, Reason, Redirect, Refused, VoteRequest
from daybreak.base.ids import JournalId, NodeId, TxnId, next_attempt
from daybreak.base.keys import VALIDATED_SPACE, Key, key_text, space_of
from daybreak.base.placementmap import PlacementMap
from daybreak.base.time import SECOND_US, ZERO, Timestamp
from daybreak.base.writes import Access, Write
from daybreak.errors import InternalError
from daybreak.query.messages import (
    AskAgain,
    CommitDone,
    CommitFailed,
    CommitTimeout,
    CommitWaitOver,
    ReadDone,
    ReadFailed,
    ReadTimeout,
)
from daybreak.query.slices import Slice, divide
from daybreak.query.transaction import Transaction
from daybreak.runtime.protocols import After, Clock, Effects, Send
from daybreak.runtime.role import Role
from daybreak.storage.messages import ReadKeys, ReadRange, ReadResult, ReadTooOld, Version
from daybreak.trace.action import performs
from daybreak.trace.recorder import Trace

SAMPLE = 16
"""Versions of one read that its event names; the first ones of a longer read."""

UNKNOWN = "unknown"
"""`CommitFailed.reason` when no answer came (P16)."""


MakeRead = Callable[[int, Timestamp], ReadKeys | ReadRange]
"""Makes a read of a request number and a snapshot time."""


class Settings(msgspec.Struct, frozen=True):
    """Times of a query processor, in microseconds."""

    commit_timeout_us: int = 10 * SECOND_US
    """Without an answer for this long the outcome of a COMMIT is unknown."""
    limbo_us: int = 2_000
    """While no owner answers for a key that is being moved, the next attempt waits this long, then twice as long…"""
    limbo_most_us: int = 50_000
    """… but no longer than this."""
    read_retry_us: int = 500_000
    """Without an answer for this long a read is sent again."""
    read_turn_us: int = 60_000
    """Without a first answer for this long the other storage replica is asked, and from then on."""


class QueryProcessor(Role):
    """See the module's card."""

    def __init__(
        self,
        node: NodeId,
        clock: Clock,
        trace: Trace,
        *,
        session: NodeId,
        storages: tuple[NodeId, ...],
        ranges: PlacementMap,
        candidates: Mapping[JournalId, tuple[NodeId, ...]],
        settings: Settings | None = None,
    ) -> None:
        super().__init__(node, clock, trace)
        self._session = session
        self._storages = storages
        self._ranges = ranges
        self._candidates = candidates
        self._settings = settings or Settings()
        self._number = str(node).rsplit("-", 1)[-1]
        self._turns = int(self._number)
        """Which storage replica is asked: one after the other, as they fail to answer."""
        # Invariant: no transaction waits for an answer once it has ended; start times never repeat.
        self._transaction: Transaction | None = None
        self._reads: dict[int, ReadKeys | ReadRange] = {}
        self._refused: dict[int, set[NodeId]] = {}
        # An answer to a previous life of this node must not pass for one to this life: numbers go on with time.
        self._requests: int = clock.now().latest
        self._last_start = ZERO

    # --- what the session asks ----------------------------------------------------------------------------------

    @property
    def transaction(self) -> Transaction:
        """The transaction under way."""
        if self._transaction is None:
            raise InternalError(f"{self.node}: no transaction is under way")
        return self._transaction

    @property
    def active(self) -> TxnId | None:
        """The name of the transaction under way, if there is one."""
        return self._transaction.txn if self._transaction is not None else None

    def open(self) -> Transaction:
        """Begin a transaction with a snapshot of now (P1)."""
        if self._transaction is not None:
            raise InternalError(f"{self.node}: a transaction is under way already")
        start = Timestamp(max(self.clock.now().latest, self._last_start + 1))
        self.begin(txn=TxnId(f"{start:x}.{self._number}"), start=start)
        return self.transaction

    def get(self, keys: Sequence[Key]) -> tuple[int, Effects]:
        """Read some keys at the snapshot; `ReadDone` with the returned number follows."""
        return self._ask(lambda request, start: ReadKeys(request, start, tuple(keys)))

    def scan(self, low: Key, high: Key, limit: int | None) -> tuple[int, Effects]:
        """Read a range at the snapshot; `ReadDone` with the returned number follows."""
        return self._ask(lambda request, start: ReadRange(request, start, low, high, limit))

    def _ask(self, make: MakeRead) -> tuple[int, Effects]:
        transaction = self.transaction
        transaction.check_age(self.clock.now().latest)
        self._requests += 1
        read = make(self._requests, transaction.start)
        self._reads[read.request] = read
        timeout = ReadTimeout(read.request, self._turns)
        return read.request, [Send(self._storage, read), After(self._settings.read_turn_us, timeout)]

    @property
    def _storage(self) -> NodeId:
        """The storage replica that is asked."""
        return self._storages[self._turns % len(self._storages)]

    def put(self, writes: Iterable[Write], rows: int) -> None:
        """Buffer post-images (P8); raises `LimitError` when they are too many rows."""
        transaction = self.transaction
        transaction.check_age(self.clock.now().latest)
        transaction.check_rows(rows)
        writes = tuple(writes)
        if writes:
            self.write(txn=transaction.txn, keys=frozenset(write.key for write in writes))
            transaction.buffer(writes, rows)

    def check(self, keys: Iterable[Key], access: Access) -> None:
        """Have COMMIT check `keys` in class `access`, without writing them."""
        transaction = self.transaction
        transaction.check_age(self.clock.now().latest)
        for key in keys:
            if access is Access.VALIDATE and space_of(key) != VALIDATED_SPACE:
                raise InternalError(f"{key_text(key)}: only keys of space {VALIDATED_SPACE} can be validated")
            transaction.access(key, access)

    def finish(self) -> Effects:
        """Commit: at once if nothing was written (P7), else through the owners of what is to be checked (P9)."""
        transaction = self.transaction
        transaction.check_age(self.clock.now().latest)
        transaction.check_size()
        txn = transaction.txn
        if not transaction.writes:
            self.commit_read_only(txn=txn)
            return [Send(self._session, CommitDone(txn, transaction.start))]
        leader, slices = divide(transaction.accesses, self._ranges)
        self.ask(txn=txn, leader=leader, slices=slices)
        return [*self._requests_to(leader, slices), After(self._settings.commit_timeout_us, CommitTimeout(txn))]

    def _requests_to(self, leader: JournalId, slices: Mapping[JournalId, Slice]) -> Effects:
        """What the owners are asked at COMMIT."""
        transaction = self.transaction
        txn, start, writes = transaction.attempt, transaction.start, tuple(transaction.writes.values())
        voters = tuple(journal for journal in slices if journal != leader)
        request = CommitRequest(txn, start, slices[leader], writes, voters)
        votes = [Send(self._candidates[v][0], VoteRequest(txn, start, slices[v], leader)) for v in voters]
        return [Send(self._candidates[leader][0], request), *votes]

    def rollback(self) -> None:
        """Give the transaction up; the session need not ask whether there still is one."""
        transaction = self._transaction
        if transaction is None:
            return
        if transaction.phase == "running":
            self.abort(txn=transaction.txn)
        else:
            self.abandon(txn=transaction.attempt)

    # --- what storage and adjudicators answer -------------------------------------------------------------------

    def on_read_result(self, source: NodeId, message: ReadResult) -> Effects:
        """Storage has answered a read."""
        if self._reads.pop(message.request, None) is None:
            return []
        self._refused.pop(message.request, None)
        self.read(txn=self.transaction.txn, seen=_sample(message.versions))
        return [Send(self._session, ReadDone(message.request, message.versions))]

    def on_read_too_old(self, source: NodeId, message: ReadTooOld) -> Effects:
        """A storage replica no longer has the snapshot, or not yet again: the read fails if none has it."""
        read = self._reads.get(message.request)
        if read is None:
            return []
        refused = self._refused.setdefault(message.request, set())
        refused.add(source)
        left = [storage for storage in self._storages if storage not in refused]
        if left:
            return [Send(left[0], read)]
        del self._reads[message.request], self._refused[message.request]
        return [Send(self._session, ReadFailed(message.request))]

    def on_read_timeout(self, source: NodeId, message: ReadTimeout) -> Effects:
        """Storage has not answered: turn to another replica, if no other read did so since; a read may be repeated."""
        read = self._reads.get(message.request)
        if read is None:
            return []
        if message.turns == self._turns:
            self._turns += 1
        again = ReadTimeout(message.request, self._turns)
        return [Send(self._storage, read), After(self._settings.read_retry_us, again)]

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
        name = self.transaction.txn
        self.acknowledge(txn=txn)
        return [Send(self._session, CommitDone(name, ts))]

    def on_commit_wait_over(self, source: NodeId, message: CommitWaitOver) -> Effects:
        """Look at the clock again."""
        if self._waiting_for(message.txn, "committed") is None:
            return []
        return self._commit_wait(message.txn, message.ts)

    def on_refused(self, source: NodeId, message: Refused) -> Effects:
        """An owner has decided against the transaction, or could not decide; so none will commit it."""
        transaction = self._waiting_for(message.txn, "committing")
        if transaction is None or transaction.closed:
            return []
        if message.reason is Reason.MOVED:
            return self._close_attempt(transaction)
        self.abort(txn=message.txn)
        return [Send(self._session, CommitFailed(transaction.txn, str(message.reason)))]

    def on_redirect(self, source: NodeId, message: Redirect) -> Effects:
        """An owner tells who may own what it was asked for; that the attempt is over, its leader will say."""
        self._ranges.learn(message.ranges)
        return []

    def _close_attempt(self, transaction: Transaction) -> Effects:
        """The attempt never commits, for a key range has moved: ask again, at once if more is known of the owners than
        when they were asked, or a little later. The client does not notice."""
        transaction.closed = True
        if self._ranges.version != transaction.version:
            return self.on_ask_again(self.node, AskAgain(transaction.attempt))
        transaction.pause_us = min(transaction.pause_us * 2 or self._settings.limbo_us, self._settings.limbo_most_us)
        return [After(transaction.pause_us, AskAgain(transaction.attempt))]

    def on_ask_again(self, source: NodeId, message: AskAgain) -> Effects:
        """Ask whoever is believed to own the keys now, under the next attempt's name."""
        transaction = self._waiting_for(message.txn, "committing")
        if transaction is None or not transaction.closed:
            return []
        leader, slices = divide(transaction.accesses, self._ranges)
        self.ask_again(txn=message.txn, again=next_attempt(message.txn), leader=leader, slices=slices)
        return self._requests_to(leader, slices)

    def on_commit_timeout(self, source: NodeId, message: CommitTimeout) -> Effects:
        """Nobody has answered: the outcome is unknown (P16)."""
        transaction = self._transaction
        if transaction is None or transaction.txn != message.txn or transaction.phase != "committing":
            return []
        if transaction.closed:
            self.abort(txn=transaction.attempt)
            return [Send(self._session, CommitFailed(message.txn, str(Reason.UNAVAILABLE)))]
        self.abandon(txn=transaction.attempt)
        return [Send(self._session, CommitFailed(message.txn, UNKNOWN))]

    def _waiting_for(self, txn: TxnId, phase: str) -> Transaction | None:
        transaction = self._transaction
        if transaction is None or transaction.attempt != txn or transaction.phase != phase:
            return None
        return transaction

    # --- steps --------------------------------------------------------------------------------------------------

    @performs("SnapshotIsolation!Begin")
    def begin(self, *, txn: TxnId, start: Timestamp) -> None:
        """P1: fix the snapshot."""
        self._transaction = Transaction(txn, start, txn)
        self._last_start = start

    @performs("SnapshotIsolation!Read")
    def read(self, *, txn: TxnId, seen: Mapping[Key, Timestamp]) -> None:
        """P4: take in what storage answered; `seen` maps keys to the commit times of the versions read."""

    @performs("SnapshotIsolation!Write")
    def write(self, *, txn: TxnId, keys: frozenset[Key]) -> None:
        """P8: buffer writes to `keys`."""

    @performs("Commit!Ask")
    def ask(self, *, txn: TxnId, leader: JournalId, slices: Mapping[JournalId, Mapping[Key, Access]]) -> None:
        """P9, P12: each owner is to check its slice, and `leader` to decide."""
        self.transaction.phase = "committing"
        self.transaction.version = self._ranges.version

    @performs("Commit!AskAgain")
    def ask_again(
        self, *, txn: TxnId, again: TxnId, leader: JournalId, slices: Mapping[JournalId, Mapping[Key, Access]]
    ) -> None:
        """P9: the attempt `txn` is over, since a key range has moved; the owners are asked under another name."""
        transaction = self.transaction
        transaction.attempt, transaction.closed = again, False
        transaction.version = self._ranges.version

    @performs("SnapshotIsolation!CommitReadOnly")
    def commit_read_only(self, *, txn: TxnId) -> None:
        """P7: nothing was written, so nothing can refuse it."""
        self._end()

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
        self._transaction = None
        self._reads.clear()
        self._refused.clear()

    def check_invariants(self) -> None:
        """The relations stated where the state is declared."""
        transaction = self._transaction
        if transaction is None:
            assert not self._reads, "a read outlives its transaction"
            return
        assert transaction.start <= self._last_start, "starts are remembered"
        assert transaction.writes.keys() <= transaction.accesses.keys(), "every write is checked at COMMIT"


def _sample(versions: tuple[Version, ...]) -> dict[Key, Timestamp]:
    return {key: ts for key, ts, _ in versions[:SAMPLE]}
