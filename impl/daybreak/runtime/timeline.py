"""Time out of two clocks: one that tells the time but may jump, and one that only counts, but steadily.

As long as they agree, the time is what the first one shows, with its declared error. When it jumps, it was right until
then (that is what a declared error says), so what the second one has counted since then is right still, but for its
drift: the bound widens slowly. The first one is believed again as soon as it shows a time within the bound.
"""

from __future__ import annotations

from daybreak.base.time import Interval, Timestamp

DRIFT_PPM = 200
"""How far the steady clock may be off, in microseconds per second: several times what quartz does."""
_NS = 1_000


class Timeline:
    """Neither end of its intervals ever moves back."""

    def __init__(self, error_us: int) -> None:
        """`error_us` is the declared error of the clock that tells the time."""
        self._error = error_us * _NS
        # Invariant: when the steady clock showed _steady, the time was _time, give or take the declared error.
        self._time = 0
        self._steady: int | None = None
        self._width = self._error
        self._off = 0
        self._last = Interval(Timestamp(0), Timestamp(0))
        self.jumps = 0
        """How often the clock that tells the time has stopped being believed."""

    def at(self, reading: int, steady: int, apart: int = 0) -> Interval:
        """The interval that holds the time when both clocks were read, all in nanoseconds, at most `apart` of them
        after one another."""
        if self._steady is None:
            self._time, self._steady = reading, steady
        elapsed = steady - self._steady
        expected = self._time + elapsed
        width = self._error + elapsed * DRIFT_PPM // 1_000_000 + apart
        believed = abs(reading - expected) <= width
        if believed:
            expected, width = reading, self._error + apart
            if apart <= self._error:
                self._time, self._steady = reading, steady
        elif not self._off:
            self.jumps += 1
        self._off = 0 if believed else reading - expected
        self._width = width
        earliest = max(self._last.earliest, (expected - width) // _NS)
        latest = max(self._last.latest, -((-expected - width) // _NS))
        self._last = Interval(Timestamp(earliest), Timestamp(latest))
        return self._last

    def status(self) -> dict[str, object]:
        """What an operator may want to know: the bound now, and how far off the clock is that is not believed."""
        return {"error_us": self._width // _NS, "off_us": self._off // _NS, "jumps": self.jumps}
