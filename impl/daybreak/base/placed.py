"""Which key ranges an adjudicator has: as its journal tells it, and as others are told (P9).

A range is ``[low, high)``; `high` is empty where it has no end.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from daybreak.base.ids import JournalId
from daybreak.base.keys import Key

MAX_SPLIT_BYTES = 16
"""A range begins with a key no longer than this: whoever begins one at a longer key cuts the rest off."""


class Owned(msgspec.Struct, frozen=True, array_like=True):
    """A range and since when its owner has it: the time of the release that gave it away, zero for the first owner."""

    low: bytes
    high: bytes
    ts: int = 0
    kept: bool = False
    """An operator has cut it off from what lies before: nobody else is to merge the two."""

    def has(self, key: bytes) -> bool:
        """Whether `key` lies in it."""
        return self.low <= key and (not self.high or key < self.high)


class Leaving(msgspec.Struct, frozen=True, array_like=True):
    """A range that was released at `ts` and that `to` has not taken yet, as far as is known."""

    low: bytes
    high: bytes
    ts: int
    to: str
    kept: bool = False
    """As in `Owned`."""

    def has(self, key: bytes) -> bool:
        """Whether `key` lies in it."""
        return self.low <= key and (not self.high or key < self.high)


class Placed(msgspec.Struct, frozen=True, array_like=True):
    """What every entry of an adjudicator's journal tells of its ranges."""

    owned: tuple[Owned, ...]
    """In key order; neighbours need not touch."""
    leaving: Leaving | None = None
    taken: Mapping[str, int] = {}
    """By the journal of an earlier owner: the time of the last release of it that was taken."""
    kept_in: str = ""
    """The region or zone where an operator wants the adjudicator to run; empty: nobody has said so."""


class Known(msgspec.Struct, frozen=True, array_like=True):
    """That `owner` has a range since `ts`: what one process tells another."""

    low: bytes
    high: bytes
    owner: JournalId
    ts: int


def pivot(key: Key) -> bytes:
    """Where a range can begin so that `key`, or the keys that begin as it does, come first in it."""
    return bytes(key[:MAX_SPLIT_BYTES])
