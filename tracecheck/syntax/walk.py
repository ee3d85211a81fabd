"""The parts of a node, and what an expression mentions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass

from tracecheck.syntax import tree


def parts(node: object) -> Iterator[tree.Node]:
    """The expressions directly inside a node, those of LET's definitions among them."""
    if isinstance(node, tuple):
        for item in node:
            yield from _nodes(item)
    elif isinstance(node, tree.Definition):
        yield node.body
    elif is_dataclass(node):
        for field in fields(node):
            yield from _nodes(getattr(node, field.name))


def _nodes(value: object) -> Iterator[tree.Node]:
    if isinstance(value, tree.Node):
        yield value
    elif isinstance(value, tuple | tree.Binding | tree.Update):
        yield from parts(value)
    elif isinstance(value, tree.Definition) and not isinstance(value, tree.Node):
        yield value.body


class Mentions:
    """Whether an expression, or a definition that it uses, contains a node of some sort."""

    def __init__(self, wanted: Callable[[tree.Node], bool]) -> None:
        self._wanted = wanted
        self._definitions: dict[tree.Definition, bool] = {}
        self._nodes: dict[int, tuple[tree.Node, bool]] = {}

    def __call__(self, node: tree.Node) -> bool:
        known = self._nodes.get(id(node))
        if known is None:
            found = self._wanted(node) or any(self(part) for part in parts(node)) or self._used(node)
            known = self._nodes[id(node)] = (node, found)
        return known[1]

    def _used(self, node: tree.Node) -> bool:
        operator = getattr(node, "operator", None)
        if not isinstance(operator, tree.Definition):
            return False
        if operator not in self._definitions:
            self._definitions[operator] = False
            self._definitions[operator] = self(operator.body)
        return self._definitions[operator]


def free_names(node: tree.Node) -> frozenset[tree.Bound]:
    """The bound names that an expression, or a definition that it uses, mentions and does not bind itself."""
    return _free(node, {})


def _free(node: tree.Node, known: dict[tree.Definition, frozenset[tree.Bound]]) -> frozenset[tree.Bound]:
    found: set[tree.Bound] = set()
    if isinstance(node, tree.Name) and isinstance(node.target, tree.Bound):
        found.add(node.target)
    operator = getattr(node, "operator", None)
    if isinstance(operator, tree.Bound):
        found.add(operator)
    elif isinstance(operator, tree.Definition):
        if operator not in known:
            known[operator] = frozenset()
            known[operator] = _free(operator.body, known) - set(operator.parameters)
        found |= known[operator]
    for part in parts(node):
        found |= _free(part, known)
    return frozenset(found - set(_binds(node)))


def _binds(node: tree.Node) -> Iterator[tree.Bound]:
    """The names that a node binds in its parts. (What binds them never mentions them elsewhere.)"""
    match node:
        case tree.Quantified(bindings=bindings) | tree.Image(bindings=bindings) | tree.Function(bindings=bindings):
            for binding in bindings:
                yield from binding.names
            if isinstance(node, tree.Function) and node.itself is not None:
                yield node.itself
        case tree.Filter(binding=binding):
            yield from binding.names
        case tree.Choose(binding=binding):
            yield from binding.names if isinstance(binding, tree.Binding) else (binding,)
        case tree.Unbounded(names=names):
            yield from names
        case tree.Lambda(parameters=parameters):
            yield from parameters
        case tree.Let(definitions=definitions):
            for definition in definitions:
                yield from definition.parameters
        case tree.Except(updates=updates):
            for update in updates:
                yield update.old
