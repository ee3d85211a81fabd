"""Rows: PostgreSQL's COPY BINARY tuples, their keys, and the writes that a changed row asks for.

A row is an int16 count of fields, then per field an int32 length and that many bytes, or length -1 for NULL.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from daybreak.base.keys import Key, make_key
from daybreak.base.writes import Access, Write
from daybreak.errors import InternalError
from daybreak.query.catalog import Index, Table
from daybreak.query.keycodec import encode_nullable, encode_values

HIDDEN_KEY_BYTES = 16

Fields = list[bytes | None]


def split_row(row: bytes) -> Fields:
    """The fields of a row; None for NULL."""
    fields: Fields = []
    position = 2
    for _ in range(int.from_bytes(row[:2], "big")):
        length = int.from_bytes(row[position : position + 4], "big")
        position += 4
        if length == 0xFFFFFFFF:
            fields.append(None)
        else:
            fields.append(row[position : position + length])
            position += length
    return fields


def join_row(fields: Sequence[bytes | None]) -> bytes:
    """The inverse of `split_row`."""
    parts = [struct.pack(">h", len(fields))]
    for field in fields:
        parts.append(b"\xff\xff\xff\xff" if field is None else struct.pack(">i", len(field)) + field)
    return b"".join(parts)


def row_key(table: Table, row: bytes) -> Key:
    """The key of a row of a table that has a primary key."""
    return _primary_key(table, split_row(row))


def _primary_key(table: Table, fields: Fields) -> Key:
    if table.primary_key is None:
        raise InternalError(f"rows of {table.qualified_name} have hidden keys")
    encoded = _encoded(table, table.primary_key, fields)
    if encoded is None:
        raise InternalError(f"a primary key of {table.qualified_name} is NULL")
    return make_key(table.id, encoded)


def hidden_key(table: Table, source: random.Random) -> Key:
    """A new key for a row of a table without primary key."""
    return make_key(table.id, source.randbytes(HIDDEN_KEY_BYTES))


def _encoded(table: Table, index: Index, fields: Fields) -> bytes | None:
    """The columns of an index; None when NULL keeps the row out of it."""
    types = [table.columns[number].type_oid for number in index.columns]
    values = [fields[number] for number in index.columns]
    if not index.nulls_distinct:
        return encode_nullable(types, values)
    known = [value for value in values if value is not None]
    return encode_values(types, known) if len(known) == len(values) else None


def index_entries(table: Table, row: bytes, key: Key | None = None) -> list[tuple[Key, bytes]]:
    """Key and value of the row's entry in each unique index; the value is the row's key.

    `key` is the row's key where the table has no primary key.
    """
    fields = split_row(row)
    return list(_entries(table, fields, key or _primary_key(table, fields)).items())


def _entries(table: Table, fields: Fields, key: Key) -> dict[Key, bytes]:
    encoded = ((index, _encoded(table, index, fields)) for index in table.unique_indexes)
    return {make_key(index.id, value): bytes(key) for index, value in encoded if value is not None}


class Change(NamedTuple):
    """One changed row: an insert when `old` is None, a delete when `new` is None, else an update.

    `key` is the row's key where the table has no primary key.
    """

    old: bytes | None
    new: bytes | None
    key: Key | None = None


def writes_for(table: Table, changes: Iterable[Change]) -> list[Write]:
    """The writes of all rows of `table` that one statement changed, at most one per key.

    All of them together, because the rows of one statement may exchange their keys: what one row gives up another
    may take. A changed primary key is a delete and an insert; a change of columns that belong to no unique index is
    the weaker access of P10. Columns count as changed when their bytes are.
    """
    gone: dict[Key, None] = {}
    kept: dict[Key, Write] = {}
    for change in changes:
        before = _images(table, change.old, change.key)
        after = _images(table, change.new, change.key)
        access = Access.WRITE if _changes_key(table, change) else Access.UPDATE
        for key, value in after.items():
            if before.get(key) != value or value is change.new:
                kept[key] = Write(key, access, value)
        gone.update((key, None) for key in before if key not in after)
    return [Write(key, Access.WRITE, None) for key in gone if key not in kept] + list(kept.values())


def _images(table: Table, row: bytes | None, key: Key | None) -> dict[Key, bytes]:
    """What storage holds for a row: the row itself and its entries in unique indexes."""
    if row is None:
        return {}
    fields = split_row(row)
    row_key = key or _primary_key(table, fields)
    return {row_key: row, **_entries(table, fields, row_key)}


def _changes_key(table: Table, change: Change) -> bool:
    if change.old is None or change.new is None:
        return True
    old, new = split_row(change.old), split_row(change.new)
    return any(old[number] != new[number] for number in table.key_columns)
