"""Which action may follow which in a model: read off a part of its state space, breadth first."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Hashable
from dataclasses import dataclass, field
from typing import Any

from tracecheck.engine import State
from tracecheck.tlc.engine import TlcEngine


@dataclass
class Pairs:
    """`pairs` of actions that follow each other in the first `states` states of a model; `complete` when the model
    has no others."""

    states: int = 0
    complete: bool = False
    pairs: set[tuple[str, str]] = field(default_factory=set)


def model_pairs(engine: TlcEngine, names: Collection[str], limit: int) -> Pairs:
    """Explores up to `limit` states of the model that `engine` has loaded.

    Its actions may wrap those of the spec, `names`: an action of the model counts as the one of these that it applies.
    """
    actions = [(_named(engine, str(action.getName()), names), action) for action in engine.tool.getActions()]
    arriving: dict[Hashable, set[str]] = {}
    leaving: dict[Hashable, set[str]] = {}
    waiting: deque[State] = deque(engine.initial())
    arriving.update({engine.key(state): set() for state in waiting})
    while waiting and len(leaving) < limit:
        state = waiting.popleft()
        out = leaving.setdefault(engine.key(state), set())
        for name, action in actions:
            found = engine.tool.getNextStates(action, state)
            for i in range(found.size()):
                out.add(name)
                key = engine.key(found.elementAt(i))
                if key not in arriving:
                    arriving[key] = set()
                    waiting.append(found.elementAt(i))
                arriving[key].add(name)
    pairs = {(one, other) for key, names_out in leaving.items() for one in arriving[key] for other in names_out}
    return Pairs(len(leaving), not waiting, pairs)


def _named(engine: TlcEngine, name: str, names: Collection[str]) -> str:
    """The action of the spec that the model's action `name` is or applies."""
    if name in names:
        return name
    definition = engine.loaded.root.getOpDef(name)
    found = None if definition is None else _applied(definition.getBody(), names)
    return found or name


def _applied(node: Any, names: Collection[str]) -> str | None:
    operator = getattr(node, "getOperator", None)
    if operator is not None and str(operator().getName()) in names:
        return str(operator().getName())
    return next((found for child in node.getChildren() or () if (found := _applied(child, names))), None)
