"""TLA+ values as Python values that never change: how they are compared, written, and kept in a file.

    FALSE, TRUE          bool
    an integer           int
    "a string"           str
    a model value        ModelValue
    a finite set         frozenset
    a function           tuple when its domain is 1 .. n (so a sequence, and every empty function), else immutables.Map;
                         a record is a function of strings

So two values are equal in TLA+ exactly if they are equal here, but for one thing: Python takes True for 1. TLA+ has no
answer to TRUE = 1; whoever compares values of different kinds must refuse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from immutables import Map

Value: TypeAlias = "bool | int | str | ModelValue | frozenset[Any] | tuple[Any, ...] | Map[Any, Any]"


@dataclass(frozen=True, slots=True)
class ModelValue:
    """A value that equals nothing but itself."""

    name: str


def function(pairs: dict[Any, Any]) -> Value:
    """The function with these pairs of argument and value."""
    count = len(pairs)
    if all(type(key) is int and 1 <= key <= count for key in pairs):
        return tuple(pairs[i] for i in range(1, count + 1))
    return Map(pairs)


def items(value: Value) -> list[tuple[Any, Any]]:
    """The pairs of argument and value of a function."""
    return list(value.items()) if isinstance(value, Map) else list(enumerate(value, 1))  # type: ignore[arg-type]


def to_text(value: Value) -> str:
    """`value` as TLA+ text, the same for equal values."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case ModelValue():
            return value.name
        case frozenset():
            return "{" + ", ".join(sorted(map(to_text, value), key=_by_length)) + "}"
        case tuple():
            return "<<" + ", ".join(map(to_text, value)) + ">>"
    pairs = sorted(((to_text(key), key, to_text(held)) for key, held in value.items()), key=lambda p: _by_length(p[0]))
    if all(type(key) is str and key.isidentifier() for _, key, _ in pairs):
        return "[" + ", ".join(f"{key} |-> {held}" for _, key, held in pairs) + "]"
    return "(" + " @@ ".join(f"{key} :> {held}" for key, _, held in pairs) + ")"


def _by_length(text: str) -> tuple[int, str]:
    """Sorts numbers as numbers: of two, the one with fewer digits is the smaller."""
    return len(text), text


def to_json(value: Value) -> Any:
    """`value` as JSON's own types, from which `from_json` makes it again."""
    match value:
        case bool() | int() | str():
            return value
        case ModelValue():
            return {"model": value.name}
        case frozenset():
            return {"set": [to_json(element) for element in sorted(value, key=to_text)]}
        case tuple():
            return [to_json(element) for element in value]
    pairs = sorted(value.items(), key=lambda pair: to_text(pair[0]))
    return {"function": [[to_json(key), to_json(held)] for key, held in pairs]}


def from_json(text: Any) -> Value:
    """The value that `to_json` wrote. Raises ValueError when it did not."""
    match text:
        case bool() | int() | str():
            return text
        case list():
            return tuple(from_json(element) for element in text)
        case {"model": str(name)}:
            return ModelValue(name)
        case {"set": list(elements)}:
            return frozenset(from_json(element) for element in elements)
        case {"function": list(pairs)}:
            return function({from_json(key): from_json(held) for key, held in pairs})
    raise ValueError(f"no value: {text!r}")
