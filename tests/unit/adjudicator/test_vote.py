"""A voter: when it says yes, what it then keeps away, and how it learns the outcome (P12, P14)."""

from __future__ import annotations

import pytest

from daybreak.adjudicator.messages import (
    AskOutcome,
    Committed,
    HeartbeatRequest,
    HoldTick,
    Leads,
    Outcome,
    Reason,
    Refused,
    Release,
    Released,
    Tick,
    Voted,
    VoteRequest,
)
from daybreak.adjudicator.settings import Settings
from daybreak.base.ids import JournalId, NodeId, TxnId
from daybreak.base.keys import Key
from daybreak.base.time import SECOND_US, ZERO, Timestamp
from daybreak.base.writes import Access
from daybreak.runtime.protocols import Effects, Send
from tests.support.adjudicator_bench import JOURNAL, LAYOUT, PEERS, QP, Bench
from tests.support.conflict_table import cells
from tests.support.roles import ManualClock, key, sent, time, timers

W, S, R = Access.WRITE, Access.SHARE, Access.VALIDATE
K, OTHER = key("k"), key("other")
LEADING = JournalId("adj-1")
OPERATOR = NodeId("A/control-0")
LEADER = PEERS[LEADING]
HOLD_US = Settings().hold_us
A = TxnId("a")


def vote(
    bench: Bench, txn: str = "a", keys: dict[Key, Access] | None = None, start: Timestamp | None = None
) -> Effects:
    """What it says when it is asked for a vote."""
    return bench.hear(
        VoteRequest(TxnId(txn), time(0) if start is None else start, keys or {K: W}, LEADING, LEADER, time(0)), QP
    )


def told(effects: Effects) -> list[tuple[NodeId, Reason]]:
    """Who is told of a refusal, and why."""
    return [(e.to, e.message.reason) for e in effects if isinstance(e, Send) and isinstance(e.message, Refused)]


def outcome(bench: Bench, ts: Timestamp, txn: str = "a") -> Effects:
    """Let the leader say what became of a transaction."""
    return bench.hear(Outcome(TxnId(txn), ts), LEADER)


def look(bench: Bench) -> Effects:
    """Let the first timer of a hold fire; returns what is said, its next timer included."""
    timer = next(timer for timer in bench.timers if isinstance(timer.message, HoldTick))
    bench.timers.remove(timer)
    bench.clock.advance(timer.delay_us)
    return bench.hear(timer.message)


