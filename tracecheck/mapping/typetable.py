"""[types]: the types of the operands, by the way they are written, for all events or for one."""

from __future__ import annotations

from typing import Protocol

from tracecheck.codec import Type, TypeSyntaxError, parse_type
from tracecheck.errors import MappingError


class Errors(Protocol):
    """What can tell where in the mapping something stands."""

    def error(self, message: str, *path: str | int) -> MappingError:
        """An error with its place."""


class TypeTable:
    """The types, and which of them have been asked for. Raises MappingError when one is no type."""

    def __init__(self, errors: Errors, table: dict[str, str | dict[str, str]]) -> None:
        self._errors = errors
        self._types: dict[tuple[str, ...], Type] = {}
        self._used: set[tuple[str, ...]] = set()
        self._events = [name for name, value in table.items() if isinstance(value, dict)]
        for name, value in table.items():
            if isinstance(value, dict):
                self._types |= {(name, inner): self._parse(text, name, inner) for inner, text in value.items()}
            else:
                self._types[name,] = self._parse(value, name)

    def _parse(self, text: str, *path: str) -> Type:
        try:
            return parse_type(text)
        except TypeSyntaxError as error:
            raise self._errors.error(f"[types] {': '.join(path)}: {error}", "types", *path) from None

    def find(self, act: str, path: str) -> Type | None:
        """The type of the operand `path` in the event `act`: that of the whole path, else of the last name in it."""
        last = path.rpartition(".")[2]
        for key in ((act, path), (path,), (act, last), (last,)):
            if key in self._types:
                self._used.add(key)
                return self._types[key]
        return None

    def check_used(self, events: set[str]) -> None:
        """Refuses a type that nothing in `events` has asked for. Raises MappingError."""
        for act in self._events:
            if act not in events:
                raise self._errors.error(f"[types] speaks of {act}, which [events] does not map", "types", act)
        for key in self._types:
            if key not in self._used:
                text = f"[types] gives {key[-1]} a type, but no event in [events] uses it so"
                raise self._errors.error(text, "types", *key)
