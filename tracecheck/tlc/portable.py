"""Between TLC's values and `tracecheck.values`."""

from __future__ import annotations

from typing import Any

import jpype
from immutables import Map

from tracecheck.tlc.jvm import load_class
from tracecheck.values import ModelValue, Value, function

JavaValue = Any


class NotFiniteError(Exception):
    """A value of TLC's that cannot be written down: an infinite set, an operator."""


class Portable:
    """Turns the values of one class loader into ours and back."""

    def __init__(self, loader: Any) -> None:
        def cls(name: str) -> Any:
            return load_class(loader, f"tlc2.value.impl.{name}")

        kinds = load_class(loader, "tlc2.value.ValueConstants")
        self._bool, self._int = int(kinds.BOOLVALUE), int(kinds.INTVALUE)
        self._string, self._model = int(kinds.STRINGVALUE), int(kinds.MODELVALUE)
        self._tuple, self._record = int(kinds.TUPLEVALUE), int(kinds.RECORDVALUE)
        self._functions = (int(kinds.FCNRCDVALUE), int(kinds.FCNLAMBDAVALUE))
        self._int_value, self._bool_value = cls("IntValue").gen, cls("BoolValue")
        self._string_value, self._model_value = cls("StringValue"), cls("ModelValue").make
        self._set_value, self._tuple_value = cls("SetEnumValue"), cls("TupleValue")
        self._function_value, self._record_value = cls("FcnRcdValue"), cls("RecordValue")
        self._unique = load_class(loader, "util.UniqueString").uniqueStringOf
        new_array = jpype.JClass("java.lang.reflect.Array").newInstance
        self._array = type(new_array(cls("Value").class_, 0))
        self._names = type(new_array(load_class(loader, "util.UniqueString").class_, 0))

    def export(self, value: JavaValue) -> Value:
        """Our form of a value of TLC's. Raises NotFiniteError, and what TLC raises."""
        kind = int(value.getKind())
        if kind == self._int:
            return int(value.val)
        if kind == self._string:
            return str(value.val)
        if kind == self._bool:
            return bool(value.val)
        if kind == self._model:
            return ModelValue(str(value.val))
        if kind == self._tuple:
            return tuple(self.export(element) for element in value.elems)
        if kind == self._record:
            pairs = zip(value.names, value.values, strict=True)
            return function({str(name): self.export(held) for name, held in pairs})
        if kind in self._functions:
            return self._exported_function(value.toFcnRcd())
        elements = value.toSetEnum()
        if elements is None:
            raise NotFiniteError(str(value.getKindString()))
        elements.normalize()
        return frozenset(self.export(elements.elems.elementAt(i)) for i in range(elements.elems.size()))

    def _exported_function(self, value: JavaValue) -> Value:
        value.normalize()
        held = [self.export(element) for element in value.values]
        if value.intv is not None:
            return function(dict(enumerate(held, int(value.intv.low))))
        keys = [self.export(key) for key in value.domain]
        return function(dict(zip(keys, held, strict=True)))

    def adopt(self, value: Value) -> JavaValue:
        """TLC's form of a value of ours."""
        match value:
            case bool():
                return self._bool_value.ValTrue if value else self._bool_value.ValFalse
            case int():
                return self._int_value(value)
            case str():
                return self._string_value(value)
            case ModelValue():
                return self._model_value(value.name)
            case frozenset():
                return self._set_value(self._array([self.adopt(element) for element in value]), False)
            case tuple():
                return self._tuple_value(self._array([self.adopt(element) for element in value]))
        return self._adopted_function(value)

    def _adopted_function(self, value: Map[Any, Any]) -> JavaValue:
        held = self._array([self.adopt(element) for element in value.values()])
        if all(type(key) is str for key in value):
            return self._record_value(self._names([self._unique(key) for key in value]), held, False)
        return self._function_value(self._array([self.adopt(key) for key in value]), held, False)
