"""Up to where the journals may be trimmed."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from daybreak.base.ids import JournalId, NodeId
from daybreak.base.time import Timestamp

Positions = Mapping[JournalId, int]


class Trimming:
    """What the replicas of storage have said of their checkpoints, in this life of the crossbar.

    Permissions need no order and may be lost or doubled: each stays true once it was given, for what is in the
    checkpoints of all stays in that of one at least, even if another replica loses its disk and copies it.
    An answer that comes late only says too little.
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

    def checkpointed(self, source: NodeId, positions: Positions, now: Timestamp) -> Positions:
        """A replica needs nothing at or before `positions`; returns up to where each journal may be trimmed."""
        self._positions[source] = positions
        if all(storage in self._positions for storage in self._storages):
            said = [self._positions[storage] for storage in self._storages]
            common = set(said[0]).intersection(*said)
            self._held_back.append((now, {j: min(p[j] for p in said) for j in sorted(common)}))
        while self._held_back and self._held_back[0][0] <= now - self._margin_us:
            _, self._allowed = self._held_back.popleft()
        return self._allowed
