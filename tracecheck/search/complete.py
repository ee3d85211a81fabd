"""All states in which the spec may be after some events, over every order of them that is possible."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence

from tracecheck.engine import State
from tracecheck.orbits import Classes
from tracecheck.search.steps import Item, Stepper

_FEW = 4
ClassesOf = Callable[[int], "Classes | None"]
"""From a mask of events to the identities that are still interchangeable after them."""


class _Met:
    """The states after some events. A few are compared with each other: of a large state it takes less time to see
    that another is the same than to make its key. Many are known by their keys, and so are those that stand for
    orbits."""

    def __init__(self, stepper: Stepper, classes: Classes | None) -> None:
        self._stepper = stepper
        self._classes = classes
        self._by_key: dict[Hashable, State] = {}
        self._states: list[State] = []
        self._few = _FEW if stepper.symmetry is None or classes is None else 1

    def __len__(self) -> int:
        return len(self._states)

    def __iter__(self) -> Iterator[State]:
        return iter(self._states)

    def add(self, state: State) -> None:
        """Adds a state, if it is not there yet."""
        if not self._is_known(state):
            self._states.append(state)

    def _is_known(self, state: State) -> bool:
        if len(self._states) < self._few or not self._states:
            return any(self._stepper.engine.same(known, state) for known in self._states)
        if not self._by_key:
            self._by_key = {self._key(known): known for known in self._states}
        return self._by_key.setdefault(self._key(state), state) is not state

    def first(self, state: State) -> list[State]:
        """The states, beginning with `state`, which is one of them."""
        if len(self._states) < 2:
            return [state]
        if self._by_key:
            known = self._key(state)
            return [state, *(other for key, other in self._by_key.items() if key != known)]
        return [state, *(other for other in self._states if not self._stepper.engine.same(state, other))]

    def _key(self, state: State) -> Hashable:
        return self._stepper.key(state, self._classes)


def complete(
    stepper: Stepper,
    roots: Sequence[State],
    items: Sequence[Item],
    classes_of: ClassesOf,
    witness: State,
    *,
    candidates: int,
    steps: int,
) -> list[State] | None:
    """The states after all of `items`, beginning with `witness`, which is one of them; None when there are more than
    `candidates` after the same events, or it takes more than `steps` steps to know."""
    end = stepper.taken + steps
    start = _Met(stepper, classes_of(0))
    for root in roots:
        start.add(root)
    level = {0: start}
    for _ in items:
        following: dict[int, _Met] = {}
        for mask, states in level.items():
            for i, item in enumerate(items):
                if mask >> i & 1 or item.before & ~mask:
                    continue
                after = mask | 1 << i
                if after not in following:
                    following[after] = _Met(stepper, classes_of(after))
                found = following[after]
                for state in states:
                    for successor in stepper.after(item, state, classes_of(mask)):
                        found.add(successor)
                    if len(found) > candidates or stepper.taken > end:
                        return None
        level = {mask: states for mask, states in following.items() if len(states)}
    return level[(1 << len(items)) - 1].first(witness)
