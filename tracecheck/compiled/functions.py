"""Functions, records and sequences among them: application, EXCEPT, :>, @@, and what is made from a large one."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from immutables import Map

from tracecheck.compiled.kinds import LazyFunction, LazySet, pairs_of, shown, written_out
from tracecheck.compiled.large import LIMIT, Large, Sequence, function, sequence
from tracecheck.compiled.lazysets import Domain, interval
from tracecheck.compiled.membership import each, member
from tracecheck.engine import EvaluationError

_DOMAINS = tuple(frozenset(range(1, n + 1)) for n in range(LIMIT + 1))
_MISSING = object()


def call(f: Any, argument: Any) -> Any:
    """f[argument]"""
    sort = type(f)
    if sort is Map:
        held = f.get(argument, _MISSING)
        if held is not _MISSING:
            return held
    elif sort is tuple or sort is Sequence:
        if type(argument) is int and 0 < argument <= len(f):
            return f[argument - 1]
    elif sort is Large:
        held = f.pairs.get(argument, _MISSING)
        if held is not _MISSING:
            return held
    elif isinstance(f, LazyFunction):
        return f.call(argument)
    else:
        raise EvaluationError(f"{shown(f)} is applied to {shown(argument)}, but is no function")
    raise EvaluationError(f"{shown(f)} is applied to {shown(argument)}, which is not in its domain")


def domain(f: Any) -> Any:
    """DOMAIN f"""
    sort = type(f)
    if sort is Map:
        return frozenset(f)
    if sort is tuple:
        return _DOMAINS[len(f)]
    if sort is Large:
        return Domain(f)
    if sort is Sequence:
        return interval(1, len(f))
    if isinstance(f, LazyFunction):
        return f.domain
    raise EvaluationError(f"DOMAIN of {shown(f)}, which is no function")


def select(f: Any, argument: Any) -> Any | None:
    """f[argument], None when f is no function or `argument` not in its domain."""
    if not isinstance(f, Map | tuple | Large | Sequence | LazyFunction) or not in_domain(argument, f):
        return None
    return call(f, argument)


def in_domain(argument: Any, f: Any) -> bool:
    """argument \\in DOMAIN f"""
    if type(f) is Map and type(next(iter(f))) is type(argument):
        return argument in f
    return member(argument, domain(f))


def built(value: Callable[[Any], Any], keys: Any) -> Any:
    """[x \\in keys |-> value(x)]"""
    if isinstance(keys, LazySet) and not keys.finite:
        return LazyFunction(keys, value)
    return function(Map([(key, value(key)) for key in each(keys)]))


def built_of_many(value: Callable[..., Any], *sets: Any) -> Any:
    """[x \\in S, y \\in T |-> value(x, y)]"""
    arguments = itertools.product(*map(written_out, sets))
    return function(Map([(key, value(*key)) for key in arguments]))


def recursive(value: Callable[[Any, Any], Any], keys: Any) -> Any:
    """f[x \\in keys] == value(f, x): each value is computed once, when it is needed."""
    known: dict[Any, Any] = {}

    def compute(argument: Any) -> Any:
        if argument not in known:
            known[argument] = value(itself, argument)
        return known[argument]

    lazy = keys if isinstance(keys, LazySet) else _Few(keys)
    itself = LazyFunction(lazy, compute)
    return itself if not lazy.finite else built(compute, keys)


class _Few(LazySet):
    """A frozenset, asked like the other sets."""

    def __init__(self, elements: Any) -> None:
        self.has = lambda value: member(value, elements)  # type: ignore[method-assign]


def single(key: Any, held: Any) -> Any:
    """key :> held"""
    return (held,) if key == 1 and type(key) is int else Map(((key, held),))


def record(**fields: Any) -> Any:
    """[a |-> 1, ...]"""
    return Map(fields)


def put(f: Any, key: Any, value: Callable[[Any], Any]) -> Any:
    """[f EXCEPT ![key] = value(@)]. A key that f does not have changes nothing, as in TLC."""
    sort = type(f)
    if sort is Map:
        old = f.get(key, _MISSING)
        return f if old is _MISSING else f.set(key, value(old))
    if sort is tuple:
        if type(key) is int and 0 < key <= len(f):
            return (*f[: key - 1], value(f[key - 1]), *f[key:])
        return f
    if sort is Large:
        return f.put([(key, value(f.pairs[key]))]) if key in f.pairs else f
    if sort is Sequence:
        if type(key) is int and 0 < key <= len(f):
            return Sequence([*f[: key - 1], value(f[key - 1]), *f[key : len(f)]])
        return f
    raise EvaluationError(f"EXCEPT of {shown(f)}, which is no function that is written out")


def _pairs(f: Any) -> Map[Any, Any]:
    sort = type(f)
    if sort is Map:
        return f  # type: ignore[no-any-return]
    if sort is Large:
        return f.pairs  # type: ignore[no-any-return]
    if sort is tuple or sort is Sequence:
        return Map(enumerate(f, 1))
    raise EvaluationError(f"{shown(f)} is no function that is written out")


def merged(f: Any, g: Any) -> Any:
    """f @@ g: where both have a value, that of f."""
    mine, theirs = _pairs(f), _pairs(g)
    if type(g) is Large and len(mine) <= len(theirs):
        return _changed(g, list(mine.items()))
    if type(f) is Large:
        return _changed(f, [(key, held) for key, held in theirs.items() if key not in mine])
    return function(theirs.update(mine))


def _changed(f: Large, changes: list[tuple[Any, Any]]) -> Any:
    """f with the values of `changes`; with integers for keys it may have become a sequence."""
    if not changes:
        return f
    made = f.put(changes)
    return function(made.pairs) if type(changes[0][0]) is int else made


def without(f: Any, keys: Any) -> Any:
    """[x \\in DOMAIN f \\ keys |-> f[x]]"""
    pairs = _pairs(f)
    infinite = isinstance(keys, LazySet) and (not keys.finite or keys.size() > len(pairs))
    gone = [k for k in pairs if keys.has(k)] if infinite else [k for k in each(keys) if k in pairs]
    if not gone:
        return f
    if type(f) is Large:
        left = f.drop(gone)
        return left if type(left) is Large and type(gone[0]) is not int else function(pairs_of(left))
    with pairs.mutate() as changed:
        for key in gone:
            del changed[key]
        made = changed.finish()
    return function(made)


def rebuilt(f: Any, gone: Any, changed: Callable[[], Any], value: Callable[[Any], Any]) -> Any:
    """[x \\in DOMAIN f \\ gone |-> IF x \\in changed THEN value(x) ELSE f[x]]"""
    left = without(f, gone)
    if len(left) == 0:
        return left
    keys = changed()
    if isinstance(keys, LazySet) and not keys.finite:
        return function(Map((k, value(k) if keys.has(k) else held) for k, held in _pairs(left).items()))
    changes = [(key, value(key)) for key in each(keys) if in_domain(key, left)]
    if type(left) is Large:
        return left.put(changes) if changes else left
    return function(_pairs(left).update(changes)) if changes else left


def appended(elements: Any, value: Any) -> Any:
    """Append(elements, value)"""
    if type(elements) is tuple:
        return (*elements, value) if len(elements) < LIMIT else Sequence([*elements, value])
    if type(elements) is Sequence:
        return elements.append(value)
    raise EvaluationError(f"Append to {shown(elements)}, which is no sequence")


def joined(one: Any, other: Any) -> Any:
    """one \\o other, of sequences or of strings"""
    if type(one) is tuple and type(other) is tuple:
        return sequence(one + other)
    if type(one) is str and type(other) is str:
        return one + other
    if type(one) is Sequence and isinstance(other, tuple | Sequence):
        for value in other:
            one = one.append(value)
        return one
    if isinstance(one, tuple | Sequence) and isinstance(other, tuple | Sequence):
        return sequence([*one, *other])
    raise EvaluationError(f"{shown(one)} \\o {shown(other)}: both must be sequences")
