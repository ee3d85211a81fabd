"""How a logged JSON value becomes a TLA+ value: a small language of types.

    string  int  bool  time  octets  model  value
    set(T)  seq(T)  tuple(T, ...)  map(K, T)  record(name: T, ...)  option(T, none)

`time` is an integer count of microseconds and becomes <<seconds, microseconds>>: TLC's integers have 32 bits, and
no time may be rounded. `octets` are bytes, written as hexadecimal digits, and become the sequence of their numbers:
what is compared byte by byte can be compared in TLA+, where strings cannot. `model` is a string and becomes the model
value of that name, which the configuration must have. `value` takes what JSON says: strings, integers, booleans, lists
as sequences, objects as records. `map` is a JSON object and becomes a function; its K is string, int, time, octets or
model. `option` is for what may be null, which becomes `none`: a model value when it is a name, a string when it is
"quoted".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tracecheck.errors import TraceCheckError
from tracecheck.values import Value, function

INT_MIN, INT_MAX = -(2**31), 2**31 - 1
US_PER_S = 1_000_000

_ATOMS = ("string", "int", "bool", "time", "octets", "model", "value")
_KEYS = ("string", "int", "time", "octets", "model")
_TOKEN = re.compile(r'\s*([A-Za-z_][A-Za-z_0-9]*|"[^"\\]*"|[(),:])')


class TypeSyntaxError(TraceCheckError):
    """A type is not written in the language above."""


class ArgumentError(TraceCheckError):
    """A logged value does not have the type that the mapping gives it."""


@dataclass(frozen=True)
class Type:
    """One type: `kind` is an atom or a constructor; `parts` are its arguments; `names` are the fields of a record, and
    what null becomes in an option, as it is written."""

    kind: str
    parts: tuple[Type, ...] = ()
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind == "record":
            fields = ", ".join(f"{n}: {p}" for n, p in zip(self.names, self.parts, strict=True))
            return f"record({fields})"
        arguments = [*map(str, self.parts), *self.names]
        return self.kind + (f"({', '.join(arguments)})" if arguments else "")


def parse_type(text: str) -> Type:
    """Reads a type. Raises TypeSyntaxError when `text` is not one."""
    tokens = _tokens(text)
    parsed = _parse(tokens, text)
    if tokens:
        raise TypeSyntaxError(f"type {text!r}: {tokens[0]!r} is too much")
    return parsed


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise TypeSyntaxError(f"type {text!r}: cannot read {text[at:].strip()!r}")
        tokens.append(match[1])
        at = match.end()
    return tokens


def _take(tokens: list[str], text: str, wanted: str | None = None) -> str:
    if not tokens or (wanted is not None and tokens[0] != wanted):
        found = repr(tokens[0]) if tokens else "the end"
        raise TypeSyntaxError(f"type {text!r}: expected {wanted or 'a type'!r}, found {found}")
    return tokens.pop(0)


def _parse(tokens: list[str], text: str) -> Type:
    kind = _take(tokens, text)
    if kind in _ATOMS:
        return Type(kind)
    if kind not in _CONSTRUCTORS:
        known = ", ".join((*_ATOMS, *_CONSTRUCTORS))
        raise TypeSyntaxError(f"type {text!r}: {kind!r} is no type; there are {known}")
    _take(tokens, text, "(")
    parsed = _CONSTRUCTORS[kind](kind, tokens, text)
    _take(tokens, text, ")")
    return parsed


def _parse_one(kind: str, tokens: list[str], text: str) -> Type:
    return Type(kind, (_parse(tokens, text),))


def _parse_tuple(kind: str, tokens: list[str], text: str) -> Type:
    parts = [_parse(tokens, text)]
    while tokens[:1] == [","]:
        _take(tokens, text, ",")
        parts.append(_parse(tokens, text))
    return Type(kind, tuple(parts))


def _parse_map(kind: str, tokens: list[str], text: str) -> Type:
    key = _parse(tokens, text)
    if key.kind not in _KEYS:
        raise TypeSyntaxError(f"type {text!r}: the keys of a map are {', '.join(_KEYS)}, not {key}")
    _take(tokens, text, ",")
    return Type(kind, (key, _parse(tokens, text)))


def _parse_record(kind: str, tokens: list[str], text: str) -> Type:
    names: list[str] = []
    parts: list[Type] = []
    while not names or tokens[:1] == [","]:
        if names:
            _take(tokens, text, ",")
        names.append(_take(tokens, text))
        _take(tokens, text, ":")
        parts.append(_parse(tokens, text))
    return Type(kind, tuple(parts), tuple(names))


def _parse_option(kind: str, tokens: list[str], text: str) -> Type:
    part = _parse(tokens, text)
    _take(tokens, text, ",")
    none = _take(tokens, text)
    if none in ("(", ")", ",", ":"):
        raise TypeSyntaxError(f"type {text!r}: say what null becomes: a model value, or a string in quotes")
    return Type(kind, (part,), (none,))


_CONSTRUCTORS: dict[str, Callable[[str, list[str], str], Type]] = {
    "set": _parse_one,
    "seq": _parse_one,
    "tuple": _parse_tuple,
    "map": _parse_map,
    "record": _parse_record,
    "option": _parse_option,
}


def to_int(value: object, where: str) -> int:
    """`value` as an integer that TLC can hold. Raises ArgumentError naming `where`."""
    if type(value) is not int:
        raise ArgumentError(f"{where} is {_shown(value)}, not an integer")
    if not INT_MIN <= value <= INT_MAX:
        raise ArgumentError(f"{where} is {value}, beyond TLC's 32-bit integers; if it is a time, declare it as one")
    return value


def to_time(value: object, where: str) -> tuple[int, int]:
    """A count of microseconds as (seconds, microseconds). Raises ArgumentError naming `where`."""
    if type(value) is not int:
        raise ArgumentError(f"{where} is {_shown(value)}, not an integer count of microseconds")
    seconds, micros = divmod(value, US_PER_S)
    if not 0 <= seconds <= INT_MAX:
        raise ArgumentError(f"{where} is {value}: not a time in microseconds between 0 and {INT_MAX} seconds")
    return seconds, micros


def to_octets(value: object, where: str) -> tuple[int, ...]:
    """Hexadecimal digits, two for each byte, as the bytes' numbers; a `/` between them only helps people to read.
    Raises ArgumentError naming `where`."""
    try:
        return tuple(bytes.fromhex(value.replace("/", "")))  # type: ignore[attr-defined]
    except (AttributeError, ValueError):
        raise ArgumentError(f"{where} is {_shown(value)}, not two hexadecimal digits for each byte") from None


def expect(value: object, kind: type, noun: str, where: str) -> None:
    """Raises ArgumentError unless `value` is of exactly the Python type `kind`."""
    if type(value) is not kind:
        raise ArgumentError(f"{where} is {_shown(value)}, not {noun}")


def to_key(text: str, kind: Type) -> Any:
    """The JSON value that the key of an object stands for, where keys are of the type `kind`: an object's keys are text
    even where they spell a number. What is no number stays as it is, for its encoder to refuse."""
    numeric = kind.kind in ("int", "time") and text.removeprefix("-").isdecimal()
    return int(text) if numeric else text


def expect_fields(value: object, names: tuple[str, ...], where: str) -> None:
    """Raises ArgumentError unless `value` is an object with exactly the fields `names`."""
    expect(value, dict, "an object", where)
    if set(value) != set(names):  # type: ignore[call-overload]
        raise ArgumentError(f"{where} is {_shown(value)}, not an object with exactly {', '.join(names)}")


def expect_length(value: object, length: int, where: str) -> None:
    """Raises ArgumentError unless `value` is a list of `length` elements."""
    expect(value, list, "a list", where)
    if len(value) != length:  # type: ignore[arg-type]
        raise ArgumentError(f"{where} is {_shown(value)}, not a list of {length}")


def expect_model(value: object, models: frozenset[str], where: str) -> None:
    """Raises ArgumentError unless `value` is the name of one of the model values `models`."""
    expect(value, str, "a string", where)
    if value not in models:
        known = ", ".join(sorted(models)) or "none"
        raise ArgumentError(f"{where} is {_shown(value)}, no model value of the configuration; there are: {known}")


def natural(value: Any, where: str) -> Value:
    """The value that JSON alone says. Raises ArgumentError for null and for a number with a fraction.

    A Python set, which a computed argument may be, becomes a set.
    """
    match value:
        case bool() | str():
            return value
        case int():
            return to_int(value, where)
        case list():
            return tuple(natural(element, f"{where}[{i}]") for i, element in enumerate(value))
        case set() | frozenset():
            return frozenset(natural(element, f"an element of {where}") for element in value)
        case dict():
            return function({key: natural(held, f"{where}.{key}") for key, held in value.items()})
    raise ArgumentError(f"{where} is {_shown(value)}, which is no TLA+ value; give it a type in [types]")


def expect_elements(value: object, where: str) -> None:
    """Raises ArgumentError unless `value` is a list, or the set that a computed argument may be."""
    if type(value) is not set and type(value) is not frozenset:
        expect(value, list, "a list", where)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
