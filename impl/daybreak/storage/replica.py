"""A storage replica: indexes the log and serves reads as of a time.

Owns   the versions of every key of its range, how far it has read each journal, its watermark.
Hears  Stream from the crossbar; ReadKeys, ReadRange from query processors; ReadOutcome from the server.
Says   Attach to the crossbar; ReadResult, ReadTooOld to query processors; OutcomeRead to the server;
       HeartbeatRequest to adjudicators.
Spec   specs/isolation/SnapshotIsolation.tla (Forget); what it answers is checked as that spec's Read.
"""

from __future__ import annotations

import heapq
from itertools import islice

from daybreak.adjudicator.messages import HeartbeatRequest
from daybreak.base.ids import JournalId, NodeId
from daybreak.base.limits import FORGET_AFTER_US, MAX_AGE_US
from daybreak.base.time import SECOND_US, ZERO, Timestamp
from daybreak.crossbar.messages import Attach, Stream
from daybreak.runtime.protocols import After, Clock, Effects, Message, Send
from daybreak.runtime.role import Role
from daybreak.storage.messages import (
    ForgetTick,
    OutcomeRead,
    ReadKeys,
    ReadOutcome,
    ReadRange,
    ReadResult,
    ReadTooOld,
    Tick,
    Version,
)
from daybreak.storage.mvcc import Versions
from daybreak.storage.names import Names
from daybreak.trace.action import performs
from daybreak.trace.recorder import Trace

ATTACH_US = 100_000
"""Microseconds without a word from the crossbar after which the replica attaches again."""
NAMES_KEPT_US = FORGET_AFTER_US + MAX_AGE_US
"""Age in microseconds after which names of committed transactions are dropped: later than any adjudicator's floor, so
that there is a time at which a name that is missing can be told from one that is forgotten."""
FORGET_US = 10 * SECOND_US
"""Microseconds between two rounds of dropping old versions."""

Read = ReadKeys | ReadRange | ReadOutcome
"""What waits for the watermark."""


class Replica(Role):
    """See the module's card."""

    def __init__(
        self,
        node: NodeId,
        clock: Clock,
        trace: Trace,
        *,
        crossbar: NodeId,
        adjudicators: tuple[NodeId, ...],
    ) -> None:
        super().__init__(node, clock, trace)
        self._crossbar = crossbar
        self._adjudicators = adjudicators
        # Invariant: the versions are those of the first positions[j] entries of each journal j, and of no other;
        # no commit at or below the watermark is missing; nobody waits for a time at or below the watermark.
        self._versions = Versions()
        self._names = Names()
        self._positions: dict[JournalId, int] = {}
        self._watermark = ZERO
        self._forgotten = ZERO
        self._waiting: list[tuple[Timestamp, int, NodeId, Read]] = []
        self._arrivals = 0
        self._asked = ZERO
        self._heard = ZERO

    @property
    def watermark(self) -> Timestamp:
        """The time up to which the replica has everything (P6)."""
        return self._watermark

    def status(self) -> dict[str, object]:
        """What an operator may want to know; times in microseconds since 1970."""
        return {
            "keys": len(self._versions),
            "watermark": self._watermark,
            "forgotten": self._forgotten,
            "waiting_reads": len(self._waiting),
            "positions": dict(self._positions),
        }

    def start(self) -> Effects:
        """Attach to the crossbar with nothing: the log is read from its beginning."""
        return [self._attach(), After(ATTACH_US, Tick()), After(FORGET_US, ForgetTick())]

    def on_stream(self, source: NodeId, message: Stream) -> Effects:
        """Apply records in commit order and answer the reads that waited for them."""
        self._heard = self.clock.now().latest
        position = self._positions.get
        if any(position(journal, 0) != index for journal, index in message.before.items()):
            behind = any(position(journal, 0) < index for journal, index in message.before.items())
            return [self._attach()] if behind else []
        for record in message.records:
            self._versions.apply(record)
            self._names.add(record)
        self._positions = dict(message.after)
        self._watermark = max(self._watermark, message.watermark)
        return self._answer_waiting()

    def on_tick(self, source: NodeId, message: Tick) -> Effects:
        """Attach again when the stream has dried up, and repeat the wish for a heartbeat."""
        effects: Effects = [After(ATTACH_US, message)]
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
        return self._serve(source, message)

    def on_read_range(self, source: NodeId, message: ReadRange) -> Effects:
        """P5: answer at once if complete up to the snapshot, else when that is so."""
        return self._serve(source, message)

    def on_read_outcome(self, source: NodeId, message: ReadOutcome) -> Effects:
        """P16: answer when every record that the asker wants to know about would be here."""
        return self._serve(source, message)

    def _serve(self, source: NodeId, read: Read) -> Effects:
        if read.start <= self._watermark:
            return [Send(source, self._answer(read))]
        self._arrivals += 1
        heapq.heappush(self._waiting, (read.start, self._arrivals, source, read))
        return self._ask(read.start)

    def _ask(self, upto: Timestamp) -> Effects:
        """Ask every adjudicator for a promise that covers `upto`, once."""
        if upto <= self._asked:
            return []
        self._asked = upto
        return [Send(adjudicator, HeartbeatRequest(upto)) for adjudicator in self._adjudicators]

    def _answer_waiting(self) -> Effects:
        effects: Effects = []
        while self._waiting and self._waiting[0][0] <= self._watermark:
            _, _, source, read = heapq.heappop(self._waiting)
            effects.append(Send(source, self._answer(read)))
        return effects

    def _answer(self, read: Read) -> Message:
        if isinstance(read, ReadOutcome):
            return OutcomeRead(read.request, self._names.find(read.txn), self._names.since)
        if read.start < self._forgotten:
            return ReadTooOld(read.request)
        versions: tuple[Version, ...]
        if isinstance(read, ReadKeys):
            versions = tuple((key, *self._versions.read(key, read.start)) for key in read.keys)
        else:
            versions = tuple(islice(self._versions.scan(read.low, read.high, read.start), read.limit))
        return ReadResult(read.request, versions)

    # --- forgetting ---------------------------------------------------------------------------------------------

    def on_forget_tick(self, source: NodeId, message: ForgetTick) -> Effects:
        """P22: no transaction is older than its age limit, so older versions serve nobody."""
        now = self.clock.now().earliest
        self._names.forget(Timestamp(now - NAMES_KEPT_US))
        upto = Timestamp(now - FORGET_AFTER_US)
        if self._forgotten < upto <= self._watermark:
            self.forget(upto=upto)
        return [After(FORGET_US, message)]

    def compact(self) -> None:
        """Forget all but the newest versions; only for a cluster that starts, when nobody can hold a snapshot."""
        if self._watermark > self._forgotten:
            self.forget(upto=self._watermark)

    @performs("SnapshotIsolation!Forget")
    def forget(self, *, upto: Timestamp) -> None:
        """Keep of each key only what a snapshot at or after `upto` can see."""
        self._versions.forget(upto)
        self._forgotten = upto

    def check_invariants(self) -> None:
        """The relations stated where the state is declared."""
        assert not self._waiting or self._waiting[0][0] > self._watermark, "P5: nobody waits without need"
        assert self._forgotten <= self._watermark, "only what is complete can be forgotten"
