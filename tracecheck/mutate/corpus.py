"""Runs with what the spec must say of them, kept as a tree: what they have in common is stepped once.

A run is a list of events each of which is allowed, but perhaps the last: that one is refused then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tracecheck.codec import ArgumentError
from tracecheck.engine import EvaluationError, State
from tracecheck.observe import Observation
from tracecheck.plan import Plan
from tracecheck.read import Entry
from tracecheck.slice import slice_of


@dataclass
class _Node:
    """After some events; `following` by what the next event says: the event, whether it is allowed, and the rest."""

    following: dict[str, tuple[Entry, bool, _Node]] = field(default_factory=dict)


class Corpus:
    """Runs that a spec was seen to allow, and steps that it was seen to refuse."""

    def __init__(self) -> None:
        self._root = _Node()
        self.steps = 0

    def add(self, entries: Sequence[Entry], *, refused: bool = False) -> None:
        """A run that is allowed; with `refused`, all of it but its last event."""
        node = self._root
        for number, entry in enumerate(entries, 1):
            event = entry.event
            said = repr((event.act, event.slice, event.node, event.epoch, sorted(event.args.items())))
            allowed = not (refused and number == len(entries))
            if said not in node.following:
                self.steps += 1
                node.following[said] = (entry, allowed, _Node())
            node = node.following[said][2]

    def first_difference(self, plan: Plan) -> str | None:
        """What the plan's spec says otherwise: an event that it refuses and should not, or the other way round.

        Raises EvaluationError when the spec cannot be evaluated.
        """
        # Not recursive: a run may be longer than Python nests calls.
        initial = [state for state in plan.engine.initial() if plan.engine.broken_invariant(state) is None]
        waiting: list[tuple[_Node, dict[Any, list[State]]]] = [(self._root, {})]
        while waiting:
            node, slices = waiting.pop()
            for entry, allowed, rest in node.following.values():
                move = plan.moves.get(entry.event.act)
                if move is None:
                    waiting.append((rest, slices))
                    continue
                name, _ = slice_of(plan.mapping.slice_by, entry)
                states = _after(plan, slices.get(name, initial), move.observe(entry))
                if allowed != bool(states):
                    return f"{entry.event.act} {'refused' if allowed else 'accepted'}"
                if allowed:
                    waiting.append((rest, {**slices, name: states}))
        return None


def _after(plan: Plan, states: list[State], observation: Observation) -> list[State]:
    """The states after an event. Raises EvaluationError if there is none and one could not be evaluated."""
    found: dict[Any, State] = {}
    failure: EvaluationError | ArgumentError | None = None
    for state in states:
        try:
            for successor in observation.successors(state):
                if plan.engine.broken_invariant(successor) is None:
                    found[plan.engine.key(successor)] = successor
        except (EvaluationError, ArgumentError) as error:
            failure = error
    if not found and failure is not None:
        raise EvaluationError(str(failure))
    return list(found.values())
