"""How quantifiers are stated, and how unknown values are made."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import z3

from daybreak.modelcheck.induction import sets, shapes
from daybreak.modelcheck.induction.shapes import Shape, UncoveredError
from daybreak.modelcheck.induction.values import (
    TEXT,
    TRUE,
    Body,
    Formula,
    FunctionValue,
    RecordValue,
    Scalar,
    SequenceValue,
    SetValue,
    Term,
    TupleValue,
    Value,
    choice,
    conj,
    counted,
    disj,
    equal,
    implies,
    leaves,
    number,
    number_of,
)

LENGTH = ".length"
"""How the name of the length of an unknown sequence ends."""

Source = Callable[[str, Any, tuple[Term, ...]], Term]


@dataclass(frozen=True)
class Axiom:
    """What is known of the function or constant called `symbol`, which stands for a value that an expression has."""

    symbol: str
    formula: Formula


def sort_of(shape: Shape) -> Any:
    """The solver's sort of a value that is one term."""
    match shape:
        case shapes.Numbers():
            return z3.IntSort()
        case shapes.Truths():
            return z3.BoolSort()
        case shapes.Texts():
            return TEXT
        case shapes.Atoms(name) | shapes.Family(name, _):
            return z3.DeclareSort(name)
    raise UncoveredError("a set, function or sequence as an element of a set or in the domain of a function")


