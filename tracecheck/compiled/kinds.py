"""What sort of value a value is, and whether two are equal.

TLA+ does not say whether values of different sorts are equal. Neither do we: it is an error, as it is in TLC. A model
value alone may be compared with anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from immutables import Map

from tracecheck.compiled.large import Large, Sequence
from tracecheck.engine import EvaluationError
from tracecheck.values import ModelValue, to_text

SCALARS = (int, str, bool)
_LONGEST = 80


class LazySet:
    """A set that is not written out, because it is infinite or large. Equal to a frozenset of the same elements."""

    finite = True

    def has(self, value: Any) -> bool:
        """Whether `value` is an element."""
        raise NotImplementedError

    def size(self) -> int:
        """How many elements a finite set has, or more if that is not known without counting."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]:
        raise EvaluationError(f"{self} is not finite: its elements cannot be gone through")

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, frozenset | LazySet):
            return False
        if not self.finite or (isinstance(other, LazySet) and not other.finite):
            raise EvaluationError(f"{self} cannot be compared: it is not finite")
        return frozenset(self) == frozenset(other)

    def __hash__(self) -> int:
        return hash(written_out(self))


class LazyFunction:
    """A function that is not written out, because its domain is infinite: it can be applied, and not compared."""

    def __init__(self, domain: Any, value: Any) -> None:
        self.domain = domain
        self.value = value

    def call(self, argument: Any) -> Any:
        """The value for an element of the domain."""
        if not self.domain.has(argument):
            raise EvaluationError(f"a function is applied to {shown(argument)}, which is not in its domain")
        return self.value(argument)


MAX_SET = 1_000_000


def written_out(value: Any) -> frozenset[Any]:
    """A set as a frozenset. Raises EvaluationError when it is not finite, too large, or no set."""
    if type(value) is frozenset:
        return value
    if not isinstance(value, LazySet):
        raise EvaluationError(f"{shown(value)} is used as a set")
    if value.finite and value.size() > MAX_SET:
        raise EvaluationError(f"{value} has more than {MAX_SET} elements")
    return frozenset(value)


def kind(value: Any) -> str:
    """The sort of a value, in words."""
    match value:
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case str():
            return "a string"
        case ModelValue():
            return "a model value"
        case frozenset() | LazySet():
            return "a set"
        case tuple() | Sequence() | Map() | Large() | LazyFunction():
            return "a function"
    return "an operator"


def shown(value: Any) -> str:
    """A value as short text, for an error."""
    if isinstance(value, LazySet | LazyFunction | Sequence | Large) or kind(value) == "an operator":
        return kind(value)
    text = to_text(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def eq(one: Any, other: Any) -> bool:
    """one = other. Raises EvaluationError when TLA+ has no answer."""
    sort = type(one)
    if sort is type(other):
        if sort is int or sort is str or sort is bool:
            return bool(one == other)
        if (sort is tuple or sort is frozenset) and not (one and other):
            return not one and not other
    return _deep(one, other)


def ne(one: Any, other: Any) -> bool:
    """one # other"""
    return not eq(one, other)


def _deep(one: Any, other: Any) -> bool:
    if type(one) is ModelValue or type(other) is ModelValue:
        return _with_model(one, other)
    if kind(one) != kind(other):
        raise EvaluationError(f"{shown(one)} cannot be compared with {shown(other)}: {kind(one)} and {kind(other)}")
    if isinstance(one, SCALARS):
        return bool(one == other)
    if isinstance(one, LazyFunction) or isinstance(other, LazyFunction):
        raise EvaluationError("functions cannot be compared when the domain of one is not finite")
    if one == other:
        _alike(one, other)
        return True
    _compare_first_difference(one, other)
    return False


def _alike(one: Any, other: Any) -> None:
    """Raises EvaluationError when two values are equal for Python alone, which takes TRUE for 1."""
    if one is other or type(one) is str:
        return
    if isinstance(one, tuple | Sequence):
        for a, b in zip(one, other, strict=True):
            _alike(a, b)
    elif isinstance(one, Map | Large):
        theirs = pairs_of(other)
        for key, held in pairs_of(one).items():
            _alike(held, theirs[key])
    elif isinstance(one, frozenset | LazySet):
        for a, b in zip(one, other, strict=True):
            if kind(a) != kind(b):
                eq(a, b)
            return
    elif kind(one) != kind(other):
        raise EvaluationError(f"{shown(one)} cannot be compared with {shown(other)}: {kind(one)} and {kind(other)}")


def _with_model(one: Any, other: Any) -> bool:
    """A typed model value, one that is written like T_x, may only be compared with others of its type and untyped."""
    types = [value.name[0] if value.name[1:2] == "_" else "" for value in (one, other) if type(value) is ModelValue]
    clash = types[0] != types[-1] and "" not in types if len(types) == 2 else types[0] != ""
    if clash:
        raise EvaluationError(f"{shown(one)} cannot be compared with {shown(other)}: the model value has another type")
    return bool(one == other)


def _compare_first_difference(one: Any, other: Any) -> None:
    """Raises EvaluationError when two values differ in parts that cannot be compared."""
    if len_of(one) != len_of(other):
        return
    if isinstance(one, frozenset | LazySet):
        mine, theirs = written_out(one), written_out(other)
        eq(next(iter(mine - theirs)), next(iter(theirs - mine)))
    elif isinstance(one, tuple | Sequence) and isinstance(other, tuple | Sequence):
        eq(*next((a, b) for a, b in zip(one, other, strict=True) if a != b or type(a) is not type(b)))
    elif isinstance(one, Map | Large) and isinstance(other, Map | Large):
        _compare_pairs(pairs_of(one), pairs_of(other))
    elif isinstance(one, Map | Large):
        eq(next(iter(pairs_of(one))), 1)
    else:
        eq(1, next(iter(pairs_of(other))))


def _compare_pairs(mine: Map[Any, Any], theirs: Map[Any, Any]) -> None:
    if any(key not in theirs for key in mine):
        eq(next(iter(mine)), next(iter(theirs)))
        return
    for key, held in mine.items():
        if theirs[key] != held:
            eq(held, theirs[key])


def len_of(value: Any) -> int:
    """How many elements a finite set has, or how many pairs a function."""
    return len(written_out(value)) if isinstance(value, LazySet) else len(value)


def pairs_of(value: Map[Any, Any] | Large) -> Map[Any, Any]:
    """The pairs of a function that is no sequence."""
    return value.pairs if type(value) is Large else value  # type: ignore[return-value]


def truth(value: Any) -> bool:
    """`value` where a boolean has to stand."""
    if value is True or value is False:
        return bool(value)
    raise EvaluationError(f"{shown(value)} stands where TRUE or FALSE has to")
