"""Holds (P12): keys that a voter keeps free of conflicts for an undecided transaction, until a time that it named.

Values in, values out: nothing here knows of messages, of clocks, or of what becomes of a transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from daybreak.adjudicator.conflicts import CONFLICTS, RECORDED
from daybreak.base.ids import TxnId
from daybreak.base.keys import Key
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Access


class Hold(NamedTuple):
    """A voter's yes to one transaction."""

    txn: TxnId
    start: Timestamp
    keys: Mapping[Key, Access]
    bound: Timestamp
    """The commit time is greater than this."""
    until: Timestamp
    """The commit time is not greater than this, and the hold ends here."""


class Holds:
    """All holds of one voter.

    # Invariant: of two holds, no key is in both with classes that conflict.
    """

    def __init__(self) -> None:
        self._holds: dict[TxnId, Hold] = {}
        self._held: dict[Key, dict[TxnId, Access]] = {}

    def __len__(self) -> int:
        return len(self._holds)

    def __iter__(self) -> Iterator[Hold]:
        return iter(self._holds.values())

    def get(self, txn: TxnId) -> Hold | None:
        """The hold for a transaction, if there is one."""
        return self._holds.get(txn)

    def conflict(self, keys: Mapping[Key, Access]) -> Access | None:
        """The class of an access of `keys` that conflicts with one that is held, or None; validated reads first."""
        if not self._held:
            return None
        found: Access | None = None
        for key, access in keys.items():
            held = self._held.get(key)
            if held is not None and any(other in CONFLICTS[access] for other in held.values()):
                if access is Access.VALIDATE:
                    return access
                found = access
        return found

    def add(self, hold: Hold) -> None:
        """Hold the keys of a transaction; validated reads hold nothing."""
        self._holds[hold.txn] = hold
        for key, access in hold.keys.items():
            if access in RECORDED:
                self._held.setdefault(key, {})[hold.txn] = access

    def remove(self, txn: TxnId) -> Hold:
        """End a hold, and return what it was."""
        hold = self._holds.pop(txn)
        for key, access in hold.keys.items():
            if access in RECORDED:
                held = self._held[key]
                del held[txn]
                if not held:
                    del self._held[key]
        return hold

    def clear(self) -> None:
        """End all holds."""
        self._holds.clear()
        self._held.clear()

    def last(self) -> Timestamp:
        """When the last of them ends, or zero."""
        return max((hold.until for hold in self), default=ZERO)

    def check(self) -> None:
        """Raise AssertionError if a key is held in classes that conflict."""
        for held in self._held.values():
            if len(held) == 1:
                continue
            classes = list(held.values())
            for number, access in enumerate(classes):
                assert not any(other in CONFLICTS[access] for other in classes[number + 1 :]), "P10: held twice"
