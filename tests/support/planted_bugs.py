"""Bugs planted in Daybreak while it runs in virtual time: what a programmer might have written instead, one at a time.

Each takes pytest's `monkeypatch`, changes one method or table, and leaves everything else as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from daybreak.adjudicator.adjudicator import Adjudicator
from daybreak.adjudicator.conflicts import CONFLICTS, History
from daybreak.adjudicator.messages import CommitRequest, Committed
from daybreak.base.ids import NodeId, TxnId
from daybreak.base.keys import Key
from daybreak.base.records import Payload, decode, encode
from daybreak.base.time import ZERO, Interval, Timestamp
from daybreak.base.writes import Access, Record
from daybreak.journal import replication
from daybreak.journal.follower import Follower
from daybreak.journal.messages import Append, Entry, Promised
from daybreak.journal.takeover import Takeover
from daybreak.query.messages import CommitDone
from daybreak.query.processor import QueryProcessor
from daybreak.runtime.protocols import Effects, Send
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.run import Options, Simulation
from daybreak.storage.mvcc import Versions

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Planted:
    """A bug, the spec that must refuse what comes of it, and the faults that bring it to light."""

    plant: Callable[[Patch], None]
    rung: str
    clock_error_us: int = 300
    cut_every_us: int = 0
    """Mean time between two candidates that are cut off."""

    @property
    def name(self) -> str:
        return self.plant.__name__


# --- the adjudicator ----------------------------------------------------------------------------------------------


def updates_do_not_conflict(patch: Patch) -> None:
    """A class is missing in the conflict matrix."""
    patch.setitem(CONFLICTS, Access.UPDATE, (Access.WRITE,))


def floor_is_not_raised(patch: Patch) -> None:
    """After a restart it judges by a history that it has lost."""
    recovered = Adjudicator._recovered

    def forgetful(self: Adjudicator) -> Effects:
        effects = recovered(self)
        self._floor = self._begun = ZERO
        return effects

    patch.setattr(Adjudicator, "_recovered", forgetful)


def promise_is_broken(patch: Patch) -> None:
    """A commit time is above the clock and the last one, and nobody thought of the heartbeats."""

    def next_time(self: Adjudicator, start: Timestamp) -> Timestamp:
        return Timestamp(max(self.clock.now().latest, start + 1, self._latest + 1))

    patch.setattr(Adjudicator, "_next_time", next_time)


def lease_is_used_before_it_is_durable(patch: Patch) -> None:
    """It uses the lease that it has asked for, and a successor may never hear of it."""
    append = Adjudicator._append_lease

    def at_once(self: Adjudicator, until: Timestamp, asker: NodeId | None) -> Effects:
        effects = append(self, until, asker)
        self._lease = until
        return effects

    patch.setattr(Adjudicator, "_append_lease", at_once)


def heartbeat_passes_records(patch: Patch) -> None:
    """It promises without a look at what is still being appended."""

    def careless(self: Adjudicator, wanted: Timestamp) -> Effects:
        upto = min(max(wanted, self.clock.now().latest + self._settings.lead_us), self._lease)
        if upto <= self._promise:
            return []
        self.heartbeat(upto=Timestamp(upto))
        return self._deliver(())

    patch.setattr(Adjudicator, "_heartbeat", careless)


def without_lease(entry: Entry) -> Entry:
    """An entry as if no lease had been granted."""
    payload = decode(entry.payload)
    return Entry(entry.index, entry.epoch, encode(Payload(0, payload.record, payload.last)))


def lease_is_not_inherited(patch: Patch) -> None:
    """Who takes the journal over begins without its predecessor's lease."""
    seal = Adjudicator._seal

    def newborn(self: Adjudicator, recovered: list[Entry]) -> bytes | None:
        anchor = self._leader.anchor
        self._leader.anchor = anchor and without_lease(anchor)
        return seal(self, [without_lease(entry) for entry in recovered])

    patch.setattr(Adjudicator, "_seal", newborn)


def history_forgets_old_keys(patch: Patch) -> None:
    """The conflict history is a cache of three keys."""
    add = History.add

    def bounded(self: History, keys: Any, ts: Timestamp) -> None:
        add(self, keys, ts)
        for key in list(self._latest)[:-3]:
            del self._latest[key]

    patch.setattr(History, "add", bounded)


def recovery_forgets_records(patch: Patch) -> None:
    """Who takes the journal over does not tell of the records that it finds."""
    seal = Adjudicator._seal

    def silent(self: Adjudicator, recovered: list[Entry]) -> bytes | None:
        sealed = seal(self, recovered)
        self._inherited = []
        return sealed

    patch.setattr(Adjudicator, "_seal", silent)


# --- the query processor ------------------------------------------------------------------------------------------


def acknowledged_before_durable(patch: Patch) -> None:
    """The client hears of its commit when the record is on its way."""
    decide = Adjudicator.on_commit_request

    def hasty(self: Adjudicator, source: NodeId, message: CommitRequest) -> Effects:
        before = self._latest
        effects = decide(self, source, message)
        return [*effects, Send(source, Committed(message.txn, self._latest))] if self._latest > before else effects

    patch.setattr(Adjudicator, "on_commit_request", hasty)


def aborted_after_commit(patch: Patch) -> None:
    """An answer that the record is durable is taken for a refusal."""

    def confused(self: QueryProcessor, source: NodeId, message: Committed) -> Effects:
        if self._waiting_for(message.txn, "committing") is None:
            return []
        self.abort(txn=message.txn)
        return [Send(self._session, CommitDone(message.txn, message.ts))]

    patch.setattr(QueryProcessor, "on_committed", confused)


