"""Which owner has to check what at COMMIT, and which one leads (P9, P12), as values in and values out."""

from __future__ import annotations

from collections.abc import Mapping

from daybreak.base.ids import JournalId
from daybreak.base.keys import VALIDATED_SPACE, Key, prefix
from daybreak.base.placementmap import PlacementMap
from daybreak.base.ranges import mark_key
from daybreak.base.writes import Access

Slice = dict[Key, Access]
"""Keys of one owner, with their classes."""

_VALIDATED = prefix(VALIDATED_SPACE)


def divide(accesses: Mapping[Key, Access], ranges: PlacementMap) -> tuple[JournalId, dict[JournalId, Slice]]:
    """The leader and the slices by owner, for the accesses of a transaction that has written something.

    The owner of most keys leads, of several the first. A validated read of the catalog is checked by the leader, at its
    catalog mark; whoever writes the catalog's version writes the marks of all adjudicators
    (docs/decisions/0011-catalog-marks-and-key-prefix.md).
    """
    slices: dict[JournalId, Slice] = {journal: {} for journal in ranges.journals}
    validated = False
    for key, access in accesses.items():
        if access is Access.VALIDATE:
            validated = True
            continue
        slices[ranges.owner(key)][key] = access
        if key.startswith(_VALIDATED):
            for journal, keys in slices.items():
                keys[mark_key(journal)] = access
    slices = {journal: keys for journal, keys in slices.items() if keys}
    leader = max(slices, key=lambda journal: len(slices[journal]))
    if validated:
        slices[leader].setdefault(mark_key(leader), Access.VALIDATE)
    return leader, slices
