"""Sets built from other sets."""

from __future__ import annotations

from collections.abc import Callable

import z3

from daybreak.modelcheck.induction import shapes
from daybreak.modelcheck.induction.shapes import Shape, UncoveredError
from daybreak.modelcheck.induction.values import (
    TRUE,
    Body,
    Formula,
    FunctionValue,
    RecordValue,
    SequenceValue,
    SetValue,
    TupleValue,
    Value,
    as_sequence,
    conj,
    counted,
    disj,
    equal,
    first_known,
    implies,
    neg,
    number_of,
    set_of,
    shape_of,
    subset,
    text,
)

_MOST_COUNTED = 6
_MOST_PAIRS = 256


def filtered(base: SetValue, condition: Body) -> SetValue:
    """{x \\in base : condition}"""

    def quantify(universal: bool, body: Body) -> Formula:
        if universal:
            return base.quantify(True, lambda x: implies(condition(x), body(x)))
        return base.quantify(False, lambda x: conj(condition(x), body(x)))

    if base.elements is not None:
        return counted([(conj(guard, condition(value)), value) for guard, value in base.elements])
    return SetValue(lambda x: conj(base.contains(x), condition(x)), quantify, base.element)


def image(base: SetValue, rule: Callable[[Value], Value], sample: Callable[[], Value]) -> SetValue:
    """{rule(x) : x \\in base}; `sample` is some value of base's shape."""
    if base.elements is not None:
        return counted([(guard, rule(value)) for guard, value in base.elements])
    return SetValue(
        lambda y: base.quantify(False, lambda x: equal(y, rule(x))),
        lambda universal, body: base.quantify(universal, lambda x: body(rule(x))),
        lambda: shape_of(rule(sample())),
    )


def union(left: SetValue, right: SetValue) -> SetValue:
    def quantify(universal: bool, body: Body) -> Formula:
        return (conj if universal else disj)(left.quantify(universal, body), right.quantify(universal, body))

    if left.elements is not None and right.elements is not None:
        return counted(left.elements + right.elements)
    return SetValue(
        lambda x: disj(left.contains(x), right.contains(x)), quantify, lambda: first_known(left.element, right.element)
    )


def intersection(left: SetValue, right: SetValue) -> SetValue:
    if left.elements is None and right.elements is not None:
        left, right = right, left
    return filtered(left, right.contains)


def difference(left: SetValue, right: SetValue) -> SetValue:
    return filtered(left, lambda x: neg(right.contains(x)))


def big_union(sets: SetValue, element: Callable[[], Shape]) -> SetValue:
    """UNION sets"""
    return SetValue(
        lambda x: sets.quantify(False, lambda s: set_of(s).contains(x)),
        lambda universal, body: sets.quantify(universal, lambda s: set_of(s).quantify(universal, body)),
        element,
    )


def powerset(base: SetValue) -> SetValue:
    """SUBSET base, over which one can quantify if the elements of base can be counted up."""

    def quantify(universal: bool, body: Body) -> Formula:
        if base.elements is None or len(base.elements) > _MOST_COUNTED:
            raise UncoveredError("a quantifier over SUBSET of a set of unknown size")
        parts = []
        for chosen in range(1 << len(base.elements)):
            members = [pair for position, pair in enumerate(base.elements) if chosen >> position & 1]
            part = body(counted([(TRUE, value) for _, value in members]))
            present = conj(*(guard for guard, _ in members))
            parts.append(implies(present, part) if universal else conj(present, part))
        return (conj if universal else disj)(*parts)

    return SetValue(lambda x: subset(set_of(x), base), quantify, lambda: shapes.Sets(base.element()))


def domain_of(value: Value) -> SetValue:
    """DOMAIN value"""
    match value:
        case FunctionValue():
            return value.domain
        case RecordValue():
            return counted([(TRUE, text(name)) for name in value.fields])
        case SequenceValue() | TupleValue():
            return as_sequence(value).places
    raise UncoveredError("DOMAIN of something other than a function")


