"""A clock that is read once per step."""

from __future__ import annotations

from daybreak.runtime.stepclock import StepClock
from tests.support.roles import ManualClock, time


def test_it_stands_still_until_it_is_read() -> None:
    clock = ManualClock(error_us=5)
    steps = StepClock(clock)
    clock.advance(100)
    assert steps.now() == (time(-5), time(5))
    steps.read()
    assert steps.now() == (time(95), time(105))
