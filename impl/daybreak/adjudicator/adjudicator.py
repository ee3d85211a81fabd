"""The adjudicator: decides and orders the transactions of its key range.

Owns   key ranges, the conflict history of recently written keys, holds, transactions that it leads, floor, last commit
       time, promise and lease; leads one journal.
Hears  CommitRequest, VoteRequest, AskOutcome, WhoLeads from query processors; Voted, Refused, AskOutcome, Outcome,
       Unread, Moved, Installed from other adjudicators; OfferLead, AcceptLead, TakeLead from other candidates;
       HeartbeatRequest, Lag from crossbars; Release; SplitRange, MergeRanges, MoveRange, MoveLead from the control
       plane; Probed, Promised, Fenced, Appended, Behind, Fetched, Trimmed from its journal's replicas.
Says   Committed, Refused, Redirect, Outcome, Unread, Leads to query processors; Voted, Refused, AskOutcome, Outcome,
       Unread, Moved, Installed to other adjudicators; OfferLead, AcceptLead, TakeLead to other candidates; Released;
       OrderDone, OwnedRanges to the control plane; Deliver to the crossbars; Probe, Propose, Append, BeginAfter, Fetch
       to its journal's replicas.
Spec   specs/adjudication/Adjudication.tla, specs/commit/Commit.tla, specs/placement/Placement.tla; each step is the
       action of that name.

In every zone there is a candidate for each adjudicator; one of them leads its journal, and is the adjudicator. How it
comes to that is in `adjudicator.candidate`, its leases and promises are in `adjudicator.reign`, what it does as one
owner of several is in `adjudicator.voter`, how it has another candidate lead in `adjudicator.handover`; here is what it
does as the only owner, or as the one that leads.
"""

from __future__ import annotations

from collections.abc import Mapping

from daybreak.adjudicator.handover import Handover
from daybreak.adjudicator.led import Led
from daybreak.adjudicator.messages import (
    AskOutcome,
    CommitRequest,
    Committed,
    Outcome,
    Reason,
    Refused,
    Unread,
    Voted,
    VotesMissing,
)
from daybreak.adjudicator.place import Place
from daybreak.adjudicator.reign import Pending
from daybreak.adjudicator.settings import Settings
from daybreak.adjudicator.undecided import APPENDING, Undecided, Verdict
from daybreak.adjudicator.voter import LEADERS
from daybreak.base.ids import NodeId, TxnId
from daybreak.base.keys import Key
from daybreak.base.records import Payload, encode
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Access, Record
from daybreak.runtime.protocols import After, Effects, Send
from daybreak.runtime.stepclock import StepClock
from daybreak.trace.action import performs
from daybreak.trace.recorder import Trace


