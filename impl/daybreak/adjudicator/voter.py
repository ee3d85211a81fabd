"""An adjudicator as one of the owners of a transaction: the conflict check, votes and holds (P10, P12, P14)."""

from __future__ import annotations

from collections.abc import Mapping

from daybreak.adjudicator.conflicts import History
from daybreak.adjudicator.holds import Hold, Holds
from daybreak.adjudicator.messages import (
    AskOutcome,
    CommitRequest,
    ForgetTick,
    HoldTick,
    Leads,
    Outcome,
    Reason,
    Refused,
    Tick,
    Unread,
    Voted,
    VoteRequest,
    WhoLeads,
)
from daybreak.adjudicator.place import Place
from daybreak.adjudicator.reign import Reign
from daybreak.adjudicator.settings import Settings
from daybreak.adjudicator.undecided import OVER, Outcomes, Verdict
from daybreak.base.ids import NodeId, TxnId
from daybreak.base.keys import Key
from daybreak.base.limits import FORGET_AFTER_US
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Access
from daybreak.runtime.protocols import After, Effects, Send
from daybreak.runtime.stepclock import StepClock
from daybreak.trace.action import performs
from daybreak.trace.recorder import Trace

LEADERS = (Reason.UNAVAILABLE, Reason.MOVED)
"""Why a voter does not vote, of which only the leader is told."""


