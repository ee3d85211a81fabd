"""Keeps, for one slice, the states in which the spec may be after the events so far: normally exactly one."""

from __future__ import annotations

from dataclasses import dataclass, field

from tracecheck.engine import Engine, EvaluationError, State
from tracecheck.observe import Observation

DEFAULT_CANDIDATES = 4096


class BudgetError(Exception):
    """More candidate states than the budget allows."""


@dataclass
class Candidates:
    """The candidate states of a slice.

    Invariant: each is reached from an initial state by steps of Next, one per event, with every invariant of the
    configuration true in each; and each such state is among them.
    """

    engine: Engine
    budget: int = DEFAULT_CANDIDATES
    states: list[State] = field(default_factory=list)
    broken: str | None = None

    def start(self) -> None:
        """Begins at the initial states. Raises EvaluationError."""
        self.states = self._sound(self.engine.initial())

    def advance(self, observation: Observation) -> bool:
        """Takes one event's step from every candidate; False if none of them allows it, and then nothing changes.

        After False, `broken` names the invariant that the step would break, if that is why.
        Raises EvaluationError when no candidate allows it and one could not be evaluated; BudgetError.
        """
        found: list[State] = []
        failure: EvaluationError | None = None
        for state in self.states:
            try:
                found += observation.successors(state)
            except EvaluationError as error:
                failure = error
        survivors = self._sound(found if len(found) < 2 else self._distinct(found))
        if not survivors and failure is not None:
            raise failure
        if len(survivors) > self.budget:
            raise BudgetError(f"{len(survivors)} candidate states, more than the budget of {self.budget}")
        if survivors:
            self.states = survivors
        return bool(survivors)

    def _distinct(self, states: list[State]) -> list[State]:
        return list({self.engine.key(state): state for state in states}.values())

    def _sound(self, states: list[State]) -> list[State]:
        self.broken = None
        kept = []
        for state in states:
            broken = self.engine.broken_invariant(state)
            if broken is None:
                kept.append(state)
            else:
                self.broken = broken
        return kept
