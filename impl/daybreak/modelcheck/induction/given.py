"""The operators of the language and of its standard modules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import z3

from daybreak.modelcheck.induction import filtering, sets, shapes
from daybreak.modelcheck.induction.environment import Env
from daybreak.modelcheck.induction.shapes import UncoveredError, without_domains
from daybreak.modelcheck.induction.values import (
    TRUE,
    Formula,
    FunctionValue,
    Scalar,
    SequenceValue,
    SetValue,
    TupleValue,
    Value,
    as_sequence,
    choice,
    counted,
    equal,
    first_known,
    formula_of,
    implies,
    is_empty,
    neg,
    number,
    number_of,
    set_of,
    shape_of,
    subset,
    truth,
)
from tracecheck.syntax import tree

if TYPE_CHECKING:
    from daybreak.modelcheck.induction.evaluate import Evaluator

Arguments = Sequence[Value]


def apply(evaluator: Evaluator, operator: tree.Given, arguments: Sequence[tree.Node], env: Env) -> Value:
    """The value of an operator applied. Raises UncoveredError for one that is not known here."""
    special = _SPECIAL.get(operator.name)
    if special is not None:
        return special(evaluator, arguments, env)
    plain = _PLAIN.get(operator.name)
    if plain is None:
        raise UncoveredError(operator.name + (f" of {operator.module}" if operator.module else ""))
    return plain(*(evaluator.value(argument, env) for argument in arguments))


# -- what looks at its arguments before they are evaluated, or makes new unknowns ------------------------------


def _implication(evaluator: Evaluator, arguments: Sequence[tree.Node], env: Env) -> Value:
    condition = evaluator.formula(arguments[0], env)
    return truth(TRUE if z3.is_false(condition) else implies(condition, evaluator.formula(arguments[1], env)))


def _constant_set(choose: Callable[[Evaluator], SetValue]) -> Callable[[Evaluator, Sequence[tree.Node], Env], Value]:
    return lambda evaluator, arguments, env: choose(evaluator)


def _interval(evaluator: Evaluator, arguments: Sequence[tree.Node], env: Env) -> Value:
    low, high = (number_of(evaluator.value(argument, env)) for argument in arguments)
    return evaluator.logic.interval(low, high)


def _select(evaluator: Evaluator, arguments: Sequence[tree.Node], env: Env) -> Value:
    sequence = as_sequence(evaluator.value(arguments[0], env))
    test = evaluator.delayed(arguments[1], env)
    return filtering.selected(evaluator.logic, sequence, lambda x: formula_of(evaluator.applied(test, [x], env)))


def _append(evaluator: Evaluator, arguments: Sequence[tree.Node], env: Env) -> Value:
    sequence, last = (evaluator.value(argument, env) for argument in arguments)
    return _joined(evaluator, as_sequence(sequence), _single(evaluator, last))


def _concatenation(evaluator: Evaluator, arguments: Sequence[tree.Node], env: Env) -> Value:
    left, right = (as_sequence(evaluator.value(argument, env)) for argument in arguments)
    return _joined(evaluator, left, right)


def _single(evaluator: Evaluator, value: Value) -> SequenceValue:
    return evaluator.logic.sequence(z3.IntVal(1), lambda i: value, lambda: shape_of(value))


def _joined(evaluator: Evaluator, left: SequenceValue, right: SequenceValue) -> Value:
    for part, other in ((left, right), (right, left)):
        if is_empty(part.length):
            return other

    def at(index: z3.ArithRef) -> Value:
        return choice(index <= left.length, left.at(index), right.at(z3.simplify(index - left.length)))

    length = z3.simplify(left.length + right.length)
    return evaluator.logic.sequence(length, at, lambda: first_known(left.element, right.element))


def _part(evaluator: Evaluator, arguments: Sequence[tree.Node], env: Env) -> Value:
    whole = as_sequence(evaluator.value(arguments[0], env))
    first, last = (number_of(evaluator.value(argument, env)) for argument in arguments[1:])
    length = z3.simplify(z3.If(last >= first, last - first + 1, z3.IntVal(0)))
    if is_empty(length):
        return TupleValue(())
    return evaluator.logic.sequence(length, lambda i: whole.at(z3.simplify(i + first - 1)), whole.element)


def _tail(evaluator: Evaluator, arguments: Sequence[tree.Node], env: Env) -> Value:
    whole = as_sequence(evaluator.value(arguments[0], env))
    return evaluator.logic.sequence(whole.length - 1, lambda i: whole.at(z3.simplify(i + 1)), whole.element)


def _big_union(evaluator: Evaluator, arguments: Sequence[tree.Node], env: Env) -> Value:
    (node,) = arguments
    base = evaluator.set(node, env)
    if isinstance(node, tree.Image) and isinstance(node.element, tree.Functions) and len(node.bindings) == 1:
        return _all_functions(evaluator, node, node.element, env)
    return sets.big_union(base, lambda: _inner(base))


def _inner(base: SetValue) -> shapes.Shape:
    match base.element():
        case shapes.Sets(element) | shapes.Family(_, element):
            return without_domains(element)
    raise UncoveredError("UNION of something other than sets")


def _all_functions(evaluator: Evaluator, node: tree.Image, element: tree.Functions, env: Env) -> Value:
    """UNION {[used -> S] : used \\in Sets}: there is one such set for a function, and it has the function's domain."""
    (binding,) = node.bindings
    (name,) = binding.names
    if not (isinstance(element.domain, tree.Name) and element.domain.target == name) or binding.is_tuple:
        raise UncoveredError("UNION of sets of functions, other than of those with a domain in some set")
    domains = evaluator.set(binding.bound, env)

    def codomain(domain: Value) -> SetValue:
        return evaluator.set(element.range, env.with_names({name: domain}))

    def contains(f: Value) -> Formula:
        if not isinstance(f, FunctionValue):
            raise UncoveredError("something other than a function where a function is needed")
        images = codomain(f.domain)
        inside = f.domain.quantify(True, lambda x: images.contains(f.apply(x)))
        return z3.And(domains.contains(f.domain), inside)

    def quantify(universal: bool, body: Callable[[Value], Formula]) -> Formula:
        raise UncoveredError("a quantifier over functions")

    def shape() -> shapes.Shape:
        sample = evaluator.sample(domains)
        return shapes.Functions(set_of(sample).element(), without_domains(codomain(sample).element()))

    return SetValue(contains, quantify, shape)