class Voter(Reign):
    """What an adjudicator has and does as an owner of keys."""

    def __init__(self, place: Place, clock: StepClock, trace: Trace, settings: Settings | None = None) -> None:
        super().__init__(place, clock, trace, settings)
        # Invariant: history holds every recorded access above floor; no hold outlives the lease; who has a hold here
        # has no verdict.
        self._history = History()
        self._holds = Holds()
        self._outcomes = Outcomes()

    def _is_holding(self) -> bool:
        return len(self._holds) > 0

    def _begin_anew(self, kept: Mapping[TxnId, Timestamp]) -> None:
        self._outcomes = Outcomes(kept, self._unread)

    def _abdicate(self) -> Effects:
        self._history.clear()
        self._holds.clear()
        self._outcomes = Outcomes()
        return super()._abdicate()

    def _not_leading(self, asker: NodeId, request: CommitRequest | VoteRequest) -> Effects:
        """Whoever wants something of the leader may know here who that is."""
        return [Send(asker, Leads(self._place.journal, self._known, request.txn))]

    def on_who_leads(self, source: NodeId, message: WhoLeads) -> Effects:
        """A query processor has not found the leader."""
        return [Send(source, Leads(self._place.journal, self.node))] if self.leads else []

    # --- conflicts ----------------------------------------------------------------------------------------------

    def _objection(self, keys: Mapping[Key, Access], start: Timestamp) -> Reason | None:
        """Why a transaction that began at `start` may not have these accesses, or None (P10). Who is too old to commit
        raises the floor."""
        if start < (oldest := self._oldest_start()) and oldest > self._floor:
            self.forget(upto=oldest)
        conflict = self._history.conflict(keys, start)
        if conflict is not Access.VALIDATE:
            conflict = self._holds.conflict(keys) or conflict
        if conflict is Access.VALIDATE:
            return Reason.SCHEMA
        return Reason.CONFLICT if conflict is not None or start < self._floor else None

    def _close(self, txn: TxnId, verdict: Verdict) -> None:
        """Remember what became of a transaction."""
        self._outcomes.add(txn, verdict, self.clock.now().latest)

    @performs("Adjudication!Refuse")
    def refuse(self, *, txn: TxnId, start: Timestamp, keys: Mapping[Key, Access]) -> None:
        """P10: another transaction was first; nothing of `txn` remains."""

    # --- votes --------------------------------------------------------------------------------------------------

    def on_vote_request(self, source: NodeId, message: VoteRequest) -> Effects:
        """Vote for a transaction that another owner leads, or refuse it (P12)."""
        txn, start, keys, leader = message.txn, message.start, message.keys, message.node
        if not self.leads:
            return self._not_leading(source, message)
        verdict, hold = self._outcomes.get(txn), self._holds.get(txn)
        if verdict is not None:
            return self._say_no(message, verdict.reason, source)
        if hold is not None:
            return [Send(leader, Voted(txn, self._place.journal, hold.bound, hold.until))]
        is_able = self.serving and start >= self._begun
        reason = self._objection(keys, start) if is_able else Reason.UNAVAILABLE
        if reason in (Reason.CONFLICT, Reason.SCHEMA):
            self.refuse(txn=txn, start=start, keys=keys)
        bound = self._bound()
        until = Timestamp(min(self.clock.now().latest + self._settings.hold_us, self._lease))
        if reason is None and until <= max(bound, start):
            reason = Reason.UNAVAILABLE
        if reason is not None:
            self._close(txn, Verdict(ZERO, reason))
            return self._say_no(message, reason, source)
        self.vote(txn=txn, start=start, keys=keys, until=until)
        look = After(self._settings.hold_us // 2, HoldTick(txn, message.leader))
        return [Send(leader, Voted(txn, self._place.journal, bound, until)), look]

    def _bound(self) -> Timestamp:
        """All that was given or promised here so far."""
        return max(self._promise, self._latest)

    @staticmethod
    def _say_no(request: VoteRequest, reason: Reason | None, asker: NodeId) -> Effects:
        """A refusal goes to both who asked and who leads; that it cannot or must not vote is for the leader to act
        on."""
        if reason is None:
            return []
        refused, leader = Refused(request.txn, reason, request.asked), request.node
        return [Send(to, refused) for to in ((leader,) if reason in LEADERS else (leader, asker))]

    @performs("Commit!Vote")
    def vote(self, *, txn: TxnId, start: Timestamp, keys: Mapping[Key, Access], until: Timestamp) -> None:
        """P12: until `until`, commit nothing that conflicts with `txn`."""
        self._holds.add(Hold(txn, start, keys, self._bound(), until))

    def on_outcome(self, source: NodeId, message: Outcome) -> Effects:
        """The leader says what became of a transaction; perhaps before anyone has asked for a vote on it."""
        if not self.leads:
            return []
        if self._holds.get(message.txn) is not None:
            self.resolve(txn=message.txn, ts=message.ts)
        if self._outcomes.get(message.txn) is None:
            self._close(message.txn, OVER)
        return self._give_back()

    @performs("Commit!Resolve")
    def resolve(self, *, txn: TxnId, ts: Timestamp) -> None:
        """P14: `txn` has committed at `ts`, or, where that is zero, never will."""
        hold = self._holds.remove(txn)
        if ts:
            assert hold.bound < ts <= hold.until, "P12: the leader keeps to the votes"
            self._learn(hold, ts)

    def on_hold_tick(self, source: NodeId, message: HoldTick) -> Effects:
        """The outcome has not come: ask for it, or let the hold end (P14)."""
        hold = self._holds.get(message.txn)
        if hold is None or not self.leads:
            return []
        left = hold.until - self.clock.now().earliest
        if left < 0:
            self.expire(txn=hold.txn, until=hold.until)
            self._close(hold.txn, OVER)
            return self._give_back()
        again = After(min(self._settings.ask_us, left + 1), message)
        question = AskOutcome(hold.txn, max(hold.start, hold.bound))
        return [*(Send(leader, question) for leader in self._place.candidates[message.leader]), again]

    def on_unread(self, source: NodeId, message: Unread) -> Effects:
        """The next leader does not know either: the hold must expire."""
        return []

    @performs("Commit!Expire")
    def expire(self, *, txn: TxnId, until: Timestamp) -> None:
        """P14: nobody has said what became of `txn`; its keys are as if committed at `until`."""
        self._learn(self._holds.remove(txn), until)

    def _learn(self, hold: Hold, ts: Timestamp) -> None:
        """The keys of a hold are committed at `ts`; what is committed here from now on is later."""
        self._history.learn(hold.keys, ts)
        self._latest = max(self._latest, ts)

    # --- forgetting ---------------------------------------------------------------------------------------------

    def on_tick(self, source: NodeId, message: Tick) -> Effects:
        """Forget old outcomes too."""
        self._outcomes.forget(Timestamp(self.clock.now().earliest - self._settings.remember_us))
        return super().on_tick(source, message)

    def on_forget_tick(self, source: NodeId, message: ForgetTick) -> Effects:
        """P15: drop the history that no transaction young enough to commit can need."""
        upto = self._oldest_start()
        if self.serving and upto > self._floor:
            self.forget(upto=upto)
        return [After(self._settings.forget_us, message)]

    def _oldest_start(self) -> Timestamp:
        """Whoever has begun before is too old to commit; or its clock and this one are far apart."""
        return Timestamp(self.clock.now().earliest - FORGET_AFTER_US)

    @performs("Adjudication!Forget")
    def forget(self, *, upto: Timestamp) -> None:
        """P15: raise the floor to `upto` and drop what lies at or below it."""
        self._history.forget(upto)
        self._floor = upto

    def check_invariants(self) -> None:
        """The relations stated where the state is declared."""
        super().check_invariants()
        assert self._history.newest() <= self._latest, "the history ends at the last commit"
        if len(self._holds):
            assert self._holds.last() <= self._lease, "P12: no hold outlives the lease"
            for hold in self._holds:
                assert self._outcomes.get(hold.txn) is None, "what is held for is undecided"
            self._holds.check()
