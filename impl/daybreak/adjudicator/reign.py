"""An adjudicator's reign over its journal: leases and promises, entries that become durable.

How it comes to lead is in `adjudicator.candidate`. What a transaction may do is not decided here; see
`adjudicator.voter` and `adjudicator.adjudicator`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from daybreak.adjudicator.candidate import Candidate, Stage
from daybreak.adjudicator.delivery import deliveries
from daybreak.adjudicator.lead import Lead
from daybreak.adjudicator.messages import (
    Committed,
    ForgetTick,
    HeartbeatRequest,
    Lag,
    LeadTick,
    Moved,
    Outcome,
    Release,
    Released,
    Tick,
)
from daybreak.adjudicator.place import Place
from daybreak.adjudicator.settings import Settings
from daybreak.adjudicator.tenure import choice
from daybreak.base.ids import NodeId, TxnId
from daybreak.base.placed import Leaving, Placed
from daybreak.base.records import Payload, decode, encode
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.topology import zone_of
from daybreak.base.writes import Record
from daybreak.journal.messages import Entry
from daybreak.runtime.protocols import After, Effect, Effects, Send
from daybreak.runtime.stepclock import StepClock
from daybreak.trace.action import performs
from daybreak.trace.recorder import Trace


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


class Reign(Candidate):
    """What an adjudicator has and does by its journal."""

    def __init__(self, place: Place, clock: StepClock, trace: Trace, settings: Settings | None = None) -> None:
        super().__init__(place, clock, trace, settings)
        self._wanted = ZERO
        self._leads_by = Lead(self._settings)
        self._leading_ahead = False
        """Whether there is a timer by which promises reach ahead."""
        self._found = ZERO
        """The lease of the last entry that was inherited."""
        self._inherited: list[Record] = []
        self._unread = ZERO
        """The greatest commit time in the part of the journal below what was inherited."""
        self._begun = ZERO
        """Whoever asked before this epoch began has a start below this time."""
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

    # --- what the other sides of the adjudicator do with it -----------------------------------------------------

    def _begin_anew(self, kept: Mapping[TxnId, Timestamp]) -> None:
        """All but the journal is lost, in which the transactions `kept` were found."""
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
        """Stand by, and begin to forget."""
        return [*super().start(), After(self._settings.forget_us, ForgetTick())]

    @property
    def serving(self) -> bool:
        """Whether it leads and has a lease."""
        return self._stage is Stage.SERVING

    @property
    def leads(self) -> bool:
        """Whether what it knows of transactions is what its journal's leader knows."""
        return self._stage in (Stage.SERVING, Stage.STOPPING)

    def _expiry(self) -> Timestamp | None:
        if self.leads:
            return self._lease
        return self._tenure.granted if self._stage is Stage.RECOVERING and self._leader.last_index else None

    def _seal(self, recovered: list[Entry]) -> bytes | None:
        """Wait until the lease is over that the last entry found carries, by every clock (P19). The seal grants the
        first lease of this epoch: who finds the seal waits for that one."""
        anchor = self._leader.anchor
        last = recovered[-1] if recovered else anchor
        found = Timestamp(decode(last.payload).lease) if last is not None else ZERO
        now = self.clock.now()
        if now.earliest <= found:
            return None
        below = decode(anchor.payload).last_commit if anchor is not None else ZERO
        payloads = [decode(entry.payload) for entry in recovered]
        self._found, self._unread = found, Timestamp(below)
        self._inherited = [payload.record for payload in payloads if payload.record is not None]
        self._adopt(Timestamp(now.latest + self._settings.lease_us))
        self._found_ranges(decode(last.payload).placed if last is not None else None)
        last_commit = max((below, *(payload.last_commit for payload in payloads)))
        return encode(Payload(self._tenure.granted, last=last_commit, ranges=self._ranges()))

    def _adopt(self, until: Timestamp) -> None:
        """Continue the log that was found, with a seal that carries the lease `until`."""
        leader = self._leader
        assert leader.chosen is not None, "a log is chosen before it is continued"
        self._tenure.adopt(
            epoch=leader.epoch,
            quorum=sorted(map(zone_of, leader.promises)),
            chosen=choice(leader.epoch, leader.chosen, leader.promises[leader.chosen]),
            until=until,
        )

    def _recovered(self) -> Effects:
        """The journal is ours, and the lease of the seal is in use.

        The step comes before any replica can learn that the records found are durable: a successor that finds them
        known to be durable need not report them again.
        """
        kept = {TxnId(record.txn): Timestamp(record.ts) for record in self._inherited}
        self._inherited = []
        self.trace.epoch = self._leader.epoch
        self.recover(kept=kept, at=self._found)
        self.renew(until=self._tenure.granted)
        now = self.clock.now()
        # No clock, with its error, shows as later now the start of one who has asked before.
        self._begun = Timestamp(2 * now.latest - now.earliest)
        self._stage = Stage.SERVING
        return []

    @performs("Adjudication!Recover", refines="SnapshotIsolation!Recover")
    def recover(self, *, kept: Mapping[TxnId, Timestamp], at: Timestamp) -> None:
        """Begin above all that the predecessor committed or promised (P19). Its history and its holds are lost, and
        what it was asked and has not written never commits (P14)."""
        self._floor = self._promise = self._latest = self._settled = self._lease = at
        self._begin_anew(kept)

    def _abdicate(self) -> Effects:
        """Who waits for its lease to be given back need not: it is over, or not its own any more."""
        askers = [pending.asker for pending in self._appending if pending.txn is None]
        self._appending.clear()
        self._inherited = []
        told = [self._released(asker) for asker in (*askers, self._releasing) if asker is not None]
        self._releasing = None
        return told

    # --- what becomes durable -----------------------------------------------------------------------------------

    def _settle(self) -> Effects:
        """Carry out what has become durable: acknowledge, take leases into use, tell the crossbars."""
        entries = tuple(self._leader.take_durable())
        if not entries:
            return []
        effects: Effects = []
        for entry in entries:
            if entry.epoch == self._leader.epoch:
                holders = sorted(map(zone_of, self._leader.holders(entry.index)))
                self._tenure.durable(epoch=entry.epoch, quorum=holders, upto=entry.index)
            if self._appending and self._appending[0].position == entry.index:
                effects += self._settle_one(self._appending[0])
        return effects + self._give_back() + self._deliver(entries) + self._heartbeat(self._due())

    def _settle_one(self, pending: Pending) -> Effects:
        if pending.txn is not None:
            self.durable(txn=pending.txn, ts=pending.ts)
            return self._has_committed(pending)
        self._appending.popleft()
        if pending.place is not None:
            return self._has_placed(pending.place)
        if self._stage is not Stage.STOPPED:
            # Never beyond a lease appended since, which a successor may find and take for the last one.
            self.renew(until=min(pending.ts, self._tenure.granted))
        return [self._released(pending.asker)] if pending.asker is not None else []

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
        messages = deliveries(self._place.journal, first - 1, entries, upto, self.clock.now().latest)
        return [Send(crossbar, message) for message in messages for crossbar in self._place.crossbars]

    # --- promises and leases ------------------------------------------------------------------------------------

    def on_heartbeat_request(self, source: NodeId, message: HeartbeatRequest) -> Effects:
        """A read waits for a promise."""
        ahead = Timestamp(self.clock.now().latest + self._settings.ahead_us)
        self._wanted = max(self._wanted, min(message.upto, ahead))
        return self._heartbeat(self._wanted)

    def on_tick(self, source: NodeId, message: Tick) -> Effects:
        """Promise even if nobody asks, renew the lease, repeat what was lost."""
        effects = super().on_tick(source, message)
        if self._stage is Stage.SERVING:
            if self._tenure.granted - self.clock.now().latest < self._settings.renew_us:
                effects += self._grant()
            effects += self._heartbeat(self.clock.now().latest)
        return effects

    def on_lag(self, source: NodeId, message: Lag) -> Effects:
        """Where somebody reads, it is known how late what is said here is heard there."""
        self._leads_by.heard(source, message.us, self.clock.now().latest)
        if self._leading_ahead:
            return []
        return self.on_lead_tick(self.node, LeadTick())

    def on_lead_tick(self, source: NodeId, message: LeadTick) -> Effects:
        """P23: promise before anybody far away begins to wait."""
        self._leading_ahead = self.serving and self._leads_by.wanted(self.clock.now().latest)
        if not self._leading_ahead:
            return []
        return [After(self._settings.lead_every_us, message), *self._heartbeat(self._ahead())]

    def _ahead(self) -> Timestamp:
        """As far as a promise reaches of itself (P23)."""
        now = self.clock.now().latest
        return Timestamp(now + self._leads_by.us(now))

    def _due(self) -> Timestamp:
        """As far as somebody wants a promise to reach, who may have had to wait for a record."""
        return max(self._wanted, self._ahead()) if self._leading_ahead else self._wanted

    def _heartbeat(self, wanted: Timestamp) -> Effects:
        """Promise up to `wanted`, or as far as lease and appending records let it; say so to the crossbars."""
        if self._stage is not Stage.SERVING or wanted <= self._promise:
            return []
        upto: int = max(wanted, self._ahead())
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
        self._tenure.grant(epoch=self._leader.epoch, until=until)
        index = self._leader.append(encode(Payload(until, last=self._latest, ranges=self._ranges())))
        self._appending.append(Pending(index, until, None, asker))
        return self._leader.flush()

    def _append_place(self, place: Moved | Leaving | Told) -> Effects:
        """Have the journal tell of the key ranges as they are to be."""
        until = self._tenure.granted
        self._tenure.grant(epoch=self._leader.epoch, until=until)
        index = self._leader.append(encode(Payload(until, last=self._latest, ranges=self._ranges())))
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
        if self._stage in (Stage.STANDBY, Stage.RECOVERING):
            self._leader.resign()
            self._stage = Stage.STOPPED
        if self._stage is not Stage.SERVING:
            return [Send(source, Released())]
        effects = self._withdraw()
        self._stage = Stage.STOPPING
        self._releasing = source
        return effects + self._give_back()

    def _released(self, asker: NodeId) -> Effect:
        """What tells that the lease is given back, be it itself."""
        return After(0, Released()) if asker == self.node else Send(asker, Released())

    def _give_back(self) -> Effects:
        """Give the lease back if that was asked for, and no step is left to be taken: nobody waits for the outcome of a
        vote, and no record is on its way."""
        if self._releasing is None or self._is_holding() or any(p.txn is not None for p in self._appending):
            return []
        source, self._releasing = self._releasing, None
        until = max(self._promise, self._latest)
        self.renew(until=until)
        self._stage = Stage.STOPPED
        return self._append_lease(until, source)

    def check_invariants(self) -> None:
        """The relations stated where the state is declared."""
        assert self._promise <= self._lease, "P6: a promise never exceeds the lease"
        assert self._latest <= self._lease, "P2: a commit time never exceeds the lease"
        last = self._promise
        for pending in self._appending:
            if pending.timed:
                assert pending.ts > last, "P2, P6: commit times strictly increase, and no promise reaches one"
                last = pending.ts
