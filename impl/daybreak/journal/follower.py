"""What a journal's replica has, and how it follows a leader: promises, entries written and synced, cuts.

What it does besides, for readers and about damage, space and trimming, is in `journal.replica`.
"""

from __future__ import annotations

from msgspec.structs import replace

from daybreak.base.ids import NodeId
from daybreak.errors import DiskFullError, InternalError
from daybreak.journal.messages import (
    Append,
    Appended,
    Behind,
    Doubt,
    Entry,
    Fenced,
    Promised,
    Propose,
)
from daybreak.journal.segment import SEGMENT_BYTES
from daybreak.journal.steps import Flight, Steps
from daybreak.runtime.protocols import Clock, Disk, Effects, Send, Sync, Synced, SyncFailed
from daybreak.trace.recorder import Trace

MESSAGE_BYTES = 1024 * 1024
"""A Fetched holds at most this much, or a single entry."""


class Follower(Steps):
    """What the module's docstring says."""

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
        """Open the log; OperatorError if its files are of another version or its promise is lost."""
        super().__init__(node, clock, trace, disk, segment_bytes=segment_bytes)
        self._message_bytes = message_bytes
        self.failure: str | None = None
        """Why this replica has left the quorum: a disk error, after which it says nothing any more."""
        self._token = 0
        self._dirty = True
        # About the leader of the promised epoch; None until it has appended here in this life of the replica.
        self._leader: NodeId | None = None
        self._heard_of: NodeId | None = None
        """Who was the last to propose with success, or to append, in this life of the replica."""
        self._heard_at = clock.now().latest
        """When, or when the replica has started."""
        self._target: int | None = None
        """With everything up to here the replica is whole again; known from the leader of the promised epoch."""
        self._unvouched = False
        """A voucher was written since the last sync began."""
        self._news = False
        """What the leader was told last of `whole` and `room` is no longer so."""

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

    # --- following a leader -------------------------------------------------------------------------------------

    def on_propose(self, source: NodeId, message: Propose) -> Effects:
        """P18: follow a higher epoch from here on, and tell how far the log reaches.

        What is written but not yet on disk was never acknowledged and, from the promise on, never will be to an
        earlier leader; so it is not told of. A replica that is not whole tells nothing.
        """
        if not self.whole:
            return []
        current = self._promise
        if message.epoch > current.epoch:
            self._follow(message.epoch, message.candidate)
        elif (message.epoch, message.candidate) != (current.epoch, current.candidate):
            return [Send(source, Fenced(message.epoch, current.epoch))]
        self._hear_of(source)
        held = self._held()
        if self._answered != (message.epoch, held):
            self.promise(zone=self._zone, epoch=message.epoch)
        return [Send(source, Promised(message.epoch, held.epoch, held.index, self._durable))]

    def _hear_of(self, candidate: NodeId) -> None:
        self._heard_of, self._heard_at = candidate, self.clock.now().latest

    def _follow(self, epoch: int, candidate: str) -> None:
        self._save(replace(self._promise, epoch=epoch, candidate=candidate))
        self._leader = self._target = None
        self._agreed = self._acknowledged = self._vouched_for = 0

    def on_append(self, source: NodeId, message: Append) -> Effects:
        """P18: write what the leader of the promised epoch sends, where it fits."""
        if message.epoch < self._promise.epoch:
            return [Send(source, Fenced(message.epoch, self._promise.epoch))]
        if message.epoch > self._promise.epoch:
            self._follow(message.epoch, "")
            self.promise(zone=self._zone, epoch=message.epoch)
        self._leader = source
        self._hear_of(source)
        if self._promise.cut:
            return []
        if self._log.damage is not None:
            return self._drop_damaged()
        prev = message.prev_index
        if not self.base <= prev <= self._log.last_index or self._log.epoch_at(prev) != message.prev_epoch:
            return self._behind(source)
        return self._take(source, message)

    def _behind(self, leader: NodeId) -> Effects:
        """Where to go on: after what is agreed with this leader, or known to be in every leader's log, and whole."""
        known = self._health.sound_before(max(self._agreed, self._durable))
        epoch, log = self._promise.epoch, self._log
        return [Send(leader, Behind(epoch, known + 1, log.epoch_at(known), self.whole, log.room)), *self._ask(leader)]

    def _ask(self, leader: NodeId) -> Effects:
        """As long as this replica does not know what would make it whole, ask."""
        doubt = self._promise.doubt
        return [Send(leader, Doubt(self._promise.epoch, doubt))] if doubt and self._target is None else []

    def _take(self, source: NodeId, message: Append) -> Effects:
        """Write those entries that are new; an Append whose entries are all on disk is acknowledged at once."""
        log, prev = self._log, message.prev_index
        here = min(len(message.entries), log.last_index - prev)
        for entry in message.entries[:here]:
            if log.epoch_at(entry.index) != entry.epoch:
                self._agree(entry.index - 1, message.durable)
                return self._cut(entry.index)
            if self._health.rewrite(entry, durable=self._durable, synced=self._synced, sync=self._token + 1):
                self._dirty = True
        end = prev + len(message.entries)
        self._agree(end, message.durable)
        if new := message.entries[here:]:
            self._dirty = True
            self._write(new)
        if end <= self._synced and not self._dirty:
            return self._acknowledgement(source)
        return self._sync()

    def _write(self, entries: tuple[Entry, ...]) -> None:
        before = self._log.last_index
        try:
            self._log.append(entries, durable=self._durable, synced=self._synced)
        except DiskFullError:
            self._agreed = min(self._agreed, self._log.last_index)
            self._durable = min(self._durable, self._log.last_index)
            raise
        finally:
            if (last := self._log.last_index) > before:
                self.write(zone=self._zone, epoch=self._promise.epoch, upto=last)

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
        return self._drop(index, doubt=self._promise.doubt)

    def _drop_damaged(self) -> Effects:
        """Remove what is damaged and all that follows: only the leader can tell what was there."""
        return self._drop(self._log.last_index + 1, doubt=self._promise.serial + 1)

    def _drop(self, index: int, *, doubt: int) -> Effects:
        self._save(replace(self._promise, cut=index, doubt=doubt))
        if index <= self._log.last_index:
            self.cut(zone=self._zone, epoch=self._promise.epoch, upto=index - 1)
        else:
            self._drop_after(index - 1)
        self._dirty = True
        return self._sync()

    # --- the disk -----------------------------------------------------------------------------------------------

    def _sync(self) -> Effects:
        """Group commit: one sync at a time, which covers all that was written before it began."""
        if self._flight is not None or not self._dirty:
            return []
        self._dirty = self._unvouched = False
        self._token += 1
        self._flight = Flight(self._token, self._log.last_index, self._promise.cut)
        return [Sync(self._token)]

    def on_synced(self, source: NodeId, message: Synced) -> Effects:
        """P17: acknowledge what is on disk now, and sync what was written meanwhile."""
        flight, self._flight = self._flight, None
        if flight is None or flight.token != message.token:
            raise InternalError(f"{self.node}: sync {message.token} was not under way")
        self._note_synced(flight.upto)
        if flight.cut:
            self._save(replace(self._promise, cut=0))
        self._unvouched = self._log.vouch(self._synced) or self._unvouched
        self._recover(flight.token)
        effects: Effects = []
        if flight.cut and self._leader is not None:
            effects = self._behind(self._leader)
        elif self._leader is not None and (self._news or min(self._agreed, self._synced) > self._acknowledged):
            effects = self._acknowledgement(self._leader)
        return effects + self._sync()

    def _note_synced(self, upto: int) -> None:
        """The first sync of a life tells what the disk holds."""
        if not self._open:
            last = self._log.last_index
            if self._log.damage is not None:
                self.spoil(zone=self._zone, upto=last, promised=self._promise.epoch)
            found = {"epoch": self._log.epoch_at(last), "index": last}
            self.restart(zone=self._zone, found=found, promised=self._promise.epoch)
        elif upto > self._synced:
            self.sync(zone=self._zone, upto=upto)

    def _acknowledgement(self, leader: NodeId) -> Effects:
        self._acknowledged = min(self._agreed, self._synced)
        self._news = False
        if not self.whole:
            self._vouched_for = 0
        elif self._acknowledged > self._vouched_for:
            self.acknowledge(zone=self._zone, epoch=self._promise.epoch, upto=self._acknowledged)
        promise = self._promise
        appended = Appended(promise.epoch, self._acknowledged, self.whole, self._log.room, promise.serial)
        return [Send(leader, appended), *self._ask(leader)]

    def on_sync_failed(self, source: NodeId, message: SyncFailed) -> Effects:
        """Nothing is known of what was written: leave the quorum (a second sync may lie)."""
        self.failure = message.reason
        return []

    # --- the end of doubt ---------------------------------------------------------------------------------------

    def _recover(self, token: int = 0) -> None:
        """Take note of what the sync `token` has mended, and of the end of doubt."""
        self._news = self._health.synced(token) or self._news
        has_all = self._target is not None and min(self._agreed, self._synced) >= self._target
        if has_all and not self._promise.cut:
            self.mend(zone=self._zone)
            self._target = None
            self._news = True

    def check_invariants(self) -> None:
        """What `__init__` says of the fields, and that no entry is of an epoch above the promise."""
        if self.failure is not None:
            return
        log, synced, durable, agreed, promise = self._log, self._synced, self._durable, self._agreed, self._promise
        last, base = log.last_index, log.base.index
        assert synced <= last and durable <= last and agreed <= last
        assert self._acknowledged <= agreed and self._acknowledged <= synced
        assert base <= durable and base <= synced, "only what is durable is trimmed"
        assert log.epoch_at(last) <= promise.epoch, "entries are of promised epochs"
        assert self._flight is None or self._flight.upto <= last
        assert promise.cut == 0 or last < promise.cut, "nothing is written during a cut"
        self._health.check_invariants()