class Adjudicator(Handover):
    """See the module's card."""

    def __init__(self, place: Place, clock: StepClock, trace: Trace, settings: Settings | None = None) -> None:
        super().__init__(place, clock, trace, settings)
        # Invariant: what is undecided has no verdict, and no hold here.
        self._led = Led(trace, self.check_invariants)

    def status(self) -> dict[str, object]:
        """What an operator may want to know; times in microseconds since 1970."""
        return {
            "stage": self._stage.name.lower(),
            "epoch": self._leader.epoch,
            "durable": self._leader.durable,
            "latest": self._latest,
            "promise": self._promise,
            "lead_us": self._ahead() - self.clock.now().latest,
            "lease": self._lease,
            "floor": max(self._floor, self._begun),
            "remembered_keys": len(self._history),
            "holds": len(self._holds),
            "undecided": len(self._led),
            "ranges": len(self._placement.owned),
            "kept_in": self._placement.kept_in,
        }

    # --- the only owner -----------------------------------------------------------------------------------------

    def on_commit_request(self, source: NodeId, message: CommitRequest) -> Effects:
        """Decide a transaction (P10, P11), at once or when the other owners have voted (P12)."""
        if not self.leads:
            return self._not_leading(source, message)
        verdict = self._outcomes.get(message.txn)
        if verdict is not None:
            return self._answer_again(source, message.txn, verdict)
        if message.start < self._begun or message.asked < self._outcomes.forgotten:
            return self._tell(source, message.txn, message.asked)
        if message.voters:
            return self._lead(source, message)
        return self._decide(source, message, Undecided(message, source))

    @staticmethod
    def _answer_again(asker: NodeId, txn: TxnId, verdict: Verdict) -> Effects:
        """The answer to a request that comes twice, or after its outcome."""
        if verdict.ts is None:
            return []
        if verdict.ts:
            return [Send(asker, Committed(txn, verdict.ts))]
        return [Send(asker, Refused(txn, verdict.reason or Reason.UNAVAILABLE))]

    def _decide(self, asker: NodeId, request: CommitRequest, heard: Undecided) -> Effects:
        """All owners have said yes, but for this one."""
        txn, start, keys = request.txn, request.start, request.keys
        if not self.serving:
            return self._decline(txn, heard)
        if not self._leader.room:
            return self._decline(txn, heard, Reason.DISK_FULL)
        if not self._placement.owns(keys):
            return self._elsewhere(txn, start, keys, asker) + self._dismiss(txn, heard, Reason.MOVED)
        reason = self._objection(keys, start)
        if reason is not None:
            self.refuse(txn=txn, start=start, keys=keys)
            return self._dismiss(txn, heard, reason)
        ts = Timestamp(max(self._next_time(start), heard.bound + 1))
        if ts > self._lease:
            self.decline(txn=txn, start=start, ts=ts)
            return self._dismiss(txn, heard, Reason.UNAVAILABLE)
        if not heard.allows(ts):
            return self._decline(txn, heard)
        self._led.end(txn)
        self.commit(txn=txn, start=start, keys=keys, ts=ts)
        self._outcomes.appending(txn)
        self._placement.loads.note(keys, asker)
        payload = encode(Payload(self._tenure.granted, Record(txn, ts, request.writes), ranges=self._ranges()))
        self._appending.append(Pending(self._leader.append(payload), ts, txn, asker, heard.voters))
        return self._leader.flush()

    def _next_time(self, start: Timestamp) -> Timestamp:
        """The least commit time that P2 allows, and not before now."""
        return Timestamp(max(self.clock.now().latest, start + 1, self._promise + 1, self._latest + 1))

    def _has_committed(self, pending: Pending) -> Effects:
        assert pending.txn is not None, "leases do not commit"
        self._outcomes.add(pending.txn, Verdict(pending.ts), pending.ts)
        return super()._has_committed(pending)

    @performs("Adjudication!Commit")
    def commit(self, *, txn: TxnId, start: Timestamp, keys: Mapping[Key, Access], ts: Timestamp) -> None:
        """P2, P10: `txn` is admissible and gets the commit time `ts`."""
        self._history.add(keys, ts)
        self._latest = ts

    @performs("Adjudication!Decline")
    def decline(self, *, txn: TxnId, start: Timestamp, ts: Timestamp) -> None:
        """P2: `ts`, the least time that `txn` could get, lies beyond the lease."""

    # --- the owner that leads -----------------------------------------------------------------------------------

    def _lead(self, source: NodeId, request: CommitRequest) -> Effects:
        """A request that needs the votes of others too; a conflict here is seen at once."""
        txn = request.txn
        effects = self._await_votes(txn)
        heard = self._led.hear(txn)
        if heard.request is not None:
            return []
        heard.request, heard.asker = request, source
        if heard.complete or not self.serving:
            return effects + self._conclude(txn)
        if not self._leader.room:
            return effects + self._decline(txn, heard, Reason.DISK_FULL)
        if not self._placement.owns(request.keys):
            moved = self._elsewhere(txn, request.start, request.keys, source)
            return effects + moved + self._dismiss(txn, heard, Reason.MOVED)
        if self._accepted:
            return effects + self._decline(txn, heard, Reason.MOVED)
        reason = self._objection(request.keys, request.start)
        if reason is not None:
            self.refuse(txn=txn, start=request.start, keys=request.keys)
            return self._dismiss(txn, heard, reason)
        return effects

    def _await_votes(self, txn: TxnId) -> Effects:
        """Who first hears of a transaction sets a limit to the wait for the rest."""
        return [] if txn in self._led else [After(self._settings.votes_us, VotesMissing(txn))]

    def on_voted(self, source: NodeId, message: Voted) -> Effects:
        """Another owner agrees; perhaps before the request has come, perhaps when all is over."""
        if not self.leads:
            return []
        verdict = self._outcomes.get(message.txn)
        if verdict is not None:
            return [] if verdict.ts is None else [Send(source, Outcome(message.txn, verdict.ts))]
        if not self.serving or self._is_past(message.txn, message.bound):
            return []
        effects = self._await_votes(message.txn)
        heard = self._led.hear(message.txn)
        heard.votes[message.journal], heard.nodes[message.journal] = message, source
        return effects + self._conclude(message.txn)

    def _conclude(self, txn: TxnId) -> Effects:
        """Decide if nothing is missing, or if it cannot be decided any more."""
        heard = self._led.get(txn)
        if heard.request is None or heard.asker is None:
            return []
        if not heard.complete and self.serving:
            return []
        return self._decide(heard.asker, heard.request, heard)

    def _is_past(self, txn: TxnId, asked: Timestamp) -> bool:
        """Whether `txn`, of which no request is known, may have been decided by an earlier leader."""
        return self._led.get(txn).request is None and asked < self._outcomes.forgotten

    def on_refused(self, source: NodeId, message: Refused) -> Effects:
        """Another owner does not agree, and never will."""
        if not self.leads or self._outcomes.get(message.txn) is not None or self._is_past(message.txn, message.asked):
            return []
        heard = self._led.get(message.txn)
        if message.reason in LEADERS:
            return self._decline(message.txn, heard, message.reason)
        return self._dismiss(message.txn, heard, message.reason)

    def on_votes_missing(self, source: NodeId, message: VotesMissing) -> Effects:
        """Nobody can wait for ever: the holds of the others run out."""
        return self._decline(message.txn, self._led.get(message.txn)) if message.txn in self._led else []

    def on_ask_outcome(self, source: NodeId, message: AskOutcome) -> Effects:
        """A voter or a query processor is in doubt (P14, P16)."""
        return self._tell(source, message.txn, message.asked) if self.leads else []

    def _tell(self, asker: NodeId, txn: TxnId, asked: Timestamp) -> Effects:
        """What became of `txn`, which has committed after `asked`, if at all. Of whom nobody has heard here, and whose
        record the journal does not have, that one never commits; where the journal's older part might have it, storage
        knows more."""
        verdict, heard = self._outcomes.get(txn), self._led.get(txn)
        if verdict is not None:
            return [] if verdict.ts is None else [Send(asker, Outcome(txn, verdict.ts))]
        if heard.request is not None:
            return []
        if asked < self._outcomes.forgotten:
            return [Send(asker, Unread(txn, self._outcomes.forgotten))]
        effects, answer = self._decline(txn, heard), Send(asker, Outcome(txn, ZERO))
        return effects if answer in effects else [*effects, answer]

    def _decline(self, txn: TxnId, heard: Undecided, reason: Reason = Reason.UNAVAILABLE) -> Effects:
        """Never decide a transaction, for no fault of its own."""
        self._led.decline(txn=txn)
        return self._dismiss(txn, heard, reason)

    def _dismiss(self, txn: TxnId, heard: Undecided, reason: Reason) -> Effects:
        """Tell everybody that a transaction will never commit, and remember it."""
        self._led.end(txn)
        self._close(txn, Verdict(ZERO, reason))
        told: Effects = [Send(voter, Outcome(txn, ZERO)) for voter in heard.voters]
        return told if heard.asker is None else [Send(heard.asker, Refused(txn, reason)), *told]

    def _abdicate(self) -> Effects:
        self._led.clear()
        return super()._abdicate()

    def _is_deciding(self) -> bool:
        return len(self._led) > 0

    def _withdraw(self) -> Effects:
        return [effect for txn in self._led for effect in self._decline(txn, self._led.get(txn))]

    def check_invariants(self) -> None:
        """The relations stated where the state is declared."""
        super().check_invariants()
        if len(self._led):
            for txn in self._led:
                assert self._outcomes.get(txn) is None, "what is undecided has no verdict"
                assert self._holds.get(txn) is None, "who leads does not vote"
        last = self._appending[-1].txn if self._appending else None
        assert last is None or self._outcomes.get(last) is APPENDING, "what is being appended is decided"
