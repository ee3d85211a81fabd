"""What a merger has passed on, as far as it decides on what may still come."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from tracecheck.read import Event

_REMEMBERED = 4096
_MOST_PEAKS = 512


@dataclass(slots=True)
class _Line:
    """The events of one node that were passed on: the number and the earliest time of the last one, and the positions
    of the latest ones in the whole order, the oldest first."""

    n: int = 0
    key: int = 0
    positions: array[int] = field(default_factory=lambda: array("q"))


class SavedLine(msgspec.Struct, frozen=True):
    """Of one node the number and the time of the last event, and its events' positions in runs of (position, count)."""

    n: int
    key: int
    runs: list[tuple[int, int]]


class SavedPast(msgspec.Struct, frozen=True):
    """A `Past`, small enough to be written every few seconds: its size does not depend on how much has passed."""

    position: int
    peaks: list[tuple[int, int]]
    lines: dict[str, SavedLine]


class Past:
    """The events that were passed on, in that order; each has a position, counted from 1.

    Invariant: `_peaks` are those (position, earliest time) that no later event exceeds in time: what comes now and was
    over before the time of a peak was overtaken by that peak, unless it knew of it.
    """

    def __init__(self) -> None:
        self.highest = 0
        """The greatest earliest time of all."""
        self._lines: dict[str, _Line] = {}
        self._position = 0
        self._peaks: list[tuple[int, int]] = []

    def add(self, event: Event) -> None:
        """Takes the next event."""
        key = event.at[0]
        self._position += 1
        peaks = self._peaks
        while peaks and peaks[-1][1] <= key:
            peaks.pop()
        peaks.append((self._position, key))
        self.highest = peaks[0][1]
        if len(peaks) > _MOST_PEAKS:
            self._thin()
        line = self._lines.get(event.node)
        if line is None:
            line = self._lines[event.node] = _Line()
        line.n = event.n
        line.key = key
        line.positions.append(self._position)
        if len(line.positions) > 2 * _REMEMBERED:
            del line.positions[:_REMEMBERED]

    def _thin(self) -> None:
        """Forgets every second peak, as if the time of the one before it had been reached only by then: so an event may
        be taken for overtaken that was not, and never the other way."""
        kept = [(later[0], earlier[1]) for earlier, later in zip(self._peaks[::2], self._peaks[1::2], strict=False)]
        self._peaks = kept + self._peaks[2 * len(kept) :]

    def last_of(self, node: str) -> int:
        """The number of the last event of `node`, 0 if there was none."""
        line = self._lines.get(node)
        return line.n if line is not None else 0

    def key_of(self, node: str) -> int:
        """The earliest time of the last event of `node`, 0 if there was none."""
        line = self._lines.get(node)
        return line.key if line is not None else 0

    def nodes(self) -> Iterator[tuple[str, int]]:
        """The nodes with the numbers of their last events."""
        return ((name, line.n) for name, line in self._lines.items())

    def unmet(self, event: Event) -> tuple[str, int] | None:
        """The first cause of `event` that has not been passed on."""
        for node, n in event.cause:
            if n > self.last_of(node):
                return node, n
        return None

    def behind(self, event: Event) -> int | None:
        """By how many microseconds `event` certainly happened before one that has been passed on, and of which it did
        not know; None if there is no such."""
        known = max(self._position_of(node, n) for node, n in ((event.node, event.n - 1), *event.cause))
        at = bisect_right(self._peaks, known, key=lambda peak: peak[0])
        if at == len(self._peaks) or self._peaks[at][1] <= event.at[1]:
            return None
        return self._peaks[at][1] - event.at[1]

    def _position_of(self, node: str, n: int) -> int:
        line = self._lines.get(node)
        if line is None or n < 1:
            return 0
        if n > line.n:
            return self._position
        index = n - line.n - 1
        return line.positions[index] if -index <= len(line.positions) else 0

    def save(self) -> SavedPast:
        """All that `restore` needs.

        Positions are only ever compared with those of peaks, so of each the last peak up to it will do, and a run of
        equal ones is written once.
        """
        peaks = [position for position, _ in self._peaks]
        lines = {}
        for name, line in self._lines.items():
            runs: list[tuple[int, int]] = []
            for position in line.positions:
                at = bisect_right(peaks, position)
                rounded = peaks[at - 1] if at else 0
                known = runs.pop()[1] if runs and runs[-1][0] == rounded else 0
                runs.append((rounded, known + 1))
            lines[name] = SavedLine(line.n, line.key, runs)
        return SavedPast(self._position, self._peaks, lines)

    def restore(self, saved: SavedPast) -> None:
        """Becomes what was saved."""
        self._position = saved.position
        self._peaks = list(saved.peaks)
        self.highest = self._peaks[0][1] if self._peaks else 0
        self._lines = {}
        for name, line in saved.lines.items():
            positions = array("q")
            for position, count in line.runs:
                positions.extend([position] * min(count, 2 * _REMEMBERED))
            self._lines[name] = _Line(line.n, line.key, positions)
