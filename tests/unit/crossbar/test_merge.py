"""Merging journals, and the time up to which nothing is missing."""

from __future__ import annotations

from collections import deque

from daybreak.base.ids import JournalId
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Record
from daybreak.crossbar.merge import Batch, Queue, Queued, release, waiting_bytes
from daybreak.crossbar.watermark import watermark

J, K = JournalId("adj-0"), JournalId("adj-1")


def record(txn: str, ts: int) -> Record:
    """A record that writes nothing."""
    return Record(txn, ts, ())


LIMIT = 1_000


def queue(*entries: tuple[int, Record | None]) -> Queue:
    """The entries of one journal that wait, of ten bytes each."""
    return deque(Queued(index, record, 10, 10 * number) for number, (index, record) in enumerate(entries, 1))


def one(queues: dict[JournalId, Queue], upto: int) -> Batch:
    """What is released at once."""
    (batch,) = release(queues, Timestamp(upto), LIMIT)
    return batch


def test_records_of_all_journals_leave_in_commit_order() -> None:
    queues = {
        J: queue((1, record("a", 10)), (2, record("c", 30))),
        K: queue((1, record("b", 20)), (2, record("d", 40))),
    }
    records, positions, _ = one(queues, 30)
    assert [r.txn for r in records] == ["a", "b", "c"]
    assert positions == {J: 2, K: 1}
    assert [len(q) for q in queues.values()] == [0, 1]


def test_equal_commit_times_are_ordered_by_transaction_whatever_the_order_of_journals() -> None:
    def run(first: JournalId, second: JournalId) -> list[str]:
        made = {first: queue((1, record("b", 10))), second: queue((1, record("a", 10)))}
        return [r.txn for r in one(made, 10).records]

    assert run(J, K) == run(K, J) == ["a", "b"]


def test_an_entry_without_a_record_leaves_with_the_record_before_it() -> None:
    queues = {J: queue((1, None), (2, record("a", 10)), (3, None), (4, record("b", 20)), (5, None))}
    assert one(queues, 10) == ([record("a", 10)], {J: 3}, 10)
    assert one(queues, 19) == ([], {}, 19)
    assert one(queues, 20) == ([record("b", 20)], {J: 5}, 20)


def test_much_leaves_in_batches_each_complete_up_to_the_next_record() -> None:
    queues = {
        J: queue((1, None), (2, record("a", 10)), (3, None), (4, record("c", 20))),
        K: queue((1, record("b", 20)), (2, record("d", 40))),
    }
    assert [waiting_bytes(q) for q in queues.values()] == [40, 20]
    batches = list(release(queues, Timestamp(30), 20))
    assert batches == [
        ([record("a", 10)], {J: 3}, 19),
        ([record("b", 20), record("c", 20)], {K: 1, J: 4}, 30),
    ]
    assert [waiting_bytes(q) for q in queues.values()] == [0, 10]


def test_a_batch_may_end_between_two_records_of_one_time_and_is_not_complete_up_to_it() -> None:
    queues = {J: queue((1, record("a", 20))), K: queue((1, record("b", 20)))}
    first, second = release(queues, Timestamp(30), 1)
    assert (first.upto, second.upto) == (19, 30)


def test_the_watermark_is_the_least_time_of_all_journals() -> None:
    assert watermark([J, K], {J: Timestamp(20), K: Timestamp(10)}) == 10


def test_the_watermark_is_zero_while_one_journal_has_said_nothing() -> None:
    assert watermark([J, K], {J: Timestamp(20)}) == ZERO


def test_without_journals_nothing_is_known() -> None:
    assert watermark([], {}) == ZERO
