"""Promises that reach ahead of the clock, as far as crossbars need (P23)."""

from __future__ import annotations

import pytest

from daybreak.adjudicator.lead import KEPT_US, Lead
from daybreak.adjudicator.messages import Committed, Lag, LeadTick, Tick
from daybreak.adjudicator.settings import Settings
from daybreak.base.ids import NodeId
from daybreak.base.time import Timestamp
from daybreak.base.writes import Access
from tests.support.adjudicator_bench import CROSSBAR, STEP_US, Bench
from tests.support.roles import NOW, key, sent, time, timers

W = Access.WRITE
FAR = NodeId("B1/crossbar-0")
AHEAD = Settings(lead_us=1_000, lead_every_us=10_000, lead_most_us=200_000)
LEAST_US = AHEAD.lead_us + AHEAD.lead_every_us


@pytest.fixture
def bench() -> Bench:
    return Bench(settings=AHEAD).serve()


def now(bench: Bench) -> Timestamp:
    return Timestamp(bench.clock.now_us)


@pytest.mark.parametrize(
    ("lags", "reach"),
    [
        ({}, AHEAD.lead_us),
        ({CROSSBAR: 400}, LEAST_US + 400),
        ({CROSSBAR: 400, FAR: 60_000}, LEAST_US + 60_000),
        ({CROSSBAR: 400, FAR: 200_001}, LEAST_US + 400),
        ({CROSSBAR: -5_000}, LEAST_US),
    ],
)
def test_the_farthest_crossbar_counts_unless_it_lags_too_much(lags: dict[NodeId, int], reach: int) -> None:
    lead = Lead(AHEAD)
    for crossbar, lag_us in lags.items():
        lead.heard(crossbar, lag_us, NOW)
    assert lead.us(NOW) == reach


def test_a_crossbar_that_is_not_heard_of_any_more_does_not_count() -> None:
    lead = Lead(AHEAD)
    lead.heard(FAR, 60_000, NOW)
    assert lead.us(time(KEPT_US)) == LEAST_US + 60_000
    lead.heard(CROSSBAR, 400, time(1))
    assert lead.us(time(KEPT_US + 1)) == LEAST_US + 400
    assert lead.us(time(KEPT_US + 2)) == AHEAD.lead_us


def test_while_nobody_reads_far_away_no_promise_reaches_there(bench: Bench) -> None:
    bench.clock.advance(AHEAD.heartbeat_us)
    assert bench.promised(bench.fire(Tick)) == [now(bench) + AHEAD.lead_us]
    assert timers([*bench.timers], LeadTick) == []


def test_a_promise_comes_as_often_as_set_and_is_where_readers_are_before_its_time(bench: Bench) -> None:
    assert bench.promised(bench.hear(Lag(60_000), FAR)) == [now(bench) + LEAST_US + 60_000]
    for _ in range(3):
        bench.clock.advance(AHEAD.lead_every_us)
        assert bench.promised(bench.fire(LeadTick)) == [now(bench) + LEAST_US + 60_000]
        assert [delay for delay, _ in timers([*bench.timers], LeadTick)] == [AHEAD.lead_every_us]


def test_commit_times_lie_above_what_was_promised_ahead(bench: Bench) -> None:
    bench.hear(Lag(60_000), FAR)
    promise = bench.promise
    said = bench.ask("a", now(bench), {key("a"): W})
    assert [message.ts for message in sent(said, Committed)] == [promise + 1]


def test_a_record_under_way_stops_promises_and_when_it_is_durable_they_go_on_though_nobody_asks(bench: Bench) -> None:
    bench.hear(Lag(60_000), FAR)
    bench.journal.holding = True
    ts = Timestamp(bench.promise + 1)
    bench.ask("a", now(bench), {key("a"): W})
    bench.clock.advance(AHEAD.lead_every_us)
    assert bench.promised(bench.fire(LeadTick)) == []
    assert bench.promised(bench.acknowledge()) == [ts, now(bench) + LEAST_US + 60_000]


def test_no_promise_reaches_beyond_the_lease(bench: Bench) -> None:
    bench.hear(Lag(60_000), FAR)
    bench.journal.holding = True
    bench.clock.now_us = bench.lease - 1
    bench.fire(LeadTick)
    assert bench.promise == bench.lease


def test_one_timer_is_enough_and_it_ends_some_time_after_the_last_reader(bench: Bench) -> None:
    for _ in range(3):
        bench.hear(Lag(60_000), FAR)
    assert len(timers([*bench.timers], LeadTick)) == 1
    bench.live(KEPT_US + STEP_US)
    bench.fire(LeadTick)
    assert timers([*bench.timers], LeadTick) == []
    bench.hear(Lag(60_000), FAR)
    assert len(timers([*bench.timers], LeadTick)) == 1


def test_who_has_lost_its_lease_promises_no_more_and_begins_anew_when_it_leads_again(bench: Bench) -> None:
    bench.hear(Lag(60_000), FAR)
    bench.journal.holding = True
    bench.clock.now_us = bench.lease + 1
    assert bench.fire(LeadTick) == []
    assert bench.hear(Lag(60_000), FAR) == []
    assert timers([*bench.timers], LeadTick) == []
    bench.journal.holding = False
    bench.serve()
    bench.hear(Lag(60_000), FAR)
    assert bench.promise == now(bench) + LEAST_US + 60_000
    assert len(timers([*bench.timers], LeadTick)) == 1
