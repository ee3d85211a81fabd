"""A journal's replica in one zone: keeps the entries of the leader it follows.

Owns   the promise and the log of its zone: entries in segment files, synced in groups.
Hears  Probe, Propose, Append, BeginAfter, Fetch, Whole from candidates and leaders; Fetch, Trim from crossbars; Synced,
       SyncFailed of its disk; HealthTick.
Says   Probed, Promised, Fenced, Appended, Behind, NoRoom, Doubt, Fetched, Trimmed.
Spec   specs/crossregion/Damage.tla; rules P17 (an acknowledgement follows the sync) and P18 (one epoch at a time).

A replica that has lost entries which it had acknowledged is not *whole*: it promises nothing to a would-be leader, for
it cannot say what it has told earlier ones, and it counts towards no majority. An entry found damaged while the replica
runs is written again where it stands. If a part of the log is damaged when it is opened, the rest is left alone until a
leader speaks, whom a majority of whole replicas has elected; then it is dropped and fetched anew, up to all that this
leader had ever sent when the replica told it of its doubt. Damage to what may be trimmed goes with the trimming; where
the others have nothing any more from which to mend it, the whole log goes, and what follows is fetched anew.
"""

from __future__ import annotations

from msgspec.structs import replace

from daybreak.base.ids import NodeId
from daybreak.errors import CorruptionError, DiskFullError, OperatorError
from daybreak.journal.follower import Follower
from daybreak.journal.messages import (
    Append,
    BeginAfter,
    Fenced,
    Fetch,
    Fetched,
    HealthTick,
    NoRoom,
    Probe,
    Probed,
    Propose,
    Trim,
    Trimmed,
    Whole,
)
from daybreak.journal.tail import Position
from daybreak.runtime.protocols import After, Effects, Message, Send, Synced, SyncFailed

HEALTH_US = 250_000
"""Between two looks for space and for damage."""


