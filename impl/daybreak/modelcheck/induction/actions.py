"""Takes a next-state relation apart into its actions, and an action into what it needs and what it makes.

A step says `x' = e` of each variable. So the next state is a set of values over this one, and what must be true of it
is a formula about this state and the action's parameters: there is no second set of unknowns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from daybreak.modelcheck.induction.environment import Env
from daybreak.modelcheck.induction.evaluate import Evaluator
from daybreak.modelcheck.induction.shapes import UncoveredError
from daybreak.modelcheck.induction.values import Formula, SetValue, Value, conj, disj, neg
from tracecheck.syntax import UnknownConstructError, tree
from tracecheck.syntax.walk import Mentions

_FEW = 4
"""A choice among at most so many values is taken apart into one way for each."""


@dataclass(frozen=True)
class Step:
    """One way to take an action: `parameters` are the values it is taken with, by name, `guards` what they and the
    state must satisfy, `then` the next state."""

    action: str
    parameters: tuple[tuple[str, Value], ...]
    guards: tuple[Formula, ...]
    then: dict[str, Value]


@dataclass(frozen=True)
class _Way:
    """A step in the making. `waiting` are conjuncts that speak of variables whose next value is not said yet."""

    env: Env
    action: str = ""
    parameters: tuple[tuple[str, Value], ...] = ()
    guards: tuple[Formula, ...] = ()
    waiting: tuple[tuple[tree.Node, Env], ...] = ()

    @property
    def then(self) -> dict[str, Value]:
        assert isinstance(self.env.then, dict)
        return self.env.then

    def needs(self, *guards: Formula) -> _Way:
        return replace(self, guards=self.guards + guards)

    def makes(self, more: dict[str, Value]) -> _Way:
        return replace(self, env=replace(self.env, then={**self.then, **more}))

    def inside(self, env: Env) -> _Way:
        """The same way with other names: those of a part of the spec."""
        return replace(self, env=replace(env, now=self.env.now, then=self.env.then))


class Actions:
    """The steps of the actions of one spec. `variables` are the names of its variables."""

    def __init__(self, evaluator: Evaluator, variables: tuple[str, ...]) -> None:
        self._evaluator = evaluator
        self._variables = variables
        self._primed = Mentions(lambda node: isinstance(node, tree.Prime | tree.Unchanged))
        evaluator.enabled = self.enabled

    def steps(self, formula: tree.Node, env: Env) -> list[Step]:
        """All ways to take a step of the next-state relation `formula`. Raises UnknownConstructError."""
        begun = _Way(replace(env, then={}))
        return [self._finished(way, formula) for way in self._ways(formula, begun)]

    def enabled(self, formula: tree.Node, env: Env) -> Formula:
        """ENABLED formula, of an action that leaves nothing open."""
        found = self.steps(formula, env)
        if any(step.parameters for step in found):
            raise UncoveredError("ENABLED of an action that chooses something")
        return disj(*(conj(*step.guards) for step in found))

    def _finished(self, way: _Way, formula: tree.Node) -> Step:
        missing = [name for name in self._variables if name not in way.then]
        if missing:
            what = f"{way.action or 'a step'} that does not say the next value of {', '.join(missing)}"
            raise UnknownConstructError(what, formula.place)
        guards = [self._evaluator.formula(node, replace(env, then=way.then)) for node, env in way.waiting]
        return Step(way.action, way.parameters, (*way.guards, *guards), way.then)

    # -- ways through a formula ----------------------------------------------------------------------------

    def _ways(self, node: tree.Node, way: _Way) -> Iterator[_Way]:
        """The ways to make `node` true, each going on from `way`."""
        named = isinstance(node, tree.Apply) and isinstance(node.operator, tree.Definition)
        if not self._primed(node) and not (named and not way.action):
            yield way.needs(self._evaluator.formula(node, way.env))
            return
        match node:
            case tree.And(parts=parts):
                yield from self._all(parts, way)
            case tree.Or(parts=parts):
                for part in parts:
                    yield from self._ways(part, way)
            case tree.If(condition=condition, then=then, otherwise=otherwise):
                truth = self._evaluator.formula(condition, way.env)
                yield from self._ways(then, way.needs(truth))
                yield from self._ways(otherwise, way.needs(neg(truth)))
            case tree.Let(body=body):
                yield from self._inside(body, self._evaluator.let(node, way.env), way)
            case tree.Quantified(universal=False):
                yield from self._chosen(node, way)
            case tree.Apply(operator=tree.Definition()):
                yield from self._defined(node, way)
            case _:
                yield self._single(node, way)

    def _all(self, parts: tuple[tree.Node, ...], way: _Way) -> Iterator[_Way]:
        if not parts:
            yield way
            return
        for next_way in self._ways(parts[0], way):
            yield from self._all(parts[1:], next_way)

    def _inside(self, node: tree.Node, env: Env, way: _Way) -> Iterator[_Way]:
        """The ways of a part with other names; after it, the names are those of before."""
        for found in self._ways(node, way.inside(env)):
            yield found.inside(way.env)

    def _chosen(self, node: tree.Quantified, way: _Way) -> Iterator[_Way]:
        for chosen in self._draws(self._evaluator.each(node.bindings, way.env), node, way):
            yield from self._inside(node.body, chosen.env, replace(chosen, env=way.env))

    def _draws(self, bindings: list[tuple[tree.Binding, SetValue]], node: tree.Quantified, way: _Way) -> Iterator[_Way]:
        """The ways to choose: one for each element of a set that is known in full, such as the zones."""
        if not bindings:
            yield way
            return
        (binding, drawn), *others = bindings
        name = ", ".join(bound.name for bound in binding.names)
        with self._evaluator.at(node):
            if drawn.elements is None or len(drawn.elements) > _FEW:
                options = [self._evaluator.logic.some(drawn, name)]
            else:
                options = [(value, guard) for guard, value in drawn.elements]
        for value, guard in options:
            chosen = way.needs(guard).inside(self._evaluator.bound(binding, value, way.env))
            chosen = replace(chosen, parameters=(*chosen.parameters, (name, value)))
            yield from self._draws(others, node, chosen)

    def _defined(self, node: tree.Apply, way: _Way) -> Iterator[_Way]:
        """A definition that branches or quantifies is looked into; any other is the action."""
        definition = node.operator
        assert isinstance(definition, tree.Definition)
        body = definition.body
        while isinstance(body, tree.Let):
            body = body.body
        named = way.action or ("" if isinstance(body, tree.Or | tree.Quantified) else definition.name)
        inner = self._evaluator.inside(node, way.env)
        yield from self._inside(definition.body, inner, replace(way, action=named))

    # -- single conjuncts ----------------------------------------------------------------------------------

    def _single(self, node: tree.Node, way: _Way) -> _Way:
        match node:
            case tree.Apply(
                operator=tree.Given(name="="),
                arguments=(tree.Prime(body=tree.Name(target=tree.Variable(name=name))), value),
            ) if name not in way.then:
                if self._ready(value, way):
                    return way.makes({name: self._evaluator.value(value, way.env)})
            case tree.Apply(
                operator=tree.Given(name="\\in"),
                arguments=(tree.Prime(body=tree.Name(target=tree.Variable(name=name))), drawn),
            ) if name not in way.then and self._ready(drawn, way):
                base = self._evaluator.set(drawn, way.env)
                some, guard = self._evaluator.logic.some(base, f"{name}'")
                made = way.makes({name: some}).needs(guard)
                return replace(made, parameters=(*made.parameters, (f"{name}'", some)))
            case tree.Unchanged(body=body):
                return self._unchanged(body, way)
        if self._ready(node, way):
            return way.needs(self._evaluator.formula(node, way.env))
        return replace(way, waiting=(*way.waiting, (node, way.env)))

    def _unchanged(self, node: tree.Node, way: _Way) -> _Way:
        match node:
            case tree.Tuple(elements=elements):
                for element in elements:
                    way = self._unchanged(element, way)
                return way
            case tree.Name(target=tree.Variable(name=name)) if name not in way.then:
                return way.makes({name: way.env.now[name]})
            case tree.Apply(operator=tree.Definition(body=body), arguments=()):
                return self._unchanged(body, way)
        return way.needs(self._evaluator.unchanged(node, way.env))

    def _ready(self, node: tree.Node, way: _Way) -> bool:
        """Whether the next value of every variable that stands under a prime in `node` is said."""
        try:
            self._evaluator.value(node, way.env)
        except UnknownConstructError as error:
            if not error.construct.startswith("the next value of"):
                raise
            return False
        return True
