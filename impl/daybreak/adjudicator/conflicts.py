"""The conflict check, as values in and values out.

The matrix is P10's; a row is the class of the access that wants to commit, its members the classes of committed
accesses that it conflicts with. `Access.VALIDATE` conflicts with writers and leaves nothing behind itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from daybreak.base.keys import Key
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Access

CONFLICTS: dict[Access, tuple[Access, ...]] = {
    Access.WRITE: (Access.WRITE, Access.UPDATE, Access.SHARE),
    Access.UPDATE: (Access.WRITE, Access.UPDATE),
    Access.SHARE: (Access.WRITE,),
    Access.VALIDATE: (Access.WRITE, Access.UPDATE),
}

RECORDED = (Access.WRITE, Access.UPDATE, Access.SHARE)


class History:
    """The last commit time per key and class of access, above a floor.

    # Invariant: every access committed after `floor` is in it.
    """

    def __init__(self) -> None:
        self._last: dict[Key, dict[Access, Timestamp]] = {}
        self._order: deque[tuple[Timestamp, Key]] = deque()

    def __len__(self) -> int:
        return len(self._last)

    def conflict(self, keys: Mapping[Key, Access], start: Timestamp) -> Access | None:
        """The class of an access of `keys` that conflicts with one committed after `start`, or None.

        A validated read is named before any other, since it tells the client that the catalog changed (OC001).
        """
        found: Access | None = None
        for key, access in keys.items():
            last = self._last.get(key)
            if last is None:
                continue
            if any(last.get(other, ZERO) > start for other in CONFLICTS[access]):
                if access is Access.VALIDATE:
                    return access
                found = access
        return found

    def add(self, keys: Mapping[Key, Access], ts: Timestamp) -> None:
        """Record that these accesses were committed at `ts`, later than all before."""
        for key, access in keys.items():
            if access in RECORDED:
                self._last.setdefault(key, {})[access] = ts
                self._order.append((ts, key))

    def learn(self, keys: Mapping[Key, Access], ts: Timestamp) -> None:
        """Record that these accesses were committed at `ts`, perhaps before others that are recorded already."""
        for key, access in keys.items():
            if access in RECORDED:
                last = self._last.setdefault(key, {})
                last[access] = max(ts, last.get(access, ZERO))
                self._order.append((max(ts, self.newest()), key))

    def forget(self, upto: Timestamp) -> None:
        """Drop what was committed at or before `upto`."""
        while self._order and self._order[0][0] <= upto:
            _, key = self._order.popleft()
            last = self._last.get(key)
            if last is not None and all(ts <= upto for ts in last.values()):
                del self._last[key]

    def clear(self) -> None:
        """Drop everything."""
        self._last.clear()
        self._order.clear()

    def newest(self) -> Timestamp:
        """The last commit time recorded, or zero."""
        return self._order[-1][0] if self._order else ZERO
