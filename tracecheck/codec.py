"""How a logged JSON value becomes a TLA+ value: a small language of types.

    string  int  bool  time  set(T)  seq(T)  map(K, T)  record(name: T, ...)

`time` is an integer count of microseconds and becomes <<seconds, microseconds>>: TLC's integers have 32 bits, and
no time may be rounded. `map` is a JSON object and becomes a function; its K is string, int or time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tracecheck.errors import TraceCheckError

INT_MIN, INT_MAX = -(2**31), 2**31 - 1
US_PER_S = 1_000_000

_ATOMS = ("string", "int", "bool", "time")
_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z_0-9]*|[(),:])")


class TypeSyntaxError(TraceCheckError):
    """A type is not written in the language above."""


class ArgumentError(TraceCheckError):
    """A logged value does not have the type that the mapping gives it."""


@dataclass(frozen=True)
class Type:
    """One type: `kind` is an atom or a constructor; `parts` are its arguments, `names` the fields of a record."""

    kind: str
    parts: tuple[Type, ...] = ()
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind == "record":
            fields = ", ".join(f"{n}: {p}" for n, p in zip(self.names, self.parts, strict=True))
            return f"record({fields})"
        return self.kind + (f"({', '.join(map(str, self.parts))})" if self.parts else "")


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
    if kind in ("set", "seq"):
        _take(tokens, text, "(")
        part = _parse(tokens, text)
        _take(tokens, text, ")")
        return Type(kind, (part,))
    if kind == "map":
        return _parse_map(tokens, text)
    if kind == "record":
        return _parse_record(tokens, text)
    raise TypeSyntaxError(f"type {text!r}: {kind!r} is no type; use {', '.join(_ATOMS)}, set, seq, map or record")


def _parse_map(tokens: list[str], text: str) -> Type:
    _take(tokens, text, "(")
    key = _parse(tokens, text)
    if key.kind not in ("string", "int", "time"):
        raise TypeSyntaxError(f"type {text!r}: the keys of a map are string, int or time, not {key}")
    _take(tokens, text, ",")
    value = _parse(tokens, text)
    _take(tokens, text, ")")
    return Type("map", (key, value))


def _parse_record(tokens: list[str], text: str) -> Type:
    names: list[str] = []
    parts: list[Type] = []
    _take(tokens, text, "(")
    while not names or tokens[:1] == [","]:
        if names:
            _take(tokens, text, ",")
        names.append(_take(tokens, text))
        _take(tokens, text, ":")
        parts.append(_parse(tokens, text))
    _take(tokens, text, ")")
    return Type("record", tuple(parts), tuple(names))


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


def expect(value: object, kind: type, noun: str, where: str) -> None:
    """Raises ArgumentError unless `value` is of exactly the Python type `kind`."""
    if type(value) is not kind:
        raise ArgumentError(f"{where} is {_shown(value)}, not {noun}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
