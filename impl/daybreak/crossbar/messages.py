"""What is said to and by the crossbar."""

from __future__ import annotations

from daybreak.base.ids import JournalId
from daybreak.base.time import Timestamp
from daybreak.base.writes import Record
from daybreak.journal.messages import Entry
from daybreak.runtime.protocols import Message


class Deliver(Message, frozen=True):
    """An adjudicator's newly durable entries, those after `prev_index`; up to it all are durable too.

    With them, or with none, the journal is complete up to the time `upto` (P6).
    """

    journal: JournalId
    prev_index: int
    entries: tuple[Entry, ...]
    upto: Timestamp
    at: Timestamp
    """When it was sent, by the latest end of the sender's clock."""


class Attach(Message, frozen=True):
    """A storage replica wants every record after those that it has, known by the index per journal."""

    positions: dict[JournalId, int]


class Reading(Message, frozen=True):
    """A storage replica is read: promises should be there before they are needed (P23)."""


class Checkpointed(Message, frozen=True):
    """A storage replica can start again from its own disk and what follows these positions of the journals."""

    positions: dict[JournalId, int]


class JournalTrimmed(Message, frozen=True):
    """A storage replica wants entries that are gone: `journal` begins after the entry `upto`."""

    journal: JournalId
    upto: int


class Stream(Message, frozen=True):
    """Records in commit order for a replica that stands at `before`; it then stands at `after`.

    `watermark` is the time up to which the replica then has everything.
    """

    before: dict[JournalId, int]
    after: dict[JournalId, int]
    records: tuple[Record, ...]
    watermark: Timestamp


class CatchUpTick(Message, frozen=True):
    """The crossbar's own timer: ask again for entries that did not come."""
