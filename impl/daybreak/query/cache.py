"""A cache bounded by the size of what is in it."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class BoundedCache(Generic[K, V]):
    """Forgets what was not asked for the longest once the sizes of its entries add up to more than `capacity`.

    An entry larger than an eighth of the capacity is not kept at all: it would drive out many others.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self.size = 0

    def get(self, key: K) -> V | None:
        """The entry, now the youngest; None when there is none."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: K, value: V, size: int) -> None:
        """Keep `value`, which takes `size` of the capacity."""
        if size > self._capacity // 8:
            return
        old = self._entries.pop(key, None)
        self.size += size - (old[1] if old else 0)
        self._entries[key] = (value, size)
        while self.size > self._capacity:
            self.size -= self._entries.popitem(last=False)[1][1]
