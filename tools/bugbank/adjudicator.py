"""Bugs of an adjudicator: conflicts, commit times, leases, promises, votes and holds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from daybreak.adjudicator.adjudicator import Adjudicator
from daybreak.adjudicator.candidate import Candidate
from daybreak.adjudicator.conflicts import CONFLICTS, History
from daybreak.adjudicator.holds import Holds
from daybreak.adjudicator.messages import CommitRequest, Committed
from daybreak.adjudicator.reign import Reign
from daybreak.adjudicator.undecided import Undecided
from daybreak.adjudicator.voter import Voter
from daybreak.base.ids import NodeId
from daybreak.base.records import Payload, decode, encode
from daybreak.base.time import ZERO, Interval, Timestamp
from daybreak.base.writes import Access
from daybreak.journal.messages import Entry
from daybreak.runtime.protocols import Effects, Send
from tools.bugbank.bug import bugs
from tools.bugbank.patch import Patch

# --- conflicts ----------------------------------------------------------------------------------------------------


def updates_do_not_conflict(patch: Patch) -> None:
    """A class is missing in the conflict matrix."""
    patch.setitem(CONFLICTS, Access.UPDATE, (Access.WRITE,))


def shares_do_not_conflict(patch: Patch) -> None:
    """FOR KEY SHARE is thought to lock nothing."""
    patch.setitem(CONFLICTS, Access.WRITE, (Access.WRITE, Access.UPDATE))


def history_forgets_old_keys(patch: Patch) -> None:
    """The conflict history is a cache of three keys."""
    add = History.add

    def bounded(self: History, keys: Any, ts: Timestamp) -> None:
        add(self, keys, ts)
        for key in list(self._latest)[:-3]:
            del self._latest[key]

    patch.setattr(History, "add", bounded)


def history_ends_at_the_snapshot(patch: Patch) -> None:
    """A commit in the very past of the snapshot is what is looked for, rather than one after it."""
    patch.rewrite(History, "conflict", "latest(key, ZERO) > start and", "ZERO < latest(key, ZERO) < start and")


def holds_are_not_looked_at(patch: Patch) -> None:
    """Only what is committed is thought to conflict."""
    patch.setattr(Holds, "conflict", lambda self, keys: None)


# --- times --------------------------------------------------------------------------------------------------------


def promise_is_broken(patch: Patch) -> None:
    """A commit time is above the clock and the last one, and nobody thought of the heartbeats."""

    def next_time(self: Adjudicator, start: Timestamp) -> Timestamp:
        return Timestamp(max(self.clock.now().latest, start + 1, self._latest + 1))

    patch.setattr(Adjudicator, "_next_time", next_time)


def commit_time_ignores_the_snapshot(patch: Patch) -> None:
    """Commits lie above all promises, so a snapshot is thought to lie below them."""
    patch.rewrite(Adjudicator, "_next_time", "start + 1, self._promise + 1, ", "")


def promise_exceeds_the_lease(patch: Patch) -> None:
    """A promise reaches as far as it is wanted."""
    patch.rewrite(Reign, "_heartbeat", "min(upto, self._lease, upto if first", "min(upto, upto if first")
    patch.rewrite(Reign, "_heartbeat", "wanted <= self._promise:", "(wanted := Timestamp(wanted + 3_000_000)) <= 0:")


def heartbeat_passes_records(patch: Patch) -> None:
    """It promises without a look at what is still being appended."""

    def careless(self: Adjudicator, wanted: Timestamp) -> Effects:
        upto = min(max(wanted, self.clock.now().latest + self._settings.lead_us), self._lease)
        if upto <= self._promise:
            return []
        self.heartbeat(upto=Timestamp(upto))
        return self._deliver(())

    patch.setattr(Adjudicator, "_heartbeat", careless)


# --- leases and takeover ------------------------------------------------------------------------------------------


def lease_is_used_before_it_is_durable(patch: Patch) -> None:
    """It uses the lease that it has asked for, and a successor may never hear of it."""
    append = Adjudicator._append_lease

    def at_once(self: Adjudicator, until: Timestamp, asker: NodeId | None) -> Effects:
        effects = append(self, until, asker)
        self._lease = until
        return effects

    patch.setattr(Adjudicator, "_append_lease", at_once)


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


def lease_is_not_waited_for(patch: Patch) -> None:
    """Who takes a journal over begins while its predecessor's lease runs."""
    seal = Adjudicator._seal

    def impatient(self: Adjudicator, recovered: list[Entry]) -> bytes | None:
        own, now = self.clock, self.clock.now()
        ahead = Interval(*(Timestamp(end + 2 * self._settings.lease_us) for end in now))
        self.clock = SimpleNamespace(now=lambda: ahead)
        try:
            return seal(self, recovered)
        finally:
            self.clock = own

    patch.setattr(Adjudicator, "_seal", impatient)


