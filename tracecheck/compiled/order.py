"""The order in which TLC goes through the elements of a set, which decides what CHOOSE chooses.

Strings and model values come in the order in which TLC met them first: those that the spec and its configuration name,
in an order that is the same for every run of the spec; others, which only a log names, in the order of the log. So
where two of those would have to be told apart, no choice is made.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from immutables import Map

from tracecheck.compiled.kinds import LazySet, eq, kind, len_of, pairs_of, shown, written_out
from tracecheck.compiled.large import Large, Sequence
from tracecheck.compiled.lazysets import Interval
from tracecheck.compiled.membership import each
from tracecheck.engine import EvaluationError
from tracecheck.values import ModelValue


class UnknownOrderError(Exception):
    """Which of two strings TLC met first is not known."""


class Order:
    """The order of values. `known` has the place of each string and model value of the spec."""

    def __init__(self, known: dict[str, int]) -> None:
        self.known = known
        self._strict = functools.cmp_to_key(lambda a, b: self.compare(a, b, True))
        self._same = functools.cmp_to_key(lambda a, b: self.compare(a, b, False))

    def ordered(self, elements: Any) -> list[Any]:
        """The elements of a set in an order that is TLC's, or the same each time where TLC's is not known."""
        if type(elements) is not frozenset:
            elements = each(elements)
            if isinstance(elements, Interval):
                return list(elements)
            elements = written_out(elements)
        if len(elements) < 2:
            return list(elements)
        if all(type(element) is int for element in elements):
            return sorted(elements)
        return sorted(elements, key=self._same)

    def choose(self, elements: Any, test: Callable[[Any], bool]) -> Any:
        """CHOOSE x \\in elements : test(x)"""
        if isinstance(elements, LazySet) and not elements.finite:
            raise EvaluationError(f"CHOOSE from {elements}, which is not finite")
        held = written_out(elements)
        if len(held) == 1:
            return self._only(held, test)
        try:
            in_order = sorted(held) if all(type(e) is int for e in held) else sorted(held, key=self._strict)
        except UnknownOrderError:
            return self._only(held, test)
        for element in in_order:
            if test(element):
                return element
        raise EvaluationError("CHOOSE: no element of the set satisfies the condition")

    @staticmethod
    def _only(elements: frozenset[Any], test: Callable[[Any], bool]) -> Any:
        found = [element for element in elements if test(element)]
        if len(found) != 1:
            problem = "several elements may be chosen, and TLC's choice depends on what it met before" if found else ""
            raise EvaluationError(f"CHOOSE: {problem or 'no element of the set satisfies the condition'}")
        return found[0]

    def compare(self, one: Any, other: Any, strict: bool) -> int:
        """Negative when `one` comes first, positive when `other` does. Raises UnknownOrderError if `strict`."""
        if type(one) is int and type(other) is int:
            return one - other
        if type(one) is ModelValue or type(other) is ModelValue:
            return self._models(one, other, strict)
        if kind(one) != kind(other):
            eq(one, other)
        if isinstance(one, str):
            return self._strings(one, other, strict)
        if isinstance(one, bool | int):
            return int(one) - int(other)
        if len_of(one) != len_of(other):
            return len_of(one) - len_of(other)
        if isinstance(one, frozenset | LazySet):
            return self._first(self._sorted(one, strict), self._sorted(other, strict), strict)
        return self._functions(one, other, strict)

    def _sorted(self, elements: Any, strict: bool) -> list[Any]:
        return sorted(written_out(elements), key=self._strict if strict else self._same)

    def _first(self, ones: Any, others: Any, strict: bool) -> int:
        """The order of the first pair that differs."""
        for one, other in zip(ones, others, strict=True):
            if found := self.compare(one, other, strict):
                return found
        return 0

    def _models(self, one: Any, other: Any, strict: bool) -> int:
        if type(one) is ModelValue and type(other) is ModelValue:
            return self._strings(one.name, other.name, strict)
        return -1 if type(one) is ModelValue else 1

    def _strings(self, one: str, other: str, strict: bool) -> int:
        if one == other:
            return 0
        places = self.known.get(one), self.known.get(other)
        if places[0] is not None and places[1] is not None:
            return places[0] - places[1]
        if strict:
            raise UnknownOrderError
        if places[0] is None and places[1] is None:
            return -1 if one < other else 1
        return 1 if places[0] is None else -1

    def _functions(self, one: Any, other: Any, strict: bool) -> int:
        if isinstance(one, tuple | Sequence) and isinstance(other, tuple | Sequence):
            return self._first(one, other, strict)
        mine, theirs = self._pairs(one, strict), self._pairs(other, strict)
        return self._first([part for pair in mine for part in pair], [part for pair in theirs for part in pair], strict)

    def _pairs(self, value: Any, strict: bool) -> list[tuple[Any, Any]]:
        """The pairs of a function in the order of its domain."""
        if isinstance(value, tuple | Sequence):
            return list(enumerate(value, 1))
        if not isinstance(value, Map | Large):
            raise EvaluationError(f"{shown(value)} has no place in an order")
        key = self._strict if strict else self._same
        return sorted(pairs_of(value).items(), key=lambda pair: key(pair[0]))
