"""Whether a spec is symmetric in the constants that a mapping calls symmetric: what permutes their elements must turn
its behaviours into behaviours. What cannot be seen from the spec's text is refused, never assumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from tracecheck.engine import EvaluationError
from tracecheck.errors import MappingError
from tracecheck.plan import Plan
from tracecheck.symmetry import Symmetry
from tracecheck.syntax import UnknownConstructError, tree
from tracecheck.syntax.reader import Reader
from tracecheck.syntax.walk import parts
from tracecheck.values import ModelValue, Value, to_text

_TELLING_APART = frozenset(("ToString", "RandomElement", "TLCGet", "TLCSet", "JavaTime", "SortSeq"))
"""Operators of the module TLC whose answer may depend on how a value is written, or on nothing at all."""

_known: WeakKeyDictionary[Plan, Symmetry] = WeakKeyDictionary()


def symmetry_of(plan: Plan) -> Symmetry | None:
    """How states are folded; None when the mapping calls nothing symmetric.

    Raises MappingError when the spec tells apart what is to be folded, or may do so.
    """
    if not plan.mapping.symmetric:
        return None
    if plan not in _known:
        _known[plan] = _Check(plan).symmetry()
    return _known[plan]


class _Check:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.names = plan.mapping.symmetric
        self.exact = plan.exact
        declared = self.exact.loaded.root.getConstantDecls()
        self.constants = {str(node.getName()): node.getToolObject(0) for node in declared}
        self.config = self.exact.tool.getModelConfig()
        self.overrides = {str(key): str(value) for key, value in dict(self.config.getOverrides()).items()}

    def symmetry(self) -> Symmetry:
        sets = [self.elements(name) for name in self.names]
        identities = frozenset[Value]().union(*sets)
        if len(identities) < sum(map(len, sets)):
            raise self.error(", ".join(self.names), "an element is in two of these constants")
        for name in self.constants:
            if name not in self.names and name not in self.overrides:
                self.is_apart(name, identities)
        for definition in self.definitions():
            self.looks_at_none(definition.body, identities)
        return Symmetry(sets)

    def elements(self, name: str) -> frozenset[Value]:
        """The elements of a symmetric constant: strings, or model values."""
        if name not in self.constants:
            known = ", ".join(self.constants) or "none"
            raise self.error(name, f"the spec has no such constant; it has {known}")
        value = self.value(name)
        if not isinstance(value, frozenset) or not value:
            raise self.error(name, "its value is not a set with elements")
        if not (all(type(one) is str for one in value) or all(isinstance(one, ModelValue) for one in value)):
            wrong = to_text(min(value, key=to_text))
            text = f"{wrong} can be told from others by more than its name; use strings or model values"
            raise self.error(name, text)
        return value

    def value(self, name: str) -> Any:
        held = self.constants[name]
        try:
            if name in self.overrides:
                held = self.exact.evaluate(held.getBody(), self.exact.context_class.Empty, None)
            return self.exact.export(held)
        except EvaluationError as error:
            raise self.error(name, f"its value cannot be had: {error}") from None

    def is_apart(self, name: str, identities: frozenset[Value]) -> None:
        """Refuses another constant that has one of the identities in it."""
        if self.constants[name] is None or not hasattr(self.constants[name], "getKind"):
            return
        found = sorted(map(to_text, identities & frozenset(_inside(self.value(name)))))
        if found:
            raise self.error(", ".join(self.names), f"the constant {name} names {found[0]}")

    def definitions(self) -> Iterator[tree.Definition]:
        """What a step, an initial state or an invariant may be made of; not the symmetric constants themselves."""
        try:
            module = Reader(self.exact.loaded).module(self.exact.loaded.root)
        except UnknownConstructError as error:
            raise self.error(", ".join(self.names), f"whether the spec is symmetric cannot be seen: {error}") from None
        config = self.config
        roots = [config.getInit(), config.getNext(), config.getSpec(), *self.exact.tool.getInvNames()]
        wanted = [str(name) for name in roots if name is not None and str(name)]
        wanted += [new for old, new in self.overrides.items() if old not in self.names]
        seen: set[tree.Definition] = set()
        todo = [module.definitions[name] for name in wanted if name in module.definitions]
        while todo:
            definition = todo.pop()
            if definition not in seen:
                seen.add(definition)
                yield definition
                todo += [used for node in _nodes(definition.body) for used in _used(node)]

    def looks_at_none(self, body: tree.Node, identities: frozenset[Value]) -> None:
        """Refuses an expression that may tell one identity from another."""
        for node in _nodes(body):
            why = None
            match node:
                case tree.Choose():
                    why = "CHOOSE may prefer one of them"
                case tree.Text(value=text) if text in identities:
                    why = f'it names "{text}"'
                case tree.Field(name=name) if name in identities:
                    why = f'it names "{name}"'
                case tree.Record(fields=fields) | tree.Records(fields=fields):
                    why = next((f'it names "{name}"' for name, _ in fields if name in identities), None)
                case tree.Apply(operator=tree.Given(name=name, module="TLC")) if name in _TELLING_APART:
                    why = f"{name} may tell them apart"
            if why is not None:
                raise self.error(", ".join(self.names), f"the spec is not symmetric in it: {why} at {node.place}")

    def error(self, constant: str, text: str) -> MappingError:
        return MappingError(f"{self.plan.mapping.path}: [symmetry] {constant}: {text}")


def _nodes(node: tree.Node) -> Iterator[tree.Node]:
    yield node
    for part in parts(node):
        yield from _nodes(part)


def _used(node: tree.Node) -> Iterator[tree.Definition]:
    operator = getattr(node, "operator", None)
    if isinstance(operator, tree.Definition):
        yield operator


def _inside(value: Any) -> Iterator[Value]:
    """A value, and all that it is made of."""
    yield value
    if hasattr(value, "items"):
        value = [part for pair in value.items() for part in pair]
    if isinstance(value, tuple | frozenset | list):
        for part in value:
            yield from _inside(part)
