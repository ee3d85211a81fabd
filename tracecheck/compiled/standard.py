"""The operators of the language and of the standard modules that are applied to plain values, by their names."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from immutables import Map

from tracecheck.codec import INT_MAX, INT_MIN
from tracecheck.compiled.functions import appended, domain, joined, merged, single
from tracecheck.compiled.kinds import LazySet, eq, ne, shown, truth, written_out
from tracecheck.compiled.large import function, sequence
from tracecheck.compiled.lazysets import ANY, BOOLEAN, INT, NAT, STRING, Sequences, Subsets, interval
from tracecheck.compiled.membership import each, member, subset_of
from tracecheck.compiled.sets import as_sequence, cap, cup, minus, union
from tracecheck.engine import EvaluationError


def _checked(value: int) -> int:
    if INT_MIN <= value <= INT_MAX:
        return value
    raise EvaluationError(f"{value} is beyond 32 bits, in which TLC computes")


def _integers(one: Any, other: Any, operator: str) -> None:
    if type(one) is not int or type(other) is not int:
        raise EvaluationError(f"{shown(one)} {operator} {shown(other)}: both must be integers")


def lt(one: Any, other: Any) -> bool:
    """one < other"""
    if type(one) is int and type(other) is int:
        return one < other
    raise EvaluationError(f"{shown(one)} < {shown(other)}: both must be integers")


def le(one: Any, other: Any) -> bool:
    """one <= other"""
    if type(one) is int and type(other) is int:
        return one <= other
    raise EvaluationError(f"{shown(one)} <= {shown(other)}: both must be integers")


def gt(one: Any, other: Any) -> bool:
    """one > other"""
    return lt(other, one)


def ge(one: Any, other: Any) -> bool:
    """one >= other"""
    return le(other, one)


def add(one: Any, other: Any) -> int:
    """one + other"""
    _integers(one, other, "+")
    return _checked(one + other)


def sub(one: Any, other: Any) -> int:
    """one - other"""
    _integers(one, other, "-")
    return _checked(one - other)


def mul(one: Any, other: Any) -> int:
    """one * other"""
    _integers(one, other, "*")
    return _checked(one * other)


def div(one: Any, other: Any) -> int:
    """one \\div other"""
    _integers(one, other, "\\div")
    if other == 0:
        raise EvaluationError(f"{one} \\div 0")
    return _checked(one // other)


def mod(one: Any, other: Any) -> int:
    """one % other"""
    _integers(one, other, "%")
    if other <= 0:
        raise EvaluationError(f"{one} % {other}: the second must be positive")
    return int(one % other)


def power(one: Any, other: Any) -> int:
    """one ^ other"""
    _integers(one, other, "^")
    if other < 0 or (one == 0 and other == 0):
        raise EvaluationError(f"{one} ^ {other} is not defined")
    if abs(one) > 1 and other > 31:
        raise EvaluationError(f"{one} ^ {other} is beyond 32 bits, in which TLC computes")
    return _checked(one**other)


def negative(value: Any) -> int:
    """-value"""
    _integers(value, 0, "-")
    return _checked(-value)


def length(elements: Any) -> int:
    """Len(elements)"""
    if type(elements) is str:
        return len(elements)
    return len(as_sequence(elements, "Len"))


def head(elements: Any) -> Any:
    """Head(elements)"""
    if len(as_sequence(elements, "Head")) == 0:
        raise EvaluationError("Head of << >>")
    return elements[0]


def tail(elements: Any) -> Any:
    """Tail(elements)"""
    if len(as_sequence(elements, "Tail")) == 0:
        raise EvaluationError("Tail of << >>")
    return sequence(list(elements)[1:])


def part(elements: Any, first: Any, last: Any) -> Any:
    """SubSeq(elements, first, last)"""
    _integers(first, last, "..")
    as_sequence(elements, "SubSeq")
    if first > last:
        return ()
    if first < 1 or last > len(elements):
        raise EvaluationError(f"SubSeq from {first} to {last} of a sequence of {len(elements)} elements")
    return sequence(list(elements)[first - 1 : last])


def cardinality(elements: Any) -> int:
    """Cardinality(elements)"""
    if type(elements) is frozenset:
        return len(elements)
    if isinstance(elements, LazySet) and not elements.finite:
        raise EvaluationError(f"Cardinality of {elements}, which is not finite")
    return len(written_out(elements))


def is_finite(elements: Any) -> bool:
    """IsFiniteSet(elements)"""
    return bool(getattr(each(elements), "finite", True))


def permutations(elements: Any) -> frozenset[Any]:
    """Permutations(elements)"""
    held = list(written_out(elements))
    return frozenset(function(Map(zip(held, p, strict=True))) for p in itertools.permutations(held))


def asserted(condition: Any, message: Any) -> bool:
    """Assert(condition, message)"""
    if truth(condition):
        return True
    raise EvaluationError(f"the spec asserts: {message if type(message) is str else shown(message)}")


def implies(one: Any, other: Any) -> bool:
    """one => other, both evaluated"""
    return not truth(one) or truth(other)


def same_truth(one: Any, other: Any) -> bool:
    """one <=> other"""
    return truth(one) is truth(other)


LANGUAGE: dict[str, Callable[..., Any]] = {
    "=": eq,
    "/=": ne,
    "\\lnot": lambda value: not truth(value),
    "=>": implies,
    "\\equiv": same_truth,
    "\\land": lambda one, other: truth(one) and truth(other),
    "\\lor": lambda one, other: truth(one) or truth(other),
    "\\in": member,
    "\\notin": lambda value, elements: not member(value, elements),
    "\\subseteq": subset_of,
    "\\cup": cup,
    "\\cap": cap,
    "\\": minus,
    "SUBSET": Subsets,
    "UNION": union,
    "DOMAIN": domain,
    "STRING": lambda: STRING,
    "BOOLEAN": lambda: BOOLEAN,
}
"""Operators of the language."""

MODULES = ("Naturals", "Integers", "Sequences", "FiniteSets", "TLC", "Peano", "ProtoReals")
"""The standard modules of which STANDARD has operators."""

STANDARD: dict[str, Callable[..., Any]] = {
    "Nat": lambda: NAT,
    "Int": lambda: INT,
    "+": add,
    "-": sub,
    "-.": negative,
    "*": mul,
    "\\div": div,
    "%": mod,
    "^": power,
    "<": lt,
    ">": gt,
    "\\leq": le,
    "<=": le,
    "=<": le,
    "\\geq": ge,
    ">=": ge,
    "..": interval,
    "Seq": Sequences,
    "Len": length,
    "Append": appended,
    "\\o": joined,
    "\\circ": joined,
    "Head": head,
    "Tail": tail,
    "SubSeq": part,
    "Cardinality": cardinality,
    "IsFiniteSet": is_finite,
    ":>": single,
    "@@": merged,
    "Print": lambda _, value: value,
    "PrintT": lambda _: True,
    "Assert": asserted,
    "Permutations": permutations,
    "TLCEval": lambda value: value,
    "Any": lambda: ANY,
}
"""Operators of these modules. SelectSeq, which takes an operator, stands elsewhere."""

_LOGIC = ("=", "/=", "\\lnot", "=>", "\\equiv", "\\land", "\\lor", "\\in", "\\notin", "\\subseteq")
_ORDER = ("<", ">", "\\leq", "<=", "=<", "\\geq", ">=")
TRUTHS = frozenset((*_LOGIC, *_ORDER, "IsFiniteSet", "PrintT", "Assert"))
"""Those whose value is TRUE or FALSE."""
