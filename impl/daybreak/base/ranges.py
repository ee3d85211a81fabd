"""Who owns which keys (P9): contiguous ranges in key order, each with one adjudicator, known by its journal."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from daybreak.base.ids import JournalId
from daybreak.base.keys import MARK_SPACE, PREFIX_BYTES, Key, make_key, prefix
from daybreak.base.placed import Owned

ADJUDICATORS = 2
"""How many a new cluster has, if nobody says otherwise."""
MAX_ADJUDICATORS = 16
"""So many the trace of rung 3 knows by name (`specs/commit/TraceCommit.tla`)."""

_MARK = prefix(MARK_SPACE)
_CUTS = 1 << 16
"""The first cut of the key space looks at two bytes."""


def mark_key(journal: JournalId) -> Key:
    """The catalog mark of an adjudicator: whoever changes the catalog writes it, whoever used the catalog checks it."""
    return make_key(MARK_SPACE, journal.encode())


def marked(key: Key) -> JournalId | None:
    """The adjudicator whose catalog mark a key is; None for all other keys."""
    return JournalId(key[PREFIX_BYTES:].decode()) if key.startswith(_MARK) else None


class Ranges:
    """Which adjudicator owns a key.

    # Invariant: the lows strictly increase, and the first one is empty: every key has exactly one owner.
    """

    def __init__(self, owners: Mapping[bytes, JournalId]) -> None:
        """`owners` maps the low end of each range to its owner; a range ends where the next one begins."""
        self._lows = sorted(owners)
        if self._lows[:1] != [b""]:
            raise ValueError(f"the first range begins at {self._lows[:1]}, so that the keys below have no owner")
        self._owners = [owners[low] for low in self._lows]

    @classmethod
    def even(cls, journals: Sequence[JournalId]) -> Ranges:
        """As many equal parts of the key space as there are journals, in their order."""
        count = len(journals)
        return cls({(_CUTS * i // count).to_bytes(2, "big") if i else b"": j for i, j in enumerate(journals)})

    @property
    def journals(self) -> tuple[JournalId, ...]:
        """All owners, in the order of their first ranges."""
        return tuple(dict.fromkeys(self._owners))

    def owner(self, key: Key) -> JournalId:
        """The owner of a key; of a catalog mark, the adjudicator that it names."""
        return marked(key) or self._owners[bisect_right(self._lows, key) - 1]

    def listed(self) -> list[tuple[bytes, JournalId]]:
        """The ranges in key order: low end and owner."""
        return list(zip(self._lows, self._owners, strict=True))

    def of(self, journal: JournalId) -> tuple[Owned, ...]:
        """The ranges of one adjudicator, in key order."""
        highs = [*self._lows[1:], b""]
        parts = zip(self._lows, highs, self._owners, strict=True)
        return tuple(Owned(low, high) for low, high, owner in parts if owner == journal)
