"""A leader that hands its journal over: what it ends first, whom it tells when, and what the heir does (P19)."""

from __future__ import annotations

import pytest

from daybreak.adjudicator.messages import (
    AcceptLead,
    CommitRequest,
    Committed,
    Leads,
    MoveLead,
    MoveRange,
    OfferLead,
    OrderDone,
    Outcome,
    Reason,
    Refused,
    Release,
    Released,
    TakeLead,
    Tick,
    VoteRequest,
)
from daybreak.adjudicator.settings import Settings
from daybreak.base.ids import JournalId, NodeId, TxnId
from daybreak.base.records import decode
from daybreak.base.time import ZERO
from daybreak.base.writes import Access
from daybreak.journal.messages import Fenced
from daybreak.runtime.protocols import After, Effects
from tests.support.adjudicator_bench import JOURNAL, LAYOUT, NODE, PEERS, QP, REPLICAS, Bench
from tests.support.roles import far_key, key, sent, time

W = Access.WRITE
K, FAR = key("k"), far_key("k")
OPERATOR = NodeId("A/operator-0")
_, HEIR, THIRD = LAYOUT.candidates[JOURNAL]
ONE = JournalId("adj-1")
A = TxnId("a")
SETTINGS = Settings()


def order(bench: Bench, to: NodeId = HEIR, kept_in: str | None = None) -> Effects:
    """An operator wants another leader."""
    return bench.hear(MoveLead(7, to, kept_in), OPERATOR)


def accept(bench: Bench, source: NodeId = HEIR, epoch: int = 1) -> Effects:
    """A candidate is ready."""
    return bench.hear(AcceptLead(epoch), source)


def released(bench: Bench) -> Effects:
    """It hears of itself that the lease is given back."""
    timer = next(timer for timer in bench.timers if isinstance(timer.message, Released))
    bench.timers.remove(timer)
    return bench.hear(timer.message, NODE)


def leader() -> Bench:
    """One that leads and has been told to hand over to `HEIR`."""
    bench = Bench().serve()
    assert sent(order(bench), OfferLead, HEIR) == [OfferLead(1)]
    return bench


def heir(of: Bench, node: NodeId = HEIR) -> Bench:
    """A candidate of the same journal that stands by while `of` leads."""

    of.journal.leader = NODE
    bench = Bench(clock=of.clock, journal=of.journal, node=node)
    bench.start()
    return bench


def lease_left(bench: Bench) -> int:
    """How long the lease in the last entry runs."""
    return decode(bench.journal.log[-1].payload).lease - bench.clock.now_us


def stage(bench: Bench) -> object:
    """What it says of itself."""
    return bench.role.status()["stage"]


# --- the leader -----------------------------------------------------------------------------------------------------


def test_it_offers_the_lead_until_somebody_accepts_and_leads_on_meanwhile() -> None:
    bench = leader()
    assert sent(bench.fire(Tick), OfferLead, HEIR) == [OfferLead(1)]
    assert accept(bench, THIRD) == accept(bench, epoch=4) == [], "that was not offered"
    assert sent(bench.ask("a", time(1), {K: W}), Committed)


def test_it_gives_its_lease_back_and_tells_the_heir_when_that_is_durable() -> None:
    bench = leader()
    bench.ask("a", time(5), {K: W})
    bench.journal.holding = True
    assert sent(accept(bench), TakeLead) == []
    assert stage(bench) == "stopped"
    assert sent(bench.ask("b", time(5), {K: W}), Leads, QP) == [Leads(JOURNAL, HEIR, TxnId("b"))]
    assert decode(bench.journal.log[-1].payload).lease == bench.lease < bench.clock.now_us + SETTINGS.lease_us
    bench.acknowledge()
    assert sent(released(bench), TakeLead, HEIR) == [TakeLead(1, OPERATOR, 7)]
    assert stage(bench) == "standby"


def test_what_is_under_way_becomes_durable_first() -> None:
    bench = leader()
    bench.journal.holding = True
    bench.ask("a", time(1), {K: W})
    accept(bench)
    assert stage(bench) == "stopping"
    assert sent(bench.ask("b", time(2), {FAR: W}), Refused, QP) == [Refused(TxnId("b"), Reason.UNAVAILABLE)]
    assert [done.txn for done in sent(bench.acknowledge(), Committed)] == ["a"]
    assert stage(bench) == "stopped"


def test_it_waits_for_the_outcome_of_its_votes_and_gives_no_new_ones() -> None:
    bench = leader()
    bench.hear(VoteRequest(A, time(1), {K: W}, ONE, PEERS[ONE], time(1)))
    accept(bench)
    assert stage(bench) == "serving"
    late = VoteRequest(TxnId("b"), time(1), {FAR: W}, ONE, PEERS[ONE], time(1))
    assert sent(bench.hear(late), Refused, PEERS[ONE]) == [Refused(TxnId("b"), Reason.MOVED, time(1))]
    bench.hear(Outcome(A, ZERO), PEERS[ONE])
    assert stage(bench) == "stopped"


def test_it_waits_for_the_votes_on_what_it_leads_and_leads_nothing_new() -> None:
    bench = leader()

    def lead(txn: str) -> Effects:
        return bench.hear(CommitRequest(TxnId(txn), time(1), {K: W}, (), {ONE: PEERS[ONE]}, time(1)))

    assert lead("a") == []
    accept(bench)
    assert sent(lead("b"), Refused, QP) == [Refused(TxnId("b"), Reason.MOVED)]
    assert stage(bench) == "serving"
    bench.hear(Refused(A, Reason.CONFLICT, time(1)), PEERS[ONE])
    bench.fire(Tick)
    assert stage(bench) == "stopped"


