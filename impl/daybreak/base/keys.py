"""Keys: ordered byte strings, and their form in logs.

A key is the four bytes that stand for its table or index, followed by the order-preserving encoding of the values
(`query.keycodec`). Storage and adjudicator never look inside.

The four bytes are made from the identifier, the *space*: tables get identifiers one after the other, and the first
bytes of a key say which adjudicator owns it, so the upper bits, which count the catalog's versions, are reversed.
Tables of consecutive versions lie far apart then. The lower bits stay behind them as they are: what one DDL makes, a
table and its indexes, lies together (docs/decisions/0011-catalog-marks-and-key-prefix.md).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NewType

Key = NewType("Key", bytes)

PREFIX_BYTES = 4

GROUP_BITS = 6
"""Spaces whose identifiers differ in this many lowest bits only lie side by side."""

VALIDATED_SPACE = 0
"""Its keys are those that transactions validate, that is the catalog's version (P21)."""

MARK_SPACE = 2
"""Its keys are the adjudicators' catalog marks: each is owned by the adjudicator that it names."""

_UPPER_BITS = 8 * PREFIX_BYTES - GROUP_BITS
_LOWER = (1 << GROUP_BITS) - 1


def _swap(number: int) -> int:
    """Reverse the upper bits; its own inverse. Raises ValueError for what has more bits."""
    if number >> 8 * PREFIX_BYTES:
        raise ValueError(f"{number} identifies no table or index: it has more than {8 * PREFIX_BYTES} bits")
    return int(f"{number >> GROUP_BITS:0{_UPPER_BITS}b}"[::-1], 2) << GROUP_BITS | number & _LOWER


@lru_cache(maxsize=4096)
def prefix(space: int) -> bytes:
    """The bytes that every key of table or index `space` begins with."""
    return _swap(space).to_bytes(PREFIX_BYTES, "big")


def space_of(key: Key) -> int:
    """The table or index that a key belongs to."""
    return _space(key[:PREFIX_BYTES])


@lru_cache(maxsize=4096)
def _space(first: bytes) -> int:
    return _swap(int.from_bytes(first, "big"))


def make_key(space: int, suffix: bytes) -> Key:
    """The key with encoded values `suffix` in table or index `space`."""
    return Key(prefix(space) + suffix)


def space_bounds(space: int) -> tuple[Key, Key]:
    """The half-open range ``[low, high)`` of all keys of table or index `space`."""
    low = prefix(space)
    return Key(low), Key((int.from_bytes(low, "big") + 1).to_bytes(PREFIX_BYTES, "big"))


def key_text(key: Key) -> str:
    """A key as logs show it: ``0000000c/8000000a``. Such texts are in the order of the keys."""
    return f"{key[:PREFIX_BYTES].hex()}/{key[PREFIX_BYTES:].hex()}"
