"""One event from one state: the states it leads to, and which of them count as one."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Protocol

from tracecheck.engine import Engine, EvaluationError, State
from tracecheck.orbits import Classes
from tracecheck.precedence import Placed
from tracecheck.read import Entry
from tracecheck.symmetry import Symmetry


class Observed(Protocol):
    """What `tracecheck.observe` makes of an event."""

    @property
    def entry(self) -> Entry: ...

    @property
    def action(self) -> str: ...

    def successors(self, state: State) -> Iterator[State]: ...


@dataclass(slots=True)
class Item:
    """An event with its place in the partial order. `before` is the mask of the window's events that certainly came
    before it, `names` are the interchangeable identities that it names."""

    observed: Observed
    placed: Placed
    names: frozenset[Hashable] = frozenset()
    before: int = 0


class Stepper:
    """Steps a spec, counts the steps, and remembers what could not be evaluated.

    `failure` is the first such event with the reason: from then on a slice may be in states that nobody knows.
    """

    def __init__(self, engine: Engine, symmetry: Symmetry | None = None) -> None:
        self.engine = engine
        self.symmetry = symmetry
        self.taken = 0
        self.failure: tuple[Item, EvaluationError] | None = None
        self.broken: str | None = None

    def initial(self) -> list[State]:
        """The initial states that keep the invariants, one of each orbit. Raises EvaluationError."""
        sound = [state for state in self.engine.initial() if self.engine.broken_invariant(state) is None]
        if self.symmetry is None:
            return sound
        classes = self.symmetry.all
        return list({self.key(state, classes): state for state in sound}.values())

    def after(self, item: Item, state: State, classes: Classes | None = None) -> Iterator[State]:
        """The states after `item` that keep the invariants, lazily, perhaps one twice.

        `state` stands for its whole orbit under the permutations of `classes`, and so do the states returned, under
        those permutations that leave the identities alone that `item` names. What cannot be evaluated leads nowhere,
        and is remembered.
        """
        if self.symmetry is None or classes is None or not item.names:
            yield from self._sound(item, state)
            return
        for variant in self.symmetry.variants(self.engine, state, classes, item.names):
            yield from self._sound(item, variant)

    def _sound(self, item: Item, state: State) -> Iterator[State]:
        self.taken += 1
        invariant = self.engine.broken_invariant
        try:
            for successor in item.observed.successors(state):
                broken = invariant(successor)
                if broken is None:
                    yield successor
                else:
                    self.broken = broken
        except EvaluationError as error:
            self.failure = self.failure or (item, error)

    def key(self, state: State, classes: Classes | None) -> Hashable:
        """Equal only for equal states, or for states of one orbit under the permutations of `classes`."""
        if self.symmetry is None or classes is None:
            return self.engine.key(state)
        return self.symmetry.key(self.engine, state, classes)
