"""Says why a step is not allowed: the first conjunct of the action that is false, and for which values.

A false conjunct is looked into as long as one part of it can be blamed: a predicate's body, the element for which a
"for all" fails, the element that makes a forbidden "exists" true.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import jpype

from tracecheck.report import Nearest, shorten
from tracecheck.tlc.engine import Context, Engine, EvaluationError, State
from tracecheck.tlc.move import Move, Try
from tracecheck.tlc.next import Quantifier

Node = Any

_DEEPEST = 40
_CONJUNCTION = ("$ConjList", "\\land")
_DISJUNCTION = ("$DisjList", "\\lor")
_FORALL, _EXISTS, _NOT = "$BoundedForall", "$BoundedExists", ("\\lnot", "~")
_SPLITS_WHEN_FALSE = (*_CONJUNCTION, _FORALL, "$IfThenElse")
_SPLITS_WHEN_TRUE = (*_DISJUNCTION, _EXISTS, "$IfThenElse")


@dataclass(frozen=True)
class _Spot:
    """A part of the spec, the context it stands in, and what the names in it stand for. `wanted` is the value it would
    have to have; `top` is the conjunct of the action in which it was found."""

    node: Node
    context: Context
    wanted: bool = True
    where: tuple[tuple[str, str], ...] = ()
    depth: int = 0
    top: Node | None = None

    def at(self, node: Node, context: Context | None = None, more: tuple[tuple[str, str], ...] = ()) -> _Spot:
        """The same search, one part further in."""
        inner = self.context if context is None else context
        return replace(self, node=node, context=inner, where=self.where + more, depth=self.depth + 1)

    def negated(self, node: Node) -> _Spot:
        return replace(self, node=node, wanted=not self.wanted, depth=self.depth + 1)


class Explainer:
    """Looks for what forbids a step, in the actions of one spec."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        constants = engine.loaded.cls("tla2sany.semantic.ASTConstants")
        self._application = int(constants.OpApplKind)
        self._wrappers = (int(constants.LetInKind), int(constants.LabelKind))
        self._user_defined = int(constants.UserDefinedOpKind)

    def why_not(self, move: Move, values: dict[str, Any], state: State, broken: str | None = None) -> list[Nearest]:
        """One reason per place of the action in Next, why it has no successor of `state`.

        `broken` is the invariant that keeps the successors there are from counting, if that is why.
        """
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
            return self._outside(move, attempt.outside.quantifier, str(attempt.outside.value), shown)
        if attempt.mismatch is not None:
            return self._whole(move, shown, f"the spec gives {attempt.mismatch} another value here", attempt.leaf.node)
        definition, arguments = attempt.leaf.definition, attempt.leaf.node.getArgs()
        inner = self._engine.tool.getOpContext(definition, arguments, attempt.context, False)
        found = self._blame(_Spot(definition.getBody(), inner), state)
        if found is None:
            return self._whole(move, shown, "no conjunct is false by itself, yet there is no next state")
        file, line, text = self._engine.loaded.source(found.node)
        where = {**dict(found.where), **self._operands(found, state)}
        where = {name: value for name, value in where.items() if shown.get(name) != value}
        note = "false" if found.wanted else "true, and must not be"
        inside = "" if found.top is None or found.top == found.node else self._engine.loaded.source(found.top)[2]
        return Nearest(move.action, text, file, line, shown, where, note, inside)

    def _whole(self, move: Move, shown: dict[str, str], note: str, node: Node | None = None) -> Nearest:
        """The action as a whole, when no part of it can be blamed."""
        file, line, _ = self._engine.loaded.source(move.leaves[0].definition if node is None else node)
        return Nearest(move.action, f"{move.action}({', '.join(shown)})", file, line, shown, {}, note)

    def _outside(self, move: Move, quantifier: Quantifier, value: str, shown: dict[str, str]) -> Nearest:
        file, line, text = self._engine.loaded.source(quantifier.bound)
        names = ", ".join(quantifier.names)
        drawn = f"<<{names}>>" if quantifier.is_tuple else names
        where = {} if names in shown else {drawn: shorten(value)}
        return Nearest(move.action, f"{drawn} \\in {text}", file, line, shown, where, "Next does not offer this value")

    # -- looking inside ------------------------------------------------------------------------------------

    def _blame(self, spot: _Spot, state: State) -> _Spot | None:
        """The innermost part that alone makes `spot` differ from what is wanted; None if it does not differ."""
        node = spot.node
        if node.getKind() in self._wrappers:
            return self._blame(spot.at(node.getBody()), state)
        name = self._name(node)
        if name in _CONJUNCTION and spot.wanted:
            # Not evaluated as a whole: some of its parts may speak of the next state.
            return self._first(spot, list(node.getArgs()), state)
        if not self._differs(spot, state):
            return None
        if name == "" or spot.depth > _DEEPEST:
            return spot
        try:
            return self._inside(name, spot, state) or spot
        except (EvaluationError, jpype.JException):
            return spot

    def _inside(self, name: str, spot: _Spot, state: State) -> _Spot | None:
        node = spot.node
        spot = replace(spot, top=node if spot.top is None else spot.top)
        if name in _NOT:
            return self._blame(spot.negated(node.getArgs()[0]), state)
        if name == "$IfThenElse":
            condition, then, otherwise = node.getArgs()
            holds = str(self._engine.evaluate(condition, spot.context, state)) == "TRUE"
            return self._blame(spot.at(then if holds else otherwise), state)
        if name == "=>" and spot.wanted:
            return self._blame(spot.at(node.getArgs()[1]), state)
        if name in _DISJUNCTION and not spot.wanted:
            return self._first(spot, list(node.getArgs()), state)
        if name == (_FORALL if spot.wanted else _EXISTS):
            found = (self._blame(spot.at(node.getArgs()[0], *e), state) for e in self._elements(node, spot, state))
            return next((part for part in found if part is not None), None)
        definition = node.getOperator()
        if definition.getKind() == self._user_defined and self._splits(definition.getBody(), spot.wanted):
            inner = self._engine.tool.getOpContext(definition, node.getArgs(), spot.context, False)
            formals = (str(formal.getName()) for formal in definition.getParams())
            pairs = zip(formals, self._shown(list(node.getArgs()), spot.context, state), strict=True)
            more = tuple((formal, value) for formal, value in pairs if value is not None)
            return self._blame(spot.at(definition.getBody(), inner, more), state)
        return None

    def _first(self, spot: _Spot, parts: list[Node], state: State) -> _Spot | None:
        found = (self._blame(spot.at(part), state) for part in parts)
        return next((part for part in found if part is not None), None)

    def _name(self, node: Node) -> str:
        """The operator that `node` applies, empty if it applies none."""
        return str(node.getOperator().getName()) if node.getKind() == self._application else ""

    def _splits(self, body: Node, wanted: bool) -> bool:
        """Whether a predicate's body says more than its name."""
        while body.getKind() in self._wrappers:
            body = body.getBody()
        if self._name(body) in _NOT:
            return self._splits(body.getArgs()[0], not wanted)
        return self._name(body) in (_SPLITS_WHEN_FALSE if wanted else _SPLITS_WHEN_TRUE)

    def _differs(self, spot: _Spot, state: State) -> bool:
        """Whether the value is not the wanted one. What speaks of the next state cannot be wrong by itself."""
        if int(spot.node.getLevel()) > 1:
            return False
        try:
            return str(self._engine.evaluate(spot.node, spot.context, state)) != str(spot.wanted).upper()
        except EvaluationError:
            return True

    def _elements(self, node: Node, spot: _Spot, state: State) -> Iterator[tuple[Context, tuple[tuple[str, str], ...]]]:
        """The contexts that a bounded quantifier ranges over, each with the names it binds."""
        symbols = [symbol for group in node.getBdedQuantSymbolLists() for symbol in group]
        enumeration = self._engine.contexts(node, spot.context, state)
        while (inner := enumeration.nextElement()) is not None:
            yield inner, tuple((str(s.getName()), shorten(str(inner.lookup(s)))) for s in symbols)

    # -- showing values ------------------------------------------------------------------------------------

    def _operands(self, spot: _Spot, state: State) -> dict[str, str]:
        """The operands of the blamed part, each with its value."""
        if self._name(spot.node) in ("", _FORALL, _EXISTS, *_CONJUNCTION, *_DISJUNCTION):
            return {}
        operands = list(spot.node.getArgs())
        values = self._shown(operands, spot.context, state)
        texts = [self._engine.loaded.source(operand)[2] for operand in operands]
        return {text: value for text, value in zip(texts, values, strict=True) if value not in (None, text)}

    def _shown(self, nodes: list[Node], context: Context, state: State) -> list[str | None]:
        """The values of expressions, None for what has none: an operator, or something of the next state."""
        found: list[str | None] = []
        for node in nodes:
            try:
                found.append(shorten(str(self._engine.evaluate(node, context, state))))
            except EvaluationError:
                found.append(None)
        return found
