"""Says why a step is not allowed: the first conjunct of the action that is false, and for which values; and what would
have been possible instead."""

from __future__ import annotations

from itertools import islice
from typing import Any

from tracecheck.engine import EvaluationError, OutsideError
from tracecheck.mapping import Mapping
from tracecheck.mapping.rules import Domain
from tracecheck.observe import Attempt, Observation
from tracecheck.projection import Difference
from tracecheck.report.rejection import DIFFERENT, FALSE, FORBIDDEN, OUTSIDE, Nearest
from tracecheck.tlc.blame import Blame, Finding
from tracecheck.tlc.engine import State, TlcEngine
from tracecheck.tlc.next import Leaf

Node = Any
JavaValue = Any

_MOST_TRIES = 64
"""How many ways of binding what no event has logged are tried, to find out whether another action would do."""


class Explainer:
    """Looks for what forbids a step, in the actions of one spec."""

    def __init__(self, engine: TlcEngine, mapping: Mapping) -> None:
        self._engine = engine
        self._blame = Blame(engine.tool, engine.loaded.cls, engine.loaded.source, engine.text)
        self._domains = _domains(mapping)

    def why_not(self, observation: Observation, state: State, broken: str | None = None) -> list[Nearest]:
        """One reason per place of the action in Next, why it has no successor of `state`; both of the exact engine.
        Those that are about a condition of the action come first.

        `broken` is the invariant that keeps the successors there are from counting, if that is why.
        """
        if broken is not None:
            return [self._broken(observation, state, broken)]
        try:
            found = [self._why_not(attempt) for attempt in islice(observation.attempts(state), _MOST_TRIES)]
        except EvaluationError as error:
            shown = self._shown(observation.logged)
            return [self._whole(observation.action, shown, f"TLC cannot evaluate it ({error})")]
        return sorted(found, key=lambda nearest: nearest.note not in (DIFFERENT, FALSE, FORBIDDEN))

    def instead(self, observation: Observation, state: State) -> list[str]:
        """The other actions of Next that `state` allows with the logged arguments of the same names, as TLA+ text.

        Only those that take nothing but logged arguments, and what Next quantifies beyond them is tried a few times.
        """
        logged = observation.logged
        leaves = (leaf for leaf in self._engine.leaves if leaf.action != observation.action and leaf.formals)
        fitting = (leaf for leaf in leaves if logged.keys() >= set(leaf.formals))
        names = (f"{leaf.action}({', '.join(leaf.formals)})" for leaf in fitting if self._allows(leaf, logged, state))
        return list(dict.fromkeys(names))

    def _allows(self, leaf: Leaf, logged: dict[str, JavaValue], state: State) -> bool:
        engine = self._engine
        given = {name: logged[f] for name, f in zip(leaf.variables, leaf.formals, strict=True) if name is not None}
        try:
            for name, of in self._domains.get(leaf.action, {}).items():
                given[name] = engine.domain(logged[leaf.formals[of]])
            for binding in islice(engine.bindings(leaf, given, state), _MOST_TRIES):
                values = zip(leaf.formals, engine.arguments(leaf, binding, state), strict=True)
                if all(engine.equal(value, logged[formal]) for formal, value in values) and any(
                    engine.broken_invariant(after) is None for after in engine.successors(leaf, binding, state)
                ):
                    return True
        except (EvaluationError, OutsideError):
            # It cannot be that action, or nothing can be said of it: either way it is no help.
            return False
        return False

    def _broken(self, observation: Observation, state: State, broken: str) -> Nearest:
        """The part of the invariant that is false in the state after the step."""
        engine, action, shown = self._engine, observation.action, self._shown(observation.logged)
        node = engine.invariant(broken)
        for after in observation.successors(state):
            if engine.broken_invariant(after) == broken:
                found = self._blame.find(node, self._blame.context, after)
                if found is not None:
                    return self._found(action, found, shown, broken)
        file, line, text = engine.loaded.source(node)
        return Nearest(action, text, file, line, shown, {}, invariant=broken)

    def _why_not(self, attempt: Attempt) -> Nearest:
        shown, tried = self._shown(attempt.logged), attempt.tried
        leaf = None if tried is None else tried.leaf
        if attempt.difference is not None:
            return self._different(attempt, attempt.difference, shown)
        if tried is None:
            return self._whole(attempt.action, shown, "the spec allows it")
        if tried.outside is not None:
            return self._outside(attempt.action, tried.outside, shown)
        if tried.mismatch is not None:
            return self._whole(
                attempt.action, shown, f"the spec gives {tried.mismatch} another value here", tried.leaf.node
            )
        definition, arguments = self._configured(tried.leaf.definition), tried.leaf.node.getArgs()
        inner = self._engine.tool.getOpContext(definition, arguments, tried.binding, False)
        found = self._blame.find(definition.getBody(), inner, attempt.state)
        if found is None:
            note = "no conjunct is false by itself, yet there is no next state"
            return self._whole(attempt.action, shown, note, definition, leaf)
        return self._found(attempt.action, found, shown)

    def _configured(self, definition: Node) -> Node:
        """The definition that the configuration puts in the place of another one, if it does."""
        found = self._engine.tool.lookup(definition, self._blame.context, False)
        return found if hasattr(found, "getBody") else definition

    def _different(self, attempt: Attempt, difference: Difference, shown: dict[str, str]) -> Nearest:
        """The step is allowed, and leads to another value than the event says."""
        node = None if attempt.tried is None else attempt.tried.leaf.definition
        file, line = self._place(attempt.action, node)
        text = f"{difference.part} = {difference.logged}"
        return Nearest(attempt.action, text, file, line, shown, {difference.part: difference.actual}, DIFFERENT)

    def _shown(self, logged: dict[str, JavaValue]) -> dict[str, str]:
        """The logged parameters as TLA+ text."""
        return {formal: self._engine.text(value) for formal, value in logged.items()}

    def _found(self, action: str, found: Finding, shown: dict[str, str], invariant: str = "") -> Nearest:
        where = {name: value for name, value in found.where.items() if shown.get(name) != value}
        note = FORBIDDEN if found.forbidden else FALSE
        return Nearest(action, found.text, found.file, found.line, shown, where, note, found.inside, invariant)

    def _whole(
        self, action: str, shown: dict[str, str], note: str, node: Node | None = None, leaf: Leaf | None = None
    ) -> Nearest:
        """The action as a whole, when no part of it can be blamed."""
        file, line = self._place(action, node)
        formals = shown if leaf is None else leaf.formals
        text = f"{action}({', '.join(formals)})" if formals else action
        return Nearest(action, text, file, line, shown, {}, note)

    def _place(self, action: str, node: Node | None) -> tuple[str, int]:
        """Where `node` stands, else the action of that name, else the spec."""
        if node is None:
            node = next((leaf.definition for leaf in self._engine.leaves if leaf.action == action), None)
        if node is None:
            return str(self._engine.files.module), 1
        return self._engine.loaded.source(node)[:2]

    def _outside(self, action: str, outside: OutsideError, shown: dict[str, str]) -> Nearest:
        names = ", ".join(outside.names)
        drawn = f"<<{names}>>" if len(outside.names) > 1 else names
        where = {} if names in shown else {drawn: outside.value}
        text, file, line = f"{drawn} \\in {outside.bound}", outside.file, outside.line
        return Nearest(action, text, file, line, shown, where, OUTSIDE)


def _domains(mapping: Mapping) -> dict[str, dict[str, int]]:
    """By action the quantified names that are the domain of a parameter: its position."""
    found: dict[str, dict[str, int]] = {}
    for rule in mapping.rules.values():
        for application in (one for case in rule.cases for one in case.applications):
            named = application.named.items()
            found[application.action] = {name: given.of for name, given in named if isinstance(given, Domain)}
    return found