def no_commit_wait(patch: Patch) -> None:
    """The client hears of its commit before its time has passed on every clock."""

    def at_once(self: QueryProcessor, txn: Any, ts: Timestamp) -> Effects:
        self.acknowledge(txn=txn)
        return [Send(self._session, CommitDone(txn, ts))]

    patch.setattr(QueryProcessor, "_commit_wait", at_once)


def writers_commit_as_readers(patch: Patch) -> None:
    """Every transaction ends without the adjudicator, those that have written something too."""

    def quick(self: QueryProcessor) -> Effects:
        transaction = self.transaction
        self.commit_read_only(txn=transaction.txn)
        return [Send(self._session, CommitDone(transaction.txn, transaction.start))]

    patch.setattr(QueryProcessor, "finish", quick)


def snapshots_are_of_the_past(patch: Patch) -> None:
    """A snapshot of a little while ago would spare many reads a wait."""
    begin = QueryProcessor.begin

    def earlier(self: QueryProcessor, *, txn: TxnId, start: Timestamp) -> None:
        begin(self, txn=txn, start=Timestamp(start - 20_000))

    patch.setattr(QueryProcessor, "begin", earlier)


# --- storage ------------------------------------------------------------------------------------------------------


def newest_version_is_served(patch: Patch) -> None:
    """A read gets what was written last, whatever its snapshot."""

    def newest(self: Versions, key: Key, start: Timestamp) -> tuple[Timestamp, bytes | None]:
        history = self._histories.get(key)
        return history[-1] if history else (ZERO, None)

    patch.setattr(Versions, "read", newest)


def a_write_is_lost(patch: Patch) -> None:
    """Of each transaction one key is not written."""
    apply = Versions.apply

    def lossy(self: Versions, record: Record) -> None:
        apply(self, Record(record.txn, record.ts, record.writes[:1] + record.writes[2:]))

    patch.setattr(Versions, "apply", lossy)


# --- the journal: the bugs that only rung 4 sees ------------------------------------------------------------------


def acknowledged_before_the_sync(patch: Patch) -> None:
    """A replica acknowledges what it has written, and syncs it later."""
    take = Follower._take

    def hasty(self: Follower, source: NodeId, message: Append) -> Effects:
        effects = take(self, source, message)
        synced, self._synced = self._synced, self._log.last_index
        told = self._acknowledgement(source)
        self._synced, self._acknowledged = synced, min(self._acknowledged, synced)
        return [*effects, *told]

    patch.setattr(Follower, "_take", hasty)


def one_promise_is_enough(patch: Patch) -> None:
    """Who takes a journal over goes on with the log of the first replica that answers."""

    def eager(self: Takeover, source: NodeId, message: Promised) -> Effects:
        if message.epoch != self.epoch or self._reading is not None or self.adopted is not None:
            return []
        self._promises[source] = message
        return self._adopt()

    patch.setattr(Takeover, "on_promised", eager)


def one_zone_is_enough(patch: Patch) -> None:
    """A record is durable as soon as any replica has it."""
    patch.setattr(replication, "majority_index", max)


def lease_is_not_waited_for(patch: Patch) -> None:
    """Who takes a journal over begins while its predecessor's lease runs."""
    seal = Adjudicator._seal

    def impatient(self: Adjudicator, recovered: list[Entry]) -> bytes | None:
        own = self.clock
        now = own.now()
        ahead = Interval(*(Timestamp(end + 2 * self._settings.lease_us) for end in now))
        patch.setattr(self, "clock", SimpleNamespace(now=lambda: ahead))
        sealed = seal(self, recovered)
        patch.setattr(self, "clock", own)
        return sealed

    patch.setattr(Adjudicator, "_seal", impatient)


PLANTED = (
    Planted(updates_do_not_conflict, "adjudication"),
    Planted(floor_is_not_raised, "adjudication"),
    Planted(promise_is_broken, "adjudication"),
    Planted(lease_is_used_before_it_is_durable, "adjudication", cut_every_us=200_000),
    Planted(heartbeat_passes_records, "adjudication"),
    Planted(lease_is_not_inherited, "adjudication"),
    Planted(history_forgets_old_keys, "adjudication"),
    Planted(acknowledged_before_the_sync, "crossregion"),
    Planted(one_promise_is_enough, "crossregion"),
    Planted(one_zone_is_enough, "crossregion"),
    Planted(lease_is_not_waited_for, "crossregion"),
    Planted(recovery_forgets_records, "isolation"),
    Planted(acknowledged_before_durable, "isolation"),
    Planted(aborted_after_commit, "isolation"),
    Planted(no_commit_wait, "isolation", clock_error_us=20_000),
    Planted(writers_commit_as_readers, "isolation"),
    Planted(snapshots_are_of_the_past, "isolation"),
    Planted(newest_version_is_served, "isolation"),
    Planted(a_write_is_lost, "isolation"),
)


def record(bug: Planted, seed: int, directory: Path) -> None:
    """Run the cluster with the bug in it, as far as it gets, and leave its trace in `directory`."""
    with pytest.MonkeyPatch.context() as patch:
        bug.plant(patch)
        faults = Faults(clock_error_us=bug.clock_error_us, cut_every_us=bug.cut_every_us)
        simulation = Simulation(seed, Options(adjudicators=1, faults=faults), trace=directory)
        # A client, or a role's own invariants, may notice too; the trace ends there.
        with suppress(AssertionError, KeyError):
            simulation.run()
