"""CHOOSE: some element that satisfies the condition, always the same one for the same question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import z3

from daybreak.modelcheck.induction import shapes
from daybreak.modelcheck.induction.environment import Closure, Delayed, Env
from daybreak.modelcheck.induction.logic import Axiom, sort_of
from daybreak.modelcheck.induction.shapes import Shape, UncoveredError
from daybreak.modelcheck.induction.values import (
    Formula,
    RecordValue,
    Scalar,
    Term,
    TupleValue,
    Value,
    conj,
    implies,
    leaves,
    shape_of,
)
from tracecheck.syntax import tree
from tracecheck.syntax.walk import free_names

if TYPE_CHECKING:
    from daybreak.modelcheck.induction.evaluate import Evaluator


class Chosen:
    """The values of CHOOSE in one problem.

    The value is a function of the bound names that the expression mentions; of those that are sets or functions it
    depends on which they are, so that two equal ones may be thought to give different values. That is less than TLA+
    says, and nothing false.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._free: dict[int, tuple[tree.Choose, list[tree.Bound]]] = {}
        self._symbols: dict[tuple[Any, ...], tuple[str, Shape, object]] = {}

    def value(self, node: tree.Choose, env: Env) -> Value:
        """The value that `node` has in `env`."""
        binding = node.binding
        if not isinstance(binding, tree.Binding):
            raise UncoveredError("CHOOSE without a set")
        plain, other = self._split(node, env)
        terms = tuple(term for _, value in plain for term in leaves(value))
        key: tuple[Any, ...] = (id(node), id(env.now), *(id(meaning) for meaning in other))
        if key not in self._symbols:
            self._symbols[key] = self._introduce(node, binding, env, plain, (env.now, other))
        symbol, shape, _ = self._symbols[key]
        return self._evaluator.logic.unknown(shape, symbol, terms)

    def _split(self, node: tree.Choose, env: Env) -> tuple[list[tuple[tree.Bound, Value]], list[object]]:
        """The free names of `node` whose values are made of terms, and what the others mean."""
        if id(node) not in self._free:
            self._free[id(node)] = (node, sorted(free_names(node), key=lambda name: name.key))
        plain, other = [], list[object]()
        for name in self._free[id(node)][1]:
            meaning = env.names[name]
            if isinstance(meaning, Closure | tree.Given):
                other.append(meaning)
                continue
            value = self._evaluator.value(tree.Name(node.place, name), env)
            try:
                leaves(value)
            except UncoveredError:
                other.append(value if not isinstance(meaning, Delayed) else meaning)
            else:
                plain.append((name, value))
        return plain, other

    def _introduce(
        self, node: tree.Choose, binding: tree.Binding, env: Env, plain: list[tuple[tree.Bound, Value]], kept: object
    ) -> tuple[str, Shape, object]:
        """A new function symbol, and what is known of it. `kept` keeps alive what the key names by its id."""
        evaluator, logic = self._evaluator, self._evaluator.logic
        names: list[Term] = []
        env = env.with_names({name: _renamed(shape_of(value), names) for name, value in plain})
        drawn = evaluator.set(binding.bound, env)
        shape = drawn.element()
        symbol = logic.fresh_name("chosen")

        def satisfies(x: Value) -> Formula:
            return evaluator.formula(node.body, evaluator.bound(binding, x, env))

        found = logic.unknown(shape, symbol, tuple(names))
        some = drawn.quantify(False, satisfies)
        known = implies(some, conj(drawn.contains(found), satisfies(found)))
        logic.axioms.append(Axiom(symbol, z3.ForAll(names, known) if names else known))
        return symbol, shape, kept


def _renamed(shape: Shape, names: list[Term]) -> Value:
    """A value of a shape, made of new names."""
    match shape:
        case shapes.Records(fields):
            return RecordValue({name: _renamed(field, names) for name, field in sorted(fields)})
        case shapes.Tuples(items):
            return TupleValue(tuple(_renamed(item, names) for item in items))
    names.append(z3.FreshConst(sort_of(shape), "of"))
    return Scalar(names[-1], shape)
