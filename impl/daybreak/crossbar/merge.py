"""Merging journals by commit time, as values in and values out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from daybreak.base.ids import JournalId
from daybreak.base.time import Timestamp
from daybreak.base.writes import Record


class Queued(NamedTuple):
    """An entry of a journal: its position there, and the record if it holds one."""

    position: int
    record: Record | None
    size: int
    """In bytes."""
    end: int
    """The sizes of all entries of the queue so far, this one included."""


Queue = deque[Queued]
"""Entries of one journal that wait to be merged."""


def waiting_bytes(queue: Queue) -> int:
    """The sizes of all entries that wait."""
    return queue[-1].end - queue[0].end + queue[0].size if queue else 0


class Batch(NamedTuple):
    """Records in commit order over all journals, and what follows from having them."""

    records: list[Record]
    positions: dict[JournalId, int]
    """Per journal that gave anything, the index of the last entry taken."""
    upto: Timestamp
    """No record at or before this time is left in any queue."""


def release(queues: Mapping[JournalId, Queue], upto: Timestamp, limit_bytes: int) -> Iterator[Batch]:
    """Take from `queues` all records at or before `upto`, in batches of not much more than `limit_bytes`.

    Entries without a record go with the record before them. The last batch, perhaps an empty one, reaches `upto`.
    """
    taken = list(_take(queues, upto))
    if len(queues) > 1:
        taken.sort(key=lambda one: one[0])
    records: list[Record] = []
    positions: dict[JournalId, int] = {}
    size = 0
    for (ts, _), journal, entry, last in taken:
        if size >= limit_bytes:
            yield Batch(records, positions, Timestamp(max(ts - 1, 0)))
            records, positions, size = [], {}, 0
        positions[journal] = last
        size += entry.size
        if entry.record is not None:
            records.append(entry.record)
    yield Batch(records, positions, upto)


Taken = tuple[tuple[int, str], JournalId, Queued, int]
"""Where a record stands in commit order, its journal, its entry, and the last entry that goes with it."""


def _take(queues: Mapping[JournalId, Queue], upto: Timestamp) -> Iterator[Taken]:
    for journal, queue in queues.items():
        while queue and ((record := queue[0].record) is None or record.ts <= upto):
            first = last = queue.popleft()
            while queue and queue[0].record is None:
                last = queue.popleft()
            yield (record.ts, record.txn) if record is not None else (0, ""), journal, first, last.position
