"""Conditions on the rows of one table, as `conditions` finds them in a statement, and the boxes they stand for.

Every condition is *strict*: it is not true of a row of NULLs. That makes it safe below outer joins: a row that an
outer join fills up with NULLs because rows were left out would not pass the condition either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from daybreak.query.catalog import Table
from daybreak.query.sources import UNKNOWN, Bindings, Source, resolve, resolve_array
from daybreak.query.spans import Box, Boxes, Span, intersect


class Condition(Protocol):
    """A condition whose values are still to come."""

    def boxes(self, table: Table, bindings: Bindings) -> Boxes:
        """Boxes that hold every row of `table` for which the condition is true."""


class Equal(NamedTuple):
    """The columns have the values of one of `rows`: ``a = 1``, ``a IN (1, 2)``, ``(a, b) IN ((1, 2), (3, 4))``."""

    columns: tuple[int, ...]
    rows: Sequence[tuple[Source, ...]]

    def boxes(self, table: Table, bindings: Bindings) -> Boxes:
        if len(self.columns) == 1:
            return self._points(table, bindings)
        boxes: list[Box] = []
        for row in self.rows:
            values = [
                resolve(source, table.columns[column].type_oid, bindings)
                for column, source in zip(self.columns, row, strict=True)
            ]
            if UNKNOWN in values:
                return None
            points = [Span(frozenset((value,))) for value in values if isinstance(value, bytes)]
            if len(points) == len(values):  # nothing is equal to NULL
                boxes.append(dict(zip(self.columns, points, strict=True)))
        return boxes

    def _points(self, table: Table, bindings: Bindings) -> Boxes:
        type_oid = table.columns[self.columns[0]].type_oid
        points: set[bytes] = set()
        for (source,) in self.rows:
            value = resolve(source, type_oid, bindings)
            if value is UNKNOWN:
                return None
            if value is not None:
                points.add(value)
        return [{self.columns[0]: Span(frozenset(points))}]


class Member(NamedTuple):
    """``column = ANY(array)``."""

    column: int
    array: Source

    def boxes(self, table: Table, bindings: Bindings) -> Boxes:
        points = resolve_array(self.array, table.columns[self.column].type_oid, bindings)
        return None if points is None else [{self.column: Span(frozenset(points))}]


class Bound(NamedTuple):
    """A comparison of the column with `source` by one of ``< <= > >=``."""

    column: int
    operator: str
    source: Source

    def boxes(self, table: Table, bindings: Bindings) -> Boxes:
        value = resolve(self.source, table.columns[self.column].type_oid, bindings)
        if value is UNKNOWN:
            return None
        if value is None:
            return []
        is_open = len(self.operator) == 1
        if self.operator[0] == "<":
            return [{self.column: Span(high=value, high_open=is_open)}]
        return [{self.column: Span(low=value, low_open=is_open)}]


class Both(NamedTuple):
    """All of `parts` are true."""

    parts: tuple[Condition, ...]

    def boxes(self, table: Table, bindings: Bindings) -> Boxes:
        found: Boxes = None
        for part in self.parts:
            found = intersect(found, part.boxes(table, bindings))
        return found


class Either(NamedTuple):
    """One of `parts` is true."""

    parts: tuple[Condition, ...]

    def boxes(self, table: Table, bindings: Bindings) -> Boxes:
        found: list[Box] = []
        for part in self.parts:
            boxes = part.boxes(table, bindings)
            if boxes is None:
                return None
            found += boxes
        return found
