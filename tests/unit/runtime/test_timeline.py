"""Time out of a clock that may jump and one that counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daybreak.base.time import Interval
from daybreak.runtime.timeline import DRIFT_PPM, Timeline

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
START = 1_790_000_000 * SECOND


def us(time_ns: int, error_us: int) -> Interval:
    return Interval(*(time_ns // 1_000 + sign * error_us for sign in (-1, 1)))  # type: ignore[arg-type]


def test_clocks_that_agree_give_the_declared_error() -> None:
    timeline = Timeline(50)
    for second in range(5):
        assert timeline.at(START + second * SECOND, 7 * SECOND + second * SECOND) == us(START + second * SECOND, 50)
    assert timeline.status() == {"error_us": 50, "off_us": 0, "jumps": 0}


def test_a_clock_that_is_corrected_a_little_is_followed() -> None:
    timeline = Timeline(50)
    timeline.at(START, 0)
    assert timeline.at(START + SECOND + 40_000, SECOND) == us(START + SECOND + 40_000, 50)
    assert timeline.jumps == 0


def test_after_a_jump_time_goes_on_and_the_bound_widens() -> None:
    for jump in (HOUR, -HOUR):
        timeline = Timeline(50)
        timeline.at(START, 0)
        timeline.at(START + SECOND + jump, SECOND)
        after = timeline.at(START + 100 * SECOND + jump, 100 * SECOND)
        assert after == us(START + 100 * SECOND, 50 + 100 * DRIFT_PPM)
        assert timeline.status() == {"error_us": 50 + 100 * DRIFT_PPM, "off_us": jump // 1_000, "jumps": 1}


def test_a_clock_that_is_right_again_is_believed_again() -> None:
    timeline = Timeline(50)
    timeline.at(START, 0)
    timeline.at(START + SECOND + HOUR, SECOND)
    assert timeline.at(START + 2 * SECOND + 300_000, 2 * SECOND) == us(START + 2 * SECOND + 300_000, 50)
    assert timeline.status()["off_us"] == 0
    timeline.at(START - HOUR, 3 * SECOND)
    assert timeline.jumps == 2


def test_a_small_step_is_believed_once_the_bound_has_reached_it() -> None:
    timeline = Timeline(50)
    timeline.at(START, 0)
    step = 450_000
    assert timeline.at(START + SECOND + step, SECOND) == us(START + SECOND, 50 + DRIFT_PPM)
    assert timeline.at(START + 2 * SECOND + step, 2 * SECOND) == us(START + 2 * SECOND + step, 50)


def test_two_readings_far_apart_widen_the_bound_and_are_no_anchor() -> None:
    timeline = Timeline(50)
    timeline.at(START, 0)
    assert timeline.at(START, 2_000_000, apart=2_000_000).latest >= (START + 2_000_000) // 1_000
    assert timeline.at(START + SECOND, SECOND) == us(START + SECOND, 50)


@given(
    st.integers(0, 1_000),
    st.lists(st.tuples(st.integers(0, 10 * SECOND), st.sampled_from([0, 0, 0, 1, -1, 1_000])), max_size=60),
)
def test_the_true_time_is_never_left_and_no_end_goes_back(error_us: int, steps: list[tuple[int, int]]) -> None:
    """The counting clock is off by its whole drift; the other one is right before its first jump, and whenever it has
    jumped back to the truth."""
    timeline, truth, steady, offset = Timeline(error_us), START, 0, 0
    last = timeline.at(truth, steady)
    for elapsed, jump in steps:
        truth += elapsed
        steady += elapsed - elapsed * DRIFT_PPM // 1_000_000 // 2
        offset = jump * HOUR if jump else 0
        now = timeline.at(truth + offset, steady)
        assert now.earliest <= truth // 1_000 + 1 and truth // 1_000 <= now.latest
        assert now.earliest >= last.earliest and now.latest >= last.latest
        last = now
