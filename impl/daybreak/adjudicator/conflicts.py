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


class _Times:
    """The last commit time of a key in each class."""

    __slots__ = ("share", "update", "write")

    def __init__(self, write: Timestamp) -> None:
        self.write = write
        self.update = self.share = ZERO

    def of(self, access: Access) -> Timestamp:
        """The last one in a class that is recorded."""
        if access is _WRITE:
            return self.write
        return self.update if access is _UPDATE else self.share

    def put(self, access: Access, ts: Timestamp) -> None:
        """Set that one."""
        if access is _WRITE:
            self.write = ts
        elif access is _UPDATE:
            self.update = ts
        else:
            self.share = ts


class History:
    """The last commit time per key and class of access, above a floor.

    Most keys are written, or asked for when nothing recent is known of them: one look is enough for these. So times by
    class are kept only for keys that were accessed in another way too.

    # Invariant: every access committed after `floor` is in it; a key without times by class was only ever written.
    """

    def __init__(self) -> None:
        self._latest: dict[Key, Timestamp] = {}
        """Of any class."""
        self._times: dict[Key, _Times] = {}
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
            if latest(key, ZERO) > start and self._conflicts(key, access, start):
                if access is _VALIDATE:
                    return access
                found = access
        return found

    def _conflicts(self, key: Key, access: Access, start: Timestamp) -> bool:
        """Whether one of the accesses to `key` after `start`, of which there is one, conflicts with `access`."""
        times = self._times.get(key)
        if times is None:
            return _WRITE in CONFLICTS[access]
        return any(times.of(other) > start for other in CONFLICTS[access])

    def add(self, keys: Mapping[Key, Access], ts: Timestamp) -> None:
        """Record that these accesses were committed at `ts`, later than all before."""
        latest, times = self._latest, self._times
        for key, access in keys.items():
            if access is _WRITE:
                latest[key] = ts
                if key in times:
                    times[key].write = ts
            elif access is not _VALIDATE:
                self._times_of(key).put(access, ts)
                latest[key] = ts
        self._order.append((ts, keys))

    def _times_of(self, key: Key) -> _Times:
        times = self._times.get(key)
        if times is None:
            times = self._times[key] = _Times(self._latest.get(key, ZERO))
        return times

    def learn(self, keys: Mapping[Key, Access], ts: Timestamp) -> None:
        """Record that these accesses were committed at `ts`, perhaps before others that are recorded already."""
        for key, access in keys.items():
            if access is not _VALIDATE:
                times = self._times_of(key)
                times.put(access, max(ts, times.of(access)))
                self._latest[key] = max(ts, self._latest.get(key, ZERO))
        self._order.append((max(ts, self.newest()), keys))

    def forget(self, upto: Timestamp) -> None:
        """Drop what was committed at or before `upto`."""
        while self._order and self._order[0][0] <= upto:
            self.drop(key for key in self._order.popleft()[1] if self._latest.get(key, upto) <= upto)

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
            for key in new:
                times = self._times.get(key) or _Times(self._latest.get(key, ZERO))
                found += [(ts, key, access) for access in RECORDED if (ts := times.of(access)) > above]
        return found, above

    def drop(self, keys: Iterable[Key]) -> None:
        """Forget all accesses to some keys."""
        for key in keys:
            self._latest.pop(key, None)
            self._times.pop(key, None)

    def clear(self) -> None:
        """Drop everything."""
        self._latest.clear()
        self._times.clear()
        self._order.clear()

    def newest(self) -> Timestamp:
        """The last commit time recorded, or zero."""
        return self._order[-1][0] if self._order else ZERO
