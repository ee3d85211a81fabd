"""Expressions of TLA+ as symbolic values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from daybreak.modelcheck.induction import given, sets
from daybreak.modelcheck.induction.access import called, updated
from daybreak.modelcheck.induction.chosen import Chosen
from daybreak.modelcheck.induction.environment import Closure, Delayed, Env, Meaning
from daybreak.modelcheck.induction.logic import Logic
from daybreak.modelcheck.induction.shapes import UncoveredError
from daybreak.modelcheck.induction.values import (
    TRUE,
    Formula,
    FunctionValue,
    RecordValue,
    SetValue,
    TupleValue,
    Value,
    choice,
    conj,
    counted,
    disj,
    equal,
    formula_of,
    number,
    set_of,
    text,
    truth,
)
from tracecheck.syntax import UnknownConstructError, tree
from tracecheck.syntax.walk import free_names

Evaluate = Callable[[Any, Env], Value]


class Evaluator:
    """Evaluates the expressions of one module. `constants` gives the value of each declared constant."""

    def __init__(self, logic: Logic, constants: Callable[[tree.Constant], Value]) -> None:
        self.logic: Logic = logic
        self._constants = constants
        self._chosen = Chosen(self)
        self._definitions: dict[tree.Definition, Delayed] = {}
        self.enabled: Callable[[tree.Expression, Env], Formula] | None = None
        self._by_kind: dict[type[tree.Node], Evaluate] = {
            tree.Number: lambda node, env: number(node.value),
            tree.Text: lambda node, env: text(node.value),
            tree.Truth: lambda node, env: truth(TRUE if node.value else disj()),
            tree.Name: self._name,
            tree.Apply: self._apply,
            tree.And: lambda node, env: truth(conj(*self._lazily(node.parts, env, stop=False))),
            tree.Or: lambda node, env: truth(disj(*self._lazily(node.parts, env, stop=True))),
            tree.If: self._if,
            tree.Case: self._case,
            tree.Let: lambda node, env: self.value(node.body, self.let(node, env)),
            tree.Quantified: self._quantified,
            tree.Choose: lambda node, env: self._chosen.value(node, env),
            tree.SetOf: lambda node, env: counted([(TRUE, self.value(part, env)) for part in node.elements]),
            tree.Filter: self._filter,
            tree.Image: self._image,
            tree.Function: self._function,
            tree.Call: lambda node, env: called(self.value(node.function, env), self.value(node.argument, env)),
            tree.Functions: lambda node, env: sets.functions(self.set(node.domain, env), self.set(node.range, env)),
            tree.Record: lambda node, env: RecordValue({n: self.value(part, env) for n, part in node.fields}),
            tree.Records: lambda node, env: sets.records({n: self.set(part, env) for n, part in node.fields}),
            tree.Field: lambda node, env: called(self.value(node.record, env), text(node.name)),
            tree.Except: self._except,
            tree.Tuple: lambda node, env: TupleValue(tuple(self.value(part, env) for part in node.elements)),
            tree.Product: lambda node, env: sets.product([self.set(part, env) for part in node.factors]),
            tree.Prime: self._prime,
            tree.Unchanged: lambda node, env: truth(self.unchanged(node.body, env)),
            tree.Enabled: self._enabled,
            tree.Step: self._step,
        }

    def value(self, node: tree.Node, env: Env) -> Value:
        """The value of an expression. Raises UnknownConstructError, with its place, for what is not covered."""
        evaluate = self._by_kind.get(type(node))
        with self.at(node):
            if evaluate is None:
                raise UncoveredError(type(node).__name__)
            return evaluate(node, env)

    @contextmanager
    def at(self, node: tree.Node) -> Iterator[None]:
        """Gives what is not covered the place of the innermost expression in which it was met."""
        try:
            yield
        except UncoveredError as error:
            raise UnknownConstructError(str(error), node.place) from None

    def formula(self, node: tree.Node, env: Env) -> Formula:
        with self.at(node):
            return formula_of(self.value(node, env))

    def set(self, node: tree.Node, env: Env) -> SetValue:
        with self.at(node):
            return set_of(self.value(node, env))

    def _lazily(self, parts: Sequence[tree.Node], env: Env, *, stop: bool) -> Iterator[Formula]:
        """The parts' formulas, up to the first that decides the whole: what follows may make no sense then."""
        for part in parts:
            formula = self.formula(part, env)
            yield formula
            if formula.eq(disj() if not stop else TRUE):
                return

    # -- names and operators -------------------------------------------------------------------------------

    def _name(self, node: tree.Name, env: Env) -> Value:
        target = node.target
        if isinstance(target, tree.Variable):
            if target.name not in env.now:
                raise UncoveredError(f"the next value of {target.name} before it is said")
            return env.now[target.name]
        if isinstance(target, tree.Constant):
            return self._constants(target)
        return self._meaning(env.names[target], env)

    def _meaning(self, meaning: Meaning, env: Env) -> Value:
        if isinstance(meaning, Delayed):
            for now, then, value in meaning.known:
                if now is env.now and then is env.then:
                    return value
            made = self.value(meaning.expression, Env(meaning.names, env.now, env.then))
            meaning.known.append((env.now, env.then, made))
            return made
        if isinstance(meaning, Closure | tree.Given):
            raise UncoveredError("an operator where a value is needed")
        return meaning

    def _apply(self, node: tree.Apply, env: Env) -> Value:
        operator = node.operator
        if isinstance(operator, tree.Given):
            return given.apply(self, operator, node.arguments, env)
        if isinstance(operator, tree.Definition):
            if not node.arguments and operator.recursive is False:
                return self._meaning(self._defined(operator, env), env)
            return self.value(operator.body, self.inside(node, env))
        if isinstance(operator, tree.Constant):
            raise UncoveredError("a constant that is an operator")
        return self.applied(env.names[operator], [self.delayed(part, env) for part in node.arguments], env)

    def _defined(self, definition: tree.Definition, env: Env) -> Delayed:
        """The meaning of a definition without parameters; LET's are known by their names."""
        meaning = env.names.get(definition)
        if isinstance(meaning, Delayed):
            return meaning
        return self._definitions.setdefault(definition, Delayed(definition.body, {}))

    def inside(self, node: tree.Apply, env: Env) -> Env:
        """The environment in which the body of the definition that `node` applies is evaluated."""
        definition = node.operator
        assert isinstance(definition, tree.Definition)
        if definition.recursive:
            raise UncoveredError(f"the recursive operator {definition.name}")
        arguments = (self.delayed(argument, env) for argument in node.arguments)
        return env.with_names(dict(zip(definition.parameters, arguments, strict=True)))

    def delayed(self, node: tree.Node, env: Env) -> Meaning:
        """The meaning of an argument."""
        if isinstance(node, tree.Lambda):
            return Closure(node.parameters, node.body, env.names)
        if not isinstance(node, tree.OperatorName):
            return Delayed(node, env.names)
        operator = node.operator
        if isinstance(operator, tree.Definition):
            return Closure(operator.parameters, operator.body, env.names)
        if isinstance(operator, tree.Bound):
            return env.names[operator]
        if isinstance(operator, tree.Given):
            return operator
        raise UncoveredError("a constant that is an operator")

    def applied(self, meaning: Meaning, arguments: Sequence[Meaning], env: Env) -> Value:
        """An operator that was given as an argument, applied."""
        if not isinstance(meaning, Closure):
            raise UncoveredError("an operator of the language as an argument")
        names: dict[object, Meaning] = {**meaning.names}
        names.update(zip(meaning.parameters, arguments, strict=True))
        return self.value(meaning.body, Env(names, env.now, env.then))

    def let(self, node: tree.Let, env: Env) -> Env:
        """The environment inside a LET."""
        for definition in node.definitions:
            if not definition.parameters:
                env = env.with_names({definition: Delayed(definition.body, env.names)})
        return env

    # -- choices -------------------------------------------------------------------------------------------

    def _if(self, node: tree.If, env: Env) -> Value:
        condition = self.formula(node.condition, env)
        if condition.eq(TRUE) or condition.eq(disj()):
            return self.value(node.then if condition.eq(TRUE) else node.otherwise, env)
        return choice(condition, self.value(node.then, env), self.value(node.otherwise, env))

    def _case(self, node: tree.Case, env: Env) -> Value:
        if node.otherwise is None:
            raise UncoveredError("CASE without OTHER")
        value = self.value(node.otherwise, env)
        for condition, arm in reversed(node.arms):
            value = choice(self.formula(condition, env), self.value(arm, env), value)
        return value

    # -- binding -------------------------------------------------------------------------------------------

    def bound(self, binding: tree.Binding, value: Value, env: Env) -> Env:
        """The environment in which the names of a binding have a value."""
        if not binding.is_tuple:
            (name,) = binding.names
            return env.with_names({name: value})
        if not isinstance(value, TupleValue) or len(value.items) != len(binding.names):
            raise UncoveredError("a tuple of names for something other than a tuple")
        return env.with_names(dict(zip(binding.names, value.items, strict=True)))

    def each(self, bindings: Sequence[tree.Binding], env: Env) -> list[tuple[tree.Binding, SetValue]]:
        """Bindings of one value each, with the set it is drawn from."""
        found = []
        for binding in bindings:
            drawn = self.set(binding.bound, env)
            if binding.is_tuple:
                found.append((binding, drawn))
            else:
                found += [(tree.Binding((name,), binding.bound, False), drawn) for name in binding.names]
        return found

    def _quantified(self, node: tree.Quantified, env: Env) -> Value:
        def over(rest: list[tuple[tree.Binding, SetValue]], inner: Env) -> Formula:
            if not rest:
                return self.formula(node.body, inner)
            (binding, drawn), *others = rest
            return drawn.quantify(node.universal, lambda x: over(others, self.bound(binding, x, inner)))

        return truth(over(self.each(node.bindings, env), env))

    def _filter(self, node: tree.Filter, env: Env) -> Value:
        base = self.set(node.binding.bound, env)
        return sets.filtered(base, lambda x: self.formula(node.condition, self.bound(node.binding, x, env)))

    def joined(self, bindings: Sequence[tree.Binding], env: Env) -> tuple[SetValue, Callable[[Value], Env]]:
        """The set of all the values of some bindings, as tuples if there are several, and what each means."""
        found = self.each(bindings, env)
        if len(found) == 1:
            ((binding, drawn),) = found
            return drawn, lambda x: self.bound(binding, x, env)

        def inner(x: Value) -> Env:
            assert isinstance(x, TupleValue)
            made = env
            for (binding, _), item in zip(found, x.items, strict=True):
                made = self.bound(binding, item, made)
            return made

        return sets.product([drawn for _, drawn in found]), inner

    def sample(self, base: SetValue) -> Value:
        """Some value of the shape of the elements of a set."""
        return self.logic.unknown(base.element(), self.logic.fresh_name("some"))

    def _image(self, node: tree.Image, env: Env) -> Value:
        base, inner = self.joined(node.bindings, env)
        return sets.image(base, lambda x: self.value(node.element, inner(x)), lambda: self.sample(base))

    def _function(self, node: tree.Function, env: Env) -> Value:
        if node.itself is not None and node.itself in free_names(node.value):
            raise UncoveredError("a recursive function")
        domain, inner = self.joined(node.bindings, env)
        return FunctionValue(domain, lambda x: self.value(node.value, inner(x)))

    def _except(self, node: tree.Except, env: Env) -> Value:
        value = self.value(node.base, env)
        for update in node.updates:
            keys = [self.value(key, env) for key in update.path]

            def new(old: Value, update: tree.Update = update) -> Value:
                return self.value(update.value, env.with_names({update.old: old}))

            value = updated(value, keys, new)
        return value

    # -- steps ---------------------------------------------------------------------------------------------

    def _prime(self, node: tree.Prime, env: Env) -> Value:
        primed = env.primed()
        if primed is None:
            raise UncoveredError("a prime outside of an action")
        return self.value(node.body, primed)

    def unchanged(self, node: tree.Node, env: Env) -> Formula:
        """Whether an expression has the same value in this state and in the next."""
        if isinstance(node, tree.Tuple):
            return conj(*(self.unchanged(part, env) for part in node.elements))
        if isinstance(node, tree.Apply) and isinstance(node.operator, tree.Definition) and not node.arguments:
            return self.unchanged(node.operator.body, env)
        primed = env.primed()
        if primed is None:
            raise UncoveredError("UNCHANGED outside of an action")
        return equal(self.value(node, primed), self.value(node, env))

    def _enabled(self, node: tree.Enabled, env: Env) -> Value:
        assert self.enabled is not None
        return truth(self.enabled(node.body, env))

    def _step(self, node: tree.Step, env: Env) -> Value:
        action, same = self.formula(node.action, env), self.unchanged(node.subscript, env)
        return truth(conj(action, disj() if same.eq(TRUE) else TRUE) if node.changes else disj(action, same))
