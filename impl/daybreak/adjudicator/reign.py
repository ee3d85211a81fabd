"""An adjudicator's side towards its journal: taking it over, leases and promises, entries that become durable.

What a transaction may do is not decided here; see `adjudicator.voter` and `adjudicator.adjudicator`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from enum import Enum, auto
from typing import NamedTuple

import msgspec

from daybreak.adjudicator.messages import (
    Committed,
    ForgetTick,
    HeartbeatRequest,
    LeaseExpired,
    Moved,
    Outcome,
    Release,
    Released,
    Tick,
)
from daybreak.adjudicator.place import Place
from daybreak.adjudicator.settings import Settings
from daybreak.base.ids import NodeId, TxnId
from daybreak.base.placed import Leaving, Placed
from daybreak.base.records import Payload, decode, encode
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Record
from daybreak.crossbar.messages import Deliver
from daybreak.journal.leader import Leader
from daybreak.journal.messages import Appended, Behind, Doubt, Entry, Fenced, Fetched, NoRoom, Promised, Trimmed
from daybreak.runtime.protocols import After, Clock, Effects, Send
from daybreak.runtime.role import Role
from daybreak.trace.action import performs
from daybreak.trace.recorder import Trace


class Stage(Enum):
    """What an adjudicator may do."""

    RECOVERING = auto()
    """It takes its journal over."""
    WAITING = auto()
    """It waits for its predecessor's lease to expire."""
    SERVING = auto()
    STOPPING = auto()
    """It has given its lease back."""


class Told(NamedTuple):
    """Who is to be told that a change of key ranges is durable, and the number of the request."""

    asker: NodeId
    request: int


class Pending(NamedTuple):
    """An entry on its way into the journal: a transaction, a change of key ranges, or a lease."""

    position: int
    ts: Timestamp
    txn: TxnId | None
    asker: NodeId | None
    voters: tuple[NodeId, ...] = ()
    """Who else holds keys of the transaction."""
    place: Moved | Leaving | Told | None = None
    """What becomes of key ranges when the entry is durable."""

    @property
    def timed(self) -> bool:
        """Whether it stands in the journal at its time: promises stay below it."""
        return self.txn is not None or isinstance(self.place, Leaving)


