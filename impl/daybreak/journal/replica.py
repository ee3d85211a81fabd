"""A journal's replica in one zone: keeps the entries of the leader it follows.

Owns   the promise and the log of its zone: entries in segment files, synced in groups.
Hears  Propose, Append, BeginAfter, Fetch from would-be leaders and leaders; Fetch, Trim from crossbars; Synced,
       SyncFailed of its disk.
Says   Promised, Fenced, Appended, Behind, Fetched, Trimmed.
Spec   no rung yet; rules P17 (an acknowledgement follows the sync) and P18 (one epoch at a time).
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from daybreak.base.ids import NodeId
from daybreak.errors import InternalError, OperatorError
from daybreak.journal.messages import (
    Append,
    Appended,
    BeginAfter,
    Behind,
    Entry,
    Fenced,
    Fetch,
    Fetched,
    Promised,
    Propose,
    Trim,
    Trimmed,
)
from daybreak.journal.promise import Promise, load_promise, save_promise
from daybreak.journal.segment import SEGMENT_BYTES, Log
from daybreak.journal.tail import Position
from daybreak.runtime.protocols import Clock, Disk, Effects, Message, Send, Sync, Synced, SyncFailed
from daybreak.runtime.role import Role
from daybreak.trace.recorder import Trace

MESSAGE_BYTES = 1024 * 1024
"""A Fetched holds at most this much, or a single entry."""


class Flight(NamedTuple):
    """A sync under way."""

    token: int
    upto: int
    """The last entry written before the sync began and not cut since."""
    cut: int
    """The cut that was written before the sync began; 0 for none."""


class Journal(Role):
    """See the module's card."""

    def __init__(
        self,
        node: NodeId,
        clock: Clock,
        trace: Trace,
        disk: Disk,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        message_bytes: int = MESSAGE_BYTES,
    ) -> None:
        """Open the log; CorruptionError or OperatorError if its files cannot be used as they are."""
        super().__init__(node, clock, trace)
        self._disk = disk
        self._message_bytes = message_bytes
        self._promise = load_promise(disk)
        base = Position(self._promise.base, self._promise.base_epoch)
        self._log = Log(disk, segment_bytes=segment_bytes, cut=self._promise.cut, base=base)
        self.failure: str | None = None
        """Why this replica has left the quorum: a disk error, after which it says nothing any more."""
        # What the files hold now may still be in the machine's memory only: nothing counts before the first sync.
        self._open = False
        self._flight: Flight | None = None
        self._token = 0
        self._dirty = True
        # Invariant: _synced and _agreed are at most last_index; _durable is too, and no entry up to it is ever cut;
        # the log begins at or before the entry _durable, which a new leader may ask for, or right after it.
        self._synced = base.index
        self._durable = self._log.durable
        # About the leader of the promised epoch; None until it has appended here in this life of the replica.
        self._leader: NodeId | None = None
        self._agreed = 0
        """Up to here the log is the leader's."""
        self._acknowledged = 0

    @property
    def notes(self) -> list[str]:
        """What was mended at opening, one line each, for the operator."""
        return self._log.notes

    @property
    def serving(self) -> bool:
        """Whether the replica is part of the quorum."""
        return self._open and self.failure is None

    @property
    def promised(self) -> int:
        """The epoch below which everything is refused."""
        return self._promise.epoch

    @property
    def last_index(self) -> int:
        """Index of the last entry written."""
        return self._log.last_index

    @property
    def base(self) -> int:
        """The entries up to this index are gone."""
        return self._log.base.index

    @property
    def durable(self) -> int:
        """The greatest index that this replica knows to be durable on a majority."""
        return self._durable

    @property
    def synced(self) -> int:
        """Index of the last entry known to be on this replica's disk."""
        return self._synced

    def entries(self, low: int, high: int) -> tuple[Entry, ...]:
        """The entries from `low` to `high`, as far as there are any."""
        return self._log.read(low, high, 1 << 62)

    def start(self) -> Effects:
        """Bring what the files hold onto the disk before anything is said about it."""
        return self._sync()

    def receive(self, source: NodeId, message: Message) -> Effects:
        """As every role; but a replica whose disk fails leaves the quorum, and the others go on without it."""
        if self.failure is not None or (not self._open and not isinstance(message, Synced | SyncFailed)):
            return []
        try:
            return super().receive(source, message)
        except OperatorError as error:
            self.failure = error.message
            return []

    # --- following a leader -------------------------------------------------------------------------------------

    def on_propose(self, source: NodeId, message: Propose) -> Effects:
        """P18: follow a higher epoch from here on, and tell how far the log reaches.

        What is written but not yet on disk was never acknowledged and, from the promise on, never will be to an
        earlier leader; so it is not told of.
        """
        current = self._promise
        if message.epoch > current.epoch:
            self._follow(message.epoch, message.candidate)
        elif (message.epoch, message.candidate) != (current.epoch, current.candidate):
            return [Send(source, Fenced(message.epoch, current.epoch))]
        last = self._synced
        return [Send(source, Promised(message.epoch, self._log.epoch_at(last), last, self._durable))]

    def _follow(self, epoch: int, candidate: str) -> None:
        self._save(replace(self._promise, epoch=epoch, candidate=candidate))
        self._leader = None
        self._agreed = self._acknowledged = 0

    def _save(self, promise: Promise) -> None:
        save_promise(self._disk, promise)
        self._promise = promise

    def on_append(self, source: NodeId, message: Append) -> Effects:
        """P18: write what the leader of the promised epoch sends, where it fits."""
        if message.epoch < self._promise.epoch:
            return [Send(source, Fenced(message.epoch, self._promise.epoch))]
        if message.epoch > self._promise.epoch:
            self._follow(message.epoch, "")
        self._leader = source
        if self._promise.cut:
            return []
        prev = message.prev_index
        if not self.base <= prev <= self._log.last_index or self._log.epoch_at(prev) != message.prev_epoch:
            return [self._behind(source)]
        return self._take(source, message)

    def _behind(self, leader: NodeId) -> Send:
        """Where to go on: after what is agreed with this leader, or known to be in every leader's log."""
        known = max(self._agreed, self._durable)
        return Send(leader, Behind(self._promise.epoch, known + 1, self._log.epoch_at(known)))

    def _take(self, source: NodeId, message: Append) -> Effects:
        """Write those entries that are new; an Append whose entries are all on disk is acknowledged at once."""
        log, prev = self._log, message.prev_index
        here = min(len(message.entries), log.last_index - prev)
        for entry in message.entries[:here]:
            if log.epoch_at(entry.index) != entry.epoch:
                self._agree(entry.index - 1, message.durable)
                return self._cut(entry.index)
        end = prev + len(message.entries)
        self._agree(end, message.durable)
        if new := message.entries[here:]:
            log.append(new, durable=self._durable, synced=self._synced)
            self._dirty = True
        if end <= self._synced:
            return [self._acknowledgement(source)]
        return self._sync()

    def _agree(self, index: int, durable: int) -> None:
        """The log is the leader's up to `index`; so what is durable there is known to be durable here."""
        self._agreed = max(self._agreed, index)
        self._durable = max(self._durable, min(durable, self._agreed))

    def _cut(self, index: int) -> Effects:
        """Remove entries that no majority has, from `index` on.

        The intent is made durable first, and nothing is written until the removal is: whatever a crash leaves of
        the removed entries is then known for what it is.
        """
        if index <= self._durable:
            raise InternalError(f"{self.node}: entry {index} is durable and differs from the leader's")
        self._save(replace(self._promise, cut=index))
        self._log.cut(index)
        self._synced = min(self._synced, index - 1)
        if self._flight is not None:
            self._flight = self._flight._replace(upto=min(self._flight.upto, index - 1))
        self._dirty = True
        return self._sync()

    # --- the disk -----------------------------------------------------------------------------------------------

    def _sync(self) -> Effects:
        """Group commit: one sync at a time, which covers all that was written before it began."""
        if self._flight is not None or not self._dirty:
            return []
        self._dirty = False
        self._token += 1
        self._flight = Flight(self._token, self._log.last_index, self._promise.cut)
        return [Sync(self._token)]

    def on_synced(self, source: NodeId, message: Synced) -> Effects:
        """P17: acknowledge what is on disk now, and sync what was written meanwhile."""
        flight, self._flight = self._flight, None
        if flight is None or flight.token != message.token:
            raise InternalError(f"{self.node}: sync {message.token} was not under way")
        self._open = True
        self._synced = max(self._synced, flight.upto)
        effects: Effects = []
        if flight.cut:
            self._save(replace(self._promise, cut=0))
            if self._leader is not None:
                effects.append(self._behind(self._leader))
        elif self._leader is not None and min(self._agreed, self._synced) > self._acknowledged:
            effects.append(self._acknowledgement(self._leader))
        return effects + self._sync()

    def _acknowledgement(self, leader: NodeId) -> Send:
        self._acknowledged = min(self._agreed, self._synced)
        return Send(leader, Appended(self._promise.epoch, self._acknowledged))

    def on_sync_failed(self, source: NodeId, message: SyncFailed) -> Effects:
        """Nothing is known of what was written: leave the quorum (a second sync may lie)."""
        self.failure = message.reason
        return []

    # --- readers ------------------------------------------------------------------------------------------------

    def on_fetch(self, source: NodeId, message: Fetch) -> Effects:
        """Lend entries: to the leader what is on this disk, to anybody what is durable on a majority."""
        if message.epoch == 0:
            last = self._durable
        elif message.epoch == self._promise.epoch:
            last = self._synced
        elif message.epoch < self._promise.epoch:
            return [Send(source, Fenced(message.epoch, self._promise.epoch))]
        else:
            return []
        if message.low <= self.base:
            base = self._log.base
            return [Send(source, Trimmed(message.low, base.index, base.epoch, message.epoch))]
        entries = self._log.read(message.low, min(message.high, last), self._message_bytes)
        return [Send(source, Fetched(message.low, entries, last, message.epoch))]

    # --- trimming -----------------------------------------------------------------------------------------------

    def on_trim(self, source: NodeId, message: Trim) -> Effects:
        """Drop whole segments that nobody needs; the entry known to be durable stays, for it tells a new leader the
        lease. That the log begins later is durable before anything is removed."""
        if self._promise.cut:
            return []
        base = self._log.trimmed(min(message.upto, self._durable - 1, self._synced))
        if base.index > self.base:
            self._save(replace(self._promise, base=base.index, base_epoch=base.epoch))
            self._log.trim(base)
            self._dirty = True
        return []

    def on_begin_after(self, source: NodeId, message: BeginAfter) -> Effects:
        """Go on where the others' logs begin.

        If this log has the entry there, it agrees up to it. Else it has no later one of the leader's log either:
        all of it may go, by a cut of everything (see `_cut`).
        """
        if message.epoch != self._promise.epoch or self._promise.cut:
            return []
        self._leader = source
        base = Position(message.index, message.index_epoch)
        if base.index < self.base or (
            base.index <= self._log.last_index and self._log.epoch_at(base.index) == base.epoch
        ):
            self._agree(base.index, base.index)
            return [self._behind(source)]
        self._save(replace(self._promise, base=base.index, base_epoch=base.epoch, cut=base.index + 1))
        self._log.restart(base)
        self._synced = self._durable = self._agreed = base.index
        if self._flight is not None:
            self._flight = self._flight._replace(upto=base.index)
        self._dirty = True
        return self._sync()

    def check_invariants(self) -> None:
        """What `__init__` says of the fields, and that no entry is of an epoch above the promise."""
        if self.failure is not None:
            return
        last = self._log.last_index
        assert self._synced <= last and self._durable <= last and self._agreed <= last
        assert self._acknowledged <= min(self._agreed, self._synced)
        assert self.base <= min(self._durable, self._synced), "only what is durable is trimmed"
        assert self._log.epoch_at(last) <= self._promise.epoch, "entries are of promised epochs"
        assert self._flight is None or self._flight.upto <= last
        assert self._promise.cut == 0 or last < self._promise.cut, "nothing is written during a cut"