def floor_is_not_raised(patch: Patch) -> None:
    """After a restart it judges by a history that it has lost."""
    recovered = Adjudicator._recovered

    def forgetful(self: Adjudicator) -> Effects:
        effects = recovered(self)
        self._floor = self._begun = ZERO
        return effects

    patch.setattr(Adjudicator, "_recovered", forgetful)


def recovery_forgets_records(patch: Patch) -> None:
    """Who takes the journal over does not tell of the records that it finds."""
    seal = Adjudicator._seal

    def silent(self: Adjudicator, recovered: list[Entry]) -> bytes | None:
        sealed = seal(self, recovered)
        self._inherited = []
        return sealed

    patch.setattr(Adjudicator, "_seal", silent)


def who_does_not_lead_answers(patch: Patch) -> None:
    """Every candidate says what became of a transaction, as far as it knows."""
    patch.rewrite(Adjudicator, "on_ask_outcome", "if self.leads else []", "")


def nobody_takes_over(patch: Patch) -> None:
    """A journal that was led once is thought to be led for ever."""
    patch.rewrite(Candidate, "_is_free", "if answer.leader == self.node:", "if answer.leader is not None:")
    patch.rewrite(Candidate, "_is_free", "return True", "return False")


def acknowledged_before_durable(patch: Patch) -> None:
    """The client hears of its commit when the record is on its way."""
    decide = Adjudicator.on_commit_request

    def hasty(self: Adjudicator, source: NodeId, message: CommitRequest) -> Effects:
        before = self._latest
        effects = decide(self, source, message)
        return [*effects, Send(source, Committed(message.txn, self._latest))] if self._latest > before else effects

    patch.setattr(Adjudicator, "on_commit_request", hasty)


def request_is_decided_twice(patch: Patch) -> None:
    """A request that comes again is taken for another one."""
    patch.rewrite(Adjudicator, "on_commit_request", "if verdict is not None:", "if verdict is None is not None:")


def lease_is_given_back_too_early(patch: Patch) -> None:
    """Who hands over gives its lease back while records are on their way."""
    patch.rewrite(Reign, "_give_back", " or any(p.txn is not None for p in self._appending)", "")
    patch.rewrite(Reign, "_give_back", "max(self._promise, self._latest)", "self._settled")


# --- votes and holds ----------------------------------------------------------------------------------------------


def votes_are_not_waited_for(patch: Patch) -> None:
    """The leader decides as soon as it has the request."""
    patch.setattr(Undecided, "complete", property(lambda self: self.request is not None))
    patch.rewrite(
        Adjudicator, "on_commit_request", "if message.voters:", "if not message.voters and message.asked < 0:"
    )


def silence_is_consent(patch: Patch) -> None:
    """Who has not voted in time is thought to have nothing against it."""
    patch.rewrite(
        Adjudicator,
        "on_votes_missing",
        "return self._decline(message.txn, self._led.get(message.txn)) if message.txn in self._led else []",
        "return self._decide(heard.asker, heard.request, heard)"
        " if (heard := self._led.get(message.txn)).request and heard.asker else []",
    )


def bounds_of_votes_are_not_looked_at(patch: Patch) -> None:
    """The leader picks a time that suits itself."""
    patch.setattr(Undecided, "bound", property(lambda self: ZERO))


def hold_outlives_the_lease(patch: Patch) -> None:
    """A hold lasts as long as it was configured to."""
    patch.rewrite(Voter, "on_vote_request", ", self._lease))", ", 1 << 60))")


def hold_is_not_released(patch: Patch) -> None:
    """The transaction is struck off the list, and its keys are not."""
    patch.rewrite(Holds, "remove", "del held[txn]", "pass")


def committed_hold_is_forgotten(patch: Patch) -> None:
    """The end of a hold is thought to be the end of the matter."""
    patch.rewrite(Voter, "resolve", "self._learn(hold, ts)", "pass")


BUGS = bugs(
    "adjudicator",
    {
        "alone, cut off": (lease_is_used_before_it_is_durable,),
        "alone": (
            updates_do_not_conflict,
            promise_is_broken,
            heartbeat_passes_records,
            history_forgets_old_keys,
            acknowledged_before_durable,
        ),
        "alone, takeovers": (
            floor_is_not_raised,
            lease_is_not_inherited,
            lease_is_not_waited_for,
            recovery_forgets_records,
        ),
        "alone, inexact clocks": (commit_time_ignores_the_snapshot,),
        "crowd": (
            history_ends_at_the_snapshot,
            holds_are_not_looked_at,
            votes_are_not_waited_for,
            committed_hold_is_forgotten,
            hold_is_not_released,
        ),
        "inexact clocks": (bounds_of_votes_are_not_looked_at,),
        "alone, only cut off": (nobody_takes_over,),
        "locks": (shares_do_not_conflict,),
        "plain": (promise_exceeds_the_lease,),
        "cut off": (
            who_does_not_lead_answers,
            hold_outlives_the_lease,
        ),
        "loss": (silence_is_consent,),
        "duplicates": (request_is_decided_twice,),
        "handovers": (lease_is_given_back_too_early,),
    },
)
