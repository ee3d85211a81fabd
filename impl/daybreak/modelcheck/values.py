"""TLC's values: from the text in which TLC prints them, and back.

    1   "a"   TRUE   a1   {1, 2}   <<1, 2>>   [ts |-> 1, txn |-> 2]   (a1 :> 1 @@ a2 :> 2)

Two texts that TLC prints for one value give equal values here: sets, records and functions are kept in one order,
whatever order they are printed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|<<|>>|\|->|:>|@@|[{}\[\](),]|\.\.|-?\d+|\w+)')
_NUMBER = re.compile(r"-?\d+$")


class ValueSyntaxError(ValueError):
    """The text is no value that TLC prints, or one of a kind that no state holds."""


@dataclass(frozen=True)
class Atom:
    """A number, a string (with its quotes), TRUE, FALSE or a model value."""

    text: str

    @property
    def label(self) -> str:
        """The text, without the quotes of a string."""
        return self.text[1:-1] if self.text.startswith('"') else self.text


@dataclass(frozen=True)
class SetOf:
    members: tuple[Value, ...]


@dataclass(frozen=True)
class Tuple:
    """A sequence; or a function whose domain is 1 .. n, which TLC prints in the same way."""

    items: tuple[Value, ...]


@dataclass(frozen=True)
class Record:
    fields: tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class Function:
    entries: tuple[tuple[Value, Value], ...]


Value: TypeAlias = Atom | SetOf | Tuple | Record | Function


def parse(text: str) -> Value:
    """The value that `text` prints. Raises ValueSyntaxError."""
    reader = _Reader(text)
    value = reader.value()
    reader.end()
    return value


def value_of(text: str) -> Value:
    """The value that `text` prints, or `text` itself as an atom if it cannot be read."""
    try:
        return parse(text)
    except ValueSyntaxError:
        return Atom(" ".join(text.split()))


def show(value: Value) -> str:
    """`value` as TLA+ text, on one line."""
    if isinstance(value, Atom):
        return value.text
    if isinstance(value, SetOf):
        return "{" + ", ".join(map(show, value.members)) + "}"
    if isinstance(value, Tuple):
        return "<<" + ", ".join(map(show, value.items)) + ">>"
    if isinstance(value, Record):
        return "[" + ", ".join(f"{name} |-> {show(field)}" for name, field in value.fields) + "]"
    return "(" + " @@ ".join(f"{show(key)} :> {show(entry)}" for key, entry in value.entries) + ")"


def entries(value: Value) -> dict[Value, Value] | None:
    """The entries of what may be read as a function, by their keys; None for an atom or a set."""
    if isinstance(value, Tuple):
        return {Atom(str(i)): item for i, item in enumerate(value.items, 1)}
    if isinstance(value, Record):
        return {Atom(f'"{name}"'): field for name, field in value.fields}
    return dict(value.entries) if isinstance(value, Function) else None


def rank(value: Value) -> tuple[int, int, str]:
    """Where `value` stands among others: numbers by size, then all else by its text."""
    if isinstance(value, Atom) and _NUMBER.match(value.text):
        return 0, int(value.text), ""
    return 1, 0, show(value)


class _Reader:
    """Reads one value from its tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0

    def value(self) -> Value:
        token = self._next()
        if token == "{":
            return SetOf(tuple(sorted(dict.fromkeys(self._until("}")), key=rank)))
        if token == "<<":
            return Tuple(tuple(self._until(">>")))
        if token == "[":
            return self._record()
        if token == "(":
            return self._function()
        if not (token[0] in '"-' or token[0].isalnum() or token[0] == "_"):
            raise self._error(token)
        if self._peek() == "..":
            self._next()
            return self._interval(token, self._next())
        return Atom(token)

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise self._error(self._tokens[self._at])

    def _until(self, closing: str) -> Iterator[Value]:
        if self._peek() == closing:
            self._next()
            return
        while True:
            yield self.value()
            if self._next_of(",", closing) == closing:
                return

    def _record(self) -> Value:
        fields = []
        while True:
            name = self._next()
            self._next_of("|->")
            fields.append((name, self.value()))
            if self._next_of(",", "]") == "]":
                return Record(tuple(sorted(fields, key=lambda field: field[0])))

    def _function(self) -> Value:
        pairs = []
        while True:
            key = self.value()
            self._next_of(":>")
            pairs.append((key, self.value()))
            if self._next_of("@@", ")") == ")":
                return Function(tuple(sorted(pairs, key=lambda pair: rank(pair[0]))))

    def _interval(self, first: str, last: str) -> Value:
        if not (_NUMBER.match(first) and _NUMBER.match(last)):
            raise self._error("..")
        return SetOf(tuple(Atom(str(number)) for number in range(int(first), int(last) + 1)))

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise self._error("the end")
        self._at += 1
        return token

    def _next_of(self, *wanted: str) -> str:
        token = self._peek()
        if token not in wanted:
            raise self._error(token or "the end")
        return self._next()

    def _error(self, token: str) -> ValueSyntaxError:
        return ValueSyntaxError(f"{self._text}: {token} was not expected")


def _tokens(text: str) -> Iterator[str]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueSyntaxError(f"{text}: what stands at {at} is no part of a value")
        yield found[1]
        at = found.end()
