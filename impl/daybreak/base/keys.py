"""Keys: ordered byte strings, and their form in logs.

A key is the four big-endian bytes of the identifier of its table or index, followed by the order-preserving
encoding of the values (`query.keycodec`). Storage and adjudicator never look inside.
"""

from __future__ import annotations

from typing import NewType

Key = NewType("Key", bytes)

PREFIX_BYTES = 4


def prefix(space: int) -> bytes:
    """The bytes that every key of table or index `space` begins with."""
    return space.to_bytes(PREFIX_BYTES, "big")


def make_key(space: int, suffix: bytes) -> Key:
    """The key with encoded values `suffix` in table or index `space`."""
    return Key(prefix(space) + suffix)


def space_bounds(space: int) -> tuple[Key, Key]:
    """The half-open range ``[low, high)`` of all keys of table or index `space`."""
    return Key(prefix(space)), Key(prefix(space + 1))


def key_text(key: Key) -> str:
    """A key as logs show it: ``t12/8000000a``."""
    return f"t{int.from_bytes(key[:PREFIX_BYTES], 'big')}/{key[PREFIX_BYTES:].hex()}"
