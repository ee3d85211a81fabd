"""The fingerprint of a state, variable by variable: what a step leaves alone is not read again.

TLC takes the fingerprint of a whole state at once. With a variable that holds 100,000 keys that takes milliseconds, and
nearly every step leaves the variable alone: the next state then holds the very same Java object.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jpype

_REMEMBERED = 4


class Fingerprints:
    """Of the states of one loaded spec. `variables` are TLC's own names of them; `fp64` is its class FP64."""

    def __init__(self, variables: Sequence[Any], fp64: Any) -> None:
        self._variables = list(variables)
        self._begin = fp64.New
        # By identity: to compare values would take as long as a fingerprint. Few, since they keep the values alive.
        self._known = [jpype.JClass("java.util.IdentityHashMap")() for _ in self._variables]
        self._address = jpype.JClass("java.lang.System").identityHashCode
        self._single = jpype.JClass("java.util.IdentityHashMap")()

    def of(self, state: Any) -> tuple[int, ...]:
        """A fingerprint for each variable."""
        return tuple(
            [self._of(state.lookup(name), known) for name, known in zip(self._variables, self._known, strict=True)]
        )

    def _of(self, value: Any, known: Any) -> int:
        found = known.get(value)
        if found is None:
            found = value.fingerPrint(self._begin())
            if known.size() >= _REMEMBERED:
                known.clear()
            known.put(value, jpype.JLong(found))
        return int(found)

    def one_object(self, one: Any, other: Any) -> bool:
        """Whether both are the very same Java object, so that they need not be compared."""
        if self._address(one) != self._address(other):
            return False
        self._single.clear()
        self._single.put(one, one)
        return bool(self._single.containsKey(other))
