"""The session's calls: what they wait for, and which error comes of which answer."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest

from daybreak.adjudicator.messages import CommitRequest, Committed, Reason, Refused, Release
from daybreak.base.ids import NodeId, TxnId
from daybreak.base.limits import MAX_AGE_US, MAX_ROWS
from daybreak.base.ranges import mark_key
from daybreak.base.writes import Access, Write
from daybreak.errors import (
    ConflictError,
    DaybreakError,
    DiskFullError,
    InternalError,
    LimitError,
    OperatorError,
    RetryError,
    SchemaConflictError,
    UnavailableError,
    UnknownOutcomeError,
)
from daybreak.query.gateway import Gateway
from daybreak.query.messages import CommitTimeout, ReadFailed
from daybreak.query.store import StoreTransaction
from daybreak.runtime.protocols import Effects, Message, Send
from daybreak.runtime.sim.tasks import SimFuture, spawn
from daybreak.storage.messages import ReadKeys, ReadRange, ReadResult, ReadTooOld
from tests.support.processor_bench import ADJUDICATOR, JOURNALS, OTHER_STORAGE, SESSION, STORAGE, Bench
from tests.support.roles import CATALOG, M, key, time

A, B = key("a"), key("b")
WRITE = Write(A, Access.WRITE, b"v")


class Session:
    """A gateway over a query processor; what leaves the two is kept until the test answers it."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.aborted: list[TxnId] = []
        self.gateway = Gateway(
            self.bench.role, perform=self._perform, new_future=SimFuture, on_abort=self.aborted.append
        )
        self.left: list[Message] = []

    def begin(self) -> StoreTransaction:
        """Begin a transaction."""
        return self.gateway.begin()

    def _perform(self, effects: Effects) -> None:
        for effect in effects:
            match effect:
                case Send(to, message) if to == SESSION:
                    self.gateway.on_message(message)
                case Send(_, message):
                    self.left.append(message)

    def answer(self, message: Message, source: NodeId = ADJUDICATOR) -> None:
        """Let the query processor hear a message."""
        self._perform(self.bench.hear(message, source))

    def asked(self, kind: type[M]) -> M:
        """The one message of a kind that has left."""
        (message,) = (message for message in self.left if isinstance(message, kind))
        return message


class Call:
    """A call that runs as far as it can."""

    def __init__(self, call: Awaitable[object]) -> None:
        self.done = False
        self.result: object = None
        self.error: DaybreakError | None = None
        spawn(self._run(call), lambda step: step())

    async def _run(self, call: Awaitable[object]) -> None:
        try:
            self.result = await call
        except DaybreakError as error:
            self.error = error
        self.done = True


def test_a_get_waits_for_storage_and_returns_the_keys_that_exist() -> None:
    session = Session()
    call = Call(session.begin().get([A, B]))
    read = session.asked(ReadKeys)
    assert not call.done
    session.answer(ReadResult(read.request, ((A, time(-1), b"v"), (B, time(-1), None))))
    assert call.result == {A: b"v"}


def test_a_get_of_nothing_asks_nobody() -> None:
    session = Session()
    assert Call(session.begin().get([])).result == {}
    assert session.left == []


def test_a_scan_returns_rows_in_the_order_of_storage() -> None:
    session = Session()
    call = Call(session.begin().scan(A, key("z"), limit=5))
    read = session.asked(ReadRange)
    assert (read.low, read.high, read.limit) == (A, key("z"), 5)
    session.answer(ReadResult(read.request, ((A, time(-1), b"1"), (B, time(-2), b"2"))))
    assert call.result == [(A, b"1"), (B, b"2")]


def test_two_reads_at_a_time_each_get_their_own_answer() -> None:
    session = Session()
    transaction = session.begin()
    calls = [Call(transaction.get([wanted])) for wanted in (A, B)]
    first, second = (message for message in session.left if isinstance(message, ReadKeys))
    session.answer(ReadResult(second.request, ((B, time(-1), b"2"),)))
    assert (calls[0].done, calls[1].result) == (False, {B: b"2"})
    session.answer(ReadResult(first.request, ((A, time(-1), b"1"),)))
    assert calls[0].result == {A: b"1"}


def test_a_transaction_whose_snapshot_nobody_keeps_is_to_be_run_again() -> None:
    session = Session()
    call = Call(session.begin().get([A]))
    request = session.asked(ReadKeys).request
    session.answer(ReadTooOld(request), STORAGE)
    assert not call.done
    session.answer(ReadTooOld(request), OTHER_STORAGE)
    assert isinstance(call.error, RetryError)
    assert call.error.sqlstate == "40001"


def test_a_read_that_no_replica_answers_in_time_fails_as_one_of_a_lost_connection() -> None:
    session = Session()
    call = Call(session.begin().get([A]))
    session.gateway.on_message(ReadFailed(session.asked(ReadKeys).request, lost=True))
    assert isinstance(call.error, UnavailableError)
    assert call.error.sqlstate == "08006"


def test_a_commit_of_nothing_returns_the_time_of_the_snapshot_at_once() -> None:
    session = Session()
    transaction = session.begin()
    assert Call(transaction.commit()).result == transaction.start
    assert session.left == []
    assert session.begin().start > transaction.start


def committing(session: Session) -> tuple[StoreTransaction, Call]:
    """A transaction whose COMMIT is under way."""
    transaction = session.begin()
    transaction.write([WRITE], rows=1)
    call = Call(transaction.commit())
    assert not call.done
    assert session.asked(CommitRequest).txn == transaction.txn
    return transaction, call


