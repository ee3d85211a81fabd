"""How late a crossbar hears of the journals, measured by its clock; as values in and values out."""

from __future__ import annotations

from dataclasses import dataclass, field

from daybreak.base.ids import JournalId
from daybreak.base.time import ZERO, Timestamp

SPAN_US = 250_000
"""Microseconds between two reports of one journal."""
SHARE = 0.75
"""Such a share of what was heard came no later than the reported lag: what is late now and then is not waited for."""


@dataclass
class _Span:
    since: Timestamp = ZERO
    lags: list[int] = field(default_factory=list)


class Lags:
    """What was measured since the last report, by journal."""

    def __init__(self) -> None:
        self._spans: dict[JournalId, _Span] = {}
        self.last: dict[JournalId, int] = {}
        """What was measured last, by journal; microseconds."""

    def heard(self, journal: JournalId, said_at: Timestamp, now: Timestamp) -> int | None:
        """Something that was said at `said_at` has come; the lag in microseconds if it is time for a report, else None.

        It is negative if the sender's clock is ahead of this one by more than the way takes.
        """
        span = self._spans.setdefault(journal, _Span(now))
        self.last[journal] = now - said_at
        span.lags.append(now - said_at)
        if now - span.since < SPAN_US:
            return None
        lags = sorted(span.lags)
        self._spans[journal] = _Span(now)
        return lags[min(int(SHARE * len(lags)), len(lags) - 1)]
