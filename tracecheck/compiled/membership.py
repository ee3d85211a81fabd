"""What belongs to a set."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from immutables import Map

from tracecheck.compiled.kinds import LazySet, eq, kind, shown, written_out
from tracecheck.compiled.large import Large, Sequence
from tracecheck.engine import EvaluationError
from tracecheck.values import ModelValue


def member(value: Any, elements: Any) -> bool:
    """value \\in elements"""
    if type(elements) is frozenset:
        for first in elements:
            return value in elements if type(first) is type(value) else _member_of_another(value, elements)
        return False
    if isinstance(elements, LazySet):
        return elements.has(value)
    raise EvaluationError(f"{shown(elements)} is used as a set")


def _member_of_another(value: Any, elements: frozenset[Any]) -> bool:
    """Membership where a first element has another Python type: of the same kind, a model value, or an error."""
    if type(value) is not ModelValue:
        other = next((e for e in elements if type(e) is not ModelValue), None)
        if other is not None and kind(other) != kind(value):
            eq(value, other)
    return value in elements


def each(elements: Any) -> Iterable[Any]:
    """What can be gone through of a set, in any order."""
    if type(elements) is frozenset or isinstance(elements, LazySet):
        return elements
    raise EvaluationError(f"{shown(elements)} is used as a set")


def subset_of(value: Any, base: Any) -> bool:
    """value \\subseteq base, which is value \\in SUBSET base. A model value is no set, and in none of them."""
    if type(value) is ModelValue:
        return False
    return all(member(element, base) for element in each(value))


def in_functions(value: Any, domain: Any, values: Any) -> bool:
    """value \\in [domain -> values]"""
    sort = type(value)
    if sort is Map or sort is Large:
        pairs = value.pairs if sort is Large else value
        keys = domain if type(domain) is frozenset else written_out(domain)
        if len(keys) != len(pairs):
            return False
        if not all(key in keys for key in pairs):
            return eq(frozenset(pairs), keys)
        return all(member(held, values) for held in pairs.values())
    if sort is tuple or sort is Sequence:
        keys = domain if type(domain) is frozenset else written_out(domain)
        alike = len(keys) == len(value) and eq(frozenset(range(1, len(value) + 1)), keys)
        return alike and all(member(held, values) for held in value)
    if sort is ModelValue:
        return False
    raise EvaluationError(f"{shown(value)} is compared with functions")
