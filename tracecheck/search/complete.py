"""All states in which the spec may be after some events, over every order of them that is possible."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from tracecheck.engine import State
from tracecheck.orbits import Classes
from tracecheck.search.steps import Item, Stepper

ClassesOf = Callable[[int], "Classes | None"]
"""From a mask of events to the identities that are still interchangeable after them."""


def complete(
    stepper: Stepper,
    roots: Sequence[State],
    items: Sequence[Item],
    classes_of: ClassesOf,
    *,
    candidates: int,
    steps: int,
) -> dict[Hashable, State] | None:
    """The states, by key, after all of `items`; None when there are more than `candidates` after the same events, or it
    takes more than `steps` steps to know."""
    end = stepper.taken + steps
    level: dict[int, dict[Hashable, State]] = {0: {stepper.key(root, classes_of(0)): root for root in roots}}
    for _ in items:
        following: dict[int, dict[Hashable, State]] = {}
        for mask, states in level.items():
            for i, item in enumerate(items):
                if mask >> i & 1 or item.before & ~mask:
                    continue
                after = mask | 1 << i
                found = following.setdefault(after, {})
                for state in states.values():
                    for successor in stepper.after(item, state, classes_of(mask)):
                        found.setdefault(stepper.key(successor, classes_of(after)), successor)
                    if len(found) > candidates or stepper.taken > end:
                        return None
        level = {mask: states for mask, states in following.items() if states}
    return level.get((1 << len(items)) - 1, {})
