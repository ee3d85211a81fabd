"""What waits to be sent to a peer that reads slowly: bounded, oldest first."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple


class Waiting(NamedTuple):
    """A frame, and whether it is part of a bulk transfer."""

    frame: bytes
    bulk: bool


class Outbox:
    """Frames in the order in which they were put, at most `limit_bytes` of them, or a single one.

    Roles' messages may be lost, and a newer one says more than an older one: when there is no room the oldest go. Parts
    of a bulk transfer were asked for one by one and wait; only when nothing else is left to give way, the new frame is
    not taken.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.bytes = 0
        """Of all frames that wait."""
        self._frames: deque[Waiting] = deque()

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, frame: bytes, *, bulk: bool) -> int:
        """Add a frame; the number of frames, perhaps this one, that had to be dropped."""
        excess = self.bytes + len(frame) - self.limit_bytes
        dropped = self._make_room(excess) if excess > 0 else 0
        if self._frames and self.bytes + len(frame) > self.limit_bytes:
            return dropped + 1
        self._frames.append(Waiting(frame, bulk))
        self.bytes += len(frame)
        return dropped

    def take(self) -> bytes:
        """Remove and return the oldest frame; IndexError if there is none."""
        frame = self._frames.popleft().frame
        self.bytes -= len(frame)
        return frame

    def clear(self) -> int:
        """Drop everything; how many frames that were."""
        dropped = len(self._frames)
        self._frames.clear()
        self.bytes = 0
        return dropped

    def _make_room(self, excess: int) -> int:
        """Drop the oldest frames that are no bulk until `excess` bytes are gone, or all of them."""
        kept: list[Waiting] = []
        dropped = 0
        while self._frames and excess > 0:
            waiting = self._frames.popleft()
            if waiting.bulk:
                kept.append(waiting)
                continue
            excess -= len(waiting.frame)
            self.bytes -= len(waiting.frame)
            dropped += 1
        self._frames.extendleft(reversed(kept))
        return dropped
