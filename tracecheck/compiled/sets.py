"""The operators on sets."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from tracecheck.compiled.kinds import LazySet, eq, kind, shown
from tracecheck.compiled.large import Sequence, sequence
from tracecheck.compiled.lazysets import Filtered, Joined
from tracecheck.compiled.membership import each, member
from tracecheck.engine import EvaluationError
from tracecheck.values import ModelValue


def _alike(one: frozenset[Any], other: frozenset[Any]) -> None:
    """Raises EvaluationError when elements of two sets cannot be compared."""
    for a in one:
        for b in other:
            if (
                type(a) is not type(b)
                and type(a) is not ModelValue
                and type(b) is not ModelValue
                and kind(a) != kind(b)
            ):
                eq(a, b)
            return


def cup(one: Any, other: Any) -> Any:
    """one \\cup other"""
    if type(one) is frozenset and type(other) is frozenset:
        _alike(one, other)
        return one | other
    if not one_is_lazy(one, other):
        raise EvaluationError(f"{shown(one)} \\cup {shown(other)}: both must be sets")
    return Joined([each(one), each(other)])


def one_is_lazy(one: Any, other: Any) -> bool:
    """Whether one of two values is a set that is not written out."""
    return isinstance(one, LazySet) or isinstance(other, LazySet)


def cap(one: Any, other: Any) -> Any:
    """one \\cap other"""
    if type(one) is frozenset and type(other) is frozenset:
        _alike(one, other)
        return one & other
    if type(one) is not frozenset and (type(other) is frozenset or _larger(one, other)):
        one, other = other, one
    return filtered(one, lambda value: member(value, other))


def _larger(one: Any, other: Any) -> bool:
    """Whether the first of two sets that are not written out is the larger one."""
    each(one), each(other)
    return bool(other.finite and (not one.finite or one.size() > other.size()))


def minus(one: Any, other: Any) -> Any:
    """one \\ other"""
    if type(one) is frozenset and type(other) is frozenset:
        _alike(one, other)
        return one - other
    each(other)
    if isinstance(one, LazySet):
        return Filtered(one, lambda value: not member(value, other))
    return filtered(one, lambda value: not member(value, other))


def filtered(base: Any, test: Callable[[Any], bool]) -> Any:
    """{x \\in base : test(x)}"""
    if isinstance(base, LazySet) and not base.finite:
        return Filtered(base, test)
    return frozenset([value for value in each(base) if test(value)])


def union(sets: Any) -> Any:
    """UNION sets"""
    parts = list(each(sets))
    if any(isinstance(part, LazySet) for part in parts):
        return Joined(parts)
    return frozenset().union(*map(each, parts))


def set_of(*elements: Any) -> frozenset[Any]:
    """{e1, e2, ...}"""
    sort = type(elements[0])
    if any(type(element) is not sort for element in elements):
        other = next((e for e in elements if type(e) is not ModelValue), None)
        for element in elements:
            if type(element) is not ModelValue and kind(element) != kind(other):
                eq(element, other)
    return frozenset(elements)


def image(function: Callable[..., Any], *sets: Any) -> frozenset[Any]:
    """{function(x, ...) : x \\in S, ...}"""
    if len(sets) == 1:
        found = frozenset([function(value) for value in each(sets[0])])
    else:
        found = frozenset(itertools.starmap(function, itertools.product(*map(each, sets))))
    return set_of(*found) if len(found) > 1 else found


def as_sequence(value: Any, what: str) -> Any:
    """`value` where a sequence has to stand."""
    if type(value) is tuple or type(value) is Sequence:
        return value
    raise EvaluationError(f"{what} of {shown(value)}, which is no sequence")


def selected(elements: Any, test: Callable[[Any], bool]) -> Any:
    """SelectSeq(elements, test)"""
    return sequence([element for element in as_sequence(elements, "SelectSeq") if test(element)])
