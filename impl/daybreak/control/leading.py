"""Where the leader of a journal should be: where an operator wants it, else where its transactions come from.

It says so only after several looks in a row that show the same, and not soon after a move: a region that is lost and
comes back, or two regions that are busy in turn, have no leader run to and fro.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from daybreak.base.ids import JournalId, NodeId
from daybreak.base.time import SECOND_US, ZERO, Timestamp
from daybreak.base.topology import is_in

LEAD_SHARE = 70
"""Percent of an adjudicator's transactions, if nobody says otherwise."""


class Settings(msgspec.Struct, frozen=True):
    """When a leader is to move."""

    share: int = LEAD_SHARE
    """The region from which at least so many percent of an adjudicator's transactions come is to lead its journal. More
    than 50, or 0: all leaders stay where they are."""
    least_per_second: float = 1.0
    """Fewer transactions than this tell nothing."""
    looks: int = 5
    """So many looks in a row must show the same."""
    rest_us: int = 60 * SECOND_US
    """After a move of its leader, a journal is left alone for so long."""


class Told(NamedTuple):
    """What the leader of a journal says."""

    leader: NodeId
    origins: Mapping[str, float] = {}
    """Transactions per second, by the region of their query processors."""
    kept_in: str = ""
    """Where an operator wants it; empty: nowhere in particular."""


class Leading:
    """What was seen of each journal so far, look by look."""

    def __init__(self, settings: Settings, candidate: Callable[[JournalId, str], NodeId | None]) -> None:
        """`candidate` finds one of a journal in a region or zone."""
        self._settings = settings
        self._candidate = candidate
        self._seen: dict[JournalId, tuple[NodeId, NodeId, int]] = {}
        """Who led at the last looks, who should have, and at how many of them in a row."""
        self._rest_until: dict[JournalId, Timestamp] = {}

    def look(self, told: Mapping[JournalId, Told], now: Timestamp) -> list[tuple[JournalId, NodeId]]:
        """Who should lead which journals instead of those that do."""
        if not self._settings.share:
            return []
        seen, found = {}, []
        for journal, of_leader in told.items():
            better = self._better(journal, of_leader)
            if better is None:
                continue
            leader, heir, looks = self._seen.get(journal, (None, None, 0))
            looks = looks + 1 if (leader, heir) == (of_leader.leader, better) else 1
            seen[journal] = (of_leader.leader, better, looks)
            if looks >= self._settings.looks and now >= self._rest_until.get(journal, ZERO):
                found.append((journal, better))
        self._seen = seen
        return found

    def moved(self, journal: JournalId, now: Timestamp) -> None:
        """Its leader was asked to hand over."""
        self._rest_until[journal] = Timestamp(now + self._settings.rest_us)

    def _better(self, journal: JournalId, told: Told) -> NodeId | None:
        """Who should lead a journal, by one look; None if nobody else."""
        where = told.kept_in or self._busiest(told.origins)
        if where is None or is_in(told.leader, where):
            return None
        return self._candidate(journal, where)

    def _busiest(self, origins: Mapping[str, float]) -> str | None:
        """The region from which enough of the transactions come."""
        total = sum(origins.values())
        if total < self._settings.least_per_second:
            return None
        region = max(sorted(origins), key=lambda name: origins[name])
        return region if origins[region] * 100 >= total * self._settings.share else None
