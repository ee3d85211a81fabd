"""A candidate that stands by: whom it asks, when it proposes, and what it knows of who leads (P18-P20)."""

from __future__ import annotations

import pytest

from daybreak.adjudicator.adjudicator import Adjudicator
from daybreak.adjudicator.messages import Leads, Tick
from daybreak.adjudicator.place import Place
from daybreak.adjudicator.settings import Settings
from daybreak.base.ids import NodeId, TxnId
from daybreak.base.writes import Access
from daybreak.journal.messages import Fenced, Probe, Probed, Promised, Propose
from daybreak.runtime.protocols import Effects, Message, Send
from daybreak.runtime.stepclock import StepClock
from daybreak.trace.recorder import NoTrace
from tests.support.adjudicator_bench import CROSSBAR, JOURNAL, LAYOUT, QP, REPLICAS, Bench
from tests.support.roles import ManualClock, key, sent, time

CANDIDATES = LAYOUT.candidates[JOURNAL]
HOME, SECOND, THIRD = CANDIDATES
SETTINGS = Settings()
LEASE, PROPOSAL, STAGGER, BEGIN = SETTINGS.lease_us, SETTINGS.proposal_us, SETTINGS.stagger_us, SETTINGS.begin_us


class Standby:
    """A candidate, and what the replicas of its journal answer."""

    def __init__(self, node: NodeId) -> None:
        self.node, self.clock = node, ManualClock()
        place = Place(node, JOURNAL, REPLICAS, (CROSSBAR,), LAYOUT.candidates)
        self.role = Adjudicator(place, StepClock(self.clock), NoTrace())
        self.round = 0
        self.see(self.role.start())

    def see(self, effects: Effects) -> Effects:
        """Take note of the round that it asks in."""
        self.round = max([self.round, *(probe.round for probe in sent(effects, Probe))])
        return effects

    def hear(self, message: Message, source: NodeId) -> Effects:
        """Deliver a message."""
        return self.see(self.role.receive(source, message))

    def tick(self, us: int = SETTINGS.heartbeat_us) -> Effects:
        """Let time pass until its timer."""
        self.clock.advance(us)
        return self.hear(Tick(), self.node)

    def told(self, *answers: tuple[NodeId | None, bool, int]) -> Effects:
        """The replicas answer one after the other: who leads, whether it has led, and for how long it is silent."""
        said: Effects = []
        for replica, (leader, leads, silent) in zip(REPLICAS, answers, strict=False):
            said += self.hear(Probed(self.round, 4, leader, leads, silent), replica)
        return said

    @property
    def stage(self) -> object:
        """What it says of itself."""
        return self.role.status()["stage"]


def test_it_asks_all_replicas_at_once_and_again_until_a_majority_has_answered() -> None:
    standby = Standby(SECOND)
    assert standby.round == 1
    assert [e.to for e in standby.tick() if isinstance(e, Send)] == list(REPLICAS)
    standby.told((HOME, True, 0))
    assert sent(standby.tick(), Probe) == [Probe(3)] * 3, "one answer is not enough"
    standby.told((HOME, True, 0), (HOME, True, 0))
    assert sent(standby.tick(), Probe) == []
    assert sent(standby.tick(SETTINGS.probe_us), Probe) == [Probe(4)] * 3


@pytest.mark.parametrize(
    ("node", "leader", "leads", "silent"),
    [
        (HOME, None, False, 0),
        (SECOND, None, False, BEGIN),
        (THIRD, None, False, 2 * BEGIN),
        (HOME, SECOND, True, LEASE),
        (SECOND, HOME, True, LEASE + STAGGER),
        (THIRD, HOME, True, LEASE + 2 * STAGGER),
        (SECOND, HOME, False, PROPOSAL + STAGGER),
    ],
)
def test_it_proposes_when_a_majority_has_heard_of_nobody_for_long_enough(
    node: NodeId, leader: NodeId | None, leads: bool, silent: int
) -> None:
    if silent:
        early = Standby(node)
        assert early.told(*[(leader, leads, silent - 1)] * 3) == []
        assert early.stage == "standby"
    standby = Standby(node)
    said = standby.told((leader, leads, silent), (HOME if node != HOME else SECOND, True, 0), (leader, leads, silent))
    assert [proposal.epoch for proposal in sent(said, Propose)] == [5] * 3, "above what is promised"
    assert standby.stage == "recovering"


def test_for_itself_in_an_earlier_life_it_does_not_wait() -> None:
    assert sent(Standby(THIRD).told(*[(THIRD, True, 0)] * 2), Propose)


def test_one_replica_that_has_heard_of_nobody_is_not_a_majority() -> None:
    standby = Standby(HOME)
    assert standby.told((None, False, 0), (SECOND, True, 0), (SECOND, True, 0)) == []
    assert standby.stage == "standby"


def test_an_answer_to_an_earlier_round_does_not_count() -> None:
    standby = Standby(HOME)
    old = Probed(standby.round, 4, None, False, 0)
    standby.tick()
    for replica in REPLICAS:
        assert standby.hear(old, replica) == []


def test_who_was_cut_off_with_a_proposal_gives_it_up_and_asks_before_another() -> None:
    standby = Standby(SECOND)
    standby.told(*[(HOME, True, LEASE + STAGGER)] * 2)
    ticks = 0
    while standby.stage == "recovering":
        standby.tick()
        ticks += 1
    assert ticks < 30
    assert [type(e.message) for e in standby.tick() if isinstance(e, Send)] == [Probe] * 3
    assert standby.told(*[(THIRD, True, 0)] * 3) == [], "somebody leads by now"


def test_who_is_outbid_stands_by() -> None:
    standby = Standby(HOME)
    standby.told(*[(None, False, 0)] * 2)
    standby.hear(Promised(5, 0, 0, 0), REPLICAS[0])
    standby.hear(Fenced(5, 6), REPLICAS[1])
    assert standby.stage == "standby"
    assert standby.hear(Promised(5, 0, 0, 0), REPLICAS[2]) == []


@pytest.mark.parametrize(
    ("node", "wait_us"), [(HOME, 0), (SECOND, PROPOSAL + STAGGER), (THIRD, PROPOSAL + 2 * STAGGER)]
)
def test_who_is_outbid_leaves_the_next_proposal_to_those_before_it(node: NodeId, wait_us: int) -> None:
    """The replica beside each of two rivals follows it, the third one follows nobody: both hear that a majority is free
    as soon as they ask, and would propose the same epoch for ever."""
    standby = Standby(node)
    free = [(node, False, 0)] * 2
    assert sent(standby.told(*free), Propose)
    standby.hear(Promised(5, 0, 0, 0), REPLICAS[0])
    standby.hear(Fenced(5, 5), REPLICAS[1])
    standby.tick()
    assert standby.stage == "standby", "as many as are needed follow another"
    waited_us = 0
    while not sent(standby.told(*free), Propose):
        standby.tick()
        waited_us += SETTINGS.heartbeat_us
    assert wait_us <= waited_us <= wait_us + SETTINGS.probe_us


def test_it_tells_who_leads_as_far_as_it_knows() -> None:
    standby = Standby(THIRD)
    bench = Bench()
    request = bench.ask("a", time(0), {key("a"): Access.WRITE})
    assert sent(request, Leads, QP) == [Leads(JOURNAL, None, TxnId("a"))]
    standby.told((HOME, True, 0), (SECOND, False, 0))
    assert standby.role._known == HOME, "who has only proposed does not lead"
    standby.tick()
    standby.hear(Probed(standby.round, 7, SECOND, True, 0), REPLICAS[2])
    assert standby.role._known == SECOND
