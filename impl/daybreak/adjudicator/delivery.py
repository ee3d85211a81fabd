"""What crossbars are told of a journal, in messages of bounded size; as values in and values out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from daybreak.base.ids import JournalId
from daybreak.base.time import ZERO, Timestamp
from daybreak.crossbar.messages import Deliver
from daybreak.journal.messages import Entry

DELIVER_BYTES = 4 * 1024 * 1024
"""A message has not much more bytes of entries than this, however much has become durable at once."""


def deliveries(
    journal: JournalId, prev_index: int, entries: Sequence[Entry], upto: Timestamp, at: Timestamp
) -> Iterator[Deliver]:
    """Tell, at the time `at`, of the durable `entries` after `prev_index`, with which the journal is complete up to
    `upto`.

    Only the last message says so: those before it are not complete up to any time but that of their own records.
    """
    part: list[Entry] = []
    size = 0
    for entry in entries:
        if size >= DELIVER_BYTES:
            yield Deliver(journal, prev_index, tuple(part), ZERO, at)
            prev_index, part, size = prev_index + len(part), [], 0
        part.append(entry)
        size += len(entry.payload)
    yield Deliver(journal, prev_index, tuple(part), upto, at)
