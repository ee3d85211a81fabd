"""Says why a step is not allowed: the first conjunct of the action that is false, and for which values."""

from __future__ import annotations

from typing import Any

from tracecheck.engine import EvaluationError, OutsideError
from tracecheck.observe import Move, Observation, Try
from tracecheck.report import Nearest, shorten
from tracecheck.tlc.blame import Blame
from tracecheck.tlc.engine import State, TlcEngine

Node = Any


class Explainer:
    """Looks for what forbids a step, in the actions of one spec."""

    def __init__(self, engine: TlcEngine) -> None:
        self._engine = engine
        self._blame = Blame(engine.tool, engine.loaded.cls, engine.loaded.source)

    def why_not(self, observation: Observation, state: State, broken: str | None = None) -> list[Nearest]:
        """One reason per place of the action in Next, why it has no successor of `state`; both of the exact engine.

        `broken` is the invariant that keeps the successors there are from counting, if that is why.
        """
        move, values = observation.move, observation.values
        logged = dict(zip(move.leaves[0].formals, (values[name] for name in move.rule.arguments), strict=True))
        shown = {formal: shorten(str(value)) for formal, value in logged.items()}
        if broken is not None:
            file, line, text = self._engine.loaded.source(self._engine.invariant(broken))
            return [Nearest(move.action, text, file, line, shown, {}, f"the step breaks the invariant {broken}")]
        try:
            return [self._why_not(move, attempt, shown, state) for attempt in move.tries(values, state)]
        except EvaluationError as error:
            return [self._whole(move, shown, f"TLC cannot evaluate it ({error})")]

    def _why_not(self, move: Move, attempt: Try, shown: dict[str, str], state: State) -> Nearest:
        if attempt.outside is not None:
            return self._outside(move, attempt.outside, shown)
        if attempt.mismatch is not None:
            return self._whole(move, shown, f"the spec gives {attempt.mismatch} another value here", attempt.leaf.node)
        definition, arguments = attempt.leaf.definition, attempt.leaf.node.getArgs()
        inner = self._engine.tool.getOpContext(definition, arguments, attempt.binding, False)
        found = self._blame.find(definition.getBody(), inner, state)
        if found is None:
            return self._whole(move, shown, "no conjunct is false by itself, yet there is no next state")
        where = {name: value for name, value in found.where.items() if shown.get(name) != value}
        note = "true, and must not be" if found.forbidden else "false"
        return Nearest(move.action, found.text, found.file, found.line, shown, where, note, found.inside)

    def _whole(self, move: Move, shown: dict[str, str], note: str, node: Node | None = None) -> Nearest:
        """The action as a whole, when no part of it can be blamed."""
        file, line, _ = self._engine.loaded.source(move.leaves[0].definition if node is None else node)
        return Nearest(move.action, f"{move.action}({', '.join(shown)})", file, line, shown, {}, note)

    def _outside(self, move: Move, outside: OutsideError, shown: dict[str, str]) -> Nearest:
        names = ", ".join(outside.names)
        drawn = f"<<{names}>>" if len(outside.names) > 1 else names
        where = {} if names in shown else {drawn: shorten(outside.value)}
        text, file, line = f"{drawn} \\in {outside.bound}", outside.file, outside.line
        return Nearest(move.action, text, file, line, shown, where, "Next does not offer this value")
