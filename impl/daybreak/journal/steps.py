"""The steps of a journal's replica that the specs of rung 4 have (see `journal.follower` for when it takes them)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from daybreak.base.ids import NodeId
from daybreak.base.topology import zone_of
from daybreak.journal.health import Health
from daybreak.journal.promise import Promise, load_promise, save_promise
from daybreak.journal.segment import Log
from daybreak.journal.tail import Position
from daybreak.runtime.protocols import Clock, Disk
from daybreak.runtime.role import Role
from daybreak.trace.action import performs
from daybreak.trace.recorder import Trace


class Flight(NamedTuple):
    """A sync under way."""

    token: int
    upto: int
    """The last entry written before the sync began and not cut since."""
    cut: int
    """The cut that was written before the sync began; 0 for none."""


class Steps(Role):
    """What a replica has, and what each step makes of it."""

    def __init__(self, node: NodeId, clock: Clock, trace: Trace, disk: Disk, *, segment_bytes: int) -> None:
        super().__init__(node, clock, trace)
        self._zone = zone_of(node)
        self._disk = disk
        self._promise = load_promise(disk)
        base = Position(self._promise.base, self._promise.base_epoch)
        self._log = Log(disk, segment_bytes=segment_bytes, cut=self._promise.cut, base=base)
        self._health = Health(self._log, disk)
        # What the files hold now may still be in the machine's memory only: nothing counts before the first sync.
        self._open = False
        self._flight: Flight | None = None
        # Invariant: _synced and _agreed are at most last_index; _durable is too, and no entry up to it is ever cut;
        # the log begins at or before the entry _durable, which a new leader may ask for, or right after it.
        self._synced = base.index
        self._durable = self._log.durable
        self._agreed = 0
        """Up to here the log is that of the leader of the promised epoch."""
        self._acknowledged = 0
        self._answered: tuple[int, Position] | None = None
        """What this life of the replica has told with its promises last: an epoch, and where the log on disk ended."""
        self._vouched_for = 0
        """The greatest index that it acknowledged to the leader of the promised epoch in this life, and while whole."""

    @property
    def whole(self) -> bool:
        """Whether it has everything that it ever acknowledged, undamaged as far as known."""
        return not self._promise.doubt and self._log.damage is None and self._health.sound

    def _save(self, promise: Promise) -> None:
        promise = replace(promise, serial=self._promise.serial + 1)
        save_promise(self._disk, promise)
        self._promise = promise

    def _held(self) -> Position:
        """Where the part of the log ends that is on this disk."""
        return Position(self._synced, self._log.epoch_at(self._synced))

    @performs("CrossRegion!Restart")
    def restart(self, *, zone: str, found: Mapping[str, int], promised: int) -> None:
        """P18: the promise `promised` and the log, up to `found`, are on the disk; from here on the replica counts."""
        self._open = True
        self._synced = found["index"]

    @performs("CrossRegion!Promise")
    def promise(self, *, zone: str, epoch: int) -> None:
        """P18: no lower epoch is followed any more; the answer tells what is on the disk."""
        self._answered = epoch, self._held()

    @performs("CrossRegion!Write")
    def write(self, *, zone: str, epoch: int, upto: int) -> None:
        """P17: the log of the leader of `epoch` is here up to `upto`, if not on the disk yet."""

    @performs("CrossRegion!Cut")
    def cut(self, *, zone: str, epoch: int, upto: int) -> None:
        """P18, P20: what follows `upto` is not in the leader's log, and goes. The intent is on the disk."""
        self._drop_after(upto)

    @performs("CrossRegion!Sync")
    def sync(self, *, zone: str, upto: int) -> None:
        """P17: the log is on the disk up to `upto`."""
        self._synced = upto

    @performs("CrossRegion!Acknowledge")
    def acknowledge(self, *, zone: str, epoch: int, upto: int) -> None:
        """P17: the leader may count on what it hears: its log up to `upto` is on this disk."""
        self._vouched_for = upto

    @performs("Damage!Spoil")
    def spoil(self, *, zone: str, upto: int, promised: int) -> None:
        """P17: only the entries up to `upto` can be read of those that were on the disk.

        If it is found at a start, the replica may have written some of them just before it ended, for the leader whose
        epoch it had `promised`.
        """

    @performs("Damage!Mend")
    def mend(self, *, zone: str) -> None:
        """P17, P18: all that this replica can have acknowledged is on its disk again: it may vouch for its log."""
        self._save(replace(self._promise, doubt=0))
        self._health.mended += 1

    @performs("Trimming!BeginAfter")
    def begin_after(self, *, zone: str, epoch: int, upto: int) -> None:
        """The log goes on after `upto`, where the others' logs begin; all before is durable, and in checkpoints."""
        self._log.restart(Position(self._promise.base, self._promise.base_epoch))
        self._health.trim()
        self._synced = self._durable = self._agreed = upto
        self._acknowledged = 0
        if self._flight is not None:
            self._flight = self._flight._replace(upto=upto)

    def _drop_after(self, index: int) -> None:
        self._log.cut(index + 1)
        self._health.cut(index + 1)
        self._synced = min(self._synced, index)
        if self._flight is not None:
            self._flight = self._flight._replace(upto=min(self._flight.upto, index))