def cardinality(values: SetValue) -> z3.ArithRef:
    """Cardinality of a set whose elements can be counted up."""
    if values.elements is None:
        raise UncoveredError("Cardinality of a set of unknown size")
    total: z3.ArithRef = z3.IntVal(0)
    for position, (guard, value) in enumerate(values.elements):
        before = values.elements[:position]
        new = conj(guard, *(neg(conj(other, equal(value, known))) for other, known in before))
        total = total + z3.If(new, z3.IntVal(1), z3.IntVal(0))
    return z3.simplify(total)


def functions(domain: SetValue, codomain: SetValue) -> SetValue:
    """[domain -> codomain]"""

    def contains(f: Value) -> Formula:
        if not isinstance(f, FunctionValue):
            raise UncoveredError("something other than a function where a function is needed")
        inside = domain.quantify(True, lambda x: codomain.contains(f.apply(x)))
        return conj(TRUE if f.domain is domain else equal(f.domain, domain), inside)

    def quantify(universal: bool, body: Body) -> Formula:
        raise UncoveredError("a quantifier over functions")

    def element() -> Shape:
        return shapes.Functions(domain.element(), codomain.element(), domain)

    return SetValue(contains, quantify, element)


def records(fields: dict[str, SetValue]) -> SetValue:
    """[a : S, b : T]"""
    names = sorted(fields)

    def contains(r: Value) -> Formula:
        if not isinstance(r, RecordValue) or r.fields.keys() != fields.keys():
            raise UncoveredError("something other than a record with the same fields")
        return conj(*(fields[name].contains(r.fields[name]) for name in names))

    tuples = product([fields[name] for name in names])

    def record(t: Value) -> Value:
        assert isinstance(t, TupleValue)
        return RecordValue(dict(zip(names, t.items, strict=True)))

    return SetValue(
        contains,
        lambda universal, body: tuples.quantify(universal, lambda t: body(record(t))),
        lambda: shapes.Records(tuple((name, fields[name].element()) for name in names)),
        None if tuples.elements is None else tuple((guard, record(t)) for guard, t in tuples.elements),
    )


def product(factors: list[SetValue]) -> SetValue:
    """S \\X T"""

    def contains(t: Value) -> Formula:
        if not isinstance(t, TupleValue) or len(t.items) != len(factors):
            raise UncoveredError("something other than a tuple of the same length")
        return conj(*(factor.contains(item) for factor, item in zip(factors, t.items, strict=True)))

    def quantify(universal: bool, body: Body) -> Formula:
        def over(rest: list[SetValue], items: tuple[Value, ...]) -> Formula:
            if not rest:
                return body(TupleValue(items))
            return rest[0].quantify(universal, lambda x: over(rest[1:], (*items, x)))

        return over(factors, ())

    def element() -> Shape:
        return shapes.Tuples(tuple(factor.element() for factor in factors))

    elements: tuple[tuple[Formula, Value], ...] | None = ((TRUE, TupleValue(())),)
    for factor in factors:
        if elements is None or factor.elements is None or len(elements) * len(factor.elements) > _MOST_PAIRS:
            elements = None
            break
        elements = tuple(
            (conj(guard, more), TupleValue((*t.items, x)))
            for guard, t in elements
            if isinstance(t, TupleValue)
            for more, x in factor.elements
        )
    return SetValue(contains, quantify, element, elements)


def sequences(elements: SetValue) -> SetValue:
    """Seq(elements)"""

    def contains(s: Value) -> Formula:
        sequence = as_sequence(s)
        inside = sequence.places.quantify(True, lambda i: elements.contains(sequence.at(number_of(i))))
        return conj(sequence.length >= 0, inside)

    def quantify(universal: bool, body: Body) -> Formula:
        raise UncoveredError("a quantifier over sequences")

    return SetValue(contains, quantify, lambda: shapes.Sequences(elements.element()))
