"""Logs that are not Daybreak's: where in a JSON object the parts of an event stand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tracecheck.codec import ArgumentError
from tracecheck.mapping.expressions import Expression
from tracecheck.read import Entry, Event, Finding, LineReader, not_json

UNITS_US = {"s": 1_000_000.0, "ms": 1_000.0, "us": 1.0, "ns": 0.001}
"""A unit of time in microseconds."""

ENDLESS_US = 1 << 62
"""The latest time of an event of which no time is known."""

_decode = msgspec.json.Decoder().decode


class _NotThisWayError(Exception):
    """A part of the line is not what the format says."""


@dataclass(frozen=True)
class LogFormat:
    """Where the parts of an event stand in a line. None: the lines do not say.

    Without `node` each file is one node, of the file's name. Without `sequence` an event's number is its position among
    the node's events in the file, or its own entry in the vector `clock`. Without `time` and `clock` the order of the
    lines in a file is the order of its events, whichever nodes they are of.
    """

    event: Expression
    node: Expression | None = None
    sequence: Expression | None = None
    time: Expression | None = None
    us_per_unit: float = 1.0
    error: float = 0.0
    clock: Expression | None = None
    causes: Expression | None = None
    arguments: Expression | None = None
    slice: Expression | None = None
    epoch: Expression | None = None
    only: Expression | None = None

    def __eq__(self, other: object) -> bool:
        """Two formats are the same when they are written the same."""
        return isinstance(other, LogFormat) and self._written() == other._written()

    def __hash__(self) -> int:
        return hash(self._written())

    def _written(self) -> tuple[Any, ...]:
        fields = (getattr(self, name) for name in self.__dataclass_fields__)
        return tuple(part.text if isinstance(part, Expression) else part for part in fields)

    @property
    def names_nodes(self) -> bool:
        """See `tracecheck.read.LineFormat`."""
        return self.node is not None

    @property
    def is_timed(self) -> bool:
        """See `tracecheck.read.LineFormat`."""
        return self.time is not None

    @property
    def is_ordered(self) -> bool:
        """See `tracecheck.read.LineFormat`."""
        return any(part is not None for part in (self.time, self.clock, self.causes))

    def reader(self) -> LineReader:
        """See `tracecheck.read.LineFormat`."""
        return _Lines(self).read


class _Lines:
    """Reads the lines of one file. `counts` are the events of each node so far, `last` the node and number of the last
    event: where nothing else orders the events of a file, it is a cause of the next."""

    def __init__(self, log: LogFormat) -> None:
        self.log = log
        self.counts: dict[str, int] = {}
        self.position = 0
        self.last: tuple[str, int] | None = None

    def read(self, raw: bytes, file: str, line: int) -> Entry | Finding | None:
        try:
            content = _decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return not_json(raw, error, file, line)
        if not isinstance(content, dict):
            return Finding("malformed", "the line is no event: it is no JSON object", file, line)
        whole = Event(v=1, n=1, node=file, at=(0, 0), act="-", args=content)
        try:
            if self.log.only is not None and self._condition(self.log.only, whole) is False:
                return None
            return Entry(self._event(whole, file), file, line, raw)
        except (ArgumentError, _NotThisWayError) as error:
            return Finding("malformed", f"the line is no event: {error}", file, line)

    def _event(self, whole: Event, file: str) -> Event:
        log = self.log
        act = _as(str, log.event, whole)
        node = Path(file).name.partition(".")[0] if log.node is None else str(_as((str, int), log.node, whole))
        args = whole.args if log.arguments is None else _as(dict, log.arguments, whole)
        clock = None if log.clock is None else _counts(log.clock, whole)
        n = self._number(whole, node, clock)
        self.position += 1
        causes = [] if log.causes is None else _causes(log.causes, whole)
        causes += [(other, count) for other, count in (clock or {}).items() if other != node and count > 0]
        if log.time is None and clock is None and self.last is not None and self.last[0] != node:
            causes.append(self.last)
        self.last, self.counts[node] = (node, n), n
        return Event(
            v=1,
            n=n,
            node=node,
            at=self._time(whole, clock),
            act=act,
            args=args,
            cause=causes,
            epoch=None if log.epoch is None else _as(int, log.epoch, whole),
            slice=None if log.slice is None else str(_as((str, int), log.slice, whole)),
        )

    def _number(self, whole: Event, node: str, clock: dict[str, int] | None) -> int:
        own = None if clock is None else clock.get(node, 0)
        if self.log.sequence is None:
            n = self.counts.get(node, 0) + 1 if own is None else own
        else:
            n = _as(int, self.log.sequence, whole)
        if n < 1:
            raise _NotThisWayError(f"the event of {node} has the number {n}; numbers begin with 1")
        if own is not None and own != n:
            raise _NotThisWayError(f"event {n} of {node} has {own} as its own entry in its vector clock")
        return n

    def _time(self, whole: Event, clock: dict[str, int] | None) -> tuple[int, int]:
        """Microseconds. Where no time is logged, something that grows from an event to all that follow from it."""
        log = self.log
        if log.time is None:
            return (self.position if clock is None else sum(clock.values())), ENDLESS_US
        found = log.time.evaluate(whole)
        pair = found if isinstance(found, list) and len(found) == 2 else [found, found]
        if not all(type(end) in (int, float) for end in pair):
            raise _NotThisWayError(f"{log.time.text} is {found!r}: neither a time nor [earliest, latest]")
        earliest, latest = (_to_us(end, log.us_per_unit) for end in pair)
        error = _to_us(log.error, log.us_per_unit)
        earliest, latest = max(0, earliest - error), latest + error
        if not 0 <= earliest <= latest:
            raise _NotThisWayError(f"{log.time.text} is {found!r}: no interval of time")
        return earliest, latest

    @staticmethod
    def _condition(only: Expression, whole: Event) -> bool:
        found = only.evaluate(whole)
        if type(found) is not bool:
            raise _NotThisWayError(f"{only.text} is {found!r}, neither true nor false")
        return found


def _to_us(amount: float, us_per_unit: float) -> int:
    """Whole numbers stay exact whatever their size."""
    if type(amount) is int:
        return amount * int(us_per_unit) if us_per_unit >= 1 else amount // round(1 / us_per_unit)
    return round(amount * us_per_unit)


def _as(kind: type | tuple[type, ...], path: Expression, whole: Event) -> Any:
    found = path.evaluate(whole)
    if type(found) is bool or not isinstance(found, kind) or found == "":
        wanted = {str: "a name", int: "an integer", dict: "an object"}.get(kind, "a name")  # type: ignore[arg-type]
        raise _NotThisWayError(f"{path.text} is {found!r}, not {wanted}")
    return found


def _counts(path: Expression, whole: Event) -> dict[str, int]:
    found = path.evaluate(whole)
    if not isinstance(found, dict) or not all(type(count) is int and count >= 0 for count in found.values()):
        raise _NotThisWayError(f"{path.text} is {found!r}, no vector clock: an object from node to count")
    return found


def _causes(path: Expression, whole: Event) -> list[tuple[str, int]]:
    try:
        return msgspec.convert(path.evaluate(whole), list[tuple[str, int]])
    except msgspec.ValidationError:
        raise _NotThisWayError(f"{path.text} is no list of [node, number]") from None
