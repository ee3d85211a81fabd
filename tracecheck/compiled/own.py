"""Between the values of this engine, the portable ones, and what was logged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from immutables import Map

from tracecheck.codec import Type
from tracecheck.compiled.kinds import LazyFunction, LazySet, written_out
from tracecheck.compiled.large import Large, Sequence, function, sequence
from tracecheck.encode import portable_encoder
from tracecheck.engine import Encode, EvaluationError
from tracecheck.values import ModelValue

_SMALL = ("string", "int", "bool", "time", "model")


def adopt(value: Any) -> Any:
    """Our form of a portable value."""
    match value:
        case bool() | int() | str() | ModelValue():
            return value
        case tuple():
            return sequence([adopt(element) for element in value])
        case frozenset():
            return frozenset([adopt(element) for element in value])
    return function(Map([(adopt(key), adopt(held)) for key, held in value.items()]))


def export(value: Any) -> Any:
    """The portable form of a value. Raises EvaluationError when it is not finite."""
    match value:
        case bool() | int() | str() | ModelValue():
            return value
        case tuple() | Sequence():
            return tuple([export(element) for element in value])
        case frozenset() | LazySet():
            return frozenset([export(element) for element in written_out(value)])
        case Map() | Large():
            pairs = value.pairs if isinstance(value, Large) else value
            return Map([(export(key), export(held)) for key, held in pairs.items()])
        case LazyFunction():
            raise EvaluationError("no finite value: a function whose domain is not finite")
    raise EvaluationError(f"no value: {type(value).__name__}")


def encoder(kind: Type, models: frozenset[str]) -> Encode:
    """See `tracecheck.engine.Engine.encoder`."""
    encode: Callable[[Any, str], Any] = portable_encoder(kind, models)
    if kind.kind in _SMALL:
        return encode
    return lambda value, where: adopt(encode(value, where))
