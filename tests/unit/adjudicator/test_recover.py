"""Takeover: what a successor waits for and knows, and how a lease is given back (P18, P19)."""

from __future__ import annotations

import pytest

from daybreak.adjudicator.messages import (
    Committed,
    ForgetTick,
    HeartbeatRequest,
    LeaseExpired,
    Reason,
    Refused,
    Release,
    Released,
    Tick,
)
from daybreak.adjudicator.settings import Settings
from daybreak.base.ids import NodeId
from daybreak.base.records import decode
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Access
from daybreak.crossbar.messages import Deliver
from daybreak.journal.messages import Fenced
from daybreak.runtime.protocols import Effects
from tests.support.adjudicator_bench import QP, REPLICAS, Bench
from tests.support.roles import ManualClock, key, sent, time, timers

W = Access.WRITE
K = key("k")
OPERATOR = NodeId("A/control-0")


def successor(bench: Bench, *, error_us: int = 0) -> Bench:
    """Another adjudicator on the journal of `bench`, with a clock that shows the same time; it has taken over."""
    bench.journal.holding = False
    after = Bench(clock=ManualClock(bench.clock.now_us, error_us=error_us), journal=bench.journal)
    after.start()
    while after.role.status()["stage"] == "recovering":
        after.fire(Tick)
    return after


def reason(effects: Effects) -> Reason | None:
    """Why the transaction was refused, or None."""
    refusals = sent(effects, Refused, QP)
    return refusals[0].reason if refusals else None


def test_the_first_adjudicator_of_a_journal_waits_for_nobody() -> None:
    bench = Bench()
    bench.start()
    assert [delay for delay, _ in timers([*bench.timers], LeaseExpired)] == [0]
    bench.fire(LeaseExpired)
    assert bench.role.serving
    assert bench.sink.acts() == ["Recover", "Seal", "Forget", "Renew"]
    assert bench.sink.events()[0].args == {"kept": {}, "at": ZERO}


def test_nothing_is_decided_before_the_journal_is_taken_over() -> None:
    bench = Bench()
    assert reason(bench.ask("a", time(0), {K: W})) is Reason.UNAVAILABLE
    assert bench.hear(HeartbeatRequest(time(1))) == []
    assert bench.hear(ForgetTick()) == []
    assert bench.sink.acts() == ["Decline"]


def test_a_successor_waits_until_the_old_lease_has_expired_by_the_earliest_clock() -> None:
    bench = Bench().serve()
    after = successor(bench, error_us=40)
    wait = bench.lease - time(-40) + 1
    assert [delay for delay, _ in timers([*after.timers], LeaseExpired)] == [wait]
    after.clock.advance(wait - 1)
    after.fire(LeaseExpired)
    assert after.role.status()["stage"] == "waiting"
    assert [delay for delay, _ in timers([*after.timers], LeaseExpired)] == [1]
    after.clock.advance(1)
    after.fire(LeaseExpired)
    assert after.role.status()["stage"] == "serving"


def test_a_successor_that_waits_neither_commits_nor_promises() -> None:
    after = successor(Bench().serve())
    assert reason(after.ask("a", time(0), {K: W})) is Reason.UNAVAILABLE
    assert after.hear(HeartbeatRequest(time(1))) == []
    after.fire(Tick)
    assert after.sink.acts() == ["Recover", "Seal", "Decline"]


def test_a_wish_heard_while_waiting_is_fulfilled_with_the_new_lease() -> None:
    bench = Bench().serve()
    after = successor(bench)
    after.clock.advance(Settings().lease_us + 1)
    wish = Timestamp(bench.lease + 500)
    after.hear(HeartbeatRequest(wish))
    assert after.promised(after.fire(LeaseExpired))[-1] >= wish


def taken_over(bench: Bench) -> Bench:
    """A successor of `bench` that serves."""
    after = successor(bench)
    after.clock.advance(Settings().lease_us + 1)
    after.fire(LeaseExpired)
    return after


@pytest.mark.parametrize("below", [0, 1])
def test_a_successor_refuses_every_start_below_the_old_lease(below: int) -> None:
    bench = Bench().serve()
    after = taken_over(bench)
    assert after.floor == bench.lease
    answer = after.ask("a", Timestamp(bench.lease - below), {K: W})
    assert reason(answer) is (Reason.CONFLICT if below else None)


def test_the_first_commit_time_of_a_successor_is_greater_than_all_before() -> None:
    bench = Bench().serve()
    bench.hear(HeartbeatRequest(bench.lease))
    after = taken_over(bench)
    after.clock.now_us = time(0)
    (answer,) = sent(after.ask("a", Timestamp(bench.lease), {K: W}), Committed)
    assert answer.ts == bench.lease + 1


