"""Keeping the replicas of an elected leader alike, and counting what is durable.

A replica is *streamed* to while it is known to have everything: each flush goes out at once, without waiting for
earlier acknowledgements. One that misses something says so (Behind) and is then *fed*: one chunk after another,
each sent when the one before is acknowledged, until it can be streamed to again. Chunks come from the tail in
memory or, below it, from another replica through this leader (Fetch); if they are gone there, the replica is told to
begin after them (BeginAfter). A replica that does not move is probed with
an empty Append at the end of the log; its answer, Appended or Behind, tells how to go on.

A replica that has lost entries (Doubt) is fed like one that misses some, but what it has counts towards no majority
before it says that it is whole. One whose disk is full (NoRoom) is only probed until it has space again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from daybreak.base.ids import NodeId
from daybreak.errors import InternalError
from daybreak.journal.messages import (
    Append,
    Appended,
    BeginAfter,
    Behind,
    Doubt,
    Entry,
    Fetch,
    Fetched,
    NoRoom,
    Trimmed,
    Whole,
)
from daybreak.journal.quorum import majority, majority_index
from daybreak.journal.tail import Position, Tail, position
from daybreak.journal.takeover import Adopted
from daybreak.runtime.protocols import Effects, Send

SILENT_RETRIES = 20
"""After so many retries without an answer a replica's space is not counted on."""


@dataclass(frozen=True)
class Limits:
    """Bounds of a leader's memory and messages."""

    tail_entries: int = 10_000
    """Durable entries beyond this many are dropped from memory."""
    tail_bytes: int = 64 * 1024 * 1024
    """Payload bytes of the same."""
    message_bytes: int = 1024 * 1024
    """Payload bytes of one Append, unless a single entry has more."""
    resend_after: int = 1
    """A replica that has not moved for so many retries is probed, and then sent again what it lacks; more than the
    way there and back takes."""
    patience: int = 1
    """So many retries a takeover waits for a promise of every replica; then that of a majority will do."""


@dataclass
class Progress:
    """What the leader knows of one replica."""

    known: Position
    """An entry of the leader's log that the replica has; feeding goes on after it."""
    acknowledged: int = 0
    """Up to here its log is this one, and on its disk."""
    vouched: int = 0
    """The same, as it has said while it was whole: only that counts. An older message may come later."""
    incident: int = 0
    """The last loss that it has told of; what it has said before that is void."""
    streaming: bool = False
    """All that was flushed is on its way."""
    chunk: Position | None = None
    """End of the chunk on its way, while being fed."""
    relay: NodeId | None = None
    """Who was asked for the next chunk."""
    repaired: int = 0
    """Where the last repair since the last retry began: several Behinds may tell of one gap."""
    told: int = 0
    """The durable index last told."""
    flushed_before: int = 0
    """What had been flushed at the last retry."""
    acknowledged_before: int = 0
    """What had been acknowledged at the last retry."""
    whole: bool = True
    """It has all that it ever acknowledged, so it counts."""
    room: bool = True
    """Its disk is not nearly full."""
    blocked: bool = False
    """Its disk was too full for what was sent last."""
    silent: int = 0
    """Retries since it moved, while something was on its way."""


