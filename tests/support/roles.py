"""What tests of role state machines share: a clock set by hand, traces in memory, looking into effects."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from daybreak.base.ids import NodeId
from daybreak.base.keys import VALIDATED_SPACE, Key, make_key
from daybreak.base.time import Interval, Timestamp
from daybreak.runtime.protocols import After, Effects, Message, Send
from daybreak.trace.recorder import Now, Recorder
from daybreak.trace.schema import Event
from tests.support.tracefiles import OF_JOURNALS

NOW = Timestamp(1_790_000_000_000_000)

M = TypeVar("M", bound=Message)


def time(offset_us: int) -> Timestamp:
    """A time, `offset_us` after `NOW`."""
    return Timestamp(NOW + offset_us)


def key(name: str) -> Key:
    """A key of table 16, which the first adjudicator owns."""
    return make_key(16, name.encode())


def far_key(name: str) -> Key:
    """A key of table 64, which lies in the upper half of the key space."""
    return make_key(64, name.encode())


CATALOG = make_key(VALIDATED_SPACE, b"catalog")
"""A key that can be validated."""


class ManualClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now_us: int = NOW, *, error_us: int = 0) -> None:
        self.now_us = now_us
        self.error_us = error_us

    def now(self) -> Interval:
        """The interval around `now_us`."""
        return Interval(Timestamp(self.now_us - self.error_us), Timestamp(self.now_us + self.error_us))

    def advance(self, us: int) -> None:
        """Let time pass."""
        self.now_us += us


class MemorySink:
    """Keeps the lines of a trace."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.closed = False

    def write(self, line: bytes) -> None:
        """Keep one line."""
        self.lines.append(line)

    def close(self) -> None:
        """Note that nothing more comes."""
        self.closed = True

    def events(self) -> list[Event]:
        """What was written, but for rung 4's part of it."""
        return [event for event in self._all() if not self._is_of_journals(event)]

    def journal_events(self) -> list[Event]:
        """Rung 4's part."""
        return [event for event in self._all() if self._is_of_journals(event)]

    def _all(self) -> list[Event]:
        return [msgspec.json.decode(line, type=Event) for line in self.lines]

    @staticmethod
    def _is_of_journals(event: Event) -> bool:
        return event.act.partition("!")[0] in OF_JOURNALS

    def acts(self) -> list[str]:
        """The actions of `events`, without their module."""
        return [event.act.partition("!")[2] for event in self.events()]


def traced(node: NodeId, clock: Now) -> tuple[Recorder, MemorySink]:
    """A recorder that writes to memory."""
    sink = MemorySink()
    return Recorder(node, clock, sink), sink


def sent(effects: Effects, kind: type[M], to: NodeId | None = None) -> list[M]:
    """The messages of a kind among what leaves, to one node or to all."""
    return [
        effect.message
        for effect in effects
        if isinstance(effect, Send) and isinstance(effect.message, kind) and to in (None, effect.to)
    ]


def timers(effects: Effects, kind: type[M]) -> list[tuple[int, M]]:
    """The timers of a kind: delay in microseconds and message."""
    return [
        (effect.delay_us, effect.message)
        for effect in effects
        if isinstance(effect, After) and isinstance(effect.message, kind)
    ]
