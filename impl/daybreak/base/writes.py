"""What a transaction asks of the adjudicator: accesses and post-images."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from daybreak.base.keys import Key


class Access(StrEnum):
    """Class of an access to a key; the conflict matrix is in `adjudicator.conflicts` (P10)."""

    WRITE = "W"
    """Insert, delete, update of a key column, FOR UPDATE."""
    UPDATE = "N"
    """Update of columns that belong to no unique index."""
    SHARE = "S"
    """FOR KEY SHARE."""
    VALIDATE = "R"
    """A read that must still hold at commit (the catalog, P21); never makes a later writer fail."""


STRENGTH = {Access.VALIDATE: 0, Access.SHARE: 1, Access.UPDATE: 2, Access.WRITE: 3}


def stronger(a: Access, b: Access) -> Access:
    """The access that conflicts with more; a key accessed twice counts as the stronger one."""
    return a if STRENGTH[a] >= STRENGTH[b] else b


class Write(msgspec.Struct, frozen=True, array_like=True):
    """The post-image of one key: a row in PostgreSQL's binary format, an index entry, or None for a delete."""

    key: Key
    access: Access
    value: bytes | None


class Record(msgspec.Struct, frozen=True, array_like=True):
    """A committed transaction as the journal holds it (P13): all its post-images, at one commit time."""

    txn: str
    ts: int
    writes: tuple[Write, ...]
