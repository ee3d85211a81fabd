"""From JSON values to `tracecheck.values`, by type: what an engine without values of its own needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from tracecheck.codec import (
    ArgumentError,
    Type,
    TypeSyntaxError,
    expect,
    expect_elements,
    expect_fields,
    expect_length,
    expect_model,
    natural,
    to_int,
    to_key,
    to_octets,
    to_time,
)
from tracecheck.values import ModelValue, Value, function

Portable: TypeAlias = Callable[[Any, str], Value]


def portable_encoder(kind: Type, models: frozenset[str] = frozenset()) -> Portable:
    """A function from a JSON value, and words for where it stands, to the value it is in TLA+.

    `models` are the model values of the configuration. The function raises ArgumentError.
    """
    return _Encoders(models).of(kind)


class _Encoders:
    def __init__(self, models: frozenset[str]) -> None:
        self.models = models

    def of(self, kind: Type) -> Portable:
        build: Callable[[Type], Portable] = getattr(self, f"_{kind.kind}")
        return build(kind)

    def _string(self, _: Type) -> Portable:
        return lambda value, where: _checked(value, str, "a string", where)

    def _int(self, _: Type) -> Portable:
        return to_int

    def _bool(self, _: Type) -> Portable:
        return lambda value, where: _checked(value, bool, "true or false", where)

    def _time(self, _: Type) -> Portable:
        return to_time

    def _octets(self, _: Type) -> Portable:
        return to_octets

    def _value(self, _: Type) -> Portable:
        return natural

    def _model(self, _: Type) -> Portable:
        def encode(value: Any, where: str) -> Value:
            expect_model(value, self.models, where)
            return ModelValue(value)

        return encode

    def _set(self, kind: Type) -> Portable:
        part = self.of(kind.parts[0])

        def encode(value: Any, where: str) -> Value:
            expect_elements(value, where)
            return frozenset(part(element, where) for element in value)

        return encode

    def _seq(self, kind: Type) -> Portable:
        part = self.of(kind.parts[0])

        def encode(value: Any, where: str) -> Value:
            expect(value, list, "a list", where)
            return tuple(part(element, f"{where}[{i}]") for i, element in enumerate(value))

        return encode

    def _tuple(self, kind: Type) -> Portable:
        parts = [self.of(part) for part in kind.parts]

        def encode(value: Any, where: str) -> Value:
            expect_length(value, len(parts), where)
            pairs = enumerate(zip(parts, value, strict=True))
            return tuple(part(element, f"{where}[{i}]") for i, (part, element) in pairs)

        return encode

    def _map(self, kind: Type) -> Portable:
        key, held = self.of(kind.parts[0]), self.of(kind.parts[1])
        textual = kind.parts[0].kind in ("string", "octets", "model")

        def told(value: dict[str, Any], where: str) -> Value:
            """The same with words for each part: only an error needs them, and they cost more than the rest."""
            texts = ((to_key(k, kind.parts[0]), k, v) for k, v in value.items())
            return function({key(n, f"a key of {where}"): held(v, f"{where}[{k!r}]") for n, k, v in texts})

        def encode(value: Any, where: str) -> Value:
            expect(value, dict, "an object", where)
            if not textual:
                return told(value, where)
            try:
                return function({key(k, where): held(v, where) for k, v in value.items()})
            except ArgumentError:
                return told(value, where)

        return encode

    def _record(self, kind: Type) -> Portable:
        parts = [(name, self.of(part)) for name, part in zip(kind.names, kind.parts, strict=True)]

        def encode(value: Any, where: str) -> Value:
            expect_fields(value, kind.names, where)
            return function({name: part(value[name], f"{where}.{name}") for name, part in parts})

        return encode

    def _option(self, kind: Type) -> Portable:
        part, none = self.of(kind.parts[0]), none_of(kind, self.models)
        return lambda value, where: none if value is None else part(value, where)


def none_of(kind: Type, models: frozenset[str]) -> Value:
    """What null becomes in the option `kind`. Raises TypeSyntaxError when the configuration has no such model value."""
    (text,) = kind.names
    if text.startswith('"'):
        return text[1:-1]
    if text not in models:
        raise TypeSyntaxError(f"type '{kind}': {text} is no model value of the configuration")
    return ModelValue(text)


def _checked(value: Any, kind: type, noun: str, where: str) -> Any:
    expect(value, kind, noun, where)
    return value
