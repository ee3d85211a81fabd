"""What an expression of a mapping may compute with: operators and functions over JSON values, none of which may fail in
any other way than by ExpressionFailure."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from tracecheck.codec import ArgumentError

_MOST_ELEMENTS = 1 << 20


def shown(value: Any) -> str:
    """`value` for an error message."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def same(one: Any, other: Any) -> bool:
    """Equality in which true is not 1."""
    return (type(one) is bool) == (type(other) is bool) and bool(one == other)


def truth(value: Any) -> bool:
    """`value` as a condition. Raises ArgumentError unless it is true or false."""
    if type(value) is not bool:
        raise ArgumentError(f"{shown(value)} is neither true nor false")
    return value


def _number(value: Any) -> int | float:
    if type(value) is not int and type(value) is not float:
        raise ArgumentError(f"{shown(value)} is no number")
    return value


def _add(one: Any, other: Any) -> Any:
    if type(one) is type(other) and isinstance(one, str | list):
        return one + other
    return _number(one) + _number(other)


def _subtract(one: Any, other: Any) -> Any:
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return one - other
    return _number(one) - _number(other)


def _divide(one: Any, other: Any) -> Any:
    if _number(other) == 0:
        raise ArgumentError("division by zero")
    return _number(one) // other


def _remainder(one: Any, other: Any) -> Any:
    if _number(other) == 0:
        raise ArgumentError("division by zero")
    return _number(one) % other


BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _add,
    ast.Sub: _subtract,
    ast.Mult: lambda one, other: _number(one) * _number(other),
    ast.FloorDiv: _divide,
    ast.Mod: _remainder,
}


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def checked(one: Any, other: Any) -> bool:
        if not (isinstance(one, str) and isinstance(other, str)):
            _number(one), _number(other)
        return compare(one, other)

    return checked


def _contains(one: Any, other: Any) -> bool:
    if isinstance(other, str):
        return isinstance(one, str) and one in other
    return any(same(one, element) for element in _elements(other))


COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: same,
    ast.NotEq: lambda one, other: not same(one, other),
    ast.Lt: _ordered(lambda one, other: one < other),
    ast.LtE: _ordered(lambda one, other: one <= other),
    ast.Gt: _ordered(lambda one, other: one > other),
    ast.GtE: _ordered(lambda one, other: one >= other),
    ast.In: _contains,
    ast.NotIn: lambda one, other: not _contains(one, other),
}


def _elements(value: Any) -> list[Any]:
    """The elements of a list or set, the keys of an object."""
    if not isinstance(value, list | tuple | dict | frozenset):
        raise ArgumentError(f"{shown(value)} has no elements")
    return list(value)


elements = _elements


def hashable(value: Any) -> Hashable:
    """`value` as an element of a set. Raises ArgumentError for an object or a list, which cannot be one here."""
    if isinstance(value, list):
        return tuple(hashable(element) for element in value)
    if isinstance(value, dict):
        raise ArgumentError(f"{shown(value)} cannot be in a set; give the argument the type set(...)")
    return value  # type: ignore[no-any-return]


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str) else len(_elements(value))


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ArgumentError(f"{shown(value)} is no object")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ArgumentError(f"{shown(value)} is no string")
    return value


def _sorted(value: Any) -> list[Any]:
    found = _elements(value)
    if not all(isinstance(element, str) for element in found):
        for element in found:
            _number(element)
    return sorted(found)


def _extreme(choose: Callable[[list[Any]], Any]) -> Callable[..., Any]:
    def chosen(*values: Any) -> Any:
        found = _sorted(values[0] if len(values) == 1 else list(values))
        if not found:
            raise ArgumentError("nothing to choose from")
        return choose(found)

    return chosen


def _integer(value: Any) -> int:
    if isinstance(value, str) and value.strip().removeprefix("-").isdecimal():
        return int(value)
    return int(_number(value))


def _string(value: Any) -> str:
    return value if isinstance(value, str) else str(_number(value))


def _split(value: Any, separator: Any) -> list[str]:
    if not _text(separator):
        raise ArgumentError("cannot split at an empty string")
    return _text(value).split(separator)


@dataclass(frozen=True)
class Function:
    """A function of the language: what computes it, and how many arguments it takes."""

    compute: Callable[..., Any]
    least: int = 1
    most: int = 1


FUNCTIONS: dict[str, Function] = {
    "len": Function(_length),
    "keys": Function(lambda value: frozenset(_object(value))),
    "values": Function(lambda value: list(_object(value).values())),
    "items": Function(lambda value: [list(pair) for pair in _object(value).items()]),
    "set": Function(lambda value: frozenset(hashable(element) for element in _elements(value))),
    "list": Function(_elements),
    "sorted": Function(_sorted),
    "min": Function(_extreme(lambda found: found[0]), most=_MOST_ELEMENTS),
    "max": Function(_extreme(lambda found: found[-1]), most=_MOST_ELEMENTS),
    "sum": Function(lambda value: sum(map(_number, _elements(value)))),
    "abs": Function(lambda value: abs(_number(value))),
    "int": Function(_integer),
    "str": Function(_string),
    "lower": Function(lambda value: _text(value).lower()),
    "upper": Function(lambda value: _text(value).upper()),
    "split": Function(_split, 2, 2),
}
