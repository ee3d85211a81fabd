"""The query processor: one session's transaction, from its snapshot to its acknowledgement.

Owns   at most one transaction: snapshot time, buffered writes, and the reads it waits for.
Hears  from the session begin, get, scan, write, commit, rollback (calls); ReadResult, ReadTooOld, OutcomeRead from
       storage; Committed, Refused, Redirect, Outcome, Unread, Leads from
       adjudicators.
Says   ReadKeys, ReadRange, ReadOutcome to storage; CommitRequest, VoteRequest, AskOutcome, WhoLeads to adjudicators;
       ReadDone, ReadFailed, CommitDone, CommitFailed to the session.
Spec   specs/isolation/SnapshotIsolation.tla, specs/commit/Commit.tla; each step is the action of that name.

What follows COMMIT is in `query.committer`, and where key ranges move in `query.attempts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from daybreak.base.ids import NodeId, TxnId
from daybreak.base.keys import VALIDATED_SPACE, Key, key_text, space_of
from daybreak.base.placementmap import PlacementMap
from daybreak.base.time import Timestamp
from daybreak.base.writes import Access, Write
from daybreak.errors import InternalError
from daybreak.query.attempts import Attempts
from daybreak.query.committer import Settings
from daybreak.query.leaders import Leaders
from daybreak.query.messages import CommitDone, ReadDone, ReadFailed, ReadTimeout
from daybreak.query.reads import Answer, Patience, Reads
from daybreak.query.slices import divide
from daybreak.query.transaction import Transaction
from daybreak.runtime.protocols import Effects, Message, Send
from daybreak.runtime.stepclock import StepClock
from daybreak.storage.messages import DELETED, ReadKeys, ReadRange, ReadResult, ReadTooOld, Version
from daybreak.trace.action import performs
from daybreak.trace.recorder import Trace

SAMPLE = 16
"""Versions of one read that its event names; the first ones of a longer read."""


class QueryProcessor(Attempts):
    """See the module's card."""

    def __init__(
        self,
        node: NodeId,
        clock: StepClock,
        trace: Trace,
        *,
        session: NodeId,
        storages: tuple[NodeId, ...],
        ranges: PlacementMap,
        leaders: Leaders,
        settings: Settings | None = None,
        near: int | None = None,
    ) -> None:
        """`near` of `storages`, the first ones, are in the own region; all of them, if nobody says so."""
        super().__init__(node, clock, trace, session=session, storages=storages, leaders=leaders, settings=settings)
        self._clock = clock
        self._ranges, chosen = ranges, self._settings
        self._number = str(node).rsplit("-", 1)[-1]
        self._reads = Reads(
            storages,
            near if near is not None else len(storages),
            turns=int(self._number),
            numbers=self._numbers,
            patience=Patience(chosen.read_turn_us, chosen.read_retry_us, chosen.read_timeout_us),
        )

    def receive(self, source: NodeId, message: Message) -> Effects:
        """As every role, by one reading of the clock, as every call of the session."""
        self._clock.read()
        return super().receive(source, message)

    # --- what the session asks ----------------------------------------------------------------------------------

    @property
    def active(self) -> TxnId | None:
        """The name of the transaction under way, if there is one."""
        return self._transaction.txn if self._transaction is not None else None

    def open(self) -> Transaction:
        """Begin a transaction with a snapshot of now (P1)."""
        if self._transaction is not None:
            raise InternalError(f"{self.node}: a transaction is under way already")
        self._clock.read()
        start = Timestamp(max(self.clock.now().latest, self._last_start + 1))
        self.begin(txn=TxnId(f"{start:x}.{self._number}"), start=start)
        return self.transaction

    def get(self, keys: Sequence[Key]) -> tuple[int, Effects]:
        """Read some keys at the snapshot; `ReadDone` with the returned number follows."""
        start = self._young().start
        return self._reads.ask(lambda request: ReadKeys(request, start, tuple(keys)))

    def scan(self, low: Key, high: Key, limit: int | None) -> tuple[int, Effects]:
        """Read a range at the snapshot; `ReadDone` with the returned number follows."""
        start = self._young().start
        return self._reads.ask(lambda request: ReadRange(request, start, low, high, limit))

    def _young(self) -> Transaction:
        """The transaction under way; raises `LimitError` when it is too old."""
        transaction = self.transaction
        self._clock.read()
        transaction.check_age(self.clock.now().latest)
        return transaction

    def put(self, writes: Iterable[Write], rows: int) -> None:
        """Buffer post-images (P8); raises `LimitError` when they are too many rows."""
        transaction = self._young()
        transaction.check_rows(rows)
        writes = tuple(writes)
        if writes:
            self.write(txn=transaction.txn, keys=frozenset(write.key for write in writes))
            transaction.buffer(writes, rows)

    def check(self, keys: Iterable[Key], access: Access) -> None:
        """Have COMMIT check `keys` in class `access`, without writing them."""
        transaction = self._young()
        for key in keys:
            if access is Access.VALIDATE and space_of(key) != VALIDATED_SPACE:
                raise InternalError(f"{key_text(key)}: only keys of space {VALIDATED_SPACE} can be validated")
            transaction.access(key, access)

    def finish(self) -> Effects:
        """Commit: at once if nothing was written (P7), else through the owners of what is to be checked (P9)."""
        transaction = self._young()
        transaction.check_size()
        txn = transaction.txn
        if not transaction.writes:
            self.commit_read_only(txn=txn)
            return [Send(self._session, CommitDone(txn, transaction.start))]
        return self._ask_owners(*divide(transaction.accesses, self._ranges))

    def rollback(self) -> None:
        """Give the transaction up; the session need not ask whether there still is one."""
        transaction = self._transaction
        if transaction is None:
            return
        self._clock.read()
        if transaction.phase == "running":
            self.abort(txn=transaction.txn)
        else:
            self.abandon(txn=transaction.attempt)

    # --- what storage answers -----------------------------------------------------------------------------------

    def on_read_result(self, source: NodeId, message: ReadResult) -> Effects:
        """Storage has answered a read, or a part of it."""
        answer = self._reads.answered(source, message)
        if not isinstance(answer, Answer):
            return answer
        self.read(txn=self.transaction.txn, seen=_sample(answer.versions))
        return [Send(self._session, ReadDone(answer.request, answer.versions))]

    def on_read_too_old(self, source: NodeId, message: ReadTooOld) -> Effects:
        """A storage replica no longer has the snapshot, or not yet again: the read fails if none has it."""
        given_up = self._reads.too_old(source, message.request)
        return [Send(self._session, ReadFailed(given_up))] if isinstance(given_up, int) else given_up

    def on_read_timeout(self, source: NodeId, message: ReadTimeout) -> Effects:
        """Storage has not answered: turn to another replica, or, after long, give the read up."""
        given_up = self._reads.timed_out(message)
        return [Send(self._session, ReadFailed(given_up, lost=True))] if isinstance(given_up, int) else given_up

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

    @performs("SnapshotIsolation!CommitReadOnly")
    def commit_read_only(self, *, txn: TxnId) -> None:
        """P7: nothing was written, so nothing can refuse it."""
        self._end()

    def _end(self) -> None:
        super()._end()
        self._reads.clear()

    def check_invariants(self) -> None:
        """The relations stated where the state is declared."""
        transaction = self._transaction
        if transaction is None:
            assert not self._reads, "a read outlives its transaction"
            return
        assert transaction.start <= self._last_start, "starts are remembered"
        assert transaction.writes.keys() <= transaction.accesses.keys(), "every write is checked at COMMIT"


def _sample(versions: tuple[Version, ...]) -> dict[Key, Timestamp]:
    """What storage vouches for: of a row that was deleted long ago it no longer knows when."""
    return {key: ts for key, ts, _ in versions[:SAMPLE] if ts != DELETED}
