"""Heartbeats and leases: what an adjudicator promises, and by what right."""

from __future__ import annotations

import pytest

from daybreak.adjudicator.messages import Committed, HeartbeatRequest, Tick
from daybreak.adjudicator.settings import Settings
from daybreak.base.time import Timestamp
from daybreak.base.writes import Access
from daybreak.crossbar.messages import Deliver
from tests.support.adjudicator_bench import CROSSBAR, Bench
from tests.support.roles import ManualClock, key, sent, time, timers

W = Access.WRITE
STORAGE_WISH = time(5_000)


def test_a_waiting_read_gets_its_promise_at_once() -> None:
    bench = Bench().serve()
    assert bench.promised(bench.hear(HeartbeatRequest(STORAGE_WISH))) == [STORAGE_WISH]
    assert bench.promise == STORAGE_WISH


FAR = Settings(ahead_us=10_000_000)
"""Grants wishes far ahead of the clock."""


def test_a_promise_leads_the_clock() -> None:
    bench = Bench(clock=ManualClock(error_us=30), settings=Settings(lead_us=700)).serve()
    assert bench.promised(bench.hear(HeartbeatRequest(time(1)))) == [time(30 + 700)]


def test_what_is_promised_already_is_not_promised_again() -> None:
    bench = Bench().serve()
    bench.hear(HeartbeatRequest(STORAGE_WISH))
    before = bench.sink.acts()
    assert bench.hear(HeartbeatRequest(STORAGE_WISH)) == []
    assert bench.sink.acts() == before


def test_an_idle_adjudicator_promises_at_every_tick() -> None:
    bench = Bench().serve()
    bench.clock.advance(50_000)
    assert bench.promised(bench.fire(Tick)) == [time(50_000 + Settings().lead_us)]


def test_a_tick_comes_again() -> None:
    bench = Bench(settings=Settings(heartbeat_us=1_234)).serve()
    for _ in range(3):
        bench.fire(Tick)
        assert [delay for delay, _ in timers([*bench.timers], Tick)] == [1_234]


def test_a_wish_far_ahead_of_the_clock_is_not_granted_and_commits_nothing_late() -> None:
    """A reader whose clock is an hour ahead waits; nobody else has to."""
    bench = Bench().serve()
    bench.hear(HeartbeatRequest(time(3_600_000_000)))
    assert bench.promise == time(Settings().ahead_us)
    bench.clock.advance(500_000)
    bench.fire(Tick)
    assert bench.promise == time(500_000 + Settings().lead_us)


def test_a_promise_never_exceeds_the_lease() -> None:
    bench = Bench(settings=FAR).serve()
    assert bench.promised(bench.hear(HeartbeatRequest(Timestamp(bench.lease + 1)))) == [bench.lease]


def test_a_wish_beyond_the_lease_is_fulfilled_when_the_lease_is_renewed() -> None:
    bench = Bench(settings=FAR).serve()
    wish = Timestamp(bench.lease + 1_000)
    bench.hear(HeartbeatRequest(wish))
    bench.clock.advance(Settings().renew_us)
    bench.journal.holding = True
    bench.fire(Tick)
    assert bench.promise < wish
    assert bench.promised(bench.acknowledge())[-1] >= wish


@pytest.mark.parametrize("wish", [1, 2, 1_000])
def test_a_promise_stays_below_the_first_record_that_is_being_appended(wish: int) -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    bench.ask("a", time(10), {key("a"): W})
    bench.ask("b", time(10), {key("b"): W})
    bench.hear(HeartbeatRequest(time(wish + 10)))
    assert bench.promise == time(10)


def test_a_wish_that_a_record_held_up_is_fulfilled_when_the_record_is_durable() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    bench.ask("a", time(10), {key("a"): W})
    bench.hear(HeartbeatRequest(STORAGE_WISH))
    said = bench.acknowledge()
    assert [message.ts for message in sent(said, Committed)] == [time(11)]
    assert bench.promised(said) == [time(11), STORAGE_WISH]


def test_a_delivery_says_nothing_of_records_that_are_still_being_appended() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    bench.ask("a", time(10), {key("a"): W})
    bench.ask("b", time(20), {key("b"): W})
    said = bench.acknowledge(2)
    assert [message.ts for message in sent(said, Committed)] == [time(11)]
    assert bench.promised(said) == [time(11)]
    assert bench.promised(bench.acknowledge()) == [time(21)]


def test_of_several_wishes_the_latest_time_is_remembered() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    bench.ask("a", time(10), {key("a"): W})
    bench.hear(HeartbeatRequest(STORAGE_WISH))
    bench.hear(HeartbeatRequest(time(11)))
    assert bench.promised(bench.acknowledge())[-1] == STORAGE_WISH


def test_a_record_is_delivered_before_a_promise_that_covers_it() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    bench.ask("a", time(10), {key("a"): W})
    bench.hear(HeartbeatRequest(STORAGE_WISH))
    first, second = sent(bench.acknowledge(), Deliver, CROSSBAR)
    assert [len(first.entries), len(second.entries)] == [1, 0]
    assert second.prev_index == first.prev_index + 1


def test_a_lease_that_is_being_appended_holds_no_promise_up() -> None:
    bench = Bench(settings=FAR).serve()
    lease = bench.lease
    bench.clock.advance(Settings().renew_us)
    bench.journal.holding = True
    bench.fire(Tick)
    bench.hear(HeartbeatRequest(lease))
    assert bench.promise == lease


def test_a_lease_is_renewed_when_less_than_asked_for_is_left_and_not_before() -> None:
    settings = Settings(lease_us=3_000_000, renew_us=2_000_000)
    bench = Bench(settings=settings).serve()
    entries = len(bench.journal.log)
    bench.clock.advance(1_000_000)
    bench.fire(Tick)
    assert len(bench.journal.log) == entries
    bench.clock.advance(1)
    bench.fire(Tick)
    assert len(bench.journal.log) == entries + 1
    assert bench.lease == time(4_000_001)


def test_a_lease_is_used_only_once_it_is_durable() -> None:
    bench = Bench().serve()
    lease = bench.lease
    bench.clock.advance(Settings().renew_us)
    bench.journal.holding = True
    bench.fire(Tick)
    assert bench.lease == lease
    bench.acknowledge()
    assert bench.lease == time(Settings().renew_us + Settings().lease_us)


def test_without_its_journal_an_adjudicator_stops_at_the_end_of_its_lease() -> None:
    bench = Bench().serve()
    lease = bench.lease
    bench.journal.holding = True
    for _ in range(10):
        bench.clock.advance(Settings().lease_us)
        bench.fire(Tick)
        assert bench.promise <= bench.lease == lease
    assert sent(bench.ask("a", time(0), {key("a"): W}), Committed) == []
    assert not bench.role.serving
    assert bench.sink.acts()[-1] == "Heartbeat", "the last one within its lease"
