"""Records what a node does: one JSON object per line, one file per node, a vector clock on every line.

This is all that a program needs to be checked. `record` where a step of the spec is taken, right after its effect is on
disk and before anybody can learn of it; send `stamp()` with every message, and give what arrives to `learn`.
"""

from __future__ import annotations

import json
from pathlib import Path


class Recorder:
    """The log of one node. Its own number in the clock counts its events, over all its restarts."""

    def __init__(self, directory: Path, node: str) -> None:
        self._node = node
        self._path = directory / f"{node}.ndjson"
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        self._clock: dict[str, int] = json.loads(lines[-1])["clock"] if lines else {}

    def record(self, event: str, **arguments: object) -> None:
        """Write one event."""
        self._clock[self._node] = self._clock.get(self._node, 0) + 1
        line = {"node": self._node, "clock": self._clock, "event": event, "args": arguments}
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def stamp(self) -> dict[str, int]:
        """What the receiver of a message sent now may know of."""
        return dict(self._clock)

    def learn(self, stamp: dict[str, int]) -> None:
        """A message with this stamp has arrived."""
        for node, count in stamp.items():
            self._clock[node] = max(count, self._clock.get(node, 0))
