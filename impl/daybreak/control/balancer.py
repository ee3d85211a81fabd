"""The balancer: knows the key ranges of a process, and has busy ones split and moved, and idle ones merged.

Owns   the map of the process, and how busy each range was of late; at most one request under way.
Hears  OwnedRanges, OrderDone from adjudicators.
Says   SplitRange, MergeRanges, MoveRange to adjudicators.
Spec   none: whatever it asks for, and whenever, owners see to it that every key has one owner (specs/placement).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import msgspec

from daybreak.adjudicator.messages import Load, MergeRanges, MoveRange, OrderDone, OwnedRanges, Request, SplitRange
from daybreak.base.ids import JournalId, NodeId
from daybreak.base.placed import Known, pivot
from daybreak.base.placementmap import PlacementMap
from daybreak.base.time import SECOND_US, ZERO, Timestamp
from daybreak.control.messages import LookTick
from daybreak.runtime.protocols import After, Clock, Effects, Send
from daybreak.runtime.role import Role
from daybreak.trace.recorder import Trace

SPLIT_ABOVE = 1_000
"""Transactions per second, of a range, above which it is split, if nobody says otherwise."""


class Settings(msgspec.Struct, frozen=True):
    """When the balancer acts."""

    split_above: int = SPLIT_ABOVE
    """Transactions per second; 0 leaves all ranges as they are."""
    look_us: int = 2 * SECOND_US
    hot_looks: int = 2
    """A range is split that was too busy at so many looks in a row."""
    cold_looks: int = 30
    """Neighbours are merged that were idle at so many looks in a row."""
    cold_share: float = 0.1
    """Idle is what has less than this share of `split_above`."""
    rest_us: int = 6 * SECOND_US
    """After a request was sent, figures are left to settle this long."""


class Balancer(Role):
    """See the module's card."""

    def __init__(
        self,
        node: NodeId,
        clock: Clock,
        trace: Trace,
        *,
        ranges: PlacementMap,
        candidates: Mapping[JournalId, tuple[NodeId, ...]],
        settings: Settings | None = None,
    ) -> None:
        super().__init__(node, clock, trace)
        self.map = ranges
        self.leaders = {journal: nodes[0] for journal, nodes in candidates.items()}
        """Who leads each journal, as far as is known."""
        self._settings = settings or Settings()
        self._loads: dict[JournalId, dict[bytes, Load]] = {}
        self._looks: dict[bytes, int] = {}
        """By range: at how many looks in a row it was too busy, or, below zero, idle."""
        self._requests = 0
        self._rest_until = ZERO

    def start(self) -> Effects:
        """Look now and then, if that is wanted."""
        return [After(self._settings.look_us, LookTick())] if self._settings.split_above else []

    def on_owned_ranges(self, source: NodeId, message: OwnedRanges) -> Effects:
        """An adjudicator tells what it has, and how busy that is."""
        self.map.learn(message.ranges)
        self.leaders[message.journal] = source
        self._loads[message.journal] = {load.low: load for load in message.loads}
        return []

    def on_order_done(self, source: NodeId, message: OrderDone) -> Effects:
        """A request was carried out, or not: the figures will show."""
        return []

    def load(self, known: Known) -> Load | None:
        """How busy a range of the map is, if its owner has said so."""
        return self._loads.get(known.owner, {}).get(known.low)

    def per_second(self, known: Known) -> float:
        """Transactions per second of a range."""
        load = self.load(known)
        return load.per_second if load is not None else 0.0

    # --- looking ------------------------------------------------------------------------------------------------

    def on_look_tick(self, source: NodeId, message: LookTick) -> Effects:
        """See whether something is to be done, and have it done."""
        again = After(self._settings.look_us, message)
        ranges = self.map.listed()
        self._count(ranges)
        now = self.clock.now().latest
        if now < self._rest_until:
            return [again]
        for owner, request in self._wishes(ranges):
            self._rest_until = Timestamp(now + self._settings.rest_us)
            return [again, Send(self.leaders[owner], request)]
        return [again]

    def _count(self, ranges: list[Known]) -> None:
        """Note what is busy or idle, and for how long."""
        hot, cold = self._settings.split_above, self._settings.split_above * self._settings.cold_share
        looks = {}
        for known in ranges:
            rate, before = self.per_second(known), self._looks.get(known.low, 0)
            if rate > hot:
                looks[known.low] = max(before, 0) + 1
            else:
                looks[known.low] = min(before, 0) - 1 if rate < cold else 0
        self._looks = looks

    def _wishes(self, ranges: list[Known]) -> Iterator[tuple[JournalId, Request]]:
        """What is to be done, first things first: make owners equally busy, cut what is too busy, join what is idle."""
        self._requests += 1
        yield from self._move(ranges)
        yield from self._split(ranges)
        yield from self._merge(ranges)

    def _move(self, ranges: list[Known]) -> Iterator[tuple[JournalId, Request]]:
        """From the busiest adjudicator to the least busy one, what brings them closest, if it brings them closer by
        much."""
        totals = dict.fromkeys(self.leaders, 0.0)
        for known in ranges:
            totals[known.owner] += self.per_second(known)
        busiest, idlest = max(totals, key=totals.__getitem__), min(totals, key=totals.__getitem__)
        gap = totals[busiest] - totals[idlest]
        if totals[busiest] <= self._settings.split_above or gap < self._settings.split_above / 2:
            return
        movable = [k for k in ranges if k.owner == busiest and gap / 8 < self.per_second(k) < gap * 7 / 8]
        if movable:
            best = min(movable, key=lambda k: abs(gap / 2 - self.per_second(k)))
            yield busiest, MoveRange(self._requests, best.low, idlest)

    def _split(self, ranges: list[Known]) -> Iterator[tuple[JournalId, Request]]:
        """The busiest range that was too busy for long enough, at the median of the keys seen of it."""
        hot = [k for k in ranges if self._looks[k.low] >= self._settings.hot_looks]
        for known in sorted(hot, key=self.per_second, reverse=True):
            load = self.load(known)
            at = median(load) if load is not None else None
            if at is not None:
                yield known.owner, SplitRange(self._requests, at)

    def _merge(self, ranges: list[Known]) -> Iterator[tuple[JournalId, Request]]:
        """Two idle neighbours of one owner."""
        for low, high in pairwise(ranges):
            idle = max(self._looks[low.low], self._looks[high.low]) <= -self._settings.cold_looks
            if idle and low.owner == high.owner:
                yield low.owner, MergeRanges(self._requests, high.low)


def median(load: Load) -> bytes | None:
    """Where a range is to be cut so that half of the keys seen of it are on either side; None if they are too few, or
    too much alike for that."""
    keys = sorted(load.sample)
    if len(keys) < 8:
        return None
    at = pivot(keys[len(keys) // 2])
    below = sum(1 for key in keys if key < at)
    return at if at != load.low and below >= len(keys) // 4 else None
