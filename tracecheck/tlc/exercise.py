"""Which parts of a spec an evaluation goes through, and what their values are.

A part is a place where a spec decides: a conjunct, a disjunct, the condition of IF or CASE, what stands before =>, a
quantifier. What binds names in a value (a set or function constructor, CHOOSE) and recursive operators are taken as a
whole: the parts within them are no parts here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jpype

from tracecheck.engine import EvaluationError
from tracecheck.tlc.engine import State, TlcEngine

Node = Any
Context = Any

CONJUNCT, DISJUNCT, CONDITION, PREMISE, ELEMENTS = "conjunct", "disjunct", "condition", "premise", "elements"

_CONJUNCTION, _DISJUNCTION = ("$ConjList", "\\land"), ("$DisjList", "\\lor")
_QUANTIFIERS = ("$BoundedForall", "$BoundedExists")
_BINDERS = ("$SubsetOf", "$SetOfAll", "$FcnConstructor", "$NonRecursiveFcnSpec", "$RecursiveFcnSpec", "$BoundedChoose")
_ACTION_LEVEL = 2
_MOST_ELEMENTS = 16
_DEEPEST = 30


@dataclass
class Part:
    """A part of a spec, in the definition where it stands, and how often it was true and false.

    Of a quantifier it counts how often there was an element to look at, and how often none.
    """

    form: str
    definition: str
    file: str
    line: int
    text: str
    true: int = 0
    false: int = 0


class Exercise:
    """The parts of the definitions that were announced (`add`), and what evaluations went through (`visit`).

    One that is `thorough` goes on behind the part that decides, as far as what stands there can be evaluated.
    """

    def __init__(self, engine: TlcEngine, *, thorough: bool = False) -> None:
        self._thorough = thorough
        self.parts: dict[int, Part] = {}
        self._engine = engine
        self._tool = engine.tool
        kinds = engine.loaded.cls("tla2sany.semantic.ASTConstants")
        self._application = int(kinds.OpApplKind)
        self._wrappers = (int(kinds.LetInKind), int(kinds.LabelKind))
        self._user_defined = int(kinds.UserDefinedOpKind)
        self._empty = engine.loaded.cls("tlc2.tool.TLCState").Empty
        self._clear = int(engine.loaded.cls("tlc2.tool.EvalControl").Clear)
        self._nothing = engine.loaded.cls("tlc2.util.Context").Empty
        self._state: State = None
        self._successor: State = None

    # -- what there is -------------------------------------------------------------------------------------

    def add(self, name: str, body: Node) -> None:
        """All parts of a definition's body, and of what it uses."""
        self._add(body, name, set())

    def _add(self, node: Node, definition: str, seen: set[int]) -> None:
        node = self._unwrapped(node)
        name = self._name(node)
        for form, part in self._decisions(node, name):
            uid = int(part.getUid())
            if uid not in self.parts:
                file, line, text = self._engine.loaded.source(part)
                self.parts[uid] = Part(form, definition, file, line, text)
        if name in _BINDERS:
            return
        for child in self._children(node):
            self._add(child, definition, seen)
        used = self._definition(node, self._nothing)
        if used is not None and int(used.getUid()) not in seen:
            seen.add(int(used.getUid()))
            self._add(used.getBody(), str(used.getName()), seen)

    def _decisions(self, node: Node, name: str) -> Iterator[tuple[str, Node]]:
        """The parts that a node has of its own."""
        arguments = list(node.getArgs()) if node.getKind() == self._application else []
        if name in _CONJUNCTION or name in _DISJUNCTION:
            form = CONJUNCT if name in _CONJUNCTION else DISJUNCT
            yield from ((form, part) for part in arguments if self._is_plain(part) and not self._nested(part, name))
        elif name == "$IfThenElse":
            yield CONDITION, arguments[0]
        elif name == "$Case":
            pairs = (pair.getArgs() for pair in arguments)
            yield from ((CONDITION, condition) for condition, _ in pairs if condition is not None)
        elif name == "=>":
            yield PREMISE, arguments[0]
        elif name in _QUANTIFIERS:
            yield ELEMENTS, node

    def _nested(self, part: Node, name: str) -> bool:
        """A conjunction in a conjunction has parts itself."""
        inner = self._name(self._unwrapped(part))
        return inner in (_CONJUNCTION if name in _CONJUNCTION else _DISJUNCTION)

    # -- what is gone through ------------------------------------------------------------------------------

    def visit(self, node: Node, context: Context, state: State, successor: State | None = None) -> None:
        """Goes through `node` as an evaluation does, in a state or, with a `successor`, in a step.

        Raises EvaluationError.
        """
        self._state, self._successor = state, self._empty if successor is None else successor
        try:
            self._visit(node, context, 0)
        except jpype.JException as error:
            raise EvaluationError(" ".join(str(error.getMessage() or error).split())) from None

    def _visit(self, node: Node, context: Context, depth: int) -> None:
        node = self._unwrapped(node)
        name = self._name(node)
        if depth > _DEEPEST or name in _BINDERS or node.getKind() != self._application:
            return
        arguments = list(node.getArgs() or ())
        if name in _CONJUNCTION or name in _DISJUNCTION:
            self._junction(arguments, name in _CONJUNCTION, context, depth)
        elif name == "$IfThenElse":
            holds = self._count(arguments[0], context)
            self._visit(arguments[0], context, depth + 1)
            self._visit(arguments[1 if holds else 2], context, depth + 1)
        elif name == "$Case":
            self._case(arguments, context, depth)
        elif name == "=>":
            self._visit(arguments[0], context, depth + 1)
            if self._count(arguments[0], context):
                self._visit(arguments[1], context, depth + 1)
        elif name in _QUANTIFIERS:
            self._quantifier(node, context, depth)
        else:
            for argument in self._children(node):
                self._visit(argument, context, depth + 1)
            self._applied(node, arguments, context, depth)

    def _junction(self, arguments: list[Node], is_and: bool, context: Context, depth: int) -> None:
        """The parts up to the one that decides; those about the next state decide nothing that was not so before."""
        decided = False
        for part in arguments:
            try:
                holds = self._count(part, context) if self._is_plain(part) else is_and
                self._visit(part, context, depth + 1)
            except jpype.JException:
                if decided:
                    return
                raise
            decided = decided or holds != is_and
            if decided and not self._thorough:
                return

    def _case(self, arguments: list[Node], context: Context, depth: int) -> None:
        for pair in arguments:
            condition, value = pair.getArgs()
            if condition is None or self._count(condition, context):
                self._visit(value, context, depth + 1)
                return

    def _quantifier(self, node: Node, context: Context, depth: int) -> None:
        enumeration = self._tool.contexts(node, context, self._state, self._successor, self._clear)
        part = self.parts.get(int(node.getUid()))
        inner, number = enumeration.nextElement(), 0
        if part is not None:
            part.true += inner is not None
            part.false += inner is None
        while inner is not None and number < _MOST_ELEMENTS:
            self._visit(node.getArgs()[0], inner, depth + 1)
            inner, number = enumeration.nextElement(), number + 1

    def _applied(self, node: Node, arguments: list[Node], context: Context, depth: int) -> None:
        definition = self._definition(node, context)
        if definition is not None:
            inner = self._tool.getOpContext(definition, node.getArgs(), context, False)
            self._visit(definition.getBody(), inner, depth + 1)

    def _count(self, part: Node, context: Context) -> bool:
        """The value of a part, counted."""
        value = self._tool.eval(part, context, self._state, self._successor, self._clear)
        holds = str(value) == "TRUE"
        known = self.parts.get(int(part.getUid()))
        if known is not None:
            known.true += holds
            known.false += not holds
        return holds

    # -- nodes ---------------------------------------------------------------------------------------------

    def _unwrapped(self, node: Node) -> Node:
        while node.getKind() in self._wrappers:
            node = node.getBody()
        return node

    def _name(self, node: Node) -> str:
        return str(node.getOperator().getName()) if node.getKind() == self._application else ""

    def _is_plain(self, node: Node) -> bool:
        """Whether a part speaks of one state only."""
        return int(node.getLevel()) < _ACTION_LEVEL

    def _children(self, node: Node) -> list[Node]:
        """The arguments that are expressions."""
        if node.getKind() != self._application:
            return []
        found = [argument for argument in node.getArgs() or () if argument is not None]
        kinds = (self._application, *self._wrappers)
        return [argument for argument in found if argument.getKind() in kinds]

    def _definition(self, node: Node, context: Context) -> Any | None:
        """The definition that a node applies, as the configuration has it, unless it is recursive."""
        if node.getKind() != self._application or node.getOperator().getKind() != self._user_defined:
            return None
        found = self._tool.lookup(node.getOperator(), context, False)
        is_definition = str(found.getClass().getSimpleName()) == "OpDefNode"
        return found if is_definition and not found.getInRecursive() and self._is_own(found) else None

    def _is_own(self, definition: Any) -> bool:
        """Whether a definition stands in a file of the spec, not in a standard module."""
        module = str(definition.getLocation().source())
        return any((library / f"{module}.tla").is_file() for library in self._engine.loaded.libraries)
