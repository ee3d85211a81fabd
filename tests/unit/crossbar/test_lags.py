"""How late promises are heard, and who is told."""

from __future__ import annotations

import pytest

from daybreak.adjudicator.messages import HeartbeatRequest, Lag
from daybreak.base.ids import JournalId, NodeId
from daybreak.base.time import Timestamp
from daybreak.crossbar.crossbar import Crossbar
from daybreak.crossbar.lags import SPAN_US, Lags
from daybreak.crossbar.messages import Deliver
from daybreak.runtime.protocols import Send
from daybreak.trace.recorder import NoTrace
from tests.support.roles import NOW, ManualClock, time

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


@pytest.mark.parametrize(("led", "reports"), [(True, [Send(LEADER, Lag(60_000))]), (False, [])])
def test_who_leads_is_told_where_crossbars_do_not_ask(led: bool, reports: list[Send]) -> None:
    clock = ManualClock()
    role = crossbar(clock, led=led)
    for _ in range(2):
        effects = role.receive(LEADER, Deliver(J, 0, (), Timestamp(clock.now_us), Timestamp(clock.now_us - 60_000)))
        clock.advance(SPAN_US)
    assert effects == reports


def test_a_wish_of_readers_leaves_only_where_it_is_not_far() -> None:
    wish = HeartbeatRequest(Timestamp(NOW))
    assert crossbar(ManualClock(), led=True).receive(STORAGE, wish) == []
    assert len(crossbar(ManualClock(), led=False).receive(STORAGE, wish)) == 2