def test_a_successor_keeps_what_its_journal_holds_though_nobody_was_told() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    bench.ask("a", time(0), {K: W})
    after = taken_over(bench)
    recover = after.sink.events()[0]
    assert (recover.act, recover.epoch) == ("Adjudication!Recover", bench.journal.promised)
    assert recover.args == {"kept": {"a": time(1)}, "at": bench.lease}


def test_a_successor_delivers_what_it_has_found() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    bench.ask("a", time(0), {K: W})
    bench.journal.holding = False
    after = Bench(clock=bench.clock, journal=bench.journal)
    said = after.start()
    while after.role.status()["stage"] == "recovering":
        said += after.fire(Tick)
    (deliver,) = sent(said, Deliver)
    assert [entry.index for entry in deliver.entries] == list(range(1, len(bench.journal.log) + 1))
    assert decode(deliver.entries[-2].payload).record is not None
    assert deliver.upto == bench.lease, "up to there nobody can append any more"


def test_a_lease_is_handed_on_from_seal_to_seal() -> None:
    bench = Bench().serve()
    second = successor(bench)
    third = successor(second)
    third.clock.advance(Settings().lease_us)
    third.fire(LeaseExpired)
    assert third.role.status()["stage"] == "waiting"
    third.clock.advance(1)
    third.fire(LeaseExpired)
    assert third.floor == bench.lease


def test_an_expiry_that_comes_twice_recovers_once() -> None:
    bench = Bench().serve()
    assert bench.hear(LeaseExpired()) == []
    assert bench.sink.acts().count("Recover") == 1


def test_a_deposed_adjudicator_commits_nothing_more_and_begins_again() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    bench.ask("under way", time(0), {K: W})
    higher = bench.journal.promised + 1
    bench.hear(Fenced(bench.journal.promised, higher), REPLICAS[0])
    assert bench.journal.promised > higher, "it has proposed itself again"
    assert reason(bench.ask("a", time(0), {key("a"): W})) is Reason.UNAVAILABLE
    assert bench.hear(HeartbeatRequest(time(1_000))) == []
    assert not bench.role.serving
    assert [message.txn for message in sent(bench.acknowledge(), Committed)] == ["under way"]
    assert "Recover" in bench.sink.acts()[bench.sink.acts().index("Commit") :]


def test_a_lease_given_back_ends_at_the_last_promise_or_commit() -> None:
    bench = Bench().serve()
    bench.hear(HeartbeatRequest(time(7_000)))
    assert sent(bench.hear(Release(), OPERATOR), Released, OPERATOR) == [Released()]
    assert bench.lease == time(7_000)
    after = successor(bench)
    assert [delay for delay, _ in timers([*after.timers], LeaseExpired)] == [7_001]


def test_a_lease_is_out_of_use_at_once_and_given_back_once_that_is_durable() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    assert bench.hear(Release(), OPERATOR) == []
    assert bench.lease == ZERO
    assert sent(bench.acknowledge(), Released, OPERATOR) == [Released()]


def test_a_successor_that_finds_a_lease_given_back_is_above_what_the_other_used() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    bench.clock.advance(Settings().lease_us // 2)
    bench.fire(Tick)
    bench.hear(Release(), OPERATOR)
    given_back = bench.lease
    renewals = bench.sink.acts().count("Renew")
    while bench.sink.acts().count("Renew") == renewals:
        bench.acknowledge(1)
    assert bench.lease == given_back, "the grant before it has become durable meanwhile"
    assert successor(bench).sink.events()[0].args["at"] == given_back


def test_a_transaction_under_way_is_still_acknowledged_after_the_lease_is_given_back() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    bench.ask("a", time(0), {K: W})
    bench.hear(Release(), OPERATOR)
    said = bench.acknowledge()
    assert [message.txn for message in sent(said, Committed)] == ["a"]
    assert sent(said, Released) == [Released()]
    assert bench.lease == time(1)


def test_who_has_given_the_lease_back_neither_commits_nor_promises() -> None:
    bench = Bench().serve()
    bench.hear(Release(), OPERATOR)
    before = bench.sink.acts()
    assert reason(bench.ask("a", time(0), {K: W})) is Reason.UNAVAILABLE
    assert bench.hear(HeartbeatRequest(time(1_000))) == []
    bench.clock.advance(Settings().lease_us)
    assert bench.fire(Tick) == []
    assert bench.sink.acts() == [*before, "Decline"]


def test_a_release_is_answered_by_who_has_no_lease() -> None:
    bench = Bench()
    assert sent(bench.hear(Release(), OPERATOR), Released, OPERATOR) == [Released()]
