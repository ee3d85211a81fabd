"""How far ahead of its clock an adjudicator promises (P23): so that a promise is at every crossbar before its time.

    adjudicator                          crossbar, 60 ms away
    10:00.000  Deliver(upto 10:00.071) ─────► 10:00.060   readers that begin up to .071 wait for nothing
    10:00.010  Deliver(upto 10:00.081) ─────► 10:00.070   in time
    ◄──────────────────── Lag(60 ms) ─────────            now and then

The way is measured by the crossbar's clock less the adjudicator's, as a reader's snapshot is by a clock over there: so
errors of clocks count as well, and a way out that differs from the way back.

Commit times lie ahead with the promises, and who commits waits for them. So a crossbar says how late it is while
somebody reads there, and while none does promises come with the heartbeats, and reach ahead no further than where all
are near.

Values in, values out.
"""

from __future__ import annotations

from daybreak.adjudicator.settings import Settings
from daybreak.base.ids import NodeId
from daybreak.base.time import SECOND_US, Timestamp

KEPT_US = 5 * SECOND_US
"""A crossbar that has said nothing for so long has no readers, or is lost: nobody commits later for its sake."""


class Lead:
    """What crossbars have said of their lag."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lags: dict[NodeId, tuple[Timestamp, int]] = {}

    def heard(self, crossbar: NodeId, lag_us: int, now: Timestamp) -> None:
        """So late a crossbar hears what it is told."""
        self._lags[crossbar] = (now, lag_us)

    def wanted(self, now: Timestamp) -> bool:
        """Whether somebody reads where promises are not asked for."""
        return any(now - at <= KEPT_US for at, _ in self._lags.values())

    def us(self, now: Timestamp) -> int:
        """How far a promise is to reach ahead.

        A crossbar that lags by more than `Settings.lead_most_us` is overloaded, or a clock is wrong: its readers wait,
        and those who commit do not.
        """
        settings = self._settings
        if not self.wanted(now):
            return settings.lead_us
        lags = [lag for at, lag in self._lags.values() if now - at <= KEPT_US and 0 < lag <= settings.lead_most_us]
        return settings.lead_us + settings.lead_every_us + max(lags, default=0)