_SPECIAL: dict[str, Callable[[Evaluator, Sequence[tree.Node], Env], Value]] = {
    "=>": _implication,
    "Nat": _constant_set(lambda evaluator: evaluator.logic.naturals),
    "Int": _constant_set(lambda evaluator: evaluator.logic.integers),
    "STRING": _constant_set(lambda evaluator: evaluator.logic.strings),
    "BOOLEAN": lambda evaluator, arguments, env: counted([(TRUE, truth(TRUE)), (TRUE, truth(neg(TRUE)))]),
    "..": _interval,
    "SelectSeq": _select,
    "Append": _append,
    "\\o": _concatenation,
    "\\circ": _concatenation,
    "SubSeq": _part,
    "Tail": _tail,
    "UNION": _big_union,
}


# -- what is the same for all values -------------------------------------------------------------------------


def _arithmetic(compute: Callable[[z3.ArithRef, z3.ArithRef], z3.ArithRef]) -> Callable[..., Value]:
    return lambda a, b: number(z3.simplify(compute(number_of(a), number_of(b))))


def _comparison(compute: Callable[[z3.ArithRef, z3.ArithRef], Formula]) -> Callable[..., Value]:
    return lambda a, b: truth(z3.simplify(compute(number_of(a), number_of(b))))


def _pair(key: Value, value: Value) -> Value:
    return FunctionValue(counted([(TRUE, key)]), lambda x: value)


def _override(first: Value, second: Value) -> Value:
    if not isinstance(first, FunctionValue) or not isinstance(second, FunctionValue):
        raise UncoveredError("@@ of something other than functions")

    def at(x: Value) -> Value:
        return choice(first.domain.contains(x), first.apply(x), second.apply(x))

    return FunctionValue(sets.union(first.domain, second.domain), at)


def _equivalence(a: Value, b: Value) -> Value:
    return truth(formula_of(a) == formula_of(b))


def _head(sequence: Value) -> Value:
    return as_sequence(sequence).at(z3.IntVal(1))


def _in(element: Value, container: Value) -> Formula:
    return set_of(container).contains(element)


def _negative(a: Value) -> Value:
    return Scalar(z3.simplify(-number_of(a)), shapes.Numbers())


_PLAIN: dict[str, Callable[..., Value]] = {
    "=": lambda a, b: truth(equal(a, b)),
    "/=": lambda a, b: truth(neg(equal(a, b))),
    "\\lnot": lambda a: truth(neg(formula_of(a))),
    "\\equiv": _equivalence,
    "\\in": lambda a, b: truth(_in(a, b)),
    "\\notin": lambda a, b: truth(neg(_in(a, b))),
    "\\subseteq": lambda a, b: truth(subset(set_of(a), set_of(b))),
    "\\cup": lambda a, b: sets.union(set_of(a), set_of(b)),
    "\\cap": lambda a, b: sets.intersection(set_of(a), set_of(b)),
    "\\": lambda a, b: sets.difference(set_of(a), set_of(b)),
    "SUBSET": lambda a: sets.powerset(set_of(a)),
    "DOMAIN": sets.domain_of,
    "+": _arithmetic(lambda a, b: a + b),
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(lambda a, b: a * b),
    "-.": _negative,
    "<": _comparison(lambda a, b: a < b),
    ">": _comparison(lambda a, b: a > b),
    "\\leq": _comparison(lambda a, b: a <= b),
    "\\geq": _comparison(lambda a, b: a >= b),
    "Len": lambda s: number(as_sequence(s).length),
    "Head": _head,
    "Seq": lambda s: sets.sequences(set_of(s)),
    "Cardinality": lambda s: number(sets.cardinality(set_of(s))),
    ":>": _pair,
    "@@": _override,
}
