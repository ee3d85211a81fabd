"""Merging journals by commit time, as values in and values out."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from daybreak.base.ids import JournalId
from daybreak.base.time import Timestamp
from daybreak.base.writes import Record

Queue = deque[tuple[int, Record | None]]
"""Entries of one journal that wait to be merged: index, and the record if the entry holds one."""


def release(queues: Mapping[JournalId, Queue], upto: Timestamp) -> tuple[list[Record], dict[JournalId, int]]:
    """Take from `queues` all records at or before `upto`, in commit order over all journals.

    Entries without a record go with the record before them. Returns the records and, per journal that gave
    anything, the index of the last entry taken.
    """
    taken: list[Record] = []
    positions: dict[JournalId, int] = {}
    for journal, queue in queues.items():
        while queue and ((record := queue[0][1]) is None or record.ts <= upto):
            positions[journal] = queue.popleft()[0]
            if record is not None:
                taken.append(record)
    if len(queues) > 1:
        taken.sort(key=lambda record: (record.ts, record.txn))
    return taken, positions