class Logic:
    """Makes unknown values and statements about all values.

    `axioms` collects what is known of the unknowns that stand for something; `scope` are the names bound at the moment.
    """

    def __init__(self) -> None:
        self.axioms: list[Axiom] = []
        self.scope: list[Term] = []
        self._numbers = itertools.count(1)
        self.integers = SetValue(_is_number, self._over(shapes.Numbers()), shapes.Numbers)
        self.strings = SetValue(_is_string, self._over(shapes.Texts()), shapes.Texts)
        self.naturals = sets.filtered(self.integers, lambda x: z3.simplify(number_of(x) >= 0))

    def _over(self, shape: Shape) -> Callable[[bool, Body], Formula]:
        return lambda universal, body: self.quantify(universal, shape, body)

    def quantify(self, universal: bool, shape: Shape, body: Body) -> Formula:
        """`body` for all, or for some, values of a shape."""
        bound: list[Term] = []

        def source(name: str, sort: Any, indices: tuple[Term, ...]) -> Term:
            if indices:
                raise UncoveredError("a quantifier over sets, functions or sequences")
            bound.append(z3.FreshConst(sort, name))
            return bound[-1]

        value = self.drawn(shape, "x", source)
        self.scope.extend(bound)
        formula = body(value)
        del self.scope[len(self.scope) - len(bound) :]
        if z3.is_true(formula) or z3.is_false(formula):
            return formula
        if not universal:
            return z3.Exists(bound, formula)
        more, formula = _pulled(formula)
        return z3.ForAll([*bound, *more], formula)

    # -- unknown values ------------------------------------------------------------------------------------

    def fresh_name(self, name: str) -> str:
        """A name that nothing else has."""
        return f"{name}#{next(self._numbers)}"

    def unknown(self, shape: Shape, name: str, indices: tuple[Term, ...] = ()) -> Value:
        """A value of which nothing is known: a constant of the solver, or a function of `indices`."""
        return self.drawn(shape, name, _declared, indices)

    def some(self, values: SetValue, name: str) -> tuple[Value, Formula]:
        """Some element of a set, and that it is one."""
        if values.elements is None:
            value = self.unknown(values.element(), self.fresh_name(name))
            return value, values.contains(value)
        which = z3.Int(self.fresh_name(name))
        (_, found), *others = values.elements
        for position, (_, other) in enumerate(others, 1):
            found = choice(which == position, other, found)
        return found, disj(*(conj(guard, which == n) for n, (guard, _) in enumerate(values.elements)))

    def drawn(self, shape: Shape, name: str, source: Source, indices: tuple[Term, ...] = ()) -> Value:
        """A value whose leaves `source` gives."""
        match shape:
            case shapes.Records(fields):
                return RecordValue({f: self.drawn(s, f"{name}.{f}", source, indices) for f, s in fields})
            case shapes.Tuples(items):
                parts = (self.drawn(s, f"{name}.{i}", source, indices) for i, s in enumerate(items, 1))
                return TupleValue(tuple(parts))
            case shapes.Sets(element):
                return self._drawn_set(element, name, source, indices)
            case shapes.Family(family, element):
                return self.member(family, element, source(name, sort_of(shape), indices))
            case shapes.Sequences(element):
                length = source(f"{name}{LENGTH}", z3.IntSort(), indices)
                return self.sequence(
                    length,
                    lambda i: self.drawn(element, f"{name}[]", source, (*indices, i)),
                    lambda: element,
                )
            case shapes.Functions(argument, result, domain):
                if domain is None:
                    domain = self._drawn_set(argument, f"{name}.domain", source, indices)
                return FunctionValue(domain, lambda x: self.drawn(result, f"{name}[]", source, (*indices, *leaves(x))))
        return Scalar(source(name, sort_of(shape), indices), shape)

    def member(self, family: str, element: Shape, atom: Term) -> SetValue:
        """The set of a family that is known by `atom`."""
        index = Scalar(atom, shapes.Atoms(family))

        def source(name: str, sort: Any, indices: tuple[Term, ...]) -> Term:
            return _declared(f"in {family}", sort, indices)

        found = self._drawn_set(element, family, source, (index.term,))
        return SetValue(found.contains, found.quantify, found.element, found.elements, index)

    def sequence(
        self, length: z3.ArithRef, at: Callable[[z3.ArithRef], Value], element: Callable[[], Shape]
    ) -> SequenceValue:
        """The sequence of the values at(1) to at(length)."""
        return SequenceValue(length, at, element, self.interval(z3.IntVal(1), length))

    def interval(self, low: z3.ArithRef, high: z3.ArithRef) -> SetValue:
        """low .. high"""
        low, high = z3.simplify(low), z3.simplify(high)
        if z3.is_int_value(low) and z3.is_int_value(high):
            return counted([(TRUE, number(n)) for n in range(low.as_long(), high.as_long() + 1)])

        def between(x: Value) -> Formula:
            return conj(z3.simplify(low <= number_of(x)), z3.simplify(number_of(x) <= high))

        return sets.filtered(self.integers, between)

    def _drawn_set(self, element: Shape, name: str, source: Source, indices: tuple[Term, ...]) -> SetValue:
        def contains(x: Value) -> Formula:
            if isinstance(x, SetValue) and x.index is None:
                return quantify(False, lambda y: equal(x, y))
            terms = leaves(x)
            found: Formula = source(name, z3.BoolSort(), (*indices, *terms))
            return found

        def quantify(universal: bool, body: Body) -> Formula:
            if universal:
                return self.quantify(True, element, lambda x: implies(contains(x), body(x)))
            return self.quantify(False, element, lambda x: conj(contains(x), body(x)))

        return SetValue(contains, quantify, lambda: element)


def _is_number(x: Value) -> Formula:
    number_of(x)
    return TRUE


def _is_string(x: Value) -> Formula:
    if isinstance(x, Scalar) and x.term.sort() == TEXT:
        return TRUE
    raise UncoveredError("something other than a string where a string is needed")


def _declared(name: str, sort: Any, indices: tuple[Term, ...]) -> Term:
    if not indices:
        return z3.Const(name, sort)
    made: Term = z3.Function(name, *(term.sort() for term in indices), sort)(*indices)
    return made


def _pulled(formula: Formula) -> tuple[list[Term], Formula]:
    """A formula of the form `c => \\A x : f` as the names x and `c => f`: one quantifier is easier to instantiate."""
    if z3.is_quantifier(formula) and formula.is_forall():
        names = [z3.FreshConst(formula.var_sort(i), "x") for i in range(formula.num_vars())]
        return names, z3.substitute_vars(formula.body(), *reversed(names))
    if z3.is_implies(formula):
        condition, conclusion = formula.children()
        names, inner = _pulled(conclusion)
        return names, implies(condition, inner)
    return [], formula
