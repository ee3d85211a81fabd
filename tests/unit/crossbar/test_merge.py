"""Merging journals, and the time up to which nothing is missing."""

from __future__ import annotations

from collections import deque

from daybreak.base.ids import JournalId
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Record
from daybreak.crossbar.merge import Queue, release
from daybreak.crossbar.watermark import watermark

J, K = JournalId("adj-0"), JournalId("adj-1")


def record(txn: str, ts: int) -> Record:
    """A record that writes nothing."""
    return Record(txn, ts, ())


def queue(*entries: tuple[int, Record | None]) -> Queue:
    """The entries of one journal that wait."""
    return deque(entries)


def test_records_of_all_journals_leave_in_commit_order() -> None:
    queues = {
        J: queue((1, record("a", 10)), (2, record("c", 30))),
        K: queue((1, record("b", 20)), (2, record("d", 40))),
    }
    records, positions = release(queues, Timestamp(30))
    assert [r.txn for r in records] == ["a", "b", "c"]
    assert positions == {J: 2, K: 1}
    assert [len(q) for q in queues.values()] == [0, 1]


def test_equal_commit_times_are_ordered_by_transaction_whatever_the_order_of_journals() -> None:
    def run(first: JournalId, second: JournalId) -> list[str]:
        made = {first: queue((1, record("b", 10))), second: queue((1, record("a", 10)))}
        return [r.txn for r in release(made, Timestamp(10))[0]]

    assert run(J, K) == run(K, J) == ["a", "b"]


def test_an_entry_without_a_record_leaves_with_the_record_before_it() -> None:
    queues = {J: queue((1, None), (2, record("a", 10)), (3, None), (4, record("b", 20)), (5, None))}
    assert release(queues, Timestamp(10)) == ([record("a", 10)], {J: 3})
    assert release(queues, Timestamp(19)) == ([], {})
    assert release(queues, Timestamp(20)) == ([record("b", 20)], {J: 5})


def test_the_watermark_is_the_least_time_of_all_journals() -> None:
    assert watermark([J, K], {J: Timestamp(20), K: Timestamp(10)}) == 10


def test_the_watermark_is_zero_while_one_journal_has_said_nothing() -> None:
    assert watermark([J, K], {J: Timestamp(20)}) == ZERO


def test_without_journals_nothing_is_known() -> None:
    assert watermark([], {}) == ZERO
