"""Takeover: what a successor waits for and knows, and how a lease is given back (P18, P19)."""

from __future__ import annotations

import pytest

from daybreak.adjudicator.messages import (
    Committed,
    ForgetTick,
    HeartbeatRequest,
    Leads,
    Outcome,
    Release,
    Released,
    Tick,
)
from daybreak.adjudicator.settings import Settings
from daybreak.base.ids import NodeId, TxnId
from daybreak.base.records import decode
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Access
from daybreak.crossbar.messages import Deliver
from daybreak.journal.messages import Fenced
from daybreak.runtime.protocols import Send
from tests.support.adjudicator_bench import JOURNAL, NODE, QP, REPLICAS, Bench
from tests.support.roles import ManualClock, key, sent, time

W = Access.WRITE
K = key("k")
OPERATOR = NodeId("A/control-0")


def successor(bench: Bench, *, error_us: int = 0) -> Bench:
    """Another candidate on the journal of `bench`, with a clock that shows the same time; it has adopted the log."""
    bench.journal.holding = False
    after = Bench(clock=ManualClock(bench.clock.now_us, error_us=error_us), journal=bench.journal)
    after.start()
    for _ in range(3):
        after.fire(Tick)
    return after


def stage(bench: Bench) -> object:
    """What it says of itself."""
    return bench.role.status()["stage"]


def test_the_first_adjudicator_of_a_journal_waits_for_nobody() -> None:
    bench = Bench()
    bench.start()
    assert bench.role.serving
    assert bench.sink.acts() == ["Recover", "Seal", "Renew"]
    assert bench.sink.events()[0].args == {"kept": {}, "at": ZERO}
    assert bench.lease == time(Settings().lease_us), "the seal has granted it"


def test_nothing_is_decided_before_the_journal_is_taken_over() -> None:
    bench = Bench()
    assert bench.ask("a", time(0), {K: W}) == [Send(QP, Leads(JOURNAL, None, TxnId("a")))]
    assert bench.hear(HeartbeatRequest(time(1))) == []
    assert bench.hear(ForgetTick()) == []
    assert bench.sink.acts() == []


def test_a_successor_waits_until_the_old_lease_has_expired_by_the_earliest_clock() -> None:
    bench = Bench().serve()
    after = successor(bench, error_us=40)
    after.clock.advance(bench.lease - after.clock.now().earliest)
    after.fire(Tick)
    assert stage(after) == "recovering"
    written = len(bench.journal.log)
    after.clock.advance(1)
    after.fire(Tick)
    assert stage(after) == "serving"
    assert len(bench.journal.log) == written + 1, "its seal, not before"
    assert after.sink.events()[0].at[0] > bench.lease


def test_a_successor_that_waits_neither_commits_nor_promises() -> None:
    after = successor(Bench().serve())
    assert sent(after.ask("a", time(0), {K: W}), Leads, QP)
    assert after.hear(HeartbeatRequest(time(1))) == []
    after.fire(Tick)
    assert after.sink.acts() == []


def test_a_wish_heard_while_waiting_is_fulfilled_with_the_new_lease() -> None:
    bench = Bench().serve()
    after = successor(bench)
    after.clock.advance(Settings().lease_us + 1)
    wish = Timestamp(bench.lease + 500)
    after.hear(HeartbeatRequest(wish))
    assert after.promised(after.fire(Tick))[-1] >= wish


def taken_over(bench: Bench) -> Bench:
    """A successor of `bench` that serves."""
    after = successor(bench)
    after.clock.advance(Settings().lease_us + 1)
    after.fire(Tick)
    return after


@pytest.mark.parametrize("below", [0, 1])
def test_a_successor_refuses_whoever_may_have_asked_before(below: int) -> None:
    after = taken_over(Bench().serve())
    answer = after.ask("a", Timestamp(after.clock.now_us - below), {K: W})
    assert sent(answer, Outcome, QP) == ([Outcome(TxnId("a"), ZERO)] if below else [])
    assert bool(sent(answer, Committed)) is not bool(below)


def test_the_first_commit_time_of_a_successor_is_greater_than_all_before() -> None:
    bench = Bench().serve()
    bench.hear(HeartbeatRequest(bench.lease))
    after = taken_over(bench)
    (answer,) = sent(after.ask("a", after.floor, {K: W}), Committed)
    assert answer.ts > bench.lease


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
    after = successor(bench)
    after.clock.advance(Settings().lease_us + 1)
    deliver = sent(after.fire(Tick), Deliver)[0]
    assert [entry.index for entry in deliver.entries] == list(range(1, len(bench.journal.log) + 1))
    assert decode(deliver.entries[-2].payload).record is not None
    assert deliver.upto == bench.lease, "up to there nobody can append any more"


