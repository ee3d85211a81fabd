"""The machine's clock with a declared bound on its error."""

from __future__ import annotations

import time

from daybreak.base.time import Interval, Timestamp


class SystemClock:
    """The system's real-time clock; its error is taken to be at most `error_us` microseconds.

    The reading never moves back, even where the system's does: it then stands still until time has caught up.
    """

    def __init__(self, error_us: int = 50) -> None:
        self._error_us = error_us
        self._last = 0

    def now(self) -> Interval:
        """The interval that holds the true time."""
        self._last = max(self._last, time.time_ns() // 1000)
        return Interval(Timestamp(self._last - self._error_us), Timestamp(self._last + self._error_us))
