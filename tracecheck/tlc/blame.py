"""Finds the part of a predicate that alone makes it false, and the values for which it does.

A false conjunct is looked into as long as one part of it can be blamed: a predicate's body, the element for which a
"for all" fails, the element that makes a forbidden "exists" true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any

import jpype

from tracecheck.report.rejection import shorten

Node = Any
Context = Any
State = Any

_DEEPEST = 40
_CONJUNCTION = ("$ConjList", "\\land")
_DISJUNCTION = ("$DisjList", "\\lor")
_FORALL, _EXISTS, _NOT = "$BoundedForall", "$BoundedExists", ("\\lnot", "~")
_SPLITS_WHEN_FALSE = (*_CONJUNCTION, _FORALL, "$IfThenElse")
_SPLITS_WHEN_TRUE = (*_DISJUNCTION, _EXISTS, "$IfThenElse")
_ACTION_LEVEL = 2
_MOST_SORTED = 10_000


@dataclass(frozen=True)
class _Spot:
    """A part of the spec, the context it stands in, and what the names in it stand for. `wanted` is the value it would
    have to have; `top` is the conjunct in which it was found."""

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


@dataclass(frozen=True)
class Finding:
    """The part to blame: where it stands and its text, what the names and operands in it stand for, the conjunct
    around it (empty if that is the part itself), and whether it is true where it must not be."""

    file: str
    line: int
    text: str
    where: dict[str, str]
    inside: str
    forbidden: bool


class Blame:
    """The search, in a spec that TLC has loaded as `tool`. `load` gives the classes of its class loader, `source` the
    file, line and text of a node.

    `canonical` writes equal values in one way, and whole. With it, of several elements to blame the first by its text
    is taken (TLC's own order depends on what the process has read before), and the operands of the parts of a
    conjunction are told.
    """

    def __init__(
        self,
        tool: Any,
        load: Callable[[str], Any],
        source: Callable[[Node], tuple[str, int, str]],
        canonical: Callable[[Any], str] | None = None,
    ) -> None:
        self.tool = tool
        self.source = source
        self.show = canonical or (lambda value: shorten(str(value)))
        self.in_detail = canonical is not None
        constants = load("tla2sany.semantic.ASTConstants")
        self.application = int(constants.OpApplKind)
        self.wrappers = (int(constants.LetInKind), int(constants.LabelKind))
        self.user_defined = int(constants.UserDefinedOpKind)
        self.substituted = int(constants.SubstInKind)
        self.empty = load("tlc2.tool.TLCState").Empty
        self.context = load("tlc2.util.Context").Empty
        self.clear = int(load("tlc2.tool.EvalControl").Clear)

    def find(self, node: Node, context: Context, state: State, successor: State | None = None) -> Finding | None:
        """The innermost part that alone makes `node` false; None if there is none.

        Without a `successor` what speaks of the next state is passed over: by itself it cannot be wrong.
        """
        search = _Search(self, state, successor)
        found = search.blame(_Spot(node, context))
        if found is None:
            return None
        file, line, text = self.source(found.node)
        where = {**dict(found.where), **search.operands(found)}
        inside = "" if found.top is None or found.top == found.node else self.source(found.top)[2]
        return Finding(file, line, text, where, inside, forbidden=not found.wanted)


class _Search:
    """One search: the parts of one predicate, in one state or of one step."""

    def __init__(self, blame: Blame, state: State, successor: State | None) -> None:
        self._of = blame
        self._state = state
        self._successor = successor

    def blame(self, spot: _Spot) -> _Spot | None:
        """The innermost part that alone makes `spot` differ from what is wanted; None if it does not differ."""
        node = spot.node
        if node.getKind() in self._of.wrappers:
            return self.blame(spot.at(node.getBody()))
        if node.getKind() == self._of.substituted:
            return self.blame(spot.at(node.getBody(), self._instance(node, spot.context)))
        name = self._name(node)
        if self._is_action(node) and spot.wanted and name not in _CONJUNCTION:
            # Perhaps the action of another module: its conditions may be looked at.
            return self._applied(replace(spot, top=node if spot.top is None else spot.top))
        if name in _CONJUNCTION and spot.wanted:
            # Not evaluated as a whole: some of its parts may speak of the next state.
            return self._first(spot, list(node.getArgs()))
        if not self._differs(spot):
            return None
        if name == "" or spot.depth > _DEEPEST:
            return spot
        try:
            return self._inside(name, spot) or spot
        except jpype.JException:
            return spot

    def _inside(self, name: str, spot: _Spot) -> _Spot | None:
        node = spot.node
        spot = replace(spot, top=node if spot.top is None else spot.top)
        if name in _NOT:
            return self.blame(spot.negated(node.getArgs()[0]))
        if name == "$IfThenElse":
            condition, then, otherwise = node.getArgs()
            holds = str(self._value(condition, spot.context)) == "TRUE"
            return self.blame(spot.at(then if holds else otherwise))
        if name == "=>" and spot.wanted:
            return self.blame(spot.at(node.getArgs()[1]))
        if name in _DISJUNCTION and not spot.wanted:
            return self._first(spot, list(node.getArgs()))
        if name == (_FORALL if spot.wanted else _EXISTS):
            found = (self.blame(spot.at(node.getArgs()[0], *element)) for element in self._elements(node, spot))
            return next((part for part in found if part is not None), None)
        return self._applied(spot)

    def _applied(self, spot: _Spot) -> _Spot | None:
        """A predicate of the spec is looked into, with its arguments, if its body says more than its name."""
        node, definition = spot.node, spot.node.getOperator()
        if definition.getKind() != self._of.user_defined or not self._splits(definition.getBody(), spot.wanted):
            return None
        inner = self._of.tool.getOpContext(definition, node.getArgs(), spot.context, False)
        formals = (str(formal.getName()) for formal in definition.getParams())
        pairs = zip(formals, self._shown(list(node.getArgs()), spot.context), strict=True)
        more = tuple((formal, value) for formal, value in pairs if value is not None)
        return self.blame(spot.at(definition.getBody(), inner, more))

    def _is_action(self, node: Node) -> bool:
        """Whether `node` speaks of a next state that there is not."""
        return self._successor is None and int(node.getLevel()) >= _ACTION_LEVEL and self._name(node) != ""

    def _instance(self, node: Node, context: Context) -> Context:
        """The context of a part of an instance: what stands for the constants and variables of its module."""
        inner = context
        for one in node.getSubsts():
            inner = inner.cons(one.getOp(), self._of.tool.getVal(one.getExpr(), context, False))
        return inner

    def _first(self, spot: _Spot, parts: list[Node]) -> _Spot | None:
        found = (self.blame(spot.at(part)) for part in parts)
        return next((part for part in found if part is not None), None)

    def _name(self, node: Node) -> str:
        """The operator that `node` applies, empty if it applies none."""
        return str(node.getOperator().getName()) if node.getKind() == self._of.application else ""

    def _splits(self, body: Node, wanted: bool) -> bool:
        """Whether a predicate's body says more than its name."""
        while body.getKind() in (*self._of.wrappers, self._of.substituted):
            body = body.getBody()
        if self._name(body) in _NOT:
            return self._splits(body.getArgs()[0], not wanted)
        return self._name(body) in (_SPLITS_WHEN_FALSE if wanted else _SPLITS_WHEN_TRUE)

    def _differs(self, spot: _Spot) -> bool:
        """Whether the value is not the wanted one."""
        if self._successor is None and int(spot.node.getLevel()) >= _ACTION_LEVEL:
            return False
        try:
            return str(self._value(spot.node, spot.context)) != str(spot.wanted).upper()
        except jpype.JException:
            return True

    def _elements(self, node: Node, spot: _Spot) -> Iterator[tuple[Context, tuple[tuple[str, str], ...]]]:
        """The contexts that a bounded quantifier ranges over, each with the names it binds."""
        symbols = [symbol for group in node.getBdedQuantSymbolLists() for symbol in group]
        following = self._of.empty if self._successor is None else self._successor
        enumeration = self._of.tool.contexts(node, spot.context, self._state, following, self._of.clear)
        contexts = iter(enumeration.nextElement, None)
        found = ((c, tuple((str(s.getName()), self._of.show(c.lookup(s))) for s in symbols)) for c in contexts)
        if not self._of.in_detail:
            return found
        return chain(sorted(islice(found, _MOST_SORTED), key=lambda element: element[1]), found)

    def operands(self, spot: _Spot) -> dict[str, str]:
        """The operands of the blamed part, each with its value; of a conjunction or disjunction, those of its parts."""
        name = self._name(spot.node)
        if name in ("", _FORALL, _EXISTS):
            return {}
        nodes = list(spot.node.getArgs())
        if name in (*_CONJUNCTION, *_DISJUNCTION):
            if not self._of.in_detail:
                return {}
            return {text: value for node in nodes for text, value in self.operands(spot.at(node)).items()}
        texts = [self._of.source(operand)[2] for operand in nodes]
        values = self._shown(nodes, spot.context)
        return {text: value for text, value in zip(texts, values, strict=True) if value not in (None, text)}

    def _shown(self, nodes: list[Node], context: Context) -> list[str | None]:
        """The values of expressions, None for what has none: an operator, or something of the next state."""
        found: list[str | None] = []
        for node in nodes:
            try:
                found.append(self._of.show(self._value(node, context)))
            except jpype.JException:
                found.append(None)
        return found

    def _value(self, node: Node, context: Context) -> Any:
        following = self._of.empty if self._successor is None else self._successor
        return self._of.tool.eval(node, context, self._state, following, self._of.clear)
