"""Writes a node's events as NDJSON, one file per node; and the twin that writes nothing.

An event is in the file before the step's messages leave the node, with one `write` and no buffer of ours, so the
trace of a process killed at any moment ends with a whole line and lacks no event that anybody can have learnt of.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from daybreak.base.ids import NodeId
from daybreak.base.keys import Key, key_text
from daybreak.base.time import Interval
from daybreak.errors import OperatorError
from daybreak.trace.schema import SCHEMA_VERSION, Event

Cause = tuple[tuple[str, int], ...]
"""The last event known of each other node: ``(node, n)``."""


class Now(Protocol):
    """The part of a clock that the recorder needs."""

    def now(self) -> Interval: ...


class Trace(Protocol):
    """A node's log of protocol steps, and its knowledge of other nodes' events."""

    epoch: int
    """The epoch that events are written under; 0 for roles without one."""

    def record(self, action: str, arguments: Mapping[str, object]) -> None:
        """Write one event."""

    def observe(self, cause: Cause) -> None:
        """Remember what the sender of a received message knew."""

    def context(self) -> Cause:
        """What the receiver of a message sent now may know of."""

    def close(self) -> None:
        """Write nothing more."""


class NoTrace:
    """Records nothing; takes the same calls, so that a run with it takes the same steps."""

    epoch = 0

    def record(self, action: str, arguments: Mapping[str, object]) -> None:
        """Record nothing."""

    def observe(self, cause: Cause) -> None:
        """Remember nothing."""

    def context(self) -> Cause:
        """Nothing is known."""
        return ()

    def close(self) -> None:
        """Nothing is open."""


class Sink(Protocol):
    """Where a recorder's lines go."""

    def write(self, line: bytes) -> None: ...

    def close(self) -> None: ...


class FileSink:
    """A file that lines are appended to, each with one unbuffered write."""

    def __init__(self, path: Path, failed: Callable[[OperatorError], None] = lambda error: None) -> None:
        """Open `path` for appending; raises `OperatorError` if that is not possible.

        `failed` is told when a line could not be written: a step was taken that the trace lacks.
        """
        self._path = path
        self._failed = failed
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise OperatorError(f"{path}: cannot be used as trace file: {error.strerror}") from None

    def write(self, line: bytes) -> None:
        """Append `line`; it survives the death of this process. Raises `OperatorError` if it is not all written."""
        try:
            if os.write(self._fd, line) == len(line):
                return
            reason = "the disk is full; its last line is cut short"
        except OSError as error:
            reason = error.strerror or str(error)
        failure = OperatorError(f"{self._path}: the trace cannot be written: {reason}")
        self._failed(failure)
        raise failure

    def close(self) -> None:
        """Close the file; closing it again does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


AS_IT_IS = (str, int)
"""What most arguments are: JSON has it."""


def plain(value: object) -> object:
    """`value` with keys in the form of logs, ready for JSON."""
    if isinstance(value, AS_IT_IS):
        return value
    if isinstance(value, bytes):
        return key_text(Key(value))
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (set, frozenset)):
        return sorted(_name(v) for v in value)
    return {_name(k): plain(v) for k, v in value.items()} if isinstance(value, Mapping) else value


def _name(value: object) -> str:
    return key_text(Key(value)) if isinstance(value, bytes) else str(value)


class Recorder:
    """The trace of one node.

    `slice_name` is written to every event where the checker is to keep one monitor per adjudicator. Counting goes on
    where the node's previous life stopped: `first` is the number of the next event.
    """

    def __init__(
        self,
        node: NodeId,
        clock: Now,
        sink: Sink,
        *,
        slice_name: str | None = None,
        first: int = 1,
    ) -> None:
        self.epoch = 0
        self._node = node
        self._clock = clock
        self._sink = sink
        self._slice = slice_name
        self._next = first
        self._known: dict[str, int] = {}
        """Events of other nodes learnt of since the last event of this one."""
        self._told: dict[str, int] = {}
        """Events of other nodes that an event of this one has named as its cause."""
        self._encode = msgspec.json.Encoder().encode

    def record(self, action: str, arguments: Mapping[str, object]) -> None:
        """Write one event; what was observed since the last one is its cause."""
        event = Event(
            v=SCHEMA_VERSION,
            n=self._next,
            node=self._node,
            epoch=self.epoch,
            at=self._clock.now(),
            act=action,
            slice=self._slice,
            args={name: plain(value) for name, value in arguments.items()},
            cause=tuple(self._known.items()),
        )
        self._sink.write(self._encode(event) + b"\n")
        self._next += 1
        if self._known:
            self._told.update(self._known)
            self._known.clear()

    @property
    def next_number(self) -> int:
        """The number of the next event."""
        return self._next

    def observe(self, cause: Cause) -> None:
        """Remember the newest event known of each other node."""
        told, known = self._told.get, self._known.get
        for node, n in cause:
            if node != self._node and told(node, 0) < n and known(node, 0) < n:
                self._known[node] = n

    def context(self) -> Cause:
        """Own last event, and what was observed since."""
        own = ((str(self._node), self._next - 1),) if self._next > 1 else ()
        return own + tuple(self._known.items()) if self._known else own

    def close(self) -> None:
        """Close the sink."""
        self._sink.close()
