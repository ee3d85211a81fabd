"""A storage replica: indexes the log and serves reads as of a time.

Owns   the versions of every key of its range, how far it has read each journal, its watermark, names of transactions;
       checkpoints of these.
Hears  Stream, JournalTrimmed from the crossbar; ReadKeys, ReadRange from query processors; ReadOutcome, ForgetBefore
       from the server; CheckpointWanted, CheckpointPart from its siblings; Synced, SyncFailed of its disk.
Says   Attach, HeartbeatRequest, Reading to its crossbar; Checkpointed to all crossbars; ReadResult, ReadTooOld to query
       processors; OutcomeRead, Forgot to the server; CheckpointWanted, CheckpointPart to its siblings.
Spec   specs/isolation/SnapshotIsolation.tla (Forget); what it answers is checked as that spec's Read.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice

from daybreak.adjudicator.messages import HeartbeatRequest
from daybreak.base.ids import JournalId, NodeId, TxnId
from daybreak.base.keys import Key
from daybreak.base.limits import FORGET_AFTER_US, MAX_AGE_US
from daybreak.base.time import SECOND_US, ZERO, Timestamp
from daybreak.crossbar.messages import Attach, Checkpointed, JournalTrimmed, Reading, Stream
from daybreak.errors import OperatorError
from daybreak.runtime.protocols import After, Clock, Disk, Effects, Message, Send, Sync, Synced, SyncFailed
from daybreak.runtime.role import Role
from daybreak.storage.blocks import Commit
from daybreak.storage.bootstrap import PART_BYTES, Bootstrap
from daybreak.storage.checkpoint import Checkpoints, Settings
from daybreak.storage.load import Loader
from daybreak.storage.messages import (
    DELETED,
    CheckpointPart,
    CheckpointTick,
    CheckpointWanted,
    ForgetBefore,
    ForgetTick,
    Forgot,
    OutcomeRead,
    ReadKeys,
    ReadOutcome,
    ReadRange,
    ReadResult,
    ReadTooOld,
    Tick,
    Version,
)
from daybreak.storage.mvcc import History, Versions
from daybreak.storage.names import Names
from daybreak.trace.action import performs
from daybreak.trace.recorder import Trace

ATTACH_US = 100_000
"""Microseconds without a word from the crossbar after which the replica attaches again."""
READING_US = SECOND_US
"""Microseconds between two words to the crossbar that somebody reads."""
NAMES_KEPT_US = FORGET_AFTER_US + MAX_AGE_US
"""Age in microseconds after which names of committed transactions are dropped: later than any adjudicator's floor, so
that there is a time at which a name that is missing can be told from one that is forgotten."""
FORGET_US = 10 * SECOND_US
"""Microseconds between two rounds of dropping old versions."""

Read = ReadKeys | ReadRange | ReadOutcome | ForgetBefore
"""What waits for the watermark."""


class Replica(Role):
    """See the module's card."""

    def __init__(
        self,
        node: NodeId,
        clock: Clock,
        trace: Trace,
        disk: Disk,
        *,
        crossbar: NodeId,
        crossbars: tuple[NodeId, ...],
        siblings: tuple[NodeId, ...] = (),
        settings: Settings | None = None,
        led: bool = False,
    ) -> None:
        """`crossbar` feeds this replica; all `crossbars` trim the journals. If `led`, the crossbar wants to know of
        readers (P23).

        Load the newest checkpoint on `disk`; OperatorError if a newer version wrote it or it cannot be read."""
        super().__init__(node, clock, trace)
        self._crossbar = crossbar
        self._crossbars = crossbars
        self._siblings = siblings
        self._settings = settings or Settings()
        self._disk = disk
        # Invariant: the versions are those of the first positions[j] entries of each journal j, and of no other;
        # no commit at or below the watermark is missing; nobody waits for a time at or below the watermark.
        self._versions = Versions()
        self._names = Names()
        self._positions: dict[JournalId, int] = {}
        self._watermark = ZERO
        self._forgotten = ZERO
        self._waiting: list[tuple[Timestamp, int, NodeId, Read]] = []
        self._awaited: set[tuple[NodeId, int]] = set()
        self._arrivals = 0
        self._asked = ZERO
        self._led = led
        self._said_reading = ZERO
        """When it told its crossbar of readers last."""
        self._heard = ZERO
        self._born = clock.now().latest
        self._replayed = 0
        self._bootstrap: Bootstrap | None = None
        self.bootstraps = 0
        """How often it began from a sibling's checkpoint."""
        self._checkpoints = Checkpoints(disk, self._settings)
        self.notes = self._checkpoints.notes
        """What was found wrong and how it goes on, one line each, for the operator."""
        if (loaded := self._checkpoints.take_loaded()) is not None:
            self._install(loaded)

    @property
    def watermark(self) -> Timestamp:
        """The time up to which the replica has everything (P6)."""
        return self._watermark

    @property
    def durable(self) -> Mapping[JournalId, int]:
        """What its own disk holds of each journal, even if the last commit there is lost."""
        return self._checkpoints.durable

    @property
    def forgotten(self) -> Timestamp:
        """Of what was superseded up to this time nothing may be left."""
        return self._forgotten

    def committed(self, txn: TxnId) -> Timestamp | None:
        """When a transaction has committed; None if it has not, or not lately."""
        return self._names.find(txn)

    def contents(self) -> list[tuple[Key, History]]:
        """All versions that are here, in key order, for who compares replicas."""
        return self._versions.contents()

    def status(self) -> dict[str, object]:
        """What an operator may want to know; times in microseconds since 1970.

        `replayed` counts the entries of all journals that it took before it was complete up to its start.
        """
        return {
            "keys": len(self._versions),
            "watermark": self._watermark,
            "forgotten": self._forgotten,
            "waiting_reads": len(self._waiting),
            "positions": dict(self._positions),
            "replayed": self._replayed,
            "bootstraps": self.bootstraps,
            "bootstrapping": self._bootstrap is not None,
            "checkpoint": self._checkpoints.status(),
            "notes": list(self.notes),
        }

    def start(self) -> Effects:
        """Attach to the crossbar where the checkpoint ends; without one, at the beginning of the journals."""
        self._checkpoints.begin()
        return [
            self._attach(),
            After(ATTACH_US, Tick()),
            After(FORGET_US, ForgetTick()),
            After(self._settings.tick_us, CheckpointTick()),
            Sync(0),
        ]

    def on_stream(self, source: NodeId, message: Stream) -> Effects:
        """Apply records in commit order and answer the reads that waited for them."""
        self._heard = self.clock.now().latest
        position = self._positions.get
        if any(position(journal, 0) != index for journal, index in message.before.items()):
            behind = any(position(journal, 0) < index for journal, index in message.before.items())
            return [self._attach()] if behind else []
        for record in message.records:
            self._versions.apply(record)
            self._checkpoints.note(record)
            self._names.add(record)
        if self._watermark < self._born:
            self._replayed += sum(message.after[journal] - index for journal, index in message.before.items())
        self._positions.update(message.after)
        self._watermark = max(self._watermark, message.watermark)
        return self._answer_waiting()

    def on_tick(self, source: NodeId, message: Tick) -> Effects:
        """Attach again when the stream has dried up, and repeat the wish for a heartbeat."""
        effects: Effects = [After(ATTACH_US, message)]
        if self._bootstrap is not None:
            effects += self._copy(self._bootstrap.retry)
        if self.clock.now().latest - self._heard > ATTACH_US:
            effects.append(self._attach())
        if self._waiting:
            self._asked = ZERO
            effects += self._ask(self._waiting[0][0])
        return effects

    def _attach(self) -> Send:
        return Send(self._crossbar, Attach(dict(self._positions)))

    # --- reads --------------------------------------------------------------------------------------------------

    def on_read_keys(self, source: NodeId, message: ReadKeys) -> Effects:
        """P5: answer at once if complete up to the snapshot, else when that is so."""
        return self._tell_of_readers() + self._serve(source, message)

    def on_read_range(self, source: NodeId, message: ReadRange) -> Effects:
        """P5: answer at once if complete up to the snapshot, else when that is so."""
        return self._tell_of_readers() + self._serve(source, message)

    def on_read_outcome(self, source: NodeId, message: ReadOutcome) -> Effects:
        """P16: answer when every record that the asker wants to know about would be here."""
        return self._serve(source, message)

    def on_forget_before(self, source: NodeId, message: ForgetBefore) -> Effects:
        """A cluster starts, and no session of it can hold a snapshot from before."""
        return self._serve(source, message)

    def _serve(self, source: NodeId, read: Read) -> Effects:
        if read.start <= self._watermark:
            return [Send(source, self._answer(read))]
        if (source, read.request) in self._awaited:
            return []
        self._awaited.add((source, read.request))
        self._arrivals += 1
        heapq.heappush(self._waiting, (read.start, self._arrivals, source, read))
        return self._ask(read.start)

    def _tell_of_readers(self) -> Effects:
        """Now and then, where the crossbar wants to know. What servers ask all replicas is no reason to hurry."""
        if not self._led or (now := self.clock.now().latest) - self._said_reading < READING_US:
            return []
        self._said_reading = now
        return [Send(self._crossbar, Reading())]

    def _ask(self, upto: Timestamp) -> Effects:
        """Ask for promises of all adjudicators that cover `upto`, once."""
        if upto <= self._asked:
            return []
        self._asked = upto
        return [Send(self._crossbar, HeartbeatRequest(upto))]

    def _answer_waiting(self) -> Effects:
        ready: list[tuple[NodeId, Read]] = []
        while self._waiting and self._waiting[0][0] <= self._watermark:
            _, _, source, read = heapq.heappop(self._waiting)
            self._awaited.discard((source, read.request))
            ready.append((source, read))
        # All of them are taken out first: an answer can be a step (`forget`), after which nobody may wait in vain.
        return [Send(source, self._answer(read)) for source, read in ready]

    def _answer(self, read: Read) -> Message:
        if isinstance(read, ForgetBefore):
            if self._forgotten < read.start:
                self.forget(upto=read.start)
            return Forgot(read.request)
        if isinstance(read, ReadOutcome):
            return OutcomeRead(read.request, self._names.find(read.txn), self._names.since)
        if read.start < self._forgotten:
            return ReadTooOld(read.request)
        found: Iterator[Version]
        if isinstance(read, ReadKeys):
            found = ((key, *self._read(key, read.start)) for key in read.keys)
        else:
            found = islice(self._versions.scan(read.low, read.high, read.start), read.limit)
        return ReadResult(read.request, *_part(found, self._settings.answer_bytes))

    def _read(self, key: Key, start: Timestamp) -> tuple[Timestamp, bytes | None]:
        """P4; a replica that has forgotten anything cannot tell a row that was deleted from one that never was."""
        version = self._versions.read(key, start)
        return (DELETED, None) if version[0] == ZERO and self._forgotten else version

    # --- checkpoints --------------------------------------------------------------------------------------------

    def on_checkpoint_tick(self, source: NodeId, message: CheckpointTick) -> Effects:
        """Write a piece of the checkpoint, or go on with a copy that is whole."""
        effects: Effects = [After(self._settings.tick_us, message)]
        if self._bootstrap is not None:
            return effects + self._finish_bootstrap(self._bootstrap)
        state = Commit(dict(self._positions), self._watermark, self._forgotten)
        if self._checkpoints.step(self.clock.now().latest, self._versions, self._names, state):
            effects.append(Sync(0))
        return effects

    def on_synced(self, source: NodeId, message: Synced) -> Effects:
        """A checkpoint is durable: say how far the journals are not needed any more."""
        self._checkpoints.synced()
        checkpointed = Checkpointed(dict(self._checkpoints.durable))
        return [Send(crossbar, checkpointed) for crossbar in self._crossbars]

    def on_sync_failed(self, source: NodeId, message: SyncFailed) -> Effects:
        """No more checkpoints: the journals keep what this replica would need."""
        self._checkpoints.sync_failed(message.reason)
        return []

    def on_checkpoint_wanted(self, source: NodeId, message: CheckpointWanted) -> Effects:
        """Lend a sibling a part of the checkpoint."""
        return [Send(source, self._checkpoints.part(message.stamp, message.offset, PART_BYTES))]

    def on_journal_trimmed(self, source: NodeId, message: JournalTrimmed) -> Effects:
        """A journal begins behind what this replica has of it: only a sibling's checkpoint helps."""
        if self._bootstrap is not None or self._positions.get(message.journal, 0) >= message.upto:
            return []
        self.notes.append(
            f"{self._disk.where}: stands at entry {self._positions.get(message.journal, 0)} of {message.journal}, "
            f"which begins after {message.upto}: copies the checkpoint of {' or '.join(self._siblings) or 'nobody'}"
        )
        self._bootstrap = Bootstrap(self._disk, self._checkpoints.new_name(), self._siblings)
        return self._bootstrap.ask()

    def on_checkpoint_part(self, source: NodeId, message: CheckpointPart) -> Effects:
        """Keep a part of a sibling's checkpoint."""
        if self._bootstrap is None:
            return []
        return self._copy(partial(self._bootstrap.on_part, source, message))

    def _copy(self, step: Callable[[], Effects]) -> Effects:
        """Do a step of the copy under way, for which the disk may have no space."""
        assert self._bootstrap is not None, "a copy is under way"
        try:
            return step()
        except OperatorError as error:
            self._bootstrap.note = error.message
            return []

    def _finish_bootstrap(self, bootstrap: Bootstrap) -> Effects:
        """Go on from the copy if it is whole, as after a start."""
        if bootstrap.note is not None and bootstrap.note not in self.notes:
            self.notes.append(bootstrap.note)
        if bootstrap.finished is None or self._checkpoints.syncing:
            return []
        self._checkpoints.adopt(bootstrap.name, bootstrap.finished)
        self._checkpoints.begin()
        self._install(bootstrap.finished)
        self._bootstrap = None
        self.bootstraps += 1
        return [self._attach(), *self._answer_waiting(), Sync(0)]

    def _install(self, loaded: Loader) -> None:
        """Stand where a checkpoint ends."""
        commit = loaded.commits[-1]
        self._versions = loaded.versions
        self._positions = dict(commit.positions)
        self._watermark, self._forgotten = commit.watermark, loaded.forgotten
        self._names = loaded.names

    # --- forgetting ---------------------------------------------------------------------------------------------

    def on_forget_tick(self, source: NodeId, message: ForgetTick) -> Effects:
        """P22: no transaction is older than its age limit, so older versions serve nobody, even amid a long replay."""
        now = self.clock.now().earliest
        self._names.forget(Timestamp(now - NAMES_KEPT_US))
        upto = Timestamp(min(now - FORGET_AFTER_US, self._watermark))
        if self._forgotten < upto:
            self.forget(upto=upto)
        return [After(FORGET_US, message)]

    @performs("SnapshotIsolation!Forget")
    def forget(self, *, upto: Timestamp) -> None:
        """Keep of each key only what a snapshot at or after `upto` can see."""
        self._versions.forget(upto)
        self._forgotten = upto

    def check_invariants(self) -> None:
        """The relations stated where the state is declared."""
        assert not self._waiting or self._waiting[0][0] > self._watermark, "P5: nobody waits without need"
        assert self._forgotten <= self._watermark, "only what is complete can be forgotten"


def _part(found: Iterator[Version], limit_bytes: int) -> tuple[tuple[Version, ...], bool]:
    """The first of what was found, up to the one that reaches `limit_bytes`, and whether there is more."""
    taken: list[Version] = []
    size = 0
    for version in found:
        taken.append(version)
        size += len(version[0]) + len(version[2] or b"")
        if size >= limit_bytes:
            return tuple(taken), next(found, None) is not None
    return tuple(taken), False