class Replication:
    """One epoch of an elected leader; the first entry appended is the epoch's seal."""

    def __init__(self, epoch: int, replicas: Sequence[NodeId], adopted: Adopted, limits: Limits) -> None:
        self.durable = adopted.base.index
        """The greatest index known to be durable on a majority."""
        self._epoch = epoch
        self._limits = limits
        self._tail = Tail(adopted.base, adopted.tail)
        self._seal = self._tail.last.index + 1
        """A majority that has older epochs' entries only may still be overruled: it counts from here on (P18)."""
        self._flushed = self._tail.last
        self._taken = self.durable
        self._progress = {replica: Progress(adopted.base) for replica in replicas}

    @property
    def last_index(self) -> int:
        """Index of the last entry, flushed or not."""
        return self._tail.last.index

    @property
    def sealed(self) -> bool:
        """Whether the epoch's first entry is durable."""
        return self.durable >= self._seal

    @property
    def room(self) -> bool:
        """Whether no replica's disk is nearly full, or that of a majority which answers is not."""
        able = sum(p.room and p.silent < SILENT_RETRIES for p in self._progress.values())
        return all(p.room for p in self._progress.values()) or able >= majority(len(self._progress))

    def holders(self, index: int) -> tuple[NodeId, ...]:
        """The replicas that count and have acknowledged the log up to `index`."""
        return tuple(node for node, p in self._progress.items() if p.whole and p.vouched >= index)

    def begin(self, seal: bytes) -> Effects:
        """Append the seal and send it to every replica, after what the adopted log has above its base."""
        self.append(seal)
        self._flushed = self._tail.last
        return [effect for replica in self._progress for effect in self._feed(replica)]

    def append(self, payload: bytes) -> int:
        """Add an entry of this epoch; it leaves with the next flush. Returns its index."""
        index = self.last_index + 1
        self._tail.append(Entry(index, self._epoch, payload))
        return index

    def flush(self) -> Effects:
        """Send what was appended, to all that are streamed to."""
        effects: Effects = []
        while self._flushed.index < self.last_index:
            low = self._flushed.index + 1
            message = self._append(self._flushed, self._tail.chunk(low, self.last_index, self._limits.message_bytes))
            self._flushed = position(message.entries[-1])
            for replica, progress in self._progress.items():
                if progress.streaming:
                    progress.told = self.durable
                    effects.append(Send(replica, message))
        return effects

    def take_durable(self) -> list[Entry]:
        """What has become durable since the last call, in order."""
        if self._taken >= self.durable:
            return []
        entries = self._tail.between(self._taken + 1, self.durable)
        self._taken = self.durable
        self._tail.trim(self._taken, entries=self._limits.tail_entries, size=self._limits.tail_bytes)
        return entries

    def on_appended(self, source: NodeId, message: Appended) -> Effects:
        """Count, and go on feeding."""
        progress = self._progress[source]
        if message.epoch != self._epoch or message.serial < progress.incident:
            return []
        progress.whole, progress.room, progress.silent = message.whole, message.room, 0
        moved = message.index > progress.acknowledged
        progress.acknowledged = max(progress.acknowledged, message.index)
        if message.whole:
            progress.vouched = max(progress.vouched, message.index)
        counted = majority_index([p.vouched if p.whole else 0 for p in self._progress.values()])
        if counted >= self._seal:
            self.durable = max(self.durable, counted)
        if not moved or progress.streaming or (progress.chunk is not None and message.index < progress.chunk.index):
            return []
        if self._tail.covers(message.index):
            progress.known = self._tail.at(message.index)
        elif progress.chunk is not None:
            progress.known = progress.chunk
        return self._feed(source)

    def on_behind(self, source: NodeId, message: Behind) -> Effects:
        """Feed the replica from where it says."""
        progress = self._progress[source]
        if message.epoch != self._epoch:
            return []
        progress.whole, progress.room = message.whole, message.room
        if not message.whole:
            progress.acknowledged = progress.vouched = 0
        if message.next_index <= progress.repaired or (progress.blocked and not message.room):
            return []
        progress.blocked = False
        has = Position(message.next_index - 1, message.prev_epoch)
        if has.index > self.last_index or (self._tail.covers(has.index) and self._tail.at(has.index) != has):
            raise InternalError(f"{source} holds {has} to be durable; it is not in this leader's log")
        progress.repaired = message.next_index
        if progress.acknowledged > has.index and self._tail.covers(progress.acknowledged):
            has = self._tail.at(progress.acknowledged)
        progress.known = has
        return self._feed(source)

    def on_no_room(self, source: NodeId, message: NoRoom) -> Effects:
        """Leave the replica alone until it has space again."""
        progress = self._progress[source]
        if message.epoch == self._epoch:
            progress.room = progress.streaming = False
            progress.blocked = True
            progress.chunk = progress.relay = None
        return []

    def on_doubt(self, source: NodeId, message: Doubt) -> Effects:
        """Count the replica no more, and tell it what it must have: all that was ever sent to it."""
        progress = self._progress[source]
        if message.epoch != self._epoch:
            return []
        progress.whole, progress.acknowledged, progress.vouched = False, 0, 0
        progress.incident = max(progress.incident, message.incident)
        return [Send(source, Whole(self._epoch, message.incident, self._flushed.index))]

    def _feed(self, replica: NodeId) -> Effects:
        """Send the next chunk after what the replica has; stream from now on if that is the last one."""
        progress = self._progress[replica]
        progress.chunk = progress.relay = None
        progress.streaming = progress.known.index >= self._flushed.index
        if progress.streaming:
            return []
        low = progress.known.index + 1
        if not self._tail.covers(low - 1):
            return self._ask(replica, low)
        return [self._send(replica, self._tail.chunk(low, self._flushed.index, self._limits.message_bytes))]

    def _send(self, replica: NodeId, entries: tuple[Entry, ...]) -> Send:
        progress = self._progress[replica]
        progress.chunk = position(entries[-1])
        progress.streaming = progress.chunk == self._flushed
        progress.told = self.durable
        return Send(replica, self._append(progress.known, entries))

    def _append(self, prev: Position, entries: tuple[Entry, ...]) -> Append:
        return Append(self._epoch, prev.index, prev.epoch, entries, self.durable)

    def _ask(self, replica: NodeId, low: int) -> Effects:
        """Ask the replica that has most for entries that the tail no longer covers."""
        others = {node: p for node, p in self._progress.items() if node != replica}
        source = max(others, key=lambda node: (others[node].whole, others[node].acknowledged, node))
        if (last := others[source].acknowledged) < low:
            return []
        self._progress[replica].relay = source
        return [Send(source, Fetch(low, min(last, self._tail.base.index), self._epoch))]

    def on_fetched(self, source: NodeId, message: Fetched) -> Effects:
        """Pass entries on to those for whom they were asked."""
        if message.epoch != self._epoch or not message.entries:
            return []
        effects: Effects = []
        for replica, progress in self._progress.items():
            if progress.relay == source and progress.known.index + 1 == message.low:
                progress.relay = None
                effects.append(self._send(replica, message.entries))
        return effects

    def on_trimmed(self, source: NodeId, message: Trimmed) -> Effects:
        """Those who lack entries that are gone begin where they were trimmed: what is gone is durable, and in all
        checkpoints."""
        effects: Effects = []
        for replica, progress in self._progress.items():
            if progress.relay == source and progress.known.index + 1 == message.low and message.epoch == self._epoch:
                progress.relay = None
                effects.append(Send(replica, BeginAfter(self._epoch, message.index, message.index_epoch)))
        return effects

    def retry(self) -> Effects:
        """Probe replicas that have not moved since the last retry; tell the idle ones what is durable."""
        effects: Effects = []
        for replica, progress in self._progress.items():
            waited = progress.acknowledged == progress.acknowledged_before < progress.flushed_before
            progress.silent = progress.silent + 1 if waited else 0
            stalled = progress.silent >= self._limits.resend_after
            if stalled:
                progress.streaming = False
                progress.chunk = progress.relay = None
            if stalled or (progress.streaming and progress.told < self.durable):
                progress.told = self.durable
                effects.append(Send(replica, self._append(self._flushed, ())))
            progress.repaired = 0
            progress.flushed_before = self._flushed.index
            progress.acknowledged_before = progress.acknowledged
        return effects
