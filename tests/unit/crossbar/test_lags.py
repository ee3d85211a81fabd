"""How late promises are heard, and who is told."""

from __future__ import annotations

import pytest

from daybreak.adjudicator.messages import HeartbeatRequest, Lag
from daybreak.base.ids import JournalId, NodeId
from daybreak.base.time import Timestamp
from daybreak.crossbar.crossbar import READERS_US, Crossbar
from daybreak.crossbar.lags import SPAN_US, Lags
from daybreak.crossbar.messages import Deliver, Reading
from daybreak.runtime.protocols import Effects, Send
from daybreak.trace.recorder import NoTrace
from tests.support.roles import NOW, ManualClock, sent, time

J, K = JournalId("adj-0"), JournalId("adj-1")
LEADER, STORAGE = NodeId("A1/adj-0"), NodeId("B1/storage-0")


@pytest.mark.parametrize(
    ("lags", "reported"), [([7], 7), ([3, 1, 2, 9], 3), ([5, 5, 5, 5, 900], 5), ([-4, -4, -4, -3, -9], -4)]
)
def test_the_lag_is_what_most_of_what_was_heard_did_not_exceed(lags: list[int], reported: int) -> None:
    found = Lags()
    for lag in lags:
        assert found.heard(J, Timestamp(NOW - lag), NOW) is None
    assert found.heard(J, Timestamp(time(SPAN_US) - lags[0]), time(SPAN_US)) == reported


def test_journals_are_measured_apart_and_each_span_by_itself() -> None:
    found = Lags()
    found.heard(J, time(-100), NOW)
    found.heard(K, time(-500), NOW)
    assert found.heard(J, time(SPAN_US - 100), time(SPAN_US)) == 100
    assert found.heard(K, time(SPAN_US - 500), time(SPAN_US)) == 500
    assert found.heard(J, time(SPAN_US), time(SPAN_US)) is None
    assert found.heard(J, time(2 * SPAN_US), time(2 * SPAN_US)) == 0


def crossbar(clock: ManualClock, *, led: bool) -> Crossbar:
    candidates = {J: (LEADER, NodeId("B1/adj-0"))}
    return Crossbar(
        NodeId("B1/crossbar-0"),
        clock,
        NoTrace(),
        journals={J: (NodeId("A1/j"),)},
        candidates=candidates,
        storages=(STORAGE,),
        led=led,
    )


def said(role: Crossbar, clock: ManualClock) -> list[Lag]:
    """What who leads is told of its lag when it says something that comes 60 ms later, and again after a while."""
    effects: Effects = []
    for _ in range(2):
        deliver = Deliver(J, 0, (), Timestamp(clock.now_us), Timestamp(clock.now_us - 60_000))
        effects += role.receive(LEADER, deliver)
        clock.advance(SPAN_US)
    return sent(effects, Lag, LEADER)


def test_who_leads_is_told_for_a_while_after_a_read() -> None:
    clock = ManualClock()
    role = crossbar(clock, led=True)
    assert said(role, clock) == []
    role.receive(STORAGE, Reading())
    assert set(said(role, clock)) == {Lag(60_000)}
    clock.advance(READERS_US)
    assert said(role, clock) == []


def test_who_leads_is_told_at_once_of_the_first_reader() -> None:
    clock = ManualClock()
    role = crossbar(clock, led=True)
    assert role.receive(STORAGE, Reading()) == [], "nothing was measured"
    clock.advance(READERS_US + 1)
    said(role, clock)
    assert role.receive(STORAGE, Reading()) == [Send(LEADER, Lag(60_000))]
    assert role.receive(STORAGE, Reading()) == []


def test_where_crossbars_ask_they_say_nothing_of_lags() -> None:
    clock = ManualClock()
    role = crossbar(clock, led=False)
    assert role.receive(STORAGE, Reading()) == []
    assert said(role, clock) == []


def test_a_wish_of_readers_leaves_only_where_it_is_not_far() -> None:
    wish = HeartbeatRequest(Timestamp(NOW))
    assert crossbar(ManualClock(), led=True).receive(STORAGE, wish) == []
    assert len(crossbar(ManualClock(), led=False).receive(STORAGE, wish)) == 2
