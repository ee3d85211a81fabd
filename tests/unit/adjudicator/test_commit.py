"""Commit requests: conflicts, commit times, durability."""

from __future__ import annotations

import pytest

from daybreak.adjudicator.messages import Committed, ForgetTick, HeartbeatRequest, Outcome, Reason, Refused, Tick
from daybreak.adjudicator.settings import Settings
from daybreak.base.ids import TxnId
from daybreak.base.limits import FORGET_AFTER_US
from daybreak.base.records import decode
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Access, Record, Write
from daybreak.crossbar.messages import Deliver
from daybreak.runtime.protocols import Effects
from tests.support.adjudicator_bench import QP, Bench
from tests.support.conflict_table import cells
from tests.support.roles import ManualClock, key, sent, time

K, OTHER = key("k"), key("other")
W, N, S, R = Access.WRITE, Access.UPDATE, Access.SHARE, Access.VALIDATE


def committed(effects: Effects) -> Timestamp:
    """The commit time of the one transaction that was acknowledged."""
    (message,) = sent(effects, Committed, QP)
    assert sent(effects, Refused) == []
    return message.ts


def refused(effects: Effects) -> Reason:
    """Why the one transaction was refused."""
    (message,) = sent(effects, Refused, QP)
    assert sent(effects, Committed) == []
    return message.reason


def test_a_commit_time_is_now_by_the_latest_clock_when_nothing_forbids_it() -> None:
    bench = Bench(clock=ManualClock(time(-300), error_us=70)).serve()
    bench.clock.advance(300)
    assert committed(bench.ask("a", time(0), {K: W})) == time(70)


def test_who_may_have_asked_an_earlier_epoch_is_refused() -> None:
    """It began before the journal was taken over, if its clock errs no more than this one."""
    bench = Bench(clock=ManualClock(error_us=70)).serve()
    assert sent(bench.ask("a", time(3 * 70 - 1), {K: W}), Outcome, QP) == [Outcome(TxnId("a"), ZERO)]
    assert committed(bench.ask("b", time(3 * 70), {K: W})) == time(3 * 70 + 1)


def test_a_commit_time_is_greater_than_the_start() -> None:
    bench = Bench().serve()
    assert committed(bench.ask("a", time(500), {K: W})) == time(501)


def test_commit_times_strictly_increase_while_the_clock_stands_still() -> None:
    bench = Bench().serve()
    times = [committed(bench.ask(f"t{i}", time(0), {key(f"k{i}"): W})) for i in range(5)]
    assert times == [time(0) + i for i in range(1, 6)]


def test_a_commit_time_is_greater_than_every_promise() -> None:
    bench = Bench().serve()
    bench.hear(HeartbeatRequest(time(9_000)))
    assert bench.promise == time(9_000)
    assert committed(bench.ask("a", time(0), {K: W})) == time(9_001)


def test_a_commit_time_may_reach_the_lease_and_not_one_microsecond_more() -> None:
    bench = Bench().serve()
    lease = bench.lease
    assert committed(bench.ask("a", Timestamp(lease - 1), {K: W})) == lease
    assert refused(bench.ask("b", Timestamp(lease), {OTHER: W})) is Reason.UNAVAILABLE
    assert bench.sink.acts()[-1] == "Decline"


def test_a_declined_transaction_leaves_nothing_behind_and_others_commit_once_the_lease_is_longer() -> None:
    bench = Bench().serve()
    start = bench.lease
    assert refused(bench.ask("a", start, {K: W})) is Reason.UNAVAILABLE
    bench.clock.advance(Settings().lease_us)
    bench.fire(Tick)
    assert refused(bench.ask("a", start, {K: W})) is Reason.UNAVAILABLE, "its word counts"
    assert committed(bench.ask("b", start, {K: W})) > start


def test_who_asks_twice_is_answered_the_same() -> None:
    bench = Bench().serve()
    ts = committed(bench.ask("a", time(0), {K: W}))
    assert refused(bench.ask("b", time(0), {K: W})) is Reason.CONFLICT
    before, entries = bench.sink.acts(), len(bench.journal.log)
    assert committed(bench.ask("a", time(0), {K: W})) == ts
    assert refused(bench.ask("b", time(0), {K: W})) is Reason.CONFLICT
    bench.journal.holding = True
    bench.ask("c", time(0), {OTHER: W})
    assert bench.ask("c", time(0), {OTHER: W}) == [], "the answer comes when it is durable"
    assert committed(bench.acknowledge()) > ts
    assert (bench.sink.acts()[len(before) :], len(bench.journal.log)) == (["Commit", "Durable"], entries + 1)


@pytest.mark.parametrize(("wanted", "first", "conflict"), cells())
def test_two_concurrent_transactions_on_one_key_obey_the_table(wanted: Access, first: Access, conflict: bool) -> None:
    bench = Bench().serve()
    committed(bench.ask("first", time(0), {K: first}))
    answer = bench.ask("second", time(0), {K: wanted, OTHER: W})
    if conflict:
        assert refused(answer) is (Reason.SCHEMA if wanted is R else Reason.CONFLICT)
        assert bench.sink.acts()[-1] == "Refuse"
    else:
        assert committed(answer) > time(0)


