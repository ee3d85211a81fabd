"""A candidate for the leadership of a journal: it stands by, takes over when nobody leads, and steps down (P18, P19).

                 standby             z1              z2              z3
on_tick          Probe(7) ---------> also z2, z3
on_probed        <- Probed(7, leader A1/adj-0 leads, silent for 2.1 s) from z1 and from z2: a majority is free
                 Propose(5) -------> also z2, z3; see `journal.takeover`
_seal            the longest log is adopted; once the lease found there is over: Append(seal) ----> also z2, z3
_recovered       the seal is on a majority: it leads

Only who has just heard from a majority that nobody leads proposes; so one that comes back, or was cut off, disturbs no
leader. A leader takes no step once its lease has run out, by the one reading of its clock that the step has.
"""

from __future__ import annotations

from enum import Enum, auto

from daybreak.adjudicator.messages import Tick
from daybreak.adjudicator.place import Place
from daybreak.adjudicator.settings import Settings
from daybreak.adjudicator.tenure import Tenure
from daybreak.base.ids import NodeId
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.topology import is_in, zone_of
from daybreak.journal.leader import Leader
from daybreak.journal.messages import (
    Appended,
    Behind,
    Doubt,
    Entry,
    Fenced,
    Fetched,
    NoRoom,
    Probe,
    Probed,
    Promised,
    Trimmed,
)
from daybreak.runtime.protocols import After, Effects, Message, Send
from daybreak.runtime.role import Role
from daybreak.runtime.stepclock import StepClock
from daybreak.trace.recorder import Trace


class Stage(Enum):
    """What a candidate may do."""

    STANDBY = auto()
    """Another leads, or should soon: it watches."""
    RECOVERING = auto()
    """It takes the journal over."""
    SERVING = auto()
    """It leads and has a lease."""
    STOPPING = auto()
    """It leads, decides nothing new, and is to give its lease back."""
    STOPPED = auto()
    """It has given its lease back, or had none, and will never have one again."""


