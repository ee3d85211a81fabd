"""Builds TLC's values from JSON values, directly: printing and parsing TLA+ text would cost memory and time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jpype

from tracecheck.codec import (
    Type,
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
from tracecheck.encode import none_of
from tracecheck.tlc.jvm import load_class
from tracecheck.tlc.portable import Portable

JavaValue = Any
Encode = Callable[[Any, str], JavaValue]

_CACHED_STRINGS = 50_000


class Values:
    """The value classes of one class loader, and an encoder per type."""

    def __init__(self, loader: Any) -> None:
        def cls(name: str) -> Any:
            return load_class(loader, f"tlc2.value.impl.{name}")

        self._string_value = cls("StringValue")
        self._int = cls("IntValue").gen
        self._tuple_value = cls("TupleValue")
        self._set_value = cls("SetEnumValue")
        self._function_value = cls("FcnRcdValue")
        self._record_value = cls("RecordValue")
        self._unique = load_class(loader, "util.UniqueString").uniqueStringOf
        self._true, self._false = cls("BoolValue").ValTrue, cls("BoolValue").ValFalse
        new_array = jpype.JClass("java.lang.reflect.Array").newInstance
        # A jpype array type is looked up by name, which finds nothing in a loader of one's own: take it from an array.
        self._array = type(new_array(cls("Value").class_, 0))
        self._names = type(new_array(load_class(loader, "util.UniqueString").class_, 0))
        self._model_values = cls("ModelValue")
        self._portable = Portable(loader)
        self._strings: dict[str, JavaValue] = {}
        self._seconds: tuple[int, JavaValue] = (0, self._int(0))

    def encoder(self, kind: Type) -> Encode:
        """A function from a JSON value, and words for where it stands, to the TLA+ value. It raises ArgumentError."""
        build: Callable[[Type], Encode] = getattr(self, f"_{kind.kind}_encoder")
        return build(kind)

    def tuple_of(self, elements: list[JavaValue]) -> JavaValue:
        """<<e1, e2, ...>>"""
        return self._tuple_value(self._array(elements))

    def _string_encoder(self, _: Type) -> Encode:
        def encode(value: Any, where: str) -> JavaValue:
            known = self._strings.get(value) if type(value) is str else None
            if known is None:
                expect(value, str, "a string", where)
                known = self._string_value(value)
                if len(self._strings) >= _CACHED_STRINGS:
                    self._strings.clear()
                self._strings[value] = known
            return known

        return encode

    def _int_encoder(self, _: Type) -> Encode:
        return lambda value, where: self._int(to_int(value, where))

    def _bool_encoder(self, _: Type) -> Encode:
        def encode(value: Any, where: str) -> JavaValue:
            expect(value, bool, "true or false", where)
            return self._true if value else self._false

        return encode

    def _time_encoder(self, _: Type) -> Encode:
        def encode(value: Any, where: str) -> JavaValue:
            seconds, micros = to_time(value, where)
            if seconds != self._seconds[0]:
                self._seconds = (seconds, self._int(seconds))
            return self._tuple_value(self._seconds[1], self._int(micros))

        return encode

    def _octets_encoder(self, _: Type) -> Encode:
        return lambda value, where: self.tuple_of([self._int(number) for number in to_octets(value, where)])

    def _set_encoder(self, kind: Type) -> Encode:
        encode_part = self.encoder(kind.parts[0])

        def encode(value: Any, where: str) -> JavaValue:
            expect_elements(value, where)
            return self._set_value(self._array([encode_part(v, where) for v in value]), False)

        return encode

    def _seq_encoder(self, kind: Type) -> Encode:
        encode_part = self.encoder(kind.parts[0])

        def encode(value: Any, where: str) -> JavaValue:
            expect(value, list, "a list", where)
            return self.tuple_of([encode_part(v, f"{where}[{i}]") for i, v in enumerate(value)])

        return encode

    def _map_encoder(self, kind: Type) -> Encode:
        encode_key, encode_value = self.encoder(kind.parts[0]), self.encoder(kind.parts[1])

        def encode(value: Any, where: str) -> JavaValue:
            expect(value, dict, "an object", where)
            domain = [encode_key(to_key(key, kind.parts[0]), f"a key of {where}") for key in value]
            values = [encode_value(v, f"{where}[{k!r}]") for k, v in value.items()]
            return self._function_value(self._array(domain), self._array(values), False)

        return encode

    def _record_encoder(self, kind: Type) -> Encode:
        names = self._names([self._unique(name) for name in kind.names])
        encoders = [(name, self.encoder(part)) for name, part in zip(kind.names, kind.parts, strict=True)]

        def encode(value: Any, where: str) -> JavaValue:
            expect_fields(value, kind.names, where)
            fields = [encode_part(value[name], f"{where}.{name}") for name, encode_part in encoders]
            return self._record_value(self._names(list(names)), self._array(fields), False)

        return encode

    def _tuple_encoder(self, kind: Type) -> Encode:
        encoders = [self.encoder(part) for part in kind.parts]

        def encode(value: Any, where: str) -> JavaValue:
            expect_length(value, len(encoders), where)
            pairs = enumerate(zip(encoders, value, strict=True))
            return self.tuple_of([encode_part(v, f"{where}[{i}]") for i, (encode_part, v) in pairs])

        return encode

    def _model_encoder(self, _: Type) -> Encode:
        models = self.models()

        def encode(value: Any, where: str) -> JavaValue:
            expect_model(value, models, where)
            return self._model_values.make(value)

        return encode

    def _value_encoder(self, _: Type) -> Encode:
        return lambda value, where: self._portable.adopt(natural(value, where))

    def _option_encoder(self, kind: Type) -> Encode:
        encode_part = self.encoder(kind.parts[0])
        none = self._portable.adopt(none_of(kind, self.models()))
        return lambda value, where: none if value is None else encode_part(value, where)

    def models(self) -> frozenset[str]:
        """The names of the model values that the configuration has introduced."""
        return frozenset(str(value.val) for value in self._model_values.mvs or ())