def test_it_waits_for_a_range_that_is_on_its_way() -> None:
    bench = leader()
    bench.hear(MoveRange(1, b"", ONE))
    accept(bench)
    assert stage(bench) == "serving"


@pytest.mark.parametrize("accepted", [False, True])
def test_what_takes_too_long_is_given_up(accepted: bool) -> None:
    bench = leader()
    bench.hear(VoteRequest(A, time(1), {K: W}, ONE, PEERS[ONE], time(1)))
    if accepted:
        accept(bench)
    said: Effects = []
    for _ in range(SETTINGS.handover_us // 250_000 + 1):
        bench.clock.advance(250_000)
        said += bench.fire(Tick)
    (done,) = sent(said, OrderDone, OPERATOR)
    assert done.error is not None and ("come to rest" if accepted else f"{HEIR} does not stand by") in done.error
    assert stage(bench) == "serving"
    assert accept(bench) == []


def test_what_cannot_be_done_is_said() -> None:
    for bench, to, why in (
        (Bench(), HEIR, "not serving"),
        (Bench().serve(), NodeId("W1/adj-0"), "no candidate"),
        (leader(), THIRD, "already"),
    ):
        (done,) = sent(order(bench, to), OrderDone, OPERATOR)
        assert done.error is not None and why in done.error
    assert sent(order(Bench().serve(), NODE), OrderDone, OPERATOR) == [OrderDone(7)], "it leads already"


def test_who_loses_its_journal_meanwhile_says_so_and_stands_by() -> None:
    bench = leader()
    bench.journal.holding = True
    accept(bench)
    bench.hear(Fenced(1, 2), REPLICAS[1])
    (done,) = sent(released(bench), OrderDone, OPERATOR)
    assert done.error is not None and "lost its journal" in done.error
    assert stage(bench) == "standby"


def test_who_is_stopped_meanwhile_hands_nothing_over() -> None:
    bench = leader()
    bench.journal.holding = True
    accept(bench)
    said = bench.hear(Release(), QP)
    assert sent(said, Released, QP) and sent(said, OrderDone, OPERATOR)[0].error is not None
    bench.acknowledge()
    assert released(bench) == []
    assert stage(bench) == "stopped"


def test_it_leaves_the_journal_to_the_heir_for_some_time_only() -> None:
    bench = leader()
    accept(bench)
    released(bench)
    bench.clock.advance(SETTINGS.proposal_us - SETTINGS.probe_us)
    bench.fire(Tick)
    assert stage(bench) == "standby"
    assert bench.role._known == HEIR
    bench.clock.advance(SETTINGS.probe_us)
    bench.fire(Tick)
    bench.fire(Tick)
    assert stage(bench) == "serving", "nobody else has taken it"


# --- where it stays -------------------------------------------------------------------------------------------------


def test_where_it_is_to_stay_is_in_the_journal_and_its_successor_finds_it() -> None:
    bench = Bench().serve()
    assert sent(order(bench, NODE, "A1"), OrderDone, OPERATOR) == [OrderDone(7)]
    assert bench.role.status()["kept_in"] == "A1"
    order(bench, HEIR, "A2")
    successor = heir(bench)
    accept(bench)
    (take,) = sent(released(bench), TakeLead)
    bench.clock.advance(1)
    assert sent(successor.hear(take, NODE), OrderDone, OPERATOR) == [OrderDone(7)]
    assert successor.role.status()["kept_in"] == "A2"


# --- the heir -------------------------------------------------------------------------------------------------------


def test_it_accepts_if_it_stands_by_and_hears_a_majority() -> None:
    bench = Bench().serve()
    assert bench.hear(OfferLead(1), HEIR) == [], "it leads"
    standing = heir(bench)
    assert sent(standing.hear(OfferLead(1), NODE), AcceptLead, NODE) == [AcceptLead(1)]
    standing.role._answers = {}
    assert standing.hear(OfferLead(1), NODE) == []


def taking() -> tuple[Bench, Bench]:
    """A leader that has stopped, and its heir that waits for the end of the lease that it finds."""
    bench = leader()
    bench.ask("last", time(400), {K: W})
    successor = heir(bench)
    accept(bench)
    (take,) = sent(released(bench), TakeLead)
    successor.hear(take, NODE)
    return bench, successor


def test_it_leads_as_soon_as_the_lease_that_was_given_back_is_over() -> None:
    bench, successor = taking()
    assert bench.journal.promised == 2
    bench.clock.advance(lease_left(bench))
    successor.fire(Tick)
    assert stage(successor) == "recovering"
    bench.clock.advance(1)
    said = successor.fire(Tick)
    assert stage(successor) == "serving"
    assert sent(said, OrderDone, OPERATOR) == [OrderDone(7)]


def test_who_asks_it_too_early_waits_and_is_answered() -> None:
    bench, successor = taking()
    assert successor.ask("a", time(1), {K: W}) == []
    bench.clock.advance(lease_left(bench) + 1)
    assert sent(successor.fire(Tick), Outcome, QP) == [Outcome(A, ZERO)], "it began before this epoch"


def test_who_has_lost_says_so_to_all_who_wait() -> None:
    _, successor = taking()
    successor.ask("a", time(1), {K: W})
    said = successor.hear(Fenced(2, 3), REPLICAS[0])
    assert sent(said, Leads, QP) == [Leads(JOURNAL, None, A)]
    (done,) = sent(said, OrderDone, OPERATOR)
    assert done.error is not None


def test_an_old_word_is_not_obeyed() -> None:
    _, successor = taking()
    successor.hear(Fenced(2, 3), REPLICAS[0])
    for epoch in (1, 2):
        assert not [e for e in successor.hear(TakeLead(epoch, OPERATOR, 8), NODE) if not isinstance(e, After)]
        assert stage(successor) == "standby"
