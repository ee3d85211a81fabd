"""A module with an inductive invariant, as a list of things to be shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import z3

from daybreak.modelcheck.induction.actions import Actions, Step
from daybreak.modelcheck.induction.constants import Constants, conjuncts
from daybreak.modelcheck.induction.environment import Env, State
from daybreak.modelcheck.induction.evaluate import Evaluator
from daybreak.modelcheck.induction.logic import Logic
from daybreak.modelcheck.induction.values import Formula, Term, Value, text
from tracecheck.errors import SpecError
from tracecheck.syntax import read, tree
from tracecheck.syntax.tree import Module
from tracecheck.syntax.walk import parts

SPECS = ("SpecNoted", "Spec")
"""The definitions that may be the specification; the first that there is, is."""


@dataclass(frozen=True)
class Conjunct:
    """A part of the invariant, or a property that it implies. `is_action` if it speaks of a step."""

    name: str
    node: tree.Node
    is_action: bool = False


@dataclass(frozen=True)
class Invariant:
    """What a module says of its invariant."""

    path: Path
    module: Module
    types: tuple[Conjunct, ...]
    conjuncts: tuple[Conjunct, ...]
    implied: tuple[Conjunct, ...]
    init: tree.Node
    next: tree.Node

    def without(self, name: str) -> Invariant:
        """The same with one conjunct less. Raises SpecError if there is none of that name."""
        if name not in (conjunct.name for conjunct in self.conjuncts):
            known = ", ".join(conjunct.name for conjunct in self.conjuncts)
            raise SpecError(f"{self.path}: Inductive has no conjunct {name}; there are {known}")
        kept = tuple(conjunct for conjunct in self.conjuncts if conjunct.name != name)
        return Invariant(self.path, self.module, self.types, kept, self.implied, self.init, self.next)


def load(path: Path) -> Invariant:
    """Reads a module. Raises SpecError, also when it lacks a definition or one is not of the form it must have."""
    module = read(path)
    spec = next((module.definitions[name] for name in SPECS if name in module.definitions), None)
    if spec is None:
        raise SpecError(f"{path}: the module defines no {' and no '.join(SPECS)}")
    match spec.body:
        case tree.And(parts=(init, tree.Always(body=tree.Step(changes=False, action=action)), *_)):
            types = tuple(_types(path, module))
            return Invariant(
                path,
                module,
                types,
                tuple(_named(path, module, "Inductive")),
                tuple(_named(path, module, "Implied")),
                init,
                action,
            )
    raise SpecError(f"{spec.place}: {spec.name} is not of the form Init /\\ [][Next]_v")


def _definition(path: Path, module: Module, name: str) -> tree.Definition:
    if name not in module.definitions:
        raise SpecError(f"{path}: the module defines no {name}")
    return module.definitions[name]


def _parts(definition: tree.Definition) -> tuple[tree.Node, ...]:
    body = definition.body
    return body.parts if isinstance(body, tree.And) else (body,)


def _types(path: Path, module: Module) -> Iterator[Conjunct]:
    missing = dict.fromkeys(module.variables)
    for part in conjuncts(_definition(path, module, "Types").body):
        match part:
            case tree.Apply(
                operator=tree.Given(name="\\in"), arguments=(tree.Name(target=tree.Variable(name=name)), _)
            ):
                missing.pop(name, None)
                yield Conjunct(f"type of {name}", part)
            case _:
                raise SpecError(f"{part.place}: a conjunct of Types that is not of the form variable \\in set")
    if missing:
        raise SpecError(f"{path}: Types says nothing of {', '.join(missing)}")


def _named(path: Path, module: Module, name: str) -> Iterator[Conjunct]:
    for part in _parts(_definition(path, module, name)):
        if not isinstance(part, tree.Apply) or not isinstance(part.operator, tree.Definition) or part.arguments:
            raise SpecError(f"{part.place}: a conjunct of {name} that is no name of a definition")
        body = part.operator.body
        if isinstance(body, tree.Always) and isinstance(body.body, tree.Step):
            yield Conjunct(part.operator.name, body.body, is_action=True)
        else:
            yield Conjunct(part.operator.name, part)


@dataclass(frozen=True)
class Goal:
    """Something to be shown: that `formula` follows from what is `given`, and the conjuncts that are `known`.

    `before` is the state of which it is said, `step` the step after which, or of which, it is said.
    """

    where: str
    name: str
    given: tuple[Formula, ...]
    known: dict[str, Formula]
    formula: Formula
    before: State
    step: Step | None = None


class Problem:
    """An invariant, and all that is to be shown of it."""

    def __init__(self, invariant: Invariant) -> None:
        self.invariant = invariant
        self.logic = logic = Logic()
        constants = Constants(invariant.module)
        self.evaluator = constants.evaluator = Evaluator(logic, constants)
        self.constants: dict[str, Value] = {
            name: constants(constant) for name, constant in invariant.module.constants.items() if constant.arity == 0
        }
        self.state: State = {}
        self.state = {name: self._unknown(name) for name in invariant.module.variables}
        self._env = Env({}, self.state)
        self._known: dict[str, Formula] | None = None
        self._actions = Actions(self.evaluator, tuple(invariant.module.variables))

    def _unknown(self, variable: str) -> Value:
        """A variable of which nothing is known but its type."""
        node = next(part.node for part in self.invariant.types if part.name == f"type of {variable}")
        assert isinstance(node, tree.Apply)
        with self.evaluator.at(node):
            shape = self.evaluator.set(node.arguments[1], Env({}, {})).element()
            return self.logic.unknown(shape, variable)

    def assumptions(self) -> list[Formula]:
        """What is assumed of the constants."""
        env = Env({}, {})
        return [self.evaluator.formula(part.formula, env) for part in self.invariant.module.assumptions]

    def background(self) -> list[Formula]:
        """What is true of strings: that different ones differ."""
        return [z3.Distinct(*self.texts())] if len(self.texts()) > 1 else []

    def texts(self) -> list[Term]:
        """The strings that the module mentions."""
        values = {part.value for part in _everywhere(self.invariant.module) if isinstance(part, tree.Text)}
        return [text(value).term for value in sorted(values)]

    def known(self) -> dict[str, Formula]:
        """That the invariant is true of the state, conjunct by conjunct."""
        if self._known is None:
            parts = (*self.invariant.types, *self.invariant.conjuncts)
            self._known = {part.name: self.evaluator.formula(part.node, self._env) for part in parts}
        return self._known

    def goals(self) -> Iterator[Goal]:
        """All that is to be shown."""
        yield from self.begins()
        for step in self.steps():
            yield from self.keeps(step)
            yield from self.implies(step)
        yield from self.implies(None)

    def steps(self) -> list[Step]:
        """All ways to take a step."""
        return self._actions.steps(self.invariant.next, self._env)

    def begins(self) -> Iterator[Goal]:
        """That the invariant is true at the beginning."""
        init = self.evaluator.formula(self.invariant.init, self._env)
        for part in (*self.invariant.types, *self.invariant.conjuncts):
            yield Goal("Init", part.name, (init,), {}, self.evaluator.formula(part.node, self._env), self.state)

    def keeps(self, step: Step) -> Iterator[Goal]:
        """That a step keeps the invariant."""
        after = Env({}, step.then)
        changed = {name for name, value in step.then.items() if value is not self.state[name]}
        for part in (*self.invariant.types, *self.invariant.conjuncts):
            if self._speaks_of(part, changed):
                goal = self.evaluator.formula(part.node, after)
                yield Goal(step.action, part.name, step.guards, self.known(), goal, self.state, step)

    def implies(self, step: Step | None) -> Iterator[Goal]:
        """That the properties follow: of a state (None), or of a step."""
        given = () if step is None else step.guards
        for part in self.invariant.implied:
            if part.is_action == (step is not None):
                env = self._env if step is None else Env({}, self.state, step.then)
                where = "Implied" if step is None else step.action
                formula = self.evaluator.formula(part.node, env)
                yield Goal(where, part.name, given, self.known(), formula, self.state, step)

    def _speaks_of(self, part: Conjunct, changed: set[str]) -> bool:
        return bool(variables_of(part.node) & changed)


def variables_of(node: tree.Node) -> frozenset[str]:
    """The variables that an expression, or a definition that it uses, mentions."""
    return frozenset(
        part.target.name
        for part in _all(node, set())
        if isinstance(part, tree.Name) and isinstance(part.target, tree.Variable)
    )


def _everywhere(module: Module) -> Iterator[tree.Node]:
    seen: set[object] = set()
    for definition in module.definitions.values():
        yield from _all(definition.body, seen)
    for assumption in module.assumptions:
        yield from _all(assumption.formula, seen)


def _all(node: tree.Node, seen: set[object]) -> Iterator[tree.Node]:
    yield node
    operator = getattr(node, "operator", None)
    if isinstance(operator, tree.Definition) and operator not in seen:
        seen.add(operator)
        yield from _all(operator.body, seen)
    for part in parts(node):
        yield from _all(part, seen)
