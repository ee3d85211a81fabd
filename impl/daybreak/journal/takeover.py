"""Taking a journal over: promises, the choice of a log, and its tail (P18).

                 would-be leader          z1              z2              z3
propose          Propose(5) ------------> promise on disk, also z2; z3 is down
on_promised      <- Promised(last 4/120, durable 117) from z1, (last 4/121, durable 116) from z2
adopt            the log of z2 is the longest: Fetch(117..121) ---------> z2
on_fetched       <- Fetched(117..121): 117 is the base, 118..121 the tail to replicate again
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from daybreak.base.ids import NodeId
from daybreak.errors import InternalError
from daybreak.journal.messages import Entry, Fetch, Fetched, Promised, Propose, Trimmed
from daybreak.journal.quorum import longest, majority
from daybreak.journal.tail import Position, position
from daybreak.runtime.protocols import Effects, Send

STALLED_RETRIES = 4
"""After so many retries without an answer, the replica whose log was chosen is given up."""
UNHEARD_RETRIES = 20
"""After so many retries without a majority's promises the proposal is given up."""


class Adopted(NamedTuple):
    """The log that a new leader continues."""

    base: Position
    """The last entry known to be durable on a majority."""
    anchor: Entry | None
    """That entry itself; None if nothing is known to be durable, or if it was trimmed."""
    tail: list[Entry]
    """What follows the base; a majority may or may not have it."""


@dataclass
class Reading:
    """The tail on its way from the replica whose log was chosen."""

    source: NodeId
    base: int
    """Index of the last entry known to be durable; 0 for none."""
    low: int
    """Next index to ask for."""
    high: int
    entries: list[Entry] = field(default_factory=list)
    trimmed: Position | None = None
    """The base, if its entry is gone."""


class Takeover:
    """One candidate's way to a log. When it is `lost` it can begin again with a higher epoch, but only its owner knows
    whether it should: somebody else may lead by then, who must not be disturbed."""

    def __init__(self, replicas: Sequence[NodeId], candidate: str, patience: int, near: NodeId | None = None) -> None:
        """`near` is the replica that is asked for the log rather than others that have the same."""
        self.epoch = 0
        self.fenced_by = 0
        """The highest epoch by which a replica has refused."""
        self.adopted: Adopted | None = None
        self.chosen: NodeId | None = None
        """Whose log is adopted, or being read."""
        self._replicas = replicas
        self._candidate = candidate
        self._near = near
        self._most_patience = self._patience = patience
        self._promises: dict[NodeId, Promised] = {}
        self._reading: Reading | None = None
        self._idle = 0
        """Retries since the last step forward."""

    def propose(self, above: int, *, hasty: bool = False) -> Effects:
        """Start with an epoch greater than `above`, and than all that is known of; who is `hasty` never waits for more
        promises than those of a majority."""
        self._patience = 0 if hasty else self._most_patience
        self.epoch = max(above, self.fenced_by, self.epoch) + 1
        self.adopted = self._reading = self.chosen = None
        self._promises = {}
        self._idle = 0
        return [self._proposal(replica) for replica in self._replicas]

    def _proposal(self, replica: NodeId) -> Send:
        return Send(replica, Propose(self.epoch, self._candidate))

    def on_promised(self, source: NodeId, message: Promised) -> Effects:
        """Adopt when all have promised, or a majority and the caller has no patience."""
        if message.epoch != self.epoch or self._reading is not None or self.adopted is not None:
            return []
        self._promises[source] = message
        if len(self._promises) == len(self._replicas) or (self._patience == 0 and self._elected()):
            return self._adopt()
        return []

    @property
    def promises(self) -> Mapping[NodeId, Promised]:
        """What replicas have answered; no more are taken once a log is chosen."""
        return self._promises

    def _elected(self) -> bool:
        return len(self._promises) >= majority(len(self._replicas))

    def _adopt(self) -> Effects:
        """Choose the longest log and read its end, from the last entry known to be durable on."""
        source = self.chosen = longest(self._promises, self._near)
        best = self._promises[source]
        durable = max(promise.durable for promise in self._promises.values())
        if durable > best.last_index:
            raise InternalError(f"entry {durable} is durable, but the longest log ends at {best.last_index}")
        self._idle = 0
        if best.last_index == 0:
            self.adopted = Adopted(Position(0, 0), None, [])
            return []
        self._reading = Reading(source, durable, max(durable, 1), best.last_index)
        return [self._fetch(self._reading)]

    def _fetch(self, reading: Reading) -> Send:
        return Send(reading.source, Fetch(reading.low, reading.high, self.epoch))

    def on_fetched(self, source: NodeId, message: Fetched) -> Effects:
        """Take the next part of the tail."""
        reading = self._reading
        if reading is None or not message.entries:
            return []
        if (source, message.epoch, message.low) != (reading.source, self.epoch, reading.low):
            return []
        self._idle = 0
        reading.entries.extend(message.entries)
        return self._go_on(reading, message.entries[-1].index + 1)

    def on_trimmed(self, source: NodeId, message: Trimmed) -> Effects:
        """The source's log begins right after the base: it was itself told to begin there.

        Something follows: an entry is trimmed only once a later one is on a majority.
        """
        reading = self._reading
        if reading is None or (source, message.epoch, message.low) != (reading.source, self.epoch, reading.low):
            return []
        if message.index != reading.base or message.index >= reading.high:
            raise InternalError(f"{source}: entries up to {message.index} are gone; {reading.base} is the last durable")
        self._idle = 0
        reading.trimmed = Position(message.index, message.index_epoch)
        return self._go_on(reading, message.index + 1)

    def _go_on(self, reading: Reading, low: int) -> Effects:
        """Ask for what follows, or adopt what has come."""
        reading.low = low
        if reading.low <= reading.high:
            return [self._fetch(reading)]
        self._reading = None
        self.adopted = _adopted(reading)
        return []

    def on_fenced(self, promised: int) -> None:
        """A replica follows the epoch `promised`; the next proposal goes above it."""
        self.fenced_by = max(self.fenced_by, promised)

    @property
    def lost(self) -> bool:
        """Whether this proposal can lead to nothing any more: it was outbid, or has waited for too long."""
        if self.fenced_by > self.epoch:
            return True
        if self._elected():
            return self._reading is not None and self._idle > STALLED_RETRIES
        return self.fenced_by == self.epoch or self._idle > UNHEARD_RETRIES

    def retry(self) -> Effects:
        """Repeat what may have been lost. Who has a log and waits repeats its proposal to all, so that they hear of it:
        no other candidate then tries."""
        self._idle += 1
        if self._reading is not None:
            return [self._fetch(self._reading)]
        if self.adopted is not None:
            return [self._proposal(replica) for replica in self._replicas]
        if self._elected() and self._idle >= self._patience:
            return self._adopt()
        return [self._proposal(replica) for replica in self._replicas if replica not in self._promises]


def _adopted(reading: Reading) -> Adopted:
    if reading.trimmed is not None:
        return Adopted(reading.trimmed, None, reading.entries)
    if reading.base == 0:
        return Adopted(Position(0, 0), None, reading.entries)
    anchor, *tail = reading.entries
    return Adopted(position(anchor), anchor, tail)