def test_who_only_waited_leaves_the_lease_as_it_found_it() -> None:
    bench = Bench().serve()
    third = successor(successor(bench))
    third.clock.advance(Settings().lease_us)
    third.fire(Tick)
    assert stage(third) == "recovering"
    third.clock.advance(1)
    third.fire(Tick)
    assert third.sink.events()[0].args["at"] == bench.lease


def test_a_successor_waits_for_the_lease_of_a_seal_too() -> None:
    after = taken_over(Bench().serve())
    third = successor(after)
    third.clock.advance(after.lease - third.clock.now_us)
    third.fire(Tick)
    assert stage(third) == "recovering"
    third.clock.advance(1)
    third.fire(Tick)
    assert third.sink.events()[0].args["at"] == after.lease


def test_who_learns_too_late_that_its_seal_is_durable_does_not_lead() -> None:
    bench = Bench()
    bench.journal.holding = True
    bench.start()
    assert stage(bench) == "recovering"
    bench.clock.advance(Settings().lease_us + 1)
    bench.acknowledge()
    assert stage(bench) == "standby"
    assert bench.sink.acts() == []


def test_a_deposed_adjudicator_stands_by_and_has_nothing_more_to_say() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    bench.ask("under way", time(0), {K: W})
    before = bench.sink.acts()
    bench.hear(Fenced(bench.journal.promised, bench.journal.promised + 1), REPLICAS[0])
    assert stage(bench) == "standby"
    assert bench.acknowledge() == []
    assert sent(bench.ask("a", time(0), {key("a"): W}), Leads, QP)
    assert bench.hear(HeartbeatRequest(time(1_000))) == []
    assert bench.sink.acts() == before


@pytest.mark.parametrize("late", [0, 1])
def test_no_step_is_taken_after_the_lease_has_run_out(late: int) -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    bench.ask("under way", time(0), {K: W})
    bench.clock.advance(bench.lease - bench.clock.now_us + late)
    said = bench.acknowledge()
    assert bool(sent(said, Committed)) is not bool(late)
    assert bench.role.serving is not bool(late)
    assert bench.sink.acts()[-1] == ("Commit" if late else "Durable")


def test_a_lease_given_back_ends_at_the_last_promise_or_commit() -> None:
    bench = Bench().serve()
    bench.hear(HeartbeatRequest(time(7_000)))
    assert sent(bench.hear(Release(), OPERATOR), Released, OPERATOR) == [Released()]
    assert bench.lease == time(7_000)
    after = successor(bench)
    after.clock.advance(7_000 + time(0) - after.clock.now_us)
    after.fire(Tick)
    assert stage(after) == "recovering"
    after.clock.advance(1)
    after.fire(Tick)
    assert stage(after) == "serving"


def test_a_lease_is_out_of_use_at_once_and_given_back_once_that_is_durable() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    assert bench.hear(Release(), OPERATOR) == []
    assert bench.lease == ZERO
    assert sent(bench.acknowledge(), Released, OPERATOR) == [Released()]


def test_a_lease_asked_for_before_it_was_given_back_is_never_used() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    bench.clock.advance(Settings().lease_us // 2)
    bench.fire(Tick)
    bench.hear(Release(), OPERATOR)
    given_back, before = bench.lease, bench.sink.acts()
    bench.acknowledge()
    assert (bench.lease, bench.sink.acts()) == (given_back, before)
    after = successor(bench)
    after.clock.advance(given_back + 1 - after.clock.now_us)
    after.fire(Tick)
    assert after.sink.events()[0].args["at"] == given_back


def test_the_lease_is_given_back_after_what_is_under_way_is_durable() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    bench.ask("a", time(0), {K: W})
    assert bench.hear(Release(), OPERATOR) == []
    bench.journal.holding = False
    said = bench.acknowledge()
    assert [message.txn for message in sent(said, Committed)] == ["a"]
    assert sent(said, Released) == [Released()]
    assert bench.lease == time(1)
    assert bench.sink.acts()[-2:] == ["Durable", "Renew"]


def test_who_has_given_the_lease_back_neither_commits_nor_promises_nor_proposes() -> None:
    bench = Bench().serve()
    bench.hear(Release(), OPERATOR)
    before, promised = bench.sink.acts(), bench.journal.promised
    assert sent(bench.ask("a", time(0), {K: W}), Leads, QP)
    assert bench.hear(HeartbeatRequest(time(1_000))) == []
    bench.clock.advance(Settings().lease_us)
    assert bench.fire(Tick) == []
    assert (bench.sink.acts(), bench.journal.promised) == (before, promised)


@pytest.mark.parametrize("waits", [False, True])
def test_a_release_is_answered_by_who_has_no_lease_and_never_will(waits: bool) -> None:
    bench = successor(Bench().serve()) if waits else Bench()
    assert sent(bench.hear(Release(), OPERATOR), Released, OPERATOR) == [Released()]
    bench.clock.advance(Settings().lease_us + 1)
    bench.hear(Tick(), NODE)
    assert stage(bench) == "stopped"
    assert bench.sink.acts() == []
