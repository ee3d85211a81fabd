"""Handing a journal over to another candidate, which need not wait for the lease (P19; specs/crossregion).

                 leader                            heir                            journal
on_move_lead     OfferLead(4) -------------------> it stands by, and hears a majority
on_accept_lead   <--------------- AcceptLead(4)
                 no new vote is given or waited for; what is held or undecided ends
_try_hand_over   it decides nothing any more, and appends a lease that ends with what it gave and promised --->
on_released      TakeLead(4) --------------------> Propose(5), once that is durable ------------------------>
                 it stands by                      a majority has promised: the log, the seal, it leads

Whoever asks the heir too early waits for it. A transaction that began before it leads is refused there, as after any
takeover, and may be tried again. If the heir is lost in between, the old leader asks who leads, as every candidate
does, but only after some time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from daybreak.adjudicator.candidate import Stage
from daybreak.adjudicator.messages import (
    AcceptLead,
    CommitRequest,
    HoldTick,
    Leads,
    MoveLead,
    OfferLead,
    OrderDone,
    Outcome,
    Release,
    Released,
    TakeLead,
    Tick,
    VoteRequest,
)
from daybreak.adjudicator.mover import LOST, Mover
from daybreak.adjudicator.place import Place
from daybreak.adjudicator.reign import Told
from daybreak.adjudicator.settings import Settings
from daybreak.base.ids import NodeId
from daybreak.base.keys import Key
from daybreak.base.time import Timestamp
from daybreak.base.writes import Access
from daybreak.runtime.protocols import Effects, Send
from daybreak.runtime.role import Role
from daybreak.runtime.stepclock import StepClock
from daybreak.trace.recorder import Trace

MOST_EARLY = 1_000
"""So many requests wait for a candidate that is about to lead."""


class Order(NamedTuple):
    """A handover that was asked for, by whom and when."""

    told: Told
    message: MoveLead
    since: Timestamp


class Handover(Mover):
    """What an adjudicator does to have another candidate lead, and as that candidate."""

    def __init__(self, place: Place, clock: StepClock, trace: Trace, settings: Settings | None = None) -> None:
        super().__init__(place, clock, trace, settings)
        # Invariant: who has accepted was offered something; only who is told to lead keeps requests.
        self._order: Order | None = None
        self._accepted = False
        """The heir is ready, and what is under way comes to its end."""
        self._taking: TakeLead | None = None
        """By what it was told to lead, until it does."""
        self._early: list[tuple[NodeId, CommitRequest | VoteRequest]] = []
        """What it was asked since then, and by whom."""

    # --- what the other side of the adjudicator does with it ----------------------------------------------------

    def _is_deciding(self) -> bool:
        """Whether there are transactions that wait for votes, or for their request."""
        raise NotImplementedError

    # --- the leader ---------------------------------------------------------------------------------------------

    def on_move_lead(self, source: NodeId, message: MoveLead) -> Effects:
        """Begin a handover; or, if it is to lead itself, only note where it is to stay."""
        error = self._cannot_hand_over(message)
        if error is not None:
            return [Send(source, OrderDone(message.request, error))]
        told = Told(source, message.request)
        if message.to != self.node:
            self._order = Order(told, message, self.clock.now().latest)
            return [Send(message.to, OfferLead(self._leader.epoch))]
        if message.kept_in is None or message.kept_in == self._placement.kept_in:
            return [Send(source, OrderDone(message.request))]
        self._placement.keep(message.kept_in)
        return self._append_place(told)

    def _cannot_hand_over(self, message: MoveLead) -> str | None:
        if (error := self._cannot()) is not None:
            return error
        if message.to not in self._place.candidates[self._place.journal]:
            return f"{message.to} is no candidate for it"
        return "it is being handed over already" if self._order is not None else None

    def on_accept_lead(self, source: NodeId, message: AcceptLead) -> Effects:
        """The heir is ready: come to an end."""
        order = self._order
        if order is None or source != order.message.to or message.epoch != self._leader.epoch or not self.serving:
            return []
        self._accepted = True
        return self._try_hand_over()

    def _is_wanted(self, keys: Mapping[Key, Access]) -> bool:
        return self._accepted or super()._is_wanted(keys)

    def _try_hand_over(self) -> Effects:
        """Stop, if nothing is left that should end before: other owners wait for it, or a range is on its way."""
        order = self._order
        if order is None or not self._accepted or not self.serving:
            return []
        if self._is_holding() or self._is_deciding() or self._wanted_move is not None or not self._placement.at_rest:
            return []
        if order.message.kept_in is not None:
            self._placement.keep(order.message.kept_in)
        self._known = order.message.to
        return self.on_release(self.node, Release())

    def on_release(self, source: NodeId, message: Release) -> Effects:
        """As every adjudicator; who is asked by another does not stand by afterwards, and hands nothing over."""
        given_up = self._give_up(LOST) if source != self.node else []
        return given_up + super().on_release(source, message)

    def on_released(self, source: NodeId, message: Released) -> Effects:
        """Its own lease is given back, durably, or lost: stand by, and in the first case have the heir lead."""
        order, epoch, is_lost = self._order, self._leader.epoch, self._leader.deposed
        if order is None or self._stage is not Stage.STOPPED:
            return []
        if is_lost:
            self._stage = Stage.STANDBY
            return self._give_up(LOST)
        self._order, self._accepted = None, False
        effects = self._step_down()
        self._stage = Stage.STANDBY
        heir = order.message.to
        self._heir = self._known = heir
        self._yielding_until = Timestamp(self.clock.now().latest + self._settings.proposal_us)
        return [*effects, Send(heir, TakeLead(epoch, *order.told))]

    def _give_up(self, why: str) -> Effects:
        """Do not hand over."""
        order, self._order, self._accepted = self._order, None, False
        return [Send(order.told.asker, OrderDone(order.told.request, why))] if order is not None else []

    # --- the heir -----------------------------------------------------------------------------------------------

    def on_offer_lead(self, source: NodeId, message: OfferLead) -> Effects:
        """Accept, if it could take the journal over."""
        is_ready = self._stage is Stage.STANDBY and self._leader.is_majority(len(self._answers))
        return [Send(source, AcceptLead(message.epoch))] if is_ready else []

    def on_take_lead(self, source: NodeId, message: TakeLead) -> Effects:
        """Propose the epoch after that which has ended, and no other: somebody else may lead by now."""
        if self._stage is not Stage.STANDBY or max(self._leader.epoch, self._leader.fenced_by) > message.epoch:
            return []
        self._taking = message
        self._stage = Stage.RECOVERING
        return self._leader.propose(message.epoch, told=True)

    def _not_leading(self, asker: NodeId, request: CommitRequest | VoteRequest) -> Effects:
        if self._taking is None or len(self._early) == MOST_EARLY:
            return super()._not_leading(asker, request)
        self._early.append((asker, request))
        return []

    def _advance(self, effects: Effects) -> Effects:
        effects = super()._advance(effects)
        if self._taking is None or not self.serving:
            return effects
        taking, self._taking = self._taking, None
        early, self._early = self._early, []
        effects += [Send(taking.asker, OrderDone(taking.request)), *self._announce()]
        effects += self._heartbeat(self.clock.now().latest)
        for asker, request in early:
            effects += Role.receive(self, asker, request)
        return effects

    # --- both ---------------------------------------------------------------------------------------------------

    def on_tick(self, source: NodeId, message: Tick) -> Effects:
        """Offer again, or give up."""
        effects, order = super().on_tick(source, message), self._order
        if order is None or not self.serving:
            return effects
        if self.clock.now().latest > order.since + self._settings.handover_us:
            why = "it has not come to rest" if self._accepted else f"{order.message.to} does not stand by"
            return effects + self._give_up(f"{why}, so who leads goes on")
        if not self._accepted:
            return [*effects, Send(order.message.to, OfferLead(self._leader.epoch))]
        return effects + self._try_hand_over()

    def on_outcome(self, source: NodeId, message: Outcome) -> Effects:
        """A handover may be waiting for the end of a hold."""
        return super().on_outcome(source, message) + self._try_hand_over()

    def on_hold_tick(self, source: NodeId, message: HoldTick) -> Effects:
        """A handover may be waiting for the end of a hold."""
        return super().on_hold_tick(source, message) + self._try_hand_over()

    def _abdicate(self) -> Effects:
        """Nobody waits for what does not come; who was about to stop learns it by its own message."""
        told = self._give_up(LOST) if self._stage is Stage.STANDBY else []
        taking, self._taking = self._taking, None
        if taking is not None:
            told.append(Send(taking.asker, OrderDone(taking.request, LOST)))
        told += [Send(asker, Leads(self._place.journal, None, request.txn)) for asker, request in self._early]
        self._early = []
        return told + super()._abdicate()

    def check_invariants(self) -> None:
        """The relations stated where the state is declared."""
        super().check_invariants()
        assert self._order is not None or not self._accepted, "what was accepted was offered"
        is_told = self._taking is not None
        assert not is_told or self._stage in (Stage.RECOVERING, Stage.SERVING), "who was told to lead does so"
        assert is_told or not self._early, "requests wait for who is about to lead"