def test_a_commit_returns_its_time_once_it_is_durable_and_that_has_passed() -> None:
    session = Session()
    transaction, call = committing(session)
    session.answer(Committed(transaction.txn, time(0)))
    assert call.result == time(0)


ERRORS = {
    Reason.CONFLICT: (ConflictError, "40001", "change conflicts with another transaction (OC000)"),
    Reason.SCHEMA: (SchemaConflictError, "40001", "schema has been updated by another transaction (OC001)"),
    Reason.UNAVAILABLE: (RetryError, "40001", "nothing of the transaction remains"),
    Reason.DISK_FULL: (DiskFullError, "53100", "nothing of the transaction remains"),
}


def test_only_what_has_moved_is_no_error() -> None:
    assert set(Reason) - ERRORS.keys() == {Reason.MOVED}, "the query processor asks the new owner"


@pytest.mark.parametrize("reason", ERRORS)
def test_each_refusal_is_an_error_of_its_own(reason: Reason) -> None:
    session = Session()
    transaction, call = committing(session)
    session.answer(Refused(transaction.txn, reason))
    kind, sqlstate, text = ERRORS[reason]
    assert call.error is not None
    assert type(call.error) is kind
    assert call.error.sqlstate == sqlstate
    assert text in call.error.message


def test_a_commit_without_an_answer_has_an_unknown_outcome_and_must_not_be_retried_blindly() -> None:
    session = Session()
    transaction, call = committing(session)
    session.answer(CommitTimeout(transaction.txn))
    assert isinstance(call.error, UnknownOutcomeError)
    assert not isinstance(call.error, RetryError)
    assert call.error.sqlstate == "08007"
    assert call.error.detail == f"Transaction {transaction.txn} may or may not have been committed."
    assert f"sys.daybreak_transaction_outcome('{transaction.txn}')" in (call.error.hint or "")


def test_a_late_answer_does_not_settle_the_next_commit() -> None:
    session = Session()
    first, _ = committing(session)
    session.answer(CommitTimeout(first.txn))
    session.left.clear()
    second, call = committing(session)
    session.answer(Committed(first.txn, time(0)))
    session.answer(Refused(first.txn, Reason.CONFLICT))
    assert not call.done
    session.answer(Committed(second.txn, time(0)))
    assert call.result == time(0)


def test_a_commit_past_a_limit_ends_the_transaction() -> None:
    session = Session()
    transaction = session.begin()
    transaction.write([WRITE], rows=1)
    session.bench.clock.advance(MAX_AGE_US + 1)
    assert isinstance(Call(transaction.commit()).error, LimitError)
    assert session.bench.sink.acts()[-1] == "Abort"
    assert session.left == []
    session.begin()


def test_a_write_past_a_limit_leaves_it_to_the_session_to_end_the_transaction() -> None:
    session = Session()
    transaction = session.begin()
    transaction.write([WRITE], rows=MAX_ROWS)
    with pytest.raises(LimitError):
        transaction.write([WRITE], rows=1)
    transaction.rollback()
    assert session.bench.sink.acts()[-1] == "Abort"


def test_validated_and_shared_keys_are_checked_at_commit() -> None:
    session = Session()
    transaction = session.begin()
    transaction.validate(CATALOG)
    transaction.share([B])
    transaction.write([WRITE], rows=1)
    Call(transaction.commit())
    request = session.asked(CommitRequest)
    assert request.keys == {mark_key(JOURNALS[0]): Access.VALIDATE, B: Access.SHARE, A: Access.WRITE}


def test_rolling_back_a_transaction_that_has_ended_does_not_touch_the_next_one() -> None:
    session = Session()
    ended = session.begin()
    ended.rollback()
    running = session.begin()
    ended.rollback()
    assert session.bench.role.active == running.txn


def test_a_session_that_ends_gives_its_transaction_up() -> None:
    session = Session()
    session.begin()
    session.gateway.close()
    assert session.bench.role.active is None


def test_when_the_query_processor_is_lost_all_calls_fail_with_what_was_said() -> None:
    session = Session()
    read = Call(session.begin().get([A]))
    lost = OperatorError("gone")
    session.gateway.lose(lost)
    assert read.error is lost
    with pytest.raises(OperatorError, match="gone"):
        session.begin()


def test_a_commit_under_way_has_an_unknown_outcome_when_the_query_processor_is_lost() -> None:
    session = Session()
    transaction, commit = committing(session)
    session.gateway.lose(OperatorError("gone"))
    assert isinstance(commit.error, UnknownOutcomeError)
    assert transaction.txn in (commit.error.detail or "")


def test_transactions_that_can_never_commit_are_told_of_and_no_others() -> None:
    session = Session()
    given_up = session.begin()
    given_up.rollback()
    refused, _ = committing(session)
    session.answer(Refused(refused.txn, Reason.CONFLICT))
    session.left.clear()
    doubtful, _ = committing(session)
    session.answer(CommitTimeout(doubtful.txn))
    session.left.clear()
    committed, _ = committing(session)
    session.answer(Committed(committed.txn, time(0)))
    session.left.clear()
    sent, _ = committing(session)
    sent.rollback()
    left = session.begin()
    session.gateway.close()
    assert session.aborted == [given_up.txn, refused.txn, left.txn]


def test_a_message_that_is_for_no_session_is_a_bug() -> None:
    with pytest.raises(InternalError, match="does not expect Release"):
        Session().gateway.on_message(Release())
