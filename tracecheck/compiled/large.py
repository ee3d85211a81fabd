"""Functions and sequences with many elements, which a step changes in a few places without copying the rest.

Invariant: a sequence is a tuple up to LIMIT elements and a `Sequence` beyond, any other function an immutables.Map up
to LIMIT and a `Large` beyond. So equal values always have the same Python type.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from immutables import Map

from tracecheck.values import ModelValue

LIMIT = 64
_PRIME = (1 << 61) - 1
_BASE = 0x1B3_5A7C_9E2D_4F61 % _PRIME
_WORD = (1 << 64) - 1


def digest(value: Any) -> int:
    """A hash of 64 bits. Python's own takes -1 for -2 and "" for 0, which is too often for what is told apart by it."""
    kind = type(value)
    if kind is str:
        return hash((value, 1))
    if kind is int:
        return hash((2 * value + 1, 2))
    if kind is tuple:
        return hash(tuple(map(digest, value)))
    if kind is bool or kind is ModelValue:
        return hash((str(value), 3))
    if kind is Sequence or kind is Large:
        return hash((value.digest(), len(value)))
    if kind is Map:
        return hash((_sum(value), 4))
    return hash((frozenset(map(digest, value)), 5))


def _sum(pairs: Map[Any, Any]) -> int:
    return sum(_pair(key, held) for key, held in pairs.items()) & _WORD


def _pair(key: Any, held: Any) -> int:
    return hash((digest(key), digest(held), 6))


class Sequence:
    """A sequence of more than LIMIT elements. Appending to the last one made of a list shares the list, and so does
    appending once more what was appended to it before: other orders of the same events do that."""

    __slots__ = ("_digests", "_items", "_length")

    def __init__(self, items: list[Any], length: int | None = None, digests: list[int] | None = None) -> None:
        self._items = items
        self._length = len(items) if length is None else length
        self._digests = [0] if digests is None else digests

    def append(self, value: Any) -> Sequence:
        """The sequence with one more element."""
        items, length = self._items, self._length
        if len(items) == length:
            items.append(value)
        elif digest(items[length]) != digest(value):
            return Sequence([*self, value], digests=self._digests[: length + 1])
        return Sequence(items, length + 1, self._digests)

    def digest(self) -> int:
        """A hash of the elements in their order; each element is looked at once for all sequences that share it."""
        known = self._digests
        for i in range(len(known) - 1, self._length):
            known.append((known[i] * _BASE + digest(self._items[i])) % _PRIME)
        return known[self._length]

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Any:
        return self._items[index]

    def __iter__(self) -> Iterator[Any]:
        items = self._items
        return iter(items) if len(items) == self._length else iter(items[: self._length])

    def __eq__(self, other: object) -> bool:
        if type(other) is not Sequence or other._length != self._length:
            return False
        return self._items is other._items or all(a == b for a, b in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash((self.digest(), self._length))


class Large:
    """A function of more than LIMIT pairs that is no sequence. It remembers the last change made to it: the same change
    once more, as in another order of the same events, gives the same function, which nobody need compare then."""

    __slots__ = ("_changed", "_digest", "pairs")

    def __init__(self, pairs: Map[Any, Any], digest: int | None = None) -> None:
        self.pairs = pairs
        self._digest = digest
        self._changed: tuple[list[int], Large] | None = None

    def digest(self) -> int:
        """A hash of the pairs. Once it is known, what is made from this function by a few changes knows its own."""
        if self._digest is None:
            self._digest = _sum(self.pairs)
        return self._digest

    def put(self, changes: list[tuple[Any, Any]]) -> Large:
        """The function with these values; a key may be new."""
        said = [_pair(key, held) for key, held in changes]
        if self._changed is not None and self._changed[0] == said:
            return self._changed[1]
        known = self._digest
        with self.pairs.mutate() as pairs:
            for (key, held), new in zip(changes, said, strict=True):
                if known is not None:
                    if key in pairs:
                        known -= _pair(key, pairs[key])
                    known += new
                pairs[key] = held
            made = pairs.finish()
        self._changed = said, Large(made, None if known is None else known & _WORD)
        return self._changed[1]

    def drop(self, keys: list[Any]) -> Map[Any, Any] | Large:
        """The function without these keys, all of which it has."""
        with self.pairs.mutate() as pairs:
            known = self._digest
            for key in keys:
                held = pairs.pop(key)
                if known is not None:
                    known -= _pair(key, held)
            left = pairs.finish()
        return left if len(left) <= LIMIT else Large(left, None if known is None else known & _WORD)

    def __len__(self) -> int:
        return len(self.pairs)

    def __eq__(self, other: object) -> bool:
        if type(other) is not Large or len(other.pairs) != len(self.pairs):
            return False
        if self.pairs is other.pairs:
            return True
        known = self._digest, other._digest
        return (None in known or known[0] == known[1]) and self.pairs == other.pairs

    def __hash__(self) -> int:
        return hash((self.digest(), len(self.pairs)))


def sequence(elements: list[Any] | tuple[Any, ...]) -> Any:
    """The sequence of these elements. A list is taken over."""
    if len(elements) <= LIMIT:
        return tuple(elements)
    return Sequence(elements if type(elements) is list else list(elements))


def function(pairs: Map[Any, Any]) -> Any:
    """The function of these pairs, in the form for its size and domain."""
    count = len(pairs)
    if count == 0:
        return ()
    first = next(iter(pairs))
    if type(first) is int and 1 in pairs and count in pairs and all(i in pairs for i in range(1, count + 1)):
        return sequence([pairs[i] for i in range(1, count + 1)])
    return pairs if count <= LIMIT else Large(pairs)
