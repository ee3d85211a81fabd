"""Sets of rows as boxes over key columns, and boxes as keys and key ranges of a table.

A box gives some columns a span of values, in their key form; a row is in it when each of these columns is in its
span. A list of boxes is their union; None in its place stands for all rows. Dropping a column from a box, or
replacing boxes by None, only ever adds rows: that is how everything here gives up.
"""

from __future__ import annotations

from typing import NamedTuple

from daybreak.base.keys import Key, prefix
from daybreak.query.catalog import Table
from daybreak.query.keycodec import after_prefix
from daybreak.query.statements import AllRows, KeyRange, Keys

MAX_PREFIXES = 10_000
"""Keys or ranges of one table in one statement; beyond, fewer columns are used."""

MAX_BOXES = 1_000


class Span(NamedTuple):
    """A set of values of one column: `points`, or all between two bounds, each of which may be missing (None)."""

    points: frozenset[bytes] | None = None
    low: bytes | None = None
    low_open: bool = False
    high: bytes | None = None
    high_open: bool = False

    def contains(self, value: bytes) -> bool:
        """Whether `value` is in this span."""
        if self.points is not None:
            return value in self.points
        if self.low is not None and (value < self.low or (self.low_open and value == self.low)):
            return False
        return self.high is None or value < self.high or (not self.high_open and value == self.high)


Box = dict[int, Span]
Boxes = list[Box] | None


def intersect_spans(a: Span, b: Span) -> Span:
    """The values in both."""
    if a.points is not None:
        return Span(frozenset(value for value in a.points if b.contains(value)))
    if b.points is not None:
        return Span(frozenset(value for value in b.points if a.contains(value)))
    low = max(((s.low, s.low_open) for s in (a, b) if s.low is not None), default=(None, False))
    high = min(((s.high, not s.high_open) for s in (a, b) if s.high is not None), default=(None, True))
    return Span(None, low[0], low[1], high[0], not high[1])


def intersect(a: Boxes, b: Boxes) -> Boxes:
    """The rows in both; gives up on one side when there would be too many boxes."""
    if a is None or b is None:
        return b if a is None else a
    if len(a) * len(b) > MAX_BOXES:
        return a if len(a) <= len(b) else b
    return [_intersect_boxes(one, other) for one in a for other in b]


def _intersect_boxes(a: Box, b: Box) -> Box:
    both = dict(a)
    for column, span in b.items():
        both[column] = intersect_spans(both[column], span) if column in both else span
    return both


def regions(table: Table, boxes: Boxes) -> list[AllRows | Keys | KeyRange]:
    """The smallest part of the table that primary-key order can name and that holds all rows in `boxes`."""
    if boxes is None or table.primary_key is None:
        return [AllRows()]
    keys: dict[Key, None] = {}
    ranges: dict[KeyRange, None] = {}
    for box in boxes:
        complete, prefixes, last = _prefixes(table, table.primary_key.columns, box)
        if not complete and last is None and prefixes == [prefix(table.id)]:
            return [AllRows()]
        if complete:
            keys.update(dict.fromkeys(map(Key, prefixes)))
        else:
            ranges.update(dict.fromkeys(_range(start, last) for start in prefixes))
    if len(keys) + len(ranges) > MAX_PREFIXES:
        return [AllRows()]
    whole: list[AllRows | Keys | KeyRange] = [r for r in ranges if r.low < r.high]
    return [Keys(tuple(keys)), *whole] if keys else whole


def _prefixes(table: Table, columns: tuple[int, ...], box: Box) -> tuple[bool, list[bytes], Span | None]:
    """Beginnings of keys from the leading columns with points; whether these are all; the span after them."""
    prefixes = [prefix(table.id)]
    for column in columns:
        span = box.get(column)
        if span is None or span.points is None:
            return False, prefixes, span
        if len(prefixes) * len(span.points) > MAX_PREFIXES:
            return False, prefixes, Span(None, min(span.points), False, max(span.points), False)
        prefixes = [start + point for start in prefixes for point in sorted(span.points)]
    return True, prefixes, None


def _range(start: bytes, span: Span | None) -> KeyRange:
    """All keys that begin with `start` and go on with a value in `span`."""
    low, high = start, after_prefix(start)
    if span is not None and span.low is not None:
        low = after_prefix(start + span.low) if span.low_open else start + span.low
    if span is not None and span.high is not None:
        high = start + span.high if span.high_open else after_prefix(start + span.high)
    return KeyRange(Key(low), Key(high))
