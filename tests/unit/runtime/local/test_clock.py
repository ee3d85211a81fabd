"""The machine's clock: an interval that never moves back."""

from __future__ import annotations

import time

import pytest

from daybreak.runtime.local.clock import SystemClock


def test_the_interval_holds_the_systems_time_with_the_declared_error() -> None:
    clock = SystemClock(error_us=1_000)
    before = time.time_ns() // 1000
    interval = clock.now()
    after = time.time_ns() // 1000
    assert before - 1_000 <= interval.earliest <= after - 1_000
    assert interval.latest - interval.earliest == 2_000


def test_a_system_clock_that_is_set_back_makes_this_one_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter([5_000_000, 3_000_000, 4_999_000, 5_001_000])
    monkeypatch.setattr(time, "time_ns", lambda: next(readings))
    clock = SystemClock(error_us=0)
    assert [clock.now().latest for _ in range(4)] == [5_000, 5_000, 5_000, 5_001]
