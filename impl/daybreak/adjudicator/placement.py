"""The key ranges that an adjudicator has, gives away and takes (P9), as values in and values out.

A range that is released is not owned from that moment; one that is taken is owned when the entry that says so is
durable. What entries tell of it is ahead of that by the ranges that are being taken.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise

import msgspec

from daybreak.adjudicator.loads import Loads
from daybreak.adjudicator.messages import Moved
from daybreak.base.ids import JournalId
from daybreak.base.keys import Key
from daybreak.base.placed import Known, Leaving, Owned, Placed
from daybreak.base.ranges import marked
from daybreak.base.records import encode_placed
from daybreak.base.time import Timestamp


class Placement:
    """See the module.

    # Invariant: `owned` is in key order, and neither its ranges nor those being taken or leaving have a key in common.
    """

    def __init__(self, journal: JournalId, first: tuple[Owned, ...]) -> None:
        """`first` is what the adjudicator has in a journal that says nothing of it."""
        self.journal = journal
        self._first = first
        self.owned: list[Owned] = []
        self.leaving: Leaving | None = None
        self.departed = False
        """Whether no crash gives back what is leaving; until then nobody may hear of it, for a range of which the
        cluster believes that it went, and which stayed, is one that nobody finds any more."""
        self.luggage: Moved | None = None
        """What the new owner is sent, once the release is durable."""
        self.arriving: dict[JournalId, Moved] = {}
        """What is being taken, by the last owner: an entry with it is on its way into the journal."""
        self.taken: dict[JournalId, int] = {}
        self.begin(None)

    def begin(self, found: Placed | None) -> None:
        """Go on with what the last entry of the journal says; None if it says nothing."""
        placed = found or Placed(self._first)
        self.owned = list(placed.owned)
        self.leaving, self.luggage, self.departed = placed.leaving, None, True
        self.arriving = {}
        self.loads = Loads()
        self.kept_in = placed.kept_in
        self.taken = {JournalId(journal): ts for journal, ts in placed.taken.items()}
        self._changed()

    # --- what is asked of it ------------------------------------------------------------------------------------

    def owns(self, keys: Iterable[Key]) -> bool:
        """Whether all of them are this adjudicator's; its catalog mark always is."""
        return not any(self.range_of(key) is None and marked(key) != self.journal for key in keys)

    def range_of(self, key: bytes) -> Owned | None:
        """The range with `key`, if it is owned."""
        number = bisect_right(self._lows, key) - 1
        return self.owned[number] if number >= 0 and self.owned[number].has(key) else None

    def known(self) -> tuple[Known, ...]:
        """What it can tell others: its own ranges, and whom it gave, for good, one that may not be taken yet."""
        own = [Known(r.low, r.high, self.journal, r.ts) for r in self.owned]
        if self.leaving is not None and self.departed:
            own.append(Known(self.leaving.low, self.leaving.high, JournalId(self.leaving.to), self.leaving.ts))
        return tuple(own)

    def overlaps(self, moved: Moved) -> bool:
        """Whether what comes has a key of what is leaving."""
        left = self.leaving
        return left is not None and (left.has(moved.low) or _as_owned(moved).has(left.low))

    @property
    def encoded(self) -> msgspec.Raw:
        """All of it, for an entry of the journal that is appended now."""
        return self._encoded

    @property
    def at_rest(self) -> bool:
        """Whether no range is on its way, here or from here."""
        return self.leaving is None and not self.arriving

    # --- what is done with it -----------------------------------------------------------------------------------

    def keep(self, where: str) -> None:
        """Have the adjudicator run in a region or zone, or, if that is empty, anywhere."""
        self.kept_in = where
        self._changed()

    def cannot_split(self, at: bytes) -> str | None:
        """Why no range can begin at `at`; None if one can."""
        found = self.range_of(at)
        if found is None:
            return "the key is not of this adjudicator"
        return "a range begins there already" if found.low == at else None

    def split(self, at: bytes) -> None:
        """Cut the range with the key `at` in two."""
        found = self.range_of(at)
        assert found is not None and found.low != at, "only what can be split is"
        number = self.owned.index(found)
        self.owned[number : number + 1] = [
            Owned(found.low, at, found.ts, found.kept),
            Owned(at, found.high, found.ts),
        ]
        self._changed()

    def keep_split(self, at: bytes) -> None:
        """Have the range that begins at `at` stay one of its own, as an operator wants it (`Owned.kept`)."""
        found = self.starting(at)
        assert found is not None, "it was just split"
        self.owned[self.owned.index(found)] = msgspec.structs.replace(found, kept=True)
        self._changed()

    def cannot_merge(self, at: bytes) -> str | None:
        """Why no two ranges that meet at `at` can be merged; None if they can."""
        if self._meeting(at) is not None:
            return None
        return "no two ranges of this adjudicator meet there"

    def _meeting(self, at: bytes) -> int | None:
        """The number of the second of the two that meet at `at`."""
        number = bisect_right(self._lows, at) - 1
        is_met = number > 0 and self.owned[number].low == at == self.owned[number - 1].high
        return number if is_met else None

    def merge(self, at: bytes) -> None:
        """Make one range of the two that meet at `at`."""
        number = self._meeting(at)
        assert number is not None, "only what can be merged is"
        low, high = self.owned[number - 1 : number + 1]
        self.owned[number - 1 : number + 1] = [Owned(low.low, high.high, max(low.ts, high.ts), low.kept)]
        self._changed()

    def starting(self, low: bytes) -> Owned | None:
        """The owned range that begins at `low`."""
        found = self.range_of(low)
        return found if found is not None and found.low == low else None

    def release(self, low: bytes, to: JournalId, ts: Timestamp) -> None:
        """Own the range that begins at `low` no more."""
        found = self.starting(low)
        assert found is not None and self.leaving is None, "only what can be released is"
        self.owned.remove(found)
        self.leaving, self.departed = Leaving(found.low, found.high, ts, to, found.kept), False
        self._changed()

    def gone(self) -> None:
        """The new owner has it."""
        self.leaving = self.luggage = None
        self._changed()

    def arrive(self, moved: Moved) -> None:
        """The next entries say that the range is owned."""
        self.arriving[moved.source] = moved
        self._changed()

    def install(self, moved: Moved) -> None:
        """The range is owned."""
        del self.arriving[moved.source]
        self.taken[moved.source] = moved.ts
        self.owned = sorted([*self.owned, _as_owned(moved)], key=lambda r: r.low)
        self._changed()

    def _changed(self) -> None:
        self._lows = [r.low for r in self.owned]
        coming = [_as_owned(moved) for moved in self.arriving.values()]
        taken: dict[str, int] = {}
        taken.update(self.taken.items())
        taken.update((journal, moved.ts) for journal, moved in self.arriving.items())
        owned = tuple(sorted([*self.owned, *coming], key=lambda r: r.low))
        self._encoded = msgspec.Raw(encode_placed(Placed(owned, self.leaving, taken, self.kept_in)))
        self._check()

    def _check(self) -> None:
        """Raise AssertionError if two ranges have a key in common."""
        parts: list[Owned | Leaving] = [*self.owned, *map(_as_owned, self.arriving.values())]
        if self.leaving is not None:
            parts.append(self.leaving)
        parts.sort(key=lambda r: r.low)
        for low, high in pairwise(parts):
            assert low.high and low.high <= high.low, "P9: no key is in two ranges"


def _as_owned(moved: Moved) -> Owned:
    return Owned(moved.low, moved.high, moved.ts, moved.kept)