class Journal(Follower):
    """See the module's card."""

    @property
    def notes(self) -> list[str]:
        """What was found and mended at opening, one line each, for the operator."""
        damage = self._log.damage
        return [*self._log.notes, *([f"{damage.message}; to be repaired from the other zones"] if damage else [])]

    def status(self) -> dict[str, object]:
        """What an operator may want to know."""
        return {
            "last_index": self.last_index,
            "synced": self._synced,
            "durable": self._durable,
            "base": self.base,
            "failure": self.failure,
            "whole": self.whole,
            "room": self._log.room,
            "mended": self._health.mended,
        }

    def start(self) -> Effects:
        """Bring what the files hold onto the disk before anything is said about it."""
        self._log.secure()
        return [*self._sync(), After(HEALTH_US, HealthTick())]

    def receive(self, source: NodeId, message: Message) -> Effects:
        """As every role; but a replica whose disk fails leaves the quorum, and the others go on without it."""
        if self.failure is not None:
            return []
        if not self._open and not isinstance(message, Synced | SyncFailed | HealthTick):
            return []
        try:
            return super().receive(source, message)
        except DiskFullError:
            self._news = True
            said = [Send(source, NoRoom(message.epoch))] if isinstance(message, Propose | Append) else []
            return [*said, *self._sync()]
        except OperatorError as error:
            self.failure = error.message
            return []

    def on_probe(self, source: NodeId, message: Probe) -> Effects:
        """Tell a candidate what was heard of leaders."""
        silent_us = max(0, self.clock.now().latest - self._heard_at)
        leads = self._leader is not None
        return [Send(source, Probed(message.round, self.promised, self._heard_of, leads, silent_us))]

    # --- damage and space ---------------------------------------------------------------------------------------

    def on_whole(self, source: NodeId, message: Whole) -> Effects:
        """The leader says what this replica must have to be whole."""
        promise = self._promise
        if (message.epoch, message.incident) != (promise.epoch, promise.doubt) or self._target is not None:
            return []
        self._target = message.upto
        self._recover()
        return self._acknowledgement(source) if self._news else []

    def _damaged(self, index: int) -> Effects:
        """An entry is not what was written: do not count on this replica until it is mended."""
        self._health.note(index)
        self._acknowledged = 0
        return self._behind(self._leader) if self._leader is not None else []

    def on_health_tick(self, source: NodeId, message: HealthTick) -> Effects:
        """Look for space and damage, vouch for what was synced last, ask again for what would mend the log."""
        effects: Effects = [After(HEALTH_US, message)]
        if not self._open:
            return effects
        if not self._log.room and self._log.secure():
            self._dirty = self._news = True
        if self._unvouched or (self._promise.cut and self._flight is None):
            self._dirty = True
        if self._log.damage is None:
            self._scrub()
        if self._leader is not None and not self._promise.cut:
            if self._health.waiting:
                effects += self._behind(self._leader)
            elif self._news:
                effects += self._acknowledgement(self._leader)
            else:
                effects += self._ask(self._leader)
        return effects + self._sync()

    def _scrub(self) -> None:
        """Look at the next part of what is on the disk, and mend what can be mended from here."""
        if self._health.promise_damaged():
            self._save(self._promise)
        header, damaged = self._health.scrub(self._synced)
        self._dirty = self._dirty or header
        if damaged:
            self._acknowledged = 0

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
        try:
            entries = self._log.read(message.low, min(message.high, last), self._message_bytes)
        except CorruptionError as error:
            return self._damaged(error.entry)
        return [Send(source, Fetched(message.low, entries, last, message.epoch))]

    # --- trimming -----------------------------------------------------------------------------------------------

    def on_trim(self, source: NodeId, message: Trim) -> Effects:
        """Drop whole segments that nobody needs; the entry known to be durable stays, for it tells a new leader the
        lease. That the log begins later is durable before anything is removed."""
        if self._promise.cut:
            return []
        self._trim_as_told(message.upto)
        return []

    def _trim(self, base: Position) -> None:
        """Begin the log after `base`, which ends a segment; what was damaged before is nothing to mend any more."""
        self._save(replace(self._promise, base=base.index, base_epoch=base.epoch))
        self._log.trim(base)
        self._news = self._health.trim() or self._news
        self._dirty = True

    def on_begin_after(self, source: NodeId, message: BeginAfter) -> Effects:
        """Go on where the others' logs begin.

        If this log has the entry there, it agrees up to it. Else it has no later one of the leader's log either:
        all of it may go. An entry up to there that is damaged, and that no trimming removes, takes all of the log with
        it too; but then later entries that were acknowledged are lost with it, which is a new doubt.
        """
        if message.epoch != self._promise.epoch or self._promise.cut:
            return []
        self._leader = source
        if self._log.damage is not None:
            return self._drop_damaged()
        base = Position(message.index, message.index_epoch)
        if base.index > self.base and (
            base.index > self._log.last_index or self._log.epoch_at(base.index) != base.epoch
        ):
            return self._restart(base, doubt=self._promise.doubt)
        self._agree(base.index, base.index)
        if self._health.sound_before(base.index) < base.index:
            self._trim_as_told(base.index)
            if self._health.sound_before(base.index) < base.index:
                self._target = None
                return self._restart(base, doubt=self._promise.serial + 1)
        return [*self._behind(source), *self._sync()]

    def _trim_as_told(self, upto: int) -> None:
        base = self._log.trimmed(min(upto, self._durable - 1, self._synced))
        if base.index > self.base:
            self._trim(base)

    def _restart(self, base: Position, *, doubt: int) -> Effects:
        """Drop all entries, by a cut of everything (see `_cut`), and begin after `base`."""
        lost = doubt != self._promise.doubt
        self._save(replace(self._promise, base=base.index, base_epoch=base.epoch, cut=base.index + 1, doubt=doubt))
        self.begin_after(zone=self._zone, epoch=self._promise.epoch, upto=base.index)
        if lost:
            self.spoil(zone=self._zone, upto=base.index, promised=self._promise.epoch)
        self._dirty = True
        return self._sync()
