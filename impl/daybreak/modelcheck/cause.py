"""Which part of a violated property is false."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jpype
import msgspec

from tracecheck.tlc.blame import Blame

_SQUARE = "$SquareAct"

Node = Any
State = Any


class Cause(msgspec.Struct, frozen=True):
    """The part of a violated property that is false: its text and where it stands; what the names and operands in it
    are; the conjunct around it (empty if it is that); whether it is `forbidden`: true where it must not be."""

    text: str
    module: str
    line: int
    where: dict[str, str]
    inside: str = ""
    forbidden: bool = False


def find_cause(blame: Blame, name: str, states: Sequence[State]) -> Cause | None:
    """The part of the property `name` that is false of the last of `states`, or of the last step; None if no part is.

    Of a temporal property none is: it speaks of whole behaviours.
    """
    try:
        return _invariant(blame, name, states[-1]) or _action(blame, name, states)
    except jpype.JException:
        return None


def _invariant(blame: Blame, name: str, state: State) -> Cause | None:
    invariants = zip(blame.tool.getInvNames(), blame.tool.getInvariants(), strict=True)
    named = next((action for each, action in invariants if str(each) == name), None)
    return None if named is None else _found(blame, named.pred, named.con, state)


def _action(blame: Blame, name: str, states: Sequence[State]) -> Cause | None:
    """The same of an action property; TLC gives each part of a refinement another name than the whole has."""
    actions = list(zip(map(str, blame.tool.getImpliedActNames()), blame.tool.getImpliedActions(), strict=True))
    named = [action for each, action in actions if each == name] or [action for _, action in actions]
    found = (_found(blame, _step(blame, each.pred), each.con, *states[-2:]) for each in named if len(states) > 1)
    return next((cause for cause in found if cause is not None), None)


def _step(blame: Blame, node: Node) -> Node:
    """What [A]_v says of a step: A."""
    square = node.getKind() == blame.application and str(node.getOperator().getName()) == _SQUARE
    return node.getArgs()[0] if square else node


def _found(blame: Blame, node: Node, context: Any, state: State, successor: State | None = None) -> Cause | None:
    found = blame.find(node, context, state, successor)
    if found is None:
        return None
    where = {" ".join(name.split()): " ".join(value.split()) for name, value in found.where.items()}
    return Cause(found.text, Path(found.file).stem, found.line, where, found.inside, found.forbidden)