class Candidate(Role):
    """See above."""

    def __init__(self, place: Place, clock: StepClock, trace: Trace, settings: Settings | None = None) -> None:
        super().__init__(place.node, clock, trace)
        self._clock = clock
        self._place = place
        self._settings = settings or Settings()
        self._rank = place.candidates[place.journal].index(place.node)
        candidate = f"{place.node}@{clock.now().latest}"
        near = next((replica for replica in place.replicas if is_in(replica, place.node.partition("/")[0])), None)
        resend_after = self._settings.resend_after
        self._leader = Leader(
            place.replicas, candidate=candidate, seal=self._seal, resend_after=resend_after, near=near
        )
        self._tenure = Tenure(trace, self.check_invariants)
        self._stage = Stage.STANDBY
        self._known: NodeId | None = None
        """Who leads, as far as the replicas have said."""
        self._round = 0
        self._answers: dict[NodeId, Probed] = {}
        """To the last round of questions."""
        self._asked_at = clock.now().latest
        self._heir: NodeId | None = None
        """Whom it has told to lead, if anybody, …"""
        self._yielding_until = ZERO
        """… and until when it leaves that to others: to the heir, or to those before it in rank."""

    # --- what the other sides of the adjudicator do with it -----------------------------------------------------

    def _seal(self, recovered: list[Entry]) -> bytes | None:
        """The first entry of an epoch that follows `recovered`; None as long as another's lease runs."""
        raise NotImplementedError

    def _recovered(self) -> Effects:
        """The journal is ours."""
        raise NotImplementedError

    def _settle(self) -> Effects:
        """Carry out what has become durable."""
        raise NotImplementedError

    def _expiry(self) -> Timestamp | None:
        """No step may be taken after this time; None if there is no lease that one could rely on."""
        raise NotImplementedError

    def _abdicate(self) -> Effects:
        """Forget all that a leader has."""
        raise NotImplementedError

    # --- one reading of the clock per step ----------------------------------------------------------------------

    def receive(self, source: NodeId, message: Message) -> Effects:
        """As every role; but who finds its lease to be over has lost the journal, before it looks at the message."""
        self._clock.read()
        expiry = self._expiry()
        lost = self._step_down() if expiry is not None and self.clock.now().latest > expiry else []
        return lost + super().receive(source, message)

    def _step_down(self) -> Effects:
        """The lease has run out, or somebody else has proposed: whoever waits for an outcome asks the next leader.

        Who was outbid leaves the next proposal to the candidates before it for a while: two that both go on at once
        would outbid each other for ever, each with the promise of the replica beside it.
        """
        if self._stage is Stage.RECOVERING and self._leader.fenced_by >= self._leader.epoch and self._rank:
            patience_us = self._settings.proposal_us + self._rank * self._settings.stagger_us
            self._heir, self._yielding_until = None, Timestamp(self.clock.now().latest + patience_us)
        self._leader.resign()
        self._stage = Stage.STOPPED if self._stage in (Stage.STOPPING, Stage.STOPPED) else Stage.STANDBY
        self._known, self._answers = None, {}
        return self._abdicate()

    # --- standing by --------------------------------------------------------------------------------------------

    def start(self) -> Effects:
        """Ask who leads."""
        self._clock.read()
        return [*self._probe(), After(self._settings.heartbeat_us, Tick())]

    def on_tick(self, source: NodeId, message: Tick) -> Effects:
        """Ask again who leads, or repeat what may have been lost."""
        again = After(self._settings.heartbeat_us, message)
        if self._stage is not Stage.STANDBY:
            return [again, *self._advance(self._leader.retry())]
        is_answered = self._leader.is_majority(len(self._answers))
        if is_answered and self.clock.now().latest - self._asked_at < self._settings.probe_us:
            return [again]
        return [again, *self._probe()]

    def _probe(self) -> Effects:
        self._round += 1
        self._answers = {}
        self._asked_at = self.clock.now().latest
        return [Send(replica, Probe(self._round)) for replica in self._place.replicas]

    def on_probed(self, source: NodeId, message: Probed) -> Effects:
        """Propose when a majority says that nobody leads (P19)."""
        if self._stage is not Stage.STANDBY or message.round != self._round:
            return []
        self._answers[source] = message
        said = max(self._answers.values(), key=lambda answer: (answer.promised, answer.leads))
        is_yielding = self.clock.now().latest < self._yielding_until
        heir = self._heir if is_yielding else None
        self._known = said.leader if said.leads and said.leader != self.node else heir
        if is_yielding or not self._leader.is_majority(sum(map(self._is_free, self._answers.values()))):
            return []
        self._stage = Stage.RECOVERING
        return self._leader.propose(max(answer.promised for answer in self._answers.values()))

    def _is_free(self, answer: Probed) -> bool:
        """Whether a replica has heard of no leader for long enough. The candidate at home waits the shortest; for
        itself, in an earlier life or before it stepped down, nobody has to wait."""
        settings = self._settings
        if answer.leader is None:
            return answer.silent_us >= self._rank * settings.begin_us
        if answer.leader == self.node:
            return True
        patience = settings.lease_us if answer.leads else settings.proposal_us
        return answer.silent_us >= patience + self._rank * settings.stagger_us

    # --- taking over, and leading -------------------------------------------------------------------------------

    def on_promised(self, source: NodeId, message: Promised) -> Effects:
        """A replica follows this epoch."""
        return self._advance(self._leader.on_promised(source, message))

    def on_fenced(self, source: NodeId, message: Fenced) -> Effects:
        """A replica follows another candidate."""
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
        effects = self._leader.on_doubt(source, message)
        if effects:
            self._tenure.tell(zone=zone_of(source), epoch=message.epoch)
        return self._advance(effects)

    def _advance(self, effects: Effects) -> Effects:
        """What follows from news of the journal."""
        if self._stage is Stage.STANDBY:
            return []
        if self._leader.deposed:
            return self._step_down()
        if self._stage is Stage.RECOVERING and self._leader.ready:
            effects = effects + self._recovered()
        return effects + self._settle()
