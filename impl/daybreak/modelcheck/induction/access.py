"""Applying a function, a sequence, a tuple or a record to an argument, and changing it there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from daybreak.modelcheck.induction.shapes import UncoveredError
from daybreak.modelcheck.induction.values import (
    FunctionValue,
    RecordValue,
    SequenceValue,
    TupleValue,
    Value,
    as_sequence,
    choice,
    equal,
    leaves,
    number,
    number_of,
    text,
)


def called(function: Value, argument: Value) -> Value:
    """function[argument]"""
    match function:
        case FunctionValue():
            return function.apply(argument)
        case SequenceValue() | TupleValue():
            return as_sequence(function).at(number_of(argument))
        case RecordValue():
            (term,) = leaves(argument)
            name = str(term).strip('"')
            if name in function.fields:
                return function.fields[name]
            if term.num_args() == 0 and str(term).startswith('"'):
                raise UncoveredError(f"the field {name}, which the record lacks")
            (_, found), *rest = function.fields.items()
            for name, value in rest:
                found = choice(equal(argument, text(name)), value, found)
            return found
    raise UncoveredError("an application of something other than a function")


def updated(base: Value, path: Sequence[Value], new: Callable[[Value], Value]) -> Value:
    """[base EXCEPT ![path] = new(@)]"""
    if not path:
        return new(base)
    key, *rest = path
    match base:
        case FunctionValue():
            made = updated(base.apply(key), rest, new)
            return FunctionValue(base.domain, lambda x: choice(equal(x, key), made, base.apply(x)))
        case TupleValue():
            return updated(as_sequence(base), path, new)
        case SequenceValue():
            index = number_of(key)
            made = updated(base.at(index), rest, new)
            return SequenceValue(
                base.length,
                lambda i: choice(equal(number(i), key), made, base.at(i)),
                base.element,
                base.places,
            )
        case RecordValue():
            (term,) = leaves(key)
            name = str(term).strip('"')
            if name not in base.fields:
                raise UncoveredError("an EXCEPT with a field that the record lacks")
            return RecordValue({**base.fields, name: updated(base.fields[name], rest, new)})
    raise UncoveredError("EXCEPT of something other than a function")
