"""Holds the fast engine against the exact one: a sample of the steps, and every refusal.

A difference is never hidden: it is a finding of the kind "engines-disagree", with both answers.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from immutables import Map

from tracecheck.codec import ArgumentError
from tracecheck.compiled.large import Large, Sequence
from tracecheck.engine import EvaluationError, State
from tracecheck.plan import Plan
from tracecheck.read import Finding
from tracecheck.search import BudgetError, Item, Limits, Refusal, Stepper, Window
from tracecheck.symmetry import Symmetry

DEFAULT_EVERY = 97
_SAVED_UP, _PER_STEP = 2_000, 0.25
"""To export a state to the exact engine takes time for every value in it. So many values may be exported at once, and
so many more for each step: some microseconds a step, however large the states."""


class Recheck:
    """Checks one step in `every` again, and fewer where states are large: so the cost per event stays bounded, and the
    same trace is always sampled in the same way. `seed` says where it begins. With `every` 0 refusals are checked only.

    Does nothing when the plan has the exact engine only.
    """

    def __init__(self, plan: Plan, limits: Limits, symmetry: Symmetry | None, *, every: int, seed: int) -> None:
        self.plan = plan
        self.checked = 0
        self._limits = limits
        self._symmetry = symmetry
        self._every = every if plan.engine is not plan.exact else 0
        self._credit = float(_SAVED_UP)
        self._left = random.Random(seed).randrange(self._every) + 1 if self._every else 0

    def is_due(self) -> bool:
        """Whether the step just taken is one of the sample. Counts the step."""
        if not self._every:
            return False
        self._left -= 1
        self._credit += _PER_STEP
        return self._left <= 0

    def step(self, before: State, item: Item, after: State) -> Finding | None:
        """Takes one step again, if the states are not too large for now; what is wrong with it."""
        engine = self.plan.engine
        size = _size((engine.look(before, name) for name in engine.variables), self._credit)
        self._left = self._every
        if size > self._credit:
            self._left = max(self._every, int(self._credit / _PER_STEP))
            return None
        self._credit -= size
        self.checked += 1
        values, wanted = self._values(before), self._values(after)
        entry, exact = item.observed.entry, self.plan.exact
        goal = exact.state(wanted)
        try:
            observation = self.plan.exact_moves[entry.event.act].observe(entry)
            keys = {exact.key(state) for state in observation.successors(exact.state(values))}
            broken = exact.broken_invariant(goal)
        except (ArgumentError, EvaluationError) as error:
            return self._disagree(item, "allows it", f"cannot evaluate it: {error}")
        if exact.key(goal) not in keys:
            there = f"knows {len(keys)} other next states" if keys else "refuses it"
            return self._disagree(item, "allows it", there)
        return self._disagree(item, "allows it", f"says it breaks {broken}") if broken is not None else None

    def refusal(self, window: Window, refusal: Refusal) -> Finding | None:
        """Searches the window again with the exact engine; what keeps the refusal from being a rejection."""
        if self.plan.engine is self.plan.exact:
            return None
        exact, entry = self.plan.exact, refusal.item.observed.entry
        again = Window(Stepper(exact, self._symmetry), self._limits)
        again.begin([exact.state(self._values(root)) for root in window.roots], window.classes)
        try:
            for item in window.items:
                observed = self.plan.exact_moves[item.observed.entry.event.act].observe(item.observed.entry)
                again.take(Item(observed, item.placed, item.names))
        except BudgetError as error:
            return Finding("budget", f"the exact engine could not confirm a refusal: {error}", entry.file, entry.line)
        except ArgumentError as error:
            return self._disagree(refusal.item, "refuses it", f"cannot read it: {error}")
        if again.covered > window.covered:
            return self._disagree(refusal.item, "refuses it", "allows it")
        if again.covered < window.covered:
            item = window.items[again.covered]
            return self._disagree(item, "allows it", "refuses it")
        if again.stepper.failure is not None:
            item, failure = again.stepper.failure
            place = item.observed.entry
            text = f"TLC cannot evaluate {item.observed.action}: {failure}"
            return Finding("evaluation", text, place.file, place.line)
        return None

    def _disagree(self, item: Item, fast: str, exact: str) -> Finding:
        entry = item.observed.entry
        text = f"{item.observed.action}: the engine {self.plan.engine.name} {fast}, the engine tlc {exact}"
        return Finding("engines-disagree", f"{text}; check again with --engine tlc", entry.file, entry.line)

    def _values(self, state: State) -> dict[str, Any]:
        engine = self.plan.engine
        return {name: engine.export(engine.look(state, name)) for name in engine.variables}


def _size(values: Iterable[Any], most: float) -> int:
    """How many values are in some values of an engine, counted no further than just beyond `most`."""
    count, todo = 0, list(values)
    while todo and count <= most:
        value = todo.pop()
        count += 1
        pairs = value.pairs if isinstance(value, Large) else value
        if isinstance(pairs, Map):
            count += len(pairs)
            if count <= most:
                todo += pairs.values()
        elif isinstance(value, tuple | frozenset | Sequence):
            count += len(value)
            if count <= most:
                todo += value
    return count
