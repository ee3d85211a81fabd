"""The machine's clock with a bound on its error."""

from __future__ import annotations

import time
from collections.abc import Callable

from daybreak.base.time import Interval
from daybreak.runtime.timeline import Timeline

_APART_NS = 10_000
"""Two clocks read within this time are taken as read at once; else they are read again."""
_TRIES = 4


def _real() -> int:
    return time.time_ns()


def _steady() -> int:
    """Counts while the machine sleeps, too."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class SystemClock:
    """The system's real-time clock; its error is taken to be at most `error_us` microseconds, until it jumps.

    See `runtime.timeline`: what it shows after a jump is not believed, and the reading never moves back.
    """

    def __init__(
        self, error_us: int = 50, *, real: Callable[[], int] = _real, steady: Callable[[], int] = _steady
    ) -> None:
        self._timeline = Timeline(error_us)
        self._real = real
        self._steady = steady

    def now(self) -> Interval:
        """The interval that holds the true time."""
        for _ in range(_TRIES):
            before = self._steady()
            reading = self._real()
            apart = self._steady() - before
            if apart <= _APART_NS:
                break
        return self._timeline.at(reading, before + apart // 2, apart // 2)

    def status(self) -> dict[str, object]:
        """What an operator may want to know; times in microseconds."""
        return self._timeline.status()
