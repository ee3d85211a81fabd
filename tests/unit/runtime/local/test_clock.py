"""The machine's clock: an interval that never moves back."""

from __future__ import annotations

import time

import pytest

from daybreak.runtime.local.clock import SystemClock

HOUR_US = 3_600_000_000


def test_the_interval_holds_the_systems_time_with_the_declared_error() -> None:
    clock = SystemClock(error_us=1_000)
    before = time.time_ns() // 1000
    interval = clock.now()
    after = time.time_ns() // 1000
    assert before - 1_000 - 1 <= interval.earliest <= after - 1_000
    assert interval.latest - interval.earliest >= 2_000
    assert interval.earliest <= after and before <= interval.latest


@pytest.mark.parametrize("jump_us", [HOUR_US, -HOUR_US])
def test_a_system_clock_that_jumps_is_not_believed(jump_us: int) -> None:
    offset = [0]
    clock = SystemClock(error_us=1_000, real=lambda: time.time_ns() + offset[0])
    before = clock.now()
    offset[0] = jump_us * 1_000
    after = clock.now()
    assert before.earliest <= after.earliest and before.latest <= after.latest
    assert after.latest - before.latest < HOUR_US // 2
    status = clock.status()
    assert status["jumps"] == 1
    assert abs(int(str(status["off_us"])) - jump_us) < HOUR_US // 100
    offset[0] = 0
    clock.now()
    assert clock.status()["off_us"] == 0


def test_clocks_that_are_read_apart_are_read_again() -> None:
    steady = iter([0, 50_000_000, 60_000_000, 60_000_100])
    clock = SystemClock(error_us=50, real=lambda: 1_790_000_000_000_000_000, steady=lambda: next(steady))
    interval = clock.now()
    assert interval.latest - interval.earliest <= 102