class Reign(Role):
    """What an adjudicator has and does by its journal."""

    def __init__(self, place: Place, clock: Clock, trace: Trace, settings: Settings | None = None) -> None:
        super().__init__(place.node, clock, trace)
        self._place = place
        self._settings = settings or Settings()
        candidate = f"{place.node}@{clock.now().latest}"
        self._leader = Leader(place.replicas, candidate=candidate, seal=self._seal)
        self._stage = Stage.RECOVERING
        self._wanted = ZERO
        self._inherited: list[Record] = []
        self._unread = ZERO
        """The greatest commit time in the part of the journal below what was inherited."""
        self._granted = ZERO
        """The lease of the last entry appended, durable or not."""
        # Invariant: promise <= lease; latest <= lease; promise < ts of every transaction in _appending, which is in
        # commit order.
        self._floor = ZERO
        self._latest = ZERO
        self._settled = ZERO
        """The last commit time whose record is durable."""
        self._promise = ZERO
        self._lease = ZERO
        self._appending: deque[Pending] = deque()
        self._releasing: NodeId | None = None
        """Who has asked for the lease to be given back, until that is done."""
        self._orphans: list[Pending] = []
        """Transactions that were being appended when the journal was lost to a higher epoch."""

    # --- what the other sides of the adjudicator do with it -----------------------------------------------------

    def _begin_anew(self, kept: Mapping[TxnId, Timestamp]) -> None:
        """All but the journal is lost, in which the transactions `kept` were found."""
        raise NotImplementedError

    def forget(self, *, upto: Timestamp) -> None:
        """Raise the floor to `upto`."""
        raise NotImplementedError

    def _withdraw(self) -> Effects:
        """No transaction can be decided any more."""
        raise NotImplementedError

    def _is_holding(self) -> bool:
        """Whether there are holds, which a lease must not undercut."""
        raise NotImplementedError

    def _ranges(self) -> msgspec.Raw:
        """The key ranges in force, for an entry."""
        raise NotImplementedError

    def _found_ranges(self, found: Placed | None) -> None:
        """The last entry of the journal tells of these key ranges."""
        raise NotImplementedError

    def _has_placed(self, place: Moved | Leaving | Told) -> Effects:
        """An entry that changes key ranges is durable."""
        raise NotImplementedError

    def _has_committed(self, pending: Pending) -> Effects:
        """Tell those who wait for it that a transaction is durable."""
        assert pending.txn is not None and pending.asker is not None, "a transaction has an asker"
        told = [Send(voter, Outcome(pending.txn, pending.ts)) for voter in pending.voters]
        return [Send(pending.asker, Committed(pending.txn, pending.ts)), *told]

    # --- taking over --------------------------------------------------------------------------------------------

    def start(self) -> Effects:
        """Take the journal over (P18)."""
        settings = self._settings
        return [
            *self._leader.propose(),
            After(settings.heartbeat_us, Tick()),
            After(settings.forget_us, ForgetTick()),
        ]

    @property
    def serving(self) -> bool:
        """Whether it has recovered and holds a lease."""
        return self._stage is Stage.SERVING and self._lease > self._floor

    def _seal(self, recovered: list[Entry]) -> bytes:
        """The first entry of this epoch: it hands on the lease that the last entry found carries."""
        anchor = self._leader.anchor
        found = [decode(entry.payload) for entry in ([anchor] if anchor is not None else []) + recovered]
        self._granted = Timestamp(found[-1].lease) if found else ZERO
        self._unread = Timestamp(found[0].last_commit) if anchor is not None else ZERO
        inherited = found[1:] if anchor is not None else found
        self._inherited = [payload.record for payload in inherited if payload.record is not None]
        self._found_ranges(found[-1].placed if found else None)
        last = max((payload.last_commit for payload in found), default=ZERO)
        return encode(Payload(self._granted, last=last, ranges=self._ranges()))

    def on_promised(self, source: NodeId, message: Promised) -> Effects:
        """A replica follows this epoch."""
        return self._advance(self._leader.on_promised(source, message))

    def on_fenced(self, source: NodeId, message: Fenced) -> Effects:
        """A replica follows a higher epoch."""
        return self._advance(self._leader.on_fenced(source, message))

    def on_appended(self, source: NodeId, message: Appended) -> Effects:
        """A replica has entries on disk."""
        return self._advance(self._leader.on_appended(source, message))

    def on_behind(self, source: NodeId, message: Behind) -> Effects:
        """A replica misses entries."""
        return self._advance(self._leader.on_behind(source, message))

    def on_fetched(self, source: NodeId, message: Fetched) -> Effects:
        """A replica has lent entries."""
        return self._advance(self._leader.on_fetched(source, message))

    def on_trimmed(self, source: NodeId, message: Trimmed) -> Effects:
        """A replica has no longer what the leader asked for."""
        return self._advance(self._leader.on_trimmed(source, message))

    def on_no_room(self, source: NodeId, message: NoRoom) -> Effects:
        """A replica's disk is full."""
        return self._advance(self._leader.on_no_room(source, message))

    def on_doubt(self, source: NodeId, message: Doubt) -> Effects:
        """A replica has lost entries."""
        return self._advance(self._leader.on_doubt(source, message))

    def _advance(self, effects: Effects) -> Effects:
        """What follows from news of the journal."""
        if self._leader.deposed:
            return effects + self._deposed()
        if self._stage is Stage.RECOVERING and self._leader.ready:
            effects = effects + self._recovered()
        return effects + self._settle()

    def _deposed(self) -> Effects:
        """A higher epoch has the journal: begin again as after a crash. Who waits for a commit hears of it if the
        record is found then; of the others nobody can say here what became of them (P16)."""
        if self._stage in (Stage.STOPPING, Stage.RECOVERING):
            return []
        effects = self._withdraw()
        self._stage = Stage.RECOVERING
        self._orphans = [pending for pending in self._appending if pending.txn is not None]
        return effects + self._leader.propose()

    def _recovered(self) -> Effects:
        """The journal is ours. The step comes before any replica can learn that the records found are durable:
        a successor that finds them known to be durable need not report them again."""
        kept = {TxnId(record.txn): Timestamp(record.ts) for record in self._inherited}
        self._inherited = []
        self.trace.epoch = self._leader.epoch
        self.recover(kept=kept, at=self._granted)
        self._forget_askers()
        self._stage = Stage.WAITING
        found = [effect for o in self._orphans if o.txn in kept for effect in self._has_committed(o)]
        self._orphans = []
        return [*found, After(self._wait_us(), LeaseExpired())]

    def _forget_askers(self) -> None:
        """What an earlier epoch was asked is never decided in this one (P14). Whoever asked before this moment has a
        start that no clock, with its error, shows as later: the floor refuses it."""
        now = self.clock.now()
        upto = Timestamp(2 * now.latest - now.earliest)
        if upto > self._floor:
            self.forget(upto=upto)

    def _wait_us(self) -> int:
        """Microseconds until the inherited lease has run out by every clock."""
        return max(0, self._granted - self.clock.now().earliest + 1)

    def on_lease_expired(self, source: NodeId, message: LeaseExpired) -> Effects:
        """The predecessor can neither commit nor promise any more (P19)."""
        if self._stage is not Stage.WAITING:
            return []
        if (wait := self._wait_us()) > 0:
            return [After(wait, message)]
        self._stage = Stage.SERVING
        return self._grant() + self._deliver(())

    @performs("Adjudication!Recover", refines="SnapshotIsolation!Recover")
    def recover(self, *, kept: Mapping[TxnId, Timestamp], at: Timestamp) -> None:
        """Begin above all that the predecessor committed or promised (P19); its history and its holds are lost."""
        self._floor = self._promise = self._latest = self._settled = self._lease = at
        self._appending.clear()
        self._begin_anew(kept)

    # --- what becomes durable -----------------------------------------------------------------------------------

    def _settle(self) -> Effects:
        """Carry out what has become durable: acknowledge, take leases into use, tell the crossbars."""
        entries = tuple(self._leader.take_durable())
        if not entries:
            return []
        effects: Effects = []
        for entry in entries:
            if self._appending and self._appending[0].position == entry.index:
                effects += self._settle_one(self._appending[0])
        return effects + self._deliver(entries) + self._heartbeat(self._wanted)

    def _settle_one(self, pending: Pending) -> Effects:
        if pending.txn is not None:
            self.durable(txn=pending.txn, ts=pending.ts)
            return self._has_committed(pending)
        self._appending.popleft()
        if pending.place is not None:
            return self._has_placed(pending.place)
        # Never beyond a lease appended since, which a successor may find and take for the last one.
        self.renew(until=min(pending.ts, self._granted))
        return [Send(pending.asker, Released())] if pending.asker is not None else []

    @performs("Adjudication!Durable", refines="SnapshotIsolation!Commit")
    def durable(self, *, txn: TxnId, ts: Timestamp) -> None:
        """The commit point (P13): the record of `txn` is on a majority of zones."""
        pending = self._appending.popleft()
        assert (pending.txn, pending.ts) == (txn, ts), "records become durable in commit order"
        self._settled = ts

    def _deliver(self, entries: tuple[Entry, ...]) -> Effects:
        """Tell the crossbars of newly durable entries, and up to when nothing is missing (P6)."""
        first = entries[0].index if entries else self._leader.durable + 1
        upto = max(self._promise, self._settled)
        message = Deliver(self._place.journal, first - 1, entries, upto)
        return [Send(crossbar, message) for crossbar in self._place.crossbars]

    # --- promises and leases ------------------------------------------------------------------------------------

    def on_heartbeat_request(self, source: NodeId, message: HeartbeatRequest) -> Effects:
        """A read waits for a promise."""
        ahead = Timestamp(self.clock.now().latest + self._settings.ahead_us)
        self._wanted = max(self._wanted, min(message.upto, ahead))
        return self._heartbeat(self._wanted)

    def on_tick(self, source: NodeId, message: Tick) -> Effects:
        """Promise even if nobody asks, renew the lease, repeat what was lost."""
        effects: Effects = [After(self._settings.heartbeat_us, message), *self._leader.retry()]
        if self._stage is Stage.SERVING:
            if self._granted - self.clock.now().latest < self._settings.renew_us:
                effects += self._grant()
            effects += self._heartbeat(self.clock.now().latest)
        return effects

    def _heartbeat(self, wanted: Timestamp) -> Effects:
        """Promise up to `wanted`, or as far as lease and appending records let it; say so to the crossbars."""
        if self._stage is not Stage.SERVING or wanted <= self._promise:
            return []
        upto = max(wanted, self.clock.now().latest + self._settings.lead_us)
        first = next((p.ts for p in self._appending if p.timed), None)
        upto = min(upto, self._lease, upto if first is None else first - 1)
        if upto <= self._promise:
            return []
        self.heartbeat(upto=Timestamp(upto))
        return self._deliver(())

    @performs("Adjudication!Heartbeat")
    def heartbeat(self, *, upto: Timestamp) -> None:
        """P6: nothing commits at or below `upto` any more."""
        self._promise = upto

    def _grant(self) -> Effects:
        """Ask the journal for a longer lease."""
        return self._append_lease(Timestamp(self.clock.now().latest + self._settings.lease_us), None)

    def _append_lease(self, until: Timestamp, asker: NodeId | None) -> Effects:
        self._granted = until
        index = self._leader.append(encode(Payload(until, last=self._latest, ranges=self._ranges())))
        self._appending.append(Pending(index, until, None, asker))
        return self._leader.flush()

    def _append_place(self, place: Moved | Leaving | Told) -> Effects:
        """Have the journal tell of the key ranges as they are to be."""
        index = self._leader.append(encode(Payload(self._granted, last=self._latest, ranges=self._ranges())))
        ts = Timestamp(place.ts) if isinstance(place, Leaving) else self._latest
        self._appending.append(Pending(index, ts, None, None, place=place))
        return self._leader.flush()

    @performs("Adjudication!Renew")
    def renew(self, *, until: Timestamp) -> None:
        """P2, P19: commit and promise up to `until`, which no entry that the journal may keep undercuts."""
        self._lease = until

    def on_release(self, source: NodeId, message: Release) -> Effects:
        """Give the lease back, so that a successor need not wait for it.

        It is out of use before anyone can find the entry that says so.
        """
        if self._stage is not Stage.SERVING:
            return [Send(source, Released())]
        effects = self._withdraw()
        self._stage = Stage.STOPPING
        self._releasing = source
        return effects + self._give_back()

    def _give_back(self) -> Effects:
        """Give the lease back if that was asked for, and nobody is waiting for the outcome of a vote any more."""
        if self._releasing is None or self._is_holding():
            return []
        source, self._releasing = self._releasing, None
        until = max(self._promise, self._latest)
        self.renew(until=until)
        return self._append_lease(until, source)

    def check_invariants(self) -> None:
        """The relations stated where the state is declared."""
        assert self._promise <= self._lease, "P6: a promise never exceeds the lease"
        assert self._latest <= self._lease, "P2: a commit time never exceeds the lease"
        times = [p.ts for p in self._appending if p.timed]
        assert times == sorted(set(times)), "P2: commit times strictly increase"
        assert not times or times[0] > self._promise, "P6: no promise reaches a record being appended"
