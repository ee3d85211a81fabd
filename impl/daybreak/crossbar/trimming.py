"""Up to where the journals may be trimmed (specs/crossregion/Trimming.tla)."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from daybreak.base.ids import JournalId, NodeId
from daybreak.base.time import Timestamp

Positions = Mapping[JournalId, int]


class Trimming:
    """What the replicas of storage have said of their checkpoints, in this life of the crossbar.

    Permissions need no order and may be lost or doubled: what all have said stays in the checkpoints of one at least,
    if another replica loses its disk and no second one does before the first has again what it once said. An answer
    that comes late says too little, but for one whose disk was lost since: its sibling may have lagged behind it when
    it was copied. So as soon as a replica says less than before, nothing that rests on its old word is given any more.
    """

    def __init__(self, storages: tuple[NodeId, ...], margin_us: int) -> None:
        """A permission is held back for `margin_us` microseconds."""
        self._storages = storages
        self._margin_us = margin_us
        self._positions: dict[NodeId, Positions] = {}
        self._held_back: deque[tuple[Timestamp, Positions]] = deque()
        self._allowed: Positions = {}

    def attached(self, source: NodeId, positions: Positions) -> None:
        """A replica stands at `positions`; what it said of more than that is no longer true."""
        said = self._positions.get(source, {})
        if any(positions.get(journal, 0) < index for journal, index in said.items()):
            del self._positions[source]
            self._held_back.clear()
            self._allowed = {}

    def checkpointed(self, source: NodeId, positions: Positions, now: Timestamp) -> Positions:
        """A replica needs nothing at or before `positions`; returns up to where each journal may be trimmed."""
        self.attached(source, positions)
        self._positions[source] = positions
        if all(storage in self._positions for storage in self._storages):
            said = [self._positions[storage] for storage in self._storages]
            common = set(said[0]).intersection(*said)
            self._held_back.append((now, {j: min(p[j] for p in said) for j in sorted(common)}))
        while self._held_back and self._held_back[0][0] <= now - self._margin_us:
            _, self._allowed = self._held_back.popleft()
        return self._allowed
