"""How long after they happened events are checked, counted in classes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

BOUNDS_MS = (10, 20, 50, 100, 150, 200, 250, 300, 400, 500, 750, 1_000, 1_500, 2_500, 5_000, 10_000, 30_000, 60_000)


class Lags:
    """Counts of events by lag: `counts[i]` of at most `BOUNDS_MS[i]`, the last one of all that are slower."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_MS) + 1)
        self.sum_us = 0

    def add(self, times: Iterable[int], now: int) -> None:
        """Counts events of these times (microseconds since 1970), checked by `now`."""
        counts = self.counts
        for at in times:
            lag = now - at
            counts[bisect_left(BOUNDS_MS, lag / 1000)] += 1
            self.sum_us += lag


def at_most_ms(counts: Sequence[int], share: float) -> float | None:
    """The bound that `share` of the events kept to, infinite if that is none of `BOUNDS_MS`; None without events."""
    wanted = share * sum(counts)
    if not wanted:
        return None
    seen = 0
    for bound, count in zip(BOUNDS_MS, counts, strict=False):
        seen += count
        if seen >= wanted:
            return float(bound)
    return float("inf")