@pytest.mark.parametrize(("wanted", "first"), [(wanted, first) for wanted, first, _ in cells()])
def test_a_transaction_that_starts_at_the_commit_time_of_another_does_not_conflict(
    wanted: Access, first: Access
) -> None:
    bench = Bench().serve()
    start = committed(bench.ask("first", time(0), {K: first}))
    assert committed(bench.ask("second", start, {K: wanted})) > start


def test_a_conflict_is_seen_while_the_first_transaction_is_not_yet_durable() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    assert bench.ask("first", time(0), {K: W}) == []
    assert refused(bench.ask("second", time(0), {K: W})) is Reason.CONFLICT


def test_a_refused_transaction_leaves_nothing_behind() -> None:
    bench = Bench().serve()
    committed(bench.ask("first", time(0), {K: W}))
    entries = len(bench.journal.log)
    assert refused(bench.ask("second", time(0), {K: W, OTHER: W})) is Reason.CONFLICT
    assert len(bench.journal.log) == entries
    assert committed(bench.ask("third", time(0), {OTHER: W})) > time(0)


def test_nothing_is_acknowledged_before_two_of_three_zones_have_it() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    assert bench.ask("a", time(0), {K: W}) == []
    assert "Durable" not in bench.sink.acts()
    assert bench.acknowledge(1) == []
    assert committed(bench.acknowledge(1)) > time(0)
    assert bench.acknowledge() == []


def test_an_acknowledgement_of_a_later_record_acknowledges_all_before_it_in_order() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    for name in ("a", "b", "c"):
        bench.ask(name, time(0), {key(name): W})
    bench.journal.held = bench.journal.held[-2:]
    said = bench.acknowledge()
    assert [message.txn for message in sent(said, Committed)] == ["a", "b", "c"]
    assert [event.args["txn"] for event in bench.sink.events() if event.act.endswith("Durable")] == ["a", "b", "c"]


def test_the_whole_transaction_is_one_record_that_carries_the_lease() -> None:
    bench = Bench().serve()
    ts = committed(bench.ask("a", time(0), {K: W, OTHER: N, key("s"): S}))
    payload = decode(bench.journal.log[-1].payload)
    assert payload.record == Record("a", ts, (Write(K, W, b"v"), Write(OTHER, N, b"v")))
    assert payload.lease == bench.lease


def test_a_durable_record_is_delivered_with_the_time_up_to_which_the_journal_is_complete() -> None:
    bench = Bench().serve()
    before = len(bench.journal.log)
    answer = bench.ask("a", time(0), {K: W})
    (deliver,) = sent(answer, Deliver)
    assert (deliver.prev_index, deliver.entries) == (before, (bench.journal.log[-1],))
    assert deliver.upto == committed(answer)


@pytest.mark.parametrize("below", [0, 1])
def test_a_start_below_the_floor_is_refused_though_no_key_conflicts(below: int) -> None:
    bench = Bench().serve()
    bench.live(2 * FORGET_AFTER_US)
    bench.fire(ForgetTick)
    assert bench.floor == time(FORGET_AFTER_US)
    answer = bench.ask("a", Timestamp(bench.floor - below), {K: W})
    if below:
        assert refused(answer) is Reason.CONFLICT
    else:
        assert committed(answer) > bench.floor


def test_forgetting_drops_old_keys_and_keeps_young_ones() -> None:
    bench = Bench(settings=Settings(lease_us=3 * FORGET_AFTER_US)).serve()
    committed(bench.ask("old", time(0), {K: W}))
    bench.clock.advance(FORGET_AFTER_US + 10)
    committed(bench.ask("young", time(FORGET_AFTER_US), {OTHER: W}))
    bench.fire(ForgetTick)
    assert bench.role.status()["remembered_keys"] == 1
    assert refused(bench.ask("again", time(FORGET_AFTER_US), {OTHER: W})) is Reason.CONFLICT
    assert bench.sink.acts().count("Forget") == 1


def test_a_transaction_too_old_to_commit_is_refused_before_the_floor_is_raised_anyway() -> None:
    """Or its clock is an hour behind this one: then nobody waits an hour for the commit time of this one."""
    bench = Bench(settings=Settings(lease_us=3 * FORGET_AFTER_US)).serve()
    bench.clock.advance(FORGET_AFTER_US + 10)
    assert refused(bench.ask("old", time(9), {K: W})) is Reason.CONFLICT
    assert bench.sink.acts()[-2:] == ["Forget", "Refuse"]
    assert committed(bench.ask("young", time(10), {K: W}))


def test_the_event_of_a_commit_names_what_was_decided() -> None:
    bench = Bench().serve()
    ts = committed(bench.ask("a", time(0), {K: W}))
    event = next(event for event in bench.sink.events() if event.act == "Adjudication!Commit")
    assert event.args == {"txn": TxnId("a"), "start": time(0), "keys": {"00000010/6b": "W"}, "ts": ts}
    assert event.epoch == bench.journal.log[-1].epoch
