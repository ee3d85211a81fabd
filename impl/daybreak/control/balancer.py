"""The balancer: knows ranges and leaders; has busy ranges split and moved, idle ones merged, and leaders moved.

Owns   the map of the process, and how busy each range was of late, and for whom; at most one request under way.
Hears  OwnedRanges, OrderDone from adjudicators.
Says   SplitRange, MergeRanges, MoveRange, MoveLead to adjudicators.
Spec   none: whatever it asks for, and whenever, owners see to it that every key has one owner (specs/placement), and
       candidates that one of them leads (specs/crossregion).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import msgspec

from daybreak.adjudicator.messages import (
    Load,
    MergeRanges,
    MoveLead,
    MoveRange,
    OrderDone,
    OwnedRanges,
    Request,
    SplitRange,
)
from daybreak.base.ids import JournalId, NodeId
from daybreak.base.placed import Known, pivot
from daybreak.base.placementmap import PlacementMap
from daybreak.base.time import SECOND_US, ZERO, Timestamp
from daybreak.base.topology import is_in
from daybreak.control.leading import Leading, Told
from daybreak.control.leading import Settings as LeadingSettings
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
    leading: LeadingSettings = LeadingSettings()
    """When leaders are moved."""

    @property
    def idle(self) -> bool:
        """Whether nothing is ever asked for."""
        return not self.split_above and not self.leading.share


LISTENING = Settings(split_above=0, leading=LeadingSettings(share=0))
"""Only to know the ranges."""


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
        self.told = {journal: Told(nodes[0]) for journal, nodes in candidates.items()}
        """What the leader of each journal said last; before it has said anything, the first candidate passes for it."""
        self.candidates = candidates
        """Who may lead each journal."""
        self._settings = settings or Settings()
        self._loads: dict[JournalId, dict[bytes, Load]] = {}
        self._looks: dict[bytes, int] = {}
        """By range: at how many looks in a row it was too busy, or, below zero, idle."""
        self._requests = 0
        self._rest_until = ZERO
        self._leading = Leading(self._settings.leading, self.candidate)

    @property
    def leaders(self) -> Mapping[JournalId, NodeId]:
        """Who leads each journal, as far as is known."""
        return {journal: told.leader for journal, told in self.told.items()}

    def candidate(self, journal: JournalId, where: str) -> NodeId | None:
        """A candidate of a journal in a region or zone: its leader, if that is there."""
        found = (self.told[journal].leader, *self.candidates[journal])
        return next((node for node in found if is_in(node, where)), None)

    def start(self) -> Effects:
        """Look now and then, if that is wanted."""
        return [] if self._settings.idle else [After(self._settings.look_us, LookTick())]

    def on_owned_ranges(self, source: NodeId, message: OwnedRanges) -> Effects:
        """An adjudicator tells what it has, and how busy that is."""
        self.map.learn(message.ranges)
        self.told[message.journal] = Told(source, message.origins, message.kept_in)
        self._loads[message.journal] = {load.low: load for load in message.loads}
        return []

    def on_order_done(self, source: NodeId, message: OrderDone) -> Effects:
        """A request was carried out, or not: the figures will show."""
        return []

    def load(self, known: Known) -> Load | None:
        """How busy a range of the map is, if its owner has said so."""
        return self._loads.get(known.owner, {}).get(known.low)

    def kept(self, known: Known) -> bool:
        """Whether an operator has split a range off from what lies before."""
        load = self.load(known)
        return load is not None and load.kept

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
        heirs = self._leading.look(self.told, now)
        if now < self._rest_until:
            return [again]
        self._requests += 1
        for journal, heir in heirs:
            self._rest_until = Timestamp(now + self._settings.rest_us)
            self._leading.moved(journal, now)
            return [again, Send(self.leaders[journal], MoveLead(self._requests, heir))]
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
        if not self._settings.split_above:
            return
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
        """Two idle neighbours of one owner, unless an operator has split them."""
        for low, high in pairwise(ranges):
            idle = max(self._looks[low.low], self._looks[high.low]) <= -self._settings.cold_looks
            if idle and low.owner == high.owner and not self.kept(high):
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
