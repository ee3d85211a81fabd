"""Abstract states: what kind of state a spec is in, whatever the names, the numbers and the sizes.

A campaign of random runs asks whether a run came where none was before. Names and times are new in each run, so what a
variable holds is compared by its *shape*:

    a truth value      itself
    a number           0, 1, or n for all others
    a string           itself if it consists of letters, as phases do; nothing if not, as names do not
    a time             t, zero 0
    a set              none, one or several elements, and the shapes that they have
    a function         the same of its values; of a record field by field

Where a variable holds a function, say one record per node, its shape says which shapes the nodes' records have, not how
many nodes have each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from immutables import Map

from tracecheck.compiled.kinds import LazySet, written_out
from tracecheck.compiled.large import Large, Sequence
from tracecheck.engine import Engine, State

_COUNTS = ("0", "1")
_MANY = "n"
_FIELDS = 8
"""A record has no more fields than this."""
_REMEMBERED = 20_000


class Shapes:
    """The shapes of the states of one spec. Values share what has not changed, so a shape is found once per value."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[int, tuple[Any, str]] = {}

    def of(self, state: State) -> Iterator[str]:
        """``variable=shape`` for each variable."""
        for name in self._engine.variables:
            yield f"{name}={self.shape(self._engine.look(state, name))}"

    def shape(self, value: Any) -> str:
        """The shape of one value."""
        match value:
            case bool():
                return "T" if value else "F"
            case int():
                return _COUNTS[value] if value in (0, 1) else _MANY
            case str():
                return value if value.isalpha() else "."
        known = self._known.get(id(value))
        if known is not None:
            return known[1]
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        found = self._found(value)
        self._known[id(value)] = (value, found)  # held, so that no other value gets its id
        return found

    def _found(self, value: Any) -> str:
        match value:
            case tuple() if len(value) == 2 and all(type(part) is int for part in value):
                return "t" if any(value) else "0"
            case tuple() | Sequence():
                return f"<{self._several(value, len(value))}>"
            case frozenset() | LazySet():
                elements = written_out(value)
                return f"{{{self._several(elements, len(elements))}}}"
            case Map() | Large():
                pairs = value.pairs if isinstance(value, Large) else value
                if 0 < len(pairs) <= _FIELDS and all(type(key) is str and key.isidentifier() for key in pairs):
                    return "[" + ",".join(f"{key}:{self.shape(pairs[key])}" for key in sorted(pairs)) + "]"
                return f"({self._several(pairs.values(), len(pairs))})"
        return "."

    def _several(self, values: Iterable[Any], count: int) -> str:
        size = _COUNTS[count] if count < len(_COUNTS) else _MANY
        return size + "".join(sorted({self.shape(value) for value in values}))
