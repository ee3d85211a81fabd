"""Takes a spec's Next apart: the named actions at the ends of its disjunctions and quantifiers.

    Next == \\/ \\E txn \\in Txn, start \\in Time : Begin(txn, start)      a leaf: Begin(txn, start), under two names
           \\/ Others                                           looked into, as long as it ends in actions only

A leaf is evaluated where it stands, with the quantified names bound to logged values. So a step that it allows is a
step that Next allows, if each value is a member of the set its quantifier draws from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracecheck.errors import SpecError
from tracecheck.tlc.spec import Loaded, parse

Node = Any

_DISJUNCTION = ("$DisjList", "\\lor")


@dataclass(frozen=True)
class Quantifier:
    """`names` \\in `bound`. `symbols` are SANY's nodes; `is_tuple` marks <<a, b>> \\in S; a `constant` bound depends on
    neither the state nor another quantified name."""

    symbols: tuple[Node, ...]
    names: tuple[str, ...]
    bound: Node
    is_tuple: bool
    constant: bool


@dataclass(frozen=True)
class Substitution:
    """A formal parameter of an operator that was looked into, and the argument it was applied to."""

    symbol: Node
    argument: Node


@dataclass(frozen=True)
class Leaf:
    """An action applied at the end of a path through Next.

    `variables[i]` is the quantified name that is the action's i-th argument, or None where the argument is some
    other expression.
    """

    action: str
    formals: tuple[str, ...]
    variables: tuple[str | None, ...]
    path: tuple[Quantifier | Substitution, ...]
    node: Node
    definition: Node

    @property
    def quantified(self) -> tuple[str, ...]:
        """The names that the quantifiers on the way bind, outermost first."""
        return tuple(name for step in self.path if isinstance(step, Quantifier) for name in step.names)


class _NotNamedError(Exception):
    """A branch of Next ends in something other than a named action."""


@dataclass(frozen=True)
class _Scope:
    """What is known on the way down: the path, the quantified name each symbol stands for, and what LET defined."""

    path: tuple[Quantifier | Substitution, ...] = ()
    names: tuple[tuple[int, str], ...] = ()
    local: frozenset[int] = frozenset()


class _Walker:
    def __init__(self, loaded: Loaded) -> None:
        constants = loaded.cls("tla2sany.semantic.ASTConstants")
        self.application = int(constants.OpApplKind)
        self.let_in = int(constants.LetInKind)
        self.label = int(constants.LabelKind)
        self.user_defined = int(constants.UserDefinedOpKind)

    def leaves(self, node: Node, scope: _Scope, *, strict: bool) -> Iterator[Leaf]:
        """The leaves under `node`. A branch without a name is passed over, or refused when `strict`."""
        kind = node.getKind()
        if kind == self.let_in:
            local = scope.local | {int(definition.getUid()) for definition in node.getLets()}
            yield from self.leaves(node.getBody(), _Scope(scope.path, scope.names, local), strict=strict)
        elif kind == self.label:
            yield from self.leaves(node.getBody(), scope, strict=strict)
        elif kind == self.application and str(node.getOperator().getName()) in _DISJUNCTION:
            for branch in node.getArgs():
                yield from self.leaves(branch, scope, strict=strict)
        elif kind == self.application and str(node.getOperator().getName()) == "$BoundedExists":
            yield from self.leaves(node.getArgs()[0], self._quantified(node, scope), strict=strict)
        elif kind == self.application and node.getOperator().getKind() == self.user_defined:
            yield from self._applied(node, scope)
        elif strict:
            raise _NotNamedError

    def _applied(self, node: Node, scope: _Scope) -> list[Leaf]:
        """An operator whose body branches or quantifies over named actions is looked into; any other is an action."""
        definition = node.getOperator()
        if self._branches(definition.getBody()):
            inner = self._substituted(definition, node.getArgs(), scope)
            try:
                return list(self.leaves(definition.getBody(), inner, strict=True))
            except _NotNamedError:
                pass
        names = dict(scope.names)
        variables = tuple(names.get(self._symbol(argument)) for argument in node.getArgs())
        formals = tuple(str(formal.getName()) for formal in definition.getParams())
        return [Leaf(str(definition.getName()), formals, variables, scope.path, node, definition)]

    def _branches(self, body: Node) -> bool:
        while body.getKind() in (self.let_in, self.label):
            body = body.getBody()
        branching = (*_DISJUNCTION, "$BoundedExists")
        return bool(body.getKind() == self.application and str(body.getOperator().getName()) in branching)

    def _substituted(self, definition: Node, arguments: Any, scope: _Scope) -> _Scope:
        known = dict(scope.names)
        path, names = list(scope.path), list(scope.names)
        for formal, argument in zip(definition.getParams(), arguments, strict=True):
            path.append(Substitution(formal, argument))
            name = known.get(self._symbol(argument))
            if name is not None:
                names.append((int(formal.getUid()), name))
        return _Scope(tuple(path), tuple(names), scope.local)

    def _quantified(self, node: Node, scope: _Scope) -> _Scope:
        path, names = list(scope.path), list(scope.names)
        taken = [name for _, name in names]
        groups = zip(node.getBdedQuantSymbolLists(), node.isBdedQuantATuple(), node.getBdedQuantBounds(), strict=True)
        for symbols, is_tuple, bound in groups:
            own = tuple(str(symbol.getName()) for symbol in symbols)
            if set(own) & set(taken):
                raise SpecError(f"{node.getLocation()}: {', '.join(own)} is quantified twice on one path through Next")
            taken.extend(own)
            constant = int(bound.getLevel()) == 0 and not self._mentions(bound, scope)
            if is_tuple:
                path.append(Quantifier(tuple(symbols), own, bound, True, constant))
            else:
                path.extend(Quantifier((s,), (n,), bound, False, constant) for s, n in zip(symbols, own, strict=True))
            names.extend((int(symbol.getUid()), name) for symbol, name in zip(symbols, own, strict=True))
        return _Scope(tuple(path), tuple(names), scope.local)

    def _symbol(self, argument: Node) -> int:
        """The uid of the symbol that `argument` merely names, or -1."""
        named = argument.getKind() == self.application and len(argument.getArgs() or ()) == 0
        return int(argument.getOperator().getUid()) if named else -1

    def _mentions(self, node: Node, scope: _Scope) -> bool:
        """Whether `node` uses a name that the path has bound."""
        bound = {uid for uid, _ in scope.names} | scope.local
        bound |= {int(step.symbol.getUid()) for step in scope.path if isinstance(step, Substitution)}
        if node.getKind() == self.application and int(node.getOperator().getUid()) in bound:
            return True
        return any(self._mentions(child, scope) for child in node.getChildren() or ())


def leaves_of(loaded: Loaded, next_node: Node) -> list[Leaf]:
    """The named actions of Next, in its order; an action that stands there twice is there twice."""
    walker = _Walker(loaded)
    body = next_node
    while body.getKind() == walker.application and body.getOperator().getKind() == walker.user_defined:
        inner = body.getOperator().getBody()
        if len(body.getArgs() or ()) > 0 or not walker._branches(inner):
            break
        body = inner
    return list(walker.leaves(body, _Scope(), strict=False))


def actions(
    spec: str | Path, *, next_name: str = "Next", libraries: tuple[str | Path, ...] = ()
) -> dict[str, tuple[str, ...]]:
    """The actions of a spec's Next, each with the names of its formal parameters.

    Raises SpecError when the spec cannot be parsed or has no `next_name`.
    """
    loaded = parse(spec, libraries)
    definition = loaded.root.getOpDef(next_name)
    if definition is None:
        raise SpecError(f"{spec}: the module defines no {next_name}")
    walker = _Walker(loaded)
    return {leaf.action: leaf.formals for leaf in walker.leaves(definition.getBody(), _Scope(), strict=False)}
