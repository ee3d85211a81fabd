"""Merging journals: every record once, in commit order, as soon as it may leave and no sooner (P6)."""

from __future__ import annotations

from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.base.ids import JournalId
from daybreak.base.time import Timestamp
from daybreak.base.writes import Record
from daybreak.crossbar.merge import Queue, Queued, release
from daybreak.crossbar.watermark import watermark

NAMES = [JournalId(f"adj-{n}") for n in range(3)]
steps = st.lists(st.none() | st.integers(1, 4), max_size=12)
"""Entries of one journal: one without a record, or the time from the record before it."""


def entries(journal: JournalId, made: list[int | None]) -> list[Queued]:
    """The entries of a journal, of one byte each, whose commit times strictly increase."""
    now, found = 0, list[Queued]()
    for index, step in enumerate(made, 1):
        now += step or 0
        found.append(Queued(index, None if step is None else Record(f"{journal}.{index}", now, ()), 1, index))
    return found


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    made=st.lists(steps, min_size=1, max_size=3),
    marks=st.lists(st.integers(0, 50), max_size=6),
    limit=st.integers(1, 30),
)
def test_records_leave_once_and_in_commit_order(made: list[list[int | None]], marks: list[int], limit: int) -> None:
    journals = {name: entries(name, journal) for name, journal in zip(NAMES, made, strict=False)}
    queues: dict[JournalId, Queue] = {name: deque(journal) for name, journal in journals.items()}
    left: list[Record] = []
    positions = dict.fromkeys(journals, 0)
    for mark in [*sorted(marks), 100]:
        for records, taken, upto in release(queues, Timestamp(mark), limit):
            left += records
            assert all(index > positions[name] for name, index in taken.items())
            positions.update(taken)
            late = [e.record for name, j in journals.items() for e in j[positions[name] :] if e.record is not None]
            assert all(record.ts > upto for record in late), "a batch is complete up to its time"
        assert upto == mark
        due = [e.record for j in journals.values() for e in j if e.record is not None and e.record.ts <= mark]
        assert left == sorted(due, key=lambda r: (r.ts, r.txn)), "all that is due has left, in commit order"
        for name, journal in journals.items():
            assert list(queues[name]) == journal[positions[name] :], "what has not left is still there"
            rest = [entry.record for entry in queues[name]]
            assert not rest or rest[0] is not None, "a lease leaves with the record before it"
    assert positions == {name: len(journal) for name, journal in journals.items()}


@given(complete=st.dictionaries(st.sampled_from(NAMES), st.integers(0, 50).map(Timestamp)))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_nothing_is_complete_beyond_what_every_journal_is(complete: dict[JournalId, Timestamp]) -> None:
    mark = watermark(NAMES, complete)
    assert all(mark <= complete.get(name, 0) for name in NAMES)
    assert any(mark == complete.get(name, 0) for name in NAMES)
