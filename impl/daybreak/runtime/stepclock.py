"""The clock of a role whose steps each take place at one time: it is read once, before a message is handled.

What the step decides by and what its event shows are then the same, however long the process was stopped in between.
"""

from __future__ import annotations

from daybreak.base.time import Interval
from daybreak.runtime.protocols import Clock


class StepClock:
    """Shows what another clock showed when it was read last."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._now = clock.now()

    def now(self) -> Interval:
        """The interval of the last reading."""
        return self._now

    def read(self) -> None:
        """Look at the clock: a step begins."""
        self._now = self._clock.now()
