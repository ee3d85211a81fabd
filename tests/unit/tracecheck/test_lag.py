"""How long after they happened events are checked."""

from __future__ import annotations

from tracecheck.lag import BOUNDS_MS, Lags, at_most_ms


def test_events_are_counted_by_lag() -> None:
    lags = Lags()
    lags.add([0, 990_000, 990_001, 1_000_000], now=1_000_000)
    assert lags.counts[0] == 3, "10 ms, 9.999 ms and none at all"
    assert lags.counts[BOUNDS_MS.index(1_000)] == 1
    assert lags.sum_us == 1_019_999


def test_the_bound_that_most_events_kept_to() -> None:
    lags = Lags()
    assert at_most_ms(lags.counts, 0.99) is None
    lags.add([1_000] * 98 + [0] * 2, now=40_000)
    assert at_most_ms(lags.counts, 0.98) == 50
    lags = Lags()
    lags.add([400_000] * 99 + [0], now=500_000)
    assert (at_most_ms(lags.counts, 0.99), at_most_ms(lags.counts, 1)) == (100, 500)
    lags.add([0] * 5, now=61_000_000)
    assert at_most_ms(lags.counts, 0.99) == float("inf")
