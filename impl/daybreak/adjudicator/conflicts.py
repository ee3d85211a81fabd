"""The conflict check, as values in and values out.

The matrix is P10's; a row is the class of the access that wants to commit, its members the classes of committed
accesses that it conflicts with. `Access.VALIDATE` conflicts with writers and leaves nothing behind itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping

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

_WRITE, _UPDATE, _VALIDATE = Access.WRITE, Access.UPDATE, Access.VALIDATE  # a global is found faster than a member


class History:
    """The last commit time per key and class of access, above a floor.

    # Invariant: every access committed after `floor` is in it.
    """

    def __init__(self) -> None:
        self._latest: dict[Key, Timestamp] = {}
        """Of any class: for most keys that are asked for this one look is enough."""
        self._writes: dict[Key, Timestamp] = {}
        self._updates: dict[Key, Timestamp] = {}
        self._shares: dict[Key, Timestamp] = {}
        self._order: deque[tuple[Timestamp, Iterable[Key]]] = deque()

    def __len__(self) -> int:
        return len(self._latest)

    def conflict(self, keys: Mapping[Key, Access], start: Timestamp) -> Access | None:
        """The class of an access of `keys` that conflicts with one committed after `start`, or None.

        A validated read is named before any other, since it tells the client that the catalog changed (OC001).
        """
        found: Access | None = None
        latest = self._latest.get
        for key, access in keys.items():
            if latest(key, ZERO) > start and any(last.get(key, ZERO) > start for last in self._against(access)):
                if access is _VALIDATE:
                    return access
                found = access
        return found

    def _of(self, access: Access) -> dict[Key, Timestamp]:
        """The last commit times of a class; not by a table, for Python computes the hash of a class anew each time."""
        if access is _WRITE:
            return self._writes
        return self._updates if access is _UPDATE else self._shares

    def _against(self, access: Access) -> list[dict[Key, Timestamp]]:
        return [self._of(other) for other in CONFLICTS[access]]

    def add(self, keys: Mapping[Key, Access], ts: Timestamp) -> None:
        """Record that these accesses were committed at `ts`, later than all before."""
        latest, writes = self._latest, self._writes
        for key, access in keys.items():
            if access is _WRITE:
                latest[key] = writes[key] = ts
            elif access is not _VALIDATE:
                latest[key] = self._of(access)[key] = ts
        self._order.append((ts, keys))

    def learn(self, keys: Mapping[Key, Access], ts: Timestamp) -> None:
        """Record that these accesses were committed at `ts`, perhaps before others that are recorded already."""
        for key, access in keys.items():
            if access is not _VALIDATE:
                last = self._of(access)
                last[key] = max(ts, last.get(key, ZERO))
                self._latest[key] = max(ts, self._latest.get(key, ZERO))
        self._order.append((max(ts, self.newest()), keys))

    def forget(self, upto: Timestamp) -> None:
        """Drop what was committed at or before `upto`."""
        while self._order and self._order[0][0] <= upto:
            for key in self._order.popleft()[1]:
                if self._latest.get(key, upto) <= upto:
                    for last in (self._latest, self._writes, self._updates, self._shares):
                        last.pop(key, None)

    def recent(
        self, has: Callable[[Key], bool], above: Timestamp, limit: int
    ) -> tuple[list[tuple[Timestamp, Key, Access]], Timestamp]:
        """The last access, of each class, to keys that `has` accepts: all later than the time that is returned too.

        That is `above`, unless there are more than about `limit` of them.
        """
        found: list[tuple[Timestamp, Key, Access]] = []
        seen: set[Key] = set()
        for at, keys in reversed(self._order):
            if at <= above:
                break
            if len(found) >= limit:
                return found, at
            new = [key for key in keys if has(key) and key not in seen]
            seen.update(new)
            found += [(ts, k, a) for k in new for a in RECORDED if (ts := self._of(a).get(k, ZERO)) > above]
        return found, above

    def drop(self, keys: Iterable[Key]) -> None:
        """Forget all accesses to some keys."""
        for key in keys:
            for last in (self._latest, self._writes, self._updates, self._shares):
                last.pop(key, None)

    def clear(self) -> None:
        """Drop everything."""
        for last in (self._latest, self._writes, self._updates, self._shares):
            last.clear()
        self._order.clear()

    def newest(self) -> Timestamp:
        """The last commit time recorded, or zero."""
        return self._order[-1][0] if self._order else ZERO
