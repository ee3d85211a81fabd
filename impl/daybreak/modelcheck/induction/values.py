"""Values of TLA+ as formulas: what can be said of a set is who its elements are, of a function what it is applied to.

A value holds z3 terms at its leaves only. A set is a membership test, a function a domain and a rule, a sequence a
length and a rule; so an updated value is a rule over the old one, and needs neither arrays nor axioms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import z3

from daybreak.modelcheck.induction import shapes
from daybreak.modelcheck.induction.shapes import Shape, UncoveredError

Formula: TypeAlias = z3.BoolRef
Term: TypeAlias = z3.ExprRef
Body: TypeAlias = "Callable[[Value], Formula]"
Quantify: TypeAlias = "Callable[[bool, Body], Formula]"

TRUE: Formula = z3.BoolVal(True)
FALSE: Formula = z3.BoolVal(False)
TEXT = z3.DeclareSort("Text")


@dataclass(frozen=True, eq=False)
class Scalar:
    term: Term
    shape: Shape


@dataclass(frozen=True, eq=False)
class RecordValue:
    fields: dict[str, Value]


@dataclass(frozen=True, eq=False)
class TupleValue:
    """A tuple whose length is known; it is a sequence too."""

    items: tuple[Value, ...]


@dataclass(frozen=True, eq=False)
class SequenceValue:
    """`places` is the set of its indices, 1 .. length."""

    length: z3.ArithRef
    at: Callable[[z3.ArithRef], Value]
    element: Callable[[], Shape]
    places: SetValue


@dataclass(frozen=True, eq=False)
class SetValue:
    """A set: `contains` says who is in it, `quantify` what is true of all (True) or some (False) of its elements.

    `elements` are all candidates, each with the condition under which it is one, if they can be counted up.
    `index` is the atom by which a set of a `shapes.Family` is known.
    """

    contains: Body
    quantify: Quantify
    element: Callable[[], Shape]
    elements: tuple[tuple[Formula, Value], ...] | None = None
    index: Scalar | None = None


@dataclass(frozen=True, eq=False)
class FunctionValue:
    domain: SetValue
    apply: Callable[[Value], Value] = field(repr=False)


Value: TypeAlias = "Scalar | RecordValue | TupleValue | SequenceValue | SetValue | FunctionValue"


def number(term: z3.ArithRef | int) -> Scalar:
    return Scalar(z3.IntVal(term) if isinstance(term, int) else term, shapes.Numbers())


def truth(formula: Formula) -> Scalar:
    return Scalar(formula, shapes.Truths())


def text(value: str) -> Scalar:
    """A string constant. That two of them differ is an axiom of the problem."""
    return Scalar(z3.Const(f'"{value}"', TEXT), shapes.Texts())


def conj(*parts: Formula) -> Formula:
    """The conjunction, simplified where a part is a constant."""
    kept = [part for part in parts if not z3.is_true(part)]
    if any(z3.is_false(part) for part in kept):
        return FALSE
    return TRUE if not kept else kept[0] if len(kept) == 1 else z3.And(kept)


def disj(*parts: Formula) -> Formula:
    kept = [part for part in parts if not z3.is_false(part)]
    if any(z3.is_true(part) for part in kept):
        return TRUE
    return FALSE if not kept else kept[0] if len(kept) == 1 else z3.Or(kept)


def neg(part: Formula) -> Formula:
    return FALSE if z3.is_true(part) else TRUE if z3.is_false(part) else z3.Not(part)


def implies(condition: Formula, conclusion: Formula) -> Formula:
    if z3.is_true(condition) or z3.is_true(conclusion):
        return conclusion
    return TRUE if z3.is_false(condition) else z3.Implies(condition, conclusion)


def same(left: Term, right: Term) -> Formula:
    """Equality of terms; decided at once where both are constants."""
    if left.sort() != right.sort():
        raise UncoveredError(f"a comparison of {left.sort()} with {right.sort()}")
    if left.eq(right):
        return TRUE
    if _is_constant(left) and _is_constant(right):
        return FALSE
    made: Formula = left == right
    return made


def _is_constant(term: Term) -> bool:
    """Whether no other constant has the same value: a number, or a name that is distinct from all others."""
    return z3.is_int_value(term) or (z3.is_const(term) and str(term)[:1] in '"!')


def formula_of(value: Value) -> Formula:
    """The truth value of an expression that must be a formula."""
    if isinstance(value, Scalar) and z3.is_bool(value.term):
        made: Formula = value.term
        return made
    raise UncoveredError("something other than a formula where a formula is needed")


def number_of(value: Value) -> z3.ArithRef:
    if isinstance(value, Scalar) and z3.is_int(value.term):
        made: z3.ArithRef = value.term
        return made
    raise UncoveredError("something other than a number where a number is needed")


def set_of(value: Value) -> SetValue:
    if isinstance(value, SetValue):
        return value
    raise UncoveredError("something other than a set where a set is needed")


def choice(condition: Formula, then: Value, otherwise: Value) -> Value:
    """IF condition THEN then ELSE otherwise."""
    if z3.is_true(condition) or then is otherwise:
        return then
    if z3.is_false(condition):
        return otherwise
    match then, otherwise:
        case Scalar(), Scalar():
            if then.term.sort() != otherwise.term.sort():
                raise UncoveredError("an IF between values of different kinds")
            term = then.term if then.term.eq(otherwise.term) else z3.If(condition, then.term, otherwise.term)
            return Scalar(term, then.shape)
        case RecordValue(), RecordValue() if then.fields.keys() == otherwise.fields.keys():
            return RecordValue({n: choice(condition, v, otherwise.fields[n]) for n, v in then.fields.items()})
        case TupleValue(), TupleValue() if len(then.items) == len(otherwise.items):
            pairs = zip(then.items, otherwise.items, strict=True)
            return TupleValue(tuple(choice(condition, *pair) for pair in pairs))
        case SetValue(), SetValue():
            return _choice_of_sets(condition, then, otherwise)
        case FunctionValue(), FunctionValue():
            domain = set_of(choice(condition, then.domain, otherwise.domain))
            return FunctionValue(domain, lambda x: choice(condition, then.apply(x), otherwise.apply(x)))
        case SequenceValue(), SequenceValue():
            return _choice_of_sequences(condition, then, otherwise)
        case ((SequenceValue() | TupleValue()), (SequenceValue() | TupleValue())):
            return choice(condition, as_sequence(then), as_sequence(otherwise))
    raise UncoveredError("an IF between values of different kinds")


def _choice_of_sets(condition: Formula, then: SetValue, otherwise: SetValue) -> SetValue:
    elements = None
    if then.elements is not None and otherwise.elements is not None:
        first = tuple((conj(condition, guard), value) for guard, value in then.elements)
        elements = first + tuple((conj(neg(condition), guard), value) for guard, value in otherwise.elements)

    def quantify(universal: bool, body: Body) -> Formula:
        yes, no = then.quantify(universal, body), otherwise.quantify(universal, body)
        return conj(implies(condition, yes), disj(condition, no))

    return SetValue(
        lambda x: conj(implies(condition, then.contains(x)), disj(condition, otherwise.contains(x))),
        quantify,
        lambda: first_known(then.element, otherwise.element),
        elements,
    )


def _choice_of_sequences(condition: Formula, then: SequenceValue, otherwise: SequenceValue) -> SequenceValue:
    length = z3.simplify(z3.If(condition, then.length, otherwise.length))
    if is_empty(length):
        return as_sequence(TupleValue(()))

    def at(index: z3.ArithRef) -> Value:
        if is_empty(then.length) or is_empty(otherwise.length):
            return (otherwise if is_empty(then.length) else then).at(index)
        return choice(condition, then.at(index), otherwise.at(index))

    places = _choice_of_sets(condition, then.places, otherwise.places)
    return SequenceValue(length, at, lambda: first_known(then.element, otherwise.element), places)


def is_empty(length: z3.ArithRef) -> bool:
    """Whether a sequence of this length is known to be empty."""
    return bool(z3.is_int_value(length) and length.as_long() == 0)


def as_sequence(value: Value) -> SequenceValue:
    """A value as a sequence of any length."""
    if isinstance(value, SequenceValue):
        return value
    if not isinstance(value, TupleValue):
        raise UncoveredError("something other than a sequence where a sequence is needed")
    items = value.items

    def element() -> Shape:
        if not items:
            raise UncoveredError("the elements of an empty sequence")
        return shape_of(items[0])

    def at(index: z3.ArithRef) -> Value:
        if not items:
            raise UncoveredError("an element of the empty sequence")
        found = items[-1]
        for position in range(len(items) - 1, 0, -1):
            found = choice(same(index, z3.IntVal(position)), items[position - 1], found)
        return found

    places = counted([(TRUE, number(position)) for position in range(1, len(items) + 1)])
    return SequenceValue(z3.IntVal(len(items)), at, element, places)


def counted(elements: Sequence[tuple[Formula, Value]]) -> SetValue:
    """The set of the candidates whose conditions hold."""
    known = tuple((guard, value) for guard, value in elements if not z3.is_false(guard))

    def quantify(universal: bool, body: Body) -> Formula:
        if universal:
            return conj(*(implies(guard, body(value)) for guard, value in known))
        return disj(*(conj(guard, body(value)) for guard, value in known))

    def element() -> Shape:
        if not known:
            raise UncoveredError("the elements of an empty set")
        return first_known(*((lambda v=value: shape_of(v)) for _, value in known))

    return SetValue(lambda x: disj(*(conj(g, equal(x, v)) for g, v in known)), quantify, element, known)


def subset(left: SetValue, right: SetValue) -> Formula:
    """left \\subseteq right"""
    return TRUE if left is right else left.quantify(True, right.contains)


def equal(left: Value, right: Value) -> Formula:
    """left = right"""
    match left, right:
        case _ if left is right:
            return TRUE
        case Scalar(), Scalar():
            return same(left.term, right.term)
        case RecordValue(), RecordValue():
            if left.fields.keys() != right.fields.keys():
                return FALSE
            return conj(*(equal(part, right.fields[name]) for name, part in left.fields.items()))
        case SetValue(), SetValue():
            if left.index is not None and right.index is not None and left.index.term.eq(right.index.term):
                return TRUE
            return conj(subset(left, right), subset(right, left))
        case FunctionValue(), FunctionValue():
            pointwise = left.domain.quantify(True, lambda x: equal(left.apply(x), right.apply(x)))
            return conj(equal(left.domain, right.domain), pointwise)
        case TupleValue(), TupleValue():
            if len(left.items) != len(right.items):
                return FALSE
            return conj(*(equal(*pair) for pair in zip(left.items, right.items, strict=True)))
        case ((SequenceValue() | TupleValue()), (SequenceValue() | TupleValue())):
            return _equal_sequences(as_sequence(left), as_sequence(right))
    raise UncoveredError("a comparison of values of different kinds")


def _equal_sequences(left: SequenceValue, right: SequenceValue) -> Formula:
    places = right.places if right.places.elements is not None else left.places
    pointwise = places.quantify(True, lambda i: equal(left.at(number_of(i)), right.at(number_of(i))))
    return conj(same(left.length, right.length), pointwise)


def first_known(*candidates: Callable[[], Shape]) -> Shape:
    """The first shape that is known: an empty set or sequence has none."""
    for candidate in candidates[:-1]:
        try:
            return candidate()
        except UncoveredError:
            continue
    return candidates[-1]()


def shape_of(value: Value) -> Shape:
    """The shape of a value."""
    match value:
        case Scalar():
            return value.shape
        case RecordValue():
            return shapes.Records(tuple((name, shape_of(field)) for name, field in sorted(value.fields.items())))
        case TupleValue():
            return shapes.Tuples(tuple(shape_of(item) for item in value.items))
        case SequenceValue():
            return shapes.Sequences(value.element())
        case SetValue():
            return shapes.Sets(value.element())
    raise UncoveredError("the shape of a function")


def leaves(value: Value) -> tuple[Term, ...]:
    """The terms that make up a value of fixed size, in a fixed order."""
    match value:
        case Scalar():
            return (value.term,)
        case RecordValue():
            return tuple(term for _, part in sorted(value.fields.items()) for term in leaves(part))
        case TupleValue():
            return tuple(term for part in value.items for term in leaves(part))
        case SetValue() if value.index is not None:
            return (value.index.term,)
    kind = {SetValue: "a set", FunctionValue: "a function", SequenceValue: "a sequence"}[type(value)]
    raise UncoveredError(f"{kind} as an element of a set or in the domain of a function")


Source: TypeAlias = "Callable[[str, z3.SortRef, tuple[Any, ...]], Term]"
"""Gives the leaf `name` of a value: a term of a sort, for each combination of the terms that index it."""
