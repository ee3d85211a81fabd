"""What is said to and by a journal's replicas.

An entry of a journal is known by its index (1, 2, 3 …) and the epoch of the leader that appended it; two replicas
that agree on the epoch at an index agree on everything up to it. `durable` is the greatest index that the leader
knows to be on a majority of zones: up to it no replica ever differs from another.
"""

from __future__ import annotations

from typing import ClassVar

from daybreak.base.ids import NodeId
from daybreak.runtime.protocols import Message


class Entry(Message, frozen=True, array_like=True):
    """One entry; the journal never looks into `payload`."""

    index: int
    epoch: int
    payload: bytes


class Probe(Message, frozen=True):
    """A candidate that stands by asks who leads. `round` counts its questions."""

    causal: ClassVar[bool] = False

    round: int


class Probed(Message, frozen=True):
    """Answer to a Probe: what the replica knows of leaders, in this life of it."""

    causal: ClassVar[bool] = False

    round: int
    promised: int
    leader: NodeId | None
    """Who was the last to lead or to propose; None if nobody has."""
    leads: bool
    """Whether that one has led; False: it has proposed and appended nothing yet."""
    silent_us: int
    """Microseconds since it was heard of, or since the replica started."""


class Propose(Message, frozen=True):
    """A would-be leader asks for the promise to refuse all lower epochs (P18).

    `candidate` is unique to it among all would-be leaders that ever were: of two that pick the same epoch, a replica
    follows the first, and the same one again when its answer was lost.
    """

    epoch: int
    candidate: str


class Promised(Message, frozen=True):
    """The promise, durable, and where the part of the replica's log that is on its disk ends."""

    epoch: int
    last_epoch: int
    last_index: int
    durable: int


class Fenced(Message, frozen=True):
    """Refusal: the replica has promised itself to `promised`, an epoch higher than the sender's."""

    epoch: int
    promised: int


class Append(Message, frozen=True):
    """Entries that follow the one at `prev_index`, whose epoch is `prev_epoch` (0, 0 at the start)."""

    epoch: int
    prev_index: int
    prev_epoch: int
    entries: tuple[Entry, ...]
    durable: int


class Appended(Message, frozen=True):
    """Everything up to `index` agrees with the leader's log and is on this zone's disk (P17)."""

    epoch: int
    index: int
    whole: bool = True
    """False: it counts towards no majority, for this zone lacks entries that it had acknowledged."""
    room: bool = True
    """False: the disk is nearly full, and only what keeps the journal alive should be appended."""
    serial: int = 0
    """Of the replica's promise: not less than the number of any loss that it had when it said this (see Doubt)."""


class Behind(Message, frozen=True):
    """The entry before an Append is missing or differs: send again from `next_index`, which follows `prev_epoch`."""

    epoch: int
    next_index: int
    prev_epoch: int
    whole: bool = True
    """As in Appended."""
    room: bool = True
    """As in Appended."""


class NoRoom(Message, frozen=True):
    """The disk is full: what this replica was asked to write or to promise is not there."""

    epoch: int


class Doubt(Message, frozen=True):
    """Entries that this replica had acknowledged are lost, and it cannot tell which: from where on is it whole again?

    `incident` is a number that this replica never uses for another loss.
    """

    epoch: int
    incident: int


class Whole(Message, frozen=True):
    """All that the replica can have acknowledged before its Doubt lies in the leader's log, at or below `upto`."""

    epoch: int
    incident: int
    upto: int


class HealthTick(Message, frozen=True):
    """The replica's own timer: look for space and for damage."""


class Fetch(Message, frozen=True):
    """Ask a replica for entries from `low` to `high` inclusive; it answers with as many as fit a message.

    With `epoch` 0 anybody may ask, and gets only what the replica knows to be durable on a majority. The leader of
    `epoch` gets all that is on the replica's disk, as long as the replica follows it.
    """

    causal: ClassVar[bool] = False

    low: int
    high: int
    epoch: int = 0


class Fetched(Message, frozen=True):
    """Entries from `low` on, in order; `last_index` is where the entries end that this replica may show."""

    bulk: ClassVar[bool] = True

    low: int
    entries: tuple[Entry, ...]
    last_index: int
    epoch: int = 0
    """That of the Fetch."""


class Trim(Message, frozen=True):
    """Nobody will ask for the entries up to `upto` any more: they may be dropped. Sent again and again."""

    upto: int


class Trimmed(Message, frozen=True):
    """Answer to a Fetch from `low`, of the `epoch` of that: entries up to `index`, of epoch `index_epoch`, are gone."""

    low: int
    index: int
    index_epoch: int
    epoch: int = 0


class BeginAfter(Message, frozen=True):
    """From the leader of `epoch` to a replica that lacks entries which are gone everywhere: begin the log after the
    entry `index`, of epoch `index_epoch`, which is durable with all before it."""

    epoch: int
    index: int
    index_epoch: int
