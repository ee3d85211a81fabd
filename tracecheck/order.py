"""Merges the streams of the nodes into one order.

An event comes after the event before it on its node, and after all its causes. Among the events that may come next,
the one with the smallest earliest time does (of equals, the one whose node's name sorts first).

What is missing is never guessed over. A gap, a duplicate, an unreadable line ends the order at the last point that
cannot depend on what is missing; so does a cause that never comes, and, in a log that is followed while it grows, an
event that arrives when later ones have been passed on.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field

from tracecheck.read import Entry, Finding

_REMEMBERED = 4096


@dataclass
class _Stream:
    """One log file. Its node is known from its first event on."""

    file: str
    node: str | None = None
    last_n: int = 0
    last_line: int = 0
    key: int = 0
    pending: deque[tuple[int, Entry]] = field(default_factory=deque)
    defect: Finding | None = None
    closed: bool = False


@dataclass
class _Passed:
    """What has been passed on of one node: the last number, and the positions of the latest of them."""

    n: int = 0
    positions: dict[int, int] = field(default_factory=dict)


class Merger:
    """Takes entries file by file (`push`) and gives them back in order (`pop`)."""

    def __init__(self) -> None:
        self.newest = 0
        self.waiting_entries = 0
        self.stopped: Finding | None = None
        self._streams: dict[str, _Stream] = {}
        self._files: dict[str, str] = {}
        self._ready: list[tuple[int, str, int, str]] = []
        self._blocked: dict[str, list[_Stream]] = {}
        self._defective: list[_Stream] = []
        self._passed: dict[str, _Passed] = {}
        self._position = 0
        self._peaks: list[tuple[int, int]] = []

    # -- in ------------------------------------------------------------------------------------------------

    def open(self, file: str) -> None:
        """Announces a log file."""
        self._streams[file] = _Stream(file)

    def waiting_of(self, file: str) -> int:
        """How many entries of `file` are waiting."""
        return len(self._streams[file].pending)

    def is_hungry(self, file: str) -> bool:
        """Whether `file` is open and no entry of it is waiting: until it has one or ends, no order is certain."""
        stream = self._streams[file]
        return not stream.pending and not stream.closed and stream.defect is None

    def close(self, file: str) -> None:
        """Says that nothing more will come of `file`."""
        self._streams[file].closed = True

    def push(self, file: str, item: Entry | Finding) -> None:
        """Takes the next entry of `file`, or what is wrong with its next line."""
        stream = self._streams[file]
        if stream.defect is not None:
            return
        defect = item if isinstance(item, Finding) else self._defect(stream, item)
        if defect is not None:
            stream.defect = defect
            self._defective.append(stream)
            return
        assert isinstance(item, Entry)
        event = item.event
        stream.last_n, stream.last_line = event.n, item.line
        stream.key = event.at[0]
        stream.pending.append((stream.key, item))
        self.newest = max(self.newest, stream.key)
        self.waiting_entries += 1
        if len(stream.pending) == 1:
            self._arm(stream)

    def _defect(self, stream: _Stream, entry: Entry) -> Finding | None:
        """What is wrong with `entry` as the next of its file."""
        event, place = entry.event, (entry.file, entry.line)
        if stream.node is None:
            other = self._files.setdefault(event.node, entry.file)
            if other != entry.file:
                return Finding("two-files", f"node {event.node} has a log of its own already: {other}", *place)
            stream.node = event.node
        if event.node != stream.node:
            return Finding("two-nodes", f"an event of {event.node} in the log of {stream.node}", *place)
        expected = stream.last_n + 1
        if event.n > expected:
            missing = f"event {expected}" if event.n == expected + 1 else f"events {expected} to {event.n - 1}"
            return Finding("gap", f"{missing} of {event.node} missing before event {event.n}", *place)
        if event.n == stream.last_n:
            return Finding("duplicate", f"event {event.n} of {event.node} is also on line {stream.last_line}", *place)
        if event.n < expected:
            return Finding("backwards", f"event {event.n} of {event.node} comes after event {stream.last_n}", *place)
        return self._late(entry)

    def _late(self, entry: Entry) -> Finding | None:
        """Whether something has been passed on that certainly happened after `entry`, and without its knowledge."""
        event = entry.event
        if not self._peaks or self._peaks[0][1] <= event.at[1]:
            return None
        known = max(self._position_of(node, n) for node, n in ((event.node, event.n - 1), *event.cause))
        at = bisect_right(self._peaks, known, key=lambda peak: peak[0])
        if at == len(self._peaks) or self._peaks[at][1] <= event.at[1]:
            return None
        behind_ms = (self._peaks[at][1] - event.at[1]) / 1000
        text = f"arrived {behind_ms:.1f} ms behind events that were already checked; follow with a longer hold-back"
        return Finding("late", text, entry.file, entry.line)

    def _position_of(self, node: str, n: int) -> int:
        passed = self._passed.get(node)
        if passed is None or n < 1:
            return 0
        return self._position if n > passed.n else passed.positions.get(n, 0)

    # -- out -----------------------------------------------------------------------------------------------

    def pop(self, limit: int | None = None) -> Entry | None:
        """The next entry in order, or None when none may come next.

        With `limit` (microseconds) only entries no later than it: what is newer is held back, since another node's
        log may still bring something earlier. Without, no open file may be `hungry`. When a defect is reached,
        `stopped` says so, and nothing more comes.
        """
        first = self._ready[0][0] if self._ready else None
        if self._defective and self.stopped is None:
            broken = min(self._defective, key=lambda stream: stream.key)
            if (first is None or broken.key < first) and (limit is None or broken.key <= limit):
                self.stopped = broken.defect
        if self.stopped is not None or first is None or (limit is not None and first > limit):
            return None
        file = heapq.heappop(self._ready)[3]
        stream = self._streams[file]
        _, entry = stream.pending.popleft()
        self.waiting_entries -= 1
        self._pass_on(entry)
        if stream.pending:
            self._arm(stream)
        return entry

    def _pass_on(self, entry: Entry) -> None:
        event = entry.event
        self._position += 1
        while self._peaks and self._peaks[-1][1] <= event.at[0]:
            self._peaks.pop()
        self._peaks.append((self._position, event.at[0]))
        passed = self._passed.setdefault(event.node, _Passed())
        passed.n = event.n
        passed.positions[event.n] = self._position
        passed.positions.pop(event.n - _REMEMBERED, None)
        for waiting in self._blocked.pop(event.node, ()):
            self._arm(waiting)

    def _arm(self, stream: _Stream) -> None:
        """Puts the first entry of a stream among the ready ones, or leaves it to wait for its first unmet cause."""
        key, entry = stream.pending[0]
        cause = self._unmet(entry)
        if cause is None:
            heapq.heappush(self._ready, (key, entry.event.node, entry.event.n, stream.file))
        else:
            self._blocked.setdefault(cause[0], []).append(stream)

    def _unmet(self, entry: Entry) -> tuple[str, int] | None:
        for node, n in entry.event.cause:
            passed = self._passed.get(node)
            if n > (passed.n if passed else 0):
                return node, n
        return None

    def stuck(self) -> Finding | None:
        """When nothing may come next: what the earliest waiting entry waits for, or None if none is waiting."""
        heads = [stream.pending[0] for stream in self._streams.values() if stream.pending]
        if self._ready or not heads:
            return None
        _, entry = min(heads, key=lambda head: (head[0], head[1].event.node))
        seen: set[str] = set()
        while True:
            cause = self._unmet(entry)
            assert cause is not None
            node, n = cause
            held = next((s for s in self._streams.values() if s.node == node and s.pending), None)
            if held is None or n > held.last_n:
                text = f"its cause, event {n} of {node}, is in no log that was read"
                return Finding("missing-cause", text, entry.file, entry.line)
            if node in seen:
                text = f"its cause, event {n} of {node}, waits in turn for it: the causes form a circle"
                return Finding("circle", text, entry.file, entry.line)
            seen.add(node)
            entry = held.pending[0][1]