def test_a_vote_names_a_bound_above_which_nothing_is_given_and_the_end_of_the_hold() -> None:
    bench = Bench().serve()
    (committed,) = sent(bench.ask("first", time(40), {OTHER: W}), Committed)
    assert vote(bench) == [Send(LEADER, Voted(A, JOURNAL, committed.ts, time(HOLD_US)))]
    assert bench.sink.events()[-1].args == {
        "txn": "a",
        "start": time(0),
        "keys": {"00000010/6b": "W"},
        "until": time(HOLD_US),
    }
    assert timers([*bench.timers], HoldTick) == [(HOLD_US // 2, HoldTick(A, LEADING))]


def test_a_vote_is_bound_by_a_promise_too() -> None:
    bench = Bench().serve()
    bench.hear(HeartbeatRequest(time(7_000)))
    assert [voted.bound for voted in sent(vote(bench), Voted)] == [time(7_000)]


def test_a_hold_never_outlives_the_lease() -> None:
    bench = Bench().serve()
    bench.clock.advance(bench.lease - time(0) - 500)
    assert [voted.until for voted in sent(vote(bench, start=time(0)), Voted)] == [bench.lease]


@pytest.mark.parametrize("start_us", [-1, 0])
def test_who_cannot_hold_for_any_time_leaves_it_to_the_leader_to_decline(start_us: int) -> None:
    bench = Bench().serve()
    bench.hear(HeartbeatRequest(bench.lease))
    before = bench.sink.acts()
    assert told(vote(bench, start=Timestamp(bench.lease + start_us))) == [(LEADER, Reason.UNAVAILABLE)]
    assert bench.sink.acts() == before


def test_who_does_not_lead_or_has_given_its_lease_back_does_not_vote() -> None:
    bench = Bench()
    assert vote(bench) == [Send(QP, Leads(JOURNAL, None, A))]
    bench.serve()
    bench.hear(Release())
    assert vote(bench) == [Send(QP, Leads(JOURNAL, None, A))]
    assert "Vote" not in bench.sink.acts()


def test_who_is_to_give_its_lease_back_does_not_vote_and_stands_by_that() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    bench.ask("under way", time(0), {OTHER: W})
    bench.hear(Release())
    for _ in range(2):
        assert told(vote(bench)) == [(LEADER, Reason.UNAVAILABLE)]


@pytest.mark.parametrize(("wanted", "first"), [(w, f) for w, f, conflict in cells() if conflict and w is not R])
def test_a_conflict_with_a_commit_is_refused_to_both_who_asked_and_who_leads(wanted: Access, first: Access) -> None:
    bench = Bench().serve()
    bench.ask("first", time(0), {K: first})
    assert told(vote(bench, keys={K: wanted})) == [(LEADER, Reason.CONFLICT), (QP, Reason.CONFLICT)]
    assert bench.sink.acts()[-1] == "Refuse"


@pytest.mark.parametrize(("wanted", "held", "conflict"), [cell for cell in cells() if R not in cell[:2]])
def test_a_vote_on_what_is_held_obeys_the_table(wanted: Access, held: Access, conflict: bool) -> None:
    bench = Bench().serve()
    vote(bench, "first", {K: held})
    said = vote(bench, "second", {K: wanted})
    assert bool(told(said)) is conflict
    assert bool(sent(said, Voted)) is not conflict


@pytest.mark.parametrize(("wanted", "held", "conflict"), cells())
def test_a_commit_that_meets_a_hold_obeys_the_table(wanted: Access, held: Access, conflict: bool) -> None:
    bench = Bench().serve()
    vote(bench, keys={K: held})
    said = bench.ask("second", time(0), {K: wanted, OTHER: W})
    expected = Reason.SCHEMA if wanted is R else Reason.CONFLICT
    assert told(said) == ([(QP, expected)] if conflict else [])
    assert bool(sent(said, Committed)) is not conflict


def test_who_may_have_asked_an_earlier_epoch_gets_no_vote() -> None:
    bench = Bench().serve()
    after = Bench(clock=bench.clock, journal=bench.journal)
    after.clock.advance(Settings().lease_us + 1)
    after.serve()
    before = after.sink.acts()
    assert told(vote(after, start=Timestamp(after.floor - 1))) == [(LEADER, Reason.UNAVAILABLE)]
    assert after.sink.acts() == before, "it may have answered in an earlier epoch"
    assert sent(vote(after, "b", start=after.floor), Voted)


def test_who_asks_twice_gets_the_same_vote_while_it_holds_and_none_after() -> None:
    bench = Bench().serve()
    (first,) = sent(vote(bench), Voted)
    bench.clock.advance(300)
    assert vote(bench) == [Send(LEADER, first)]
    assert len(timers([*bench.timers], HoldTick)) == 1
    outcome(bench, ZERO)
    assert vote(bench) == []
    assert bench.sink.acts()[-2:] == ["Vote", "Resolve"]


def test_who_asks_twice_gets_the_same_refusal() -> None:
    bench = Bench().serve()
    bench.ask("first", time(0), {K: W})
    assert told(vote(bench)) == told(vote(bench)) == [(LEADER, Reason.CONFLICT), (QP, Reason.CONFLICT)]
    assert bench.sink.acts().count("Refuse") == 1


def test_an_outcome_that_overtakes_the_request_leaves_nothing_to_vote_on() -> None:
    bench = Bench().serve()
    before = bench.sink.acts()
    assert outcome(bench, ZERO) == vote(bench) == []
    assert bench.sink.acts() == before


def test_a_commit_becomes_known_at_its_time() -> None:
    bench = Bench().serve()
    vote(bench)
    assert outcome(bench, time(500)) == []
    assert bench.sink.events()[-1].args == {"txn": "a", "ts": time(500)}
    assert told(bench.ask("missed it", time(499), {K: W})) == [(QP, Reason.CONFLICT)]
    (committed,) = sent(bench.ask("saw it", time(500), {K: W}), Committed)
    assert committed.ts == time(501)


def test_after_an_abort_the_keys_are_free_as_before() -> None:
    bench = Bench().serve()
    vote(bench)
    outcome(bench, ZERO)
    assert sent(bench.ask("next", time(0), {K: W}), Committed)


def test_an_outcome_that_comes_twice_changes_nothing_more() -> None:
    bench = Bench().serve()
    vote(bench)
    outcome(bench, time(500))
    before = bench.sink.acts()
    assert outcome(bench, time(500)) == outcome(bench, ZERO) == []
    assert bench.sink.acts() == before


def test_a_commit_that_becomes_known_late_keeps_a_later_one_of_the_same_class_in_mind() -> None:
    bench = Bench().serve()
    vote(bench, keys={K: S})
    (later,) = sent(bench.ask("later", time(900), {K: S}), Committed)
    outcome(bench, time(500))
    assert told(bench.ask("b", Timestamp(later.ts - 1), {K: W})) == [(QP, Reason.CONFLICT)]
    assert sent(bench.ask("c", later.ts, {K: W}), Committed)


def test_a_voter_in_doubt_asks_after_half_the_hold_and_again_until_it_ends() -> None:
    bench = Bench(clock=ManualClock(time(-100), error_us=20)).serve()
    bench.clock.advance(100)
    vote(bench)
    asked = 0
    candidates = LAYOUT.candidates[LEADING]
    while (said := look(bench)) == [Send(node, AskOutcome(A, time(0))) for node in candidates]:
        asked += 1
    assert said == []
    assert asked == 1 + (HOLD_US // 2) // Settings().ask_us
    until = time(20 + HOLD_US)
    assert bench.sink.events()[-1].args == {"txn": "a", "until": until}
    assert bench.clock.now().earliest == until + 1, "its time has passed on every clock, and only just"
    assert timers([*bench.timers], HoldTick) == []


def test_an_expired_hold_leaves_its_keys_as_if_committed_at_its_end() -> None:
    bench = Bench().serve()
    vote(bench)
    while bench.sink.acts()[-1] != "Expire":
        look(bench)
        bench.fire(Tick)
    assert told(bench.ask("missed it", time(HOLD_US - 1), {K: W})) == [(QP, Reason.CONFLICT)]
    assert sent(bench.ask("begun later", time(HOLD_US), {K: W}), Committed)
    before = bench.sink.acts()
    assert outcome(bench, time(500)) == vote(bench) == [], "it is too late for both"
    assert bench.sink.acts() == before


def test_a_timer_of_a_hold_that_has_ended_is_idle() -> None:
    bench = Bench().serve()
    vote(bench)
    outcome(bench, ZERO)
    assert look(bench) == []
    assert timers([*bench.timers], HoldTick) == []


@pytest.mark.parametrize("expires", [False, True])
def test_a_lease_is_given_back_once_nothing_is_held(expires: bool) -> None:
    bench = Bench().serve()
    vote(bench)
    lease = bench.lease
    assert bench.hear(Release(), OPERATOR) == []
    assert bench.lease == lease
    said: Effects = []
    while expires and "Expire" not in bench.sink.acts():
        said = look(bench)
    said = said or outcome(bench, time(500))
    assert sent(said, Released, OPERATOR) == [Released()]
    assert bench.lease == (time(HOLD_US) if expires else time(500))


def test_a_successor_has_no_holds_and_refuses_who_could_have_met_them() -> None:
    bench = Bench().serve()
    (voted,) = sent(vote(bench), Voted)
    after = Bench(clock=bench.clock, journal=bench.journal)
    after.clock.advance(Settings().lease_us + 1)
    after.serve()
    assert after.floor >= voted.until
    assert after.role.status()["holds"] == 0
    outcome(after, time(500))
    assert sent(after.ask("b", after.floor, {K: W}), Committed)


def test_outcomes_are_forgotten_when_nobody_can_ask_any_more() -> None:
    bench = Bench().serve()
    outcome(bench, ZERO)
    bench.live(Settings().remember_us - SECOND_US)
    assert vote(bench, start=bench.clock.now().latest) == []
    bench.live(SECOND_US)
    assert sent(vote(bench, start=bench.clock.now().latest), Voted)
