"""How a value differs from the one before: a part of it replaced, an element more, an element less."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from immutables import Map

from tracecheck.values import Value, function, items, to_text


class DeltaError(Exception):
    """A change that cannot be made to a value; the text says why."""


def changed(value: Value, operation: str, path: Sequence[Value], operand: Value) -> Value:
    """`value` after `operation` with `operand` on its part at `path`. Raises DeltaError.

    The operations are the keys of `OPERATIONS`. A part that is not there can only be made by "update".
    """
    if not path:
        return OPERATIONS[operation](value, operand)
    pairs = _pairs(value)
    key, rest = path[0], path[1:]
    if key in pairs:
        pairs[key] = changed(pairs[key], operation, rest, operand)
    elif operation == "update" and not rest:
        pairs[key] = operand
    else:
        raise DeltaError(f"there is no {to_text(key)} in {to_text(value)}")
    return function(pairs)


def _pairs(value: Value) -> dict[Any, Any]:
    if not isinstance(value, tuple | Map):
        raise DeltaError(f"{to_text(value)} is no function")
    return dict(items(value))


def _update(value: Value, operand: Value) -> Value:
    return operand


def _add(value: Value, operand: Value) -> Value:
    if not isinstance(value, frozenset):
        raise DeltaError(f"{to_text(value)} is no set, so nothing can be added")
    return value | {operand}


def _remove(value: Value, operand: Value) -> Value:
    if isinstance(value, frozenset):
        return value - {operand}
    pairs = _pairs(value)
    pairs.pop(operand, None)
    return function(pairs)


def _append(value: Value, operand: Value) -> Value:
    if not isinstance(value, tuple):
        raise DeltaError(f"{to_text(value)} is no sequence, so nothing can be appended")
    return (*value, operand)


def _clear(value: Value, operand: Value) -> Value:
    return frozenset() if isinstance(value, frozenset) else ()


OPERATIONS: Mapping[str, Callable[[Value, Value], Value]] = {
    "update": _update,
    "add": _add,
    "remove": _remove,
    "append": _append,
    "clear": _clear,
}
