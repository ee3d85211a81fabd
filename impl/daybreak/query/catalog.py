"""The catalog: tables, their columns and indexes, versioned as data (P21).

Each DDL is one `CatalogChange`, stored as a row of its own under `change_key(version)`; the current version is the
value of `CATALOG_VERSION_KEY`, which every transaction validates and every DDL writes.
"""

from __future__ import annotations

from functools import cached_property

import msgspec

from daybreak.base.keys import GROUP_BITS, VALIDATED_SPACE, Key, make_key, space_bounds

CATALOG_SPACE = 1
"""Key space of the catalog's changes; tables and indexes begin at `OBJECTS_PER_VERSION`."""

CATALOG_VERSION_KEY = make_key(VALIDATED_SPACE, b"catalog")

OBJECTS_PER_VERSION = 1 << GROUP_BITS
"""Identifiers that one DDL can give away: a table and at most 24 indexes."""


class Column(msgspec.Struct, frozen=True, array_like=True):
    """A column, in the order of the stored row. `generated`: GENERATED ALWAYS AS ... STORED."""

    name: str
    type_oid: int
    type_name: str
    not_null: bool
    generated: bool = False


class Index(msgspec.Struct, frozen=True, array_like=True):
    """An index; only unique ones have entries in storage.

    `columns` are 0-based numbers of the table's columns, -1 for an expression. `plain` means neither partial nor on
    expressions. While `valid` is false the index is being built: writers maintain it, nobody may rely on it.
    """

    id: int
    name: str
    columns: tuple[int, ...]
    unique: bool
    nulls_distinct: bool = True
    primary: bool = False
    valid: bool = True
    plain: bool = True


class Table(msgspec.Struct, frozen=True, array_like=True, dict=True):
    """A table; `id` is the key space of its rows. Tables never change: DDL makes a new one with the same `id`."""

    id: int
    schema: str
    name: str
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...] = ()

    @cached_property
    def qualified_name(self) -> str:
        """``schema.name``, unquoted: the table's name in `Catalog.tables`."""
        return f"{self.schema}.{self.name}"

    @cached_property
    def primary_key(self) -> Index | None:
        """None for a table whose rows have a hidden random key instead."""
        return next((index for index in self.indexes if index.primary), None)

    @cached_property
    def unique_indexes(self) -> tuple[Index, ...]:
        """Unique indexes with entries of their own: all but the primary key, those being built included."""
        return tuple(index for index in self.indexes if index.unique and index.plain and not index.primary)

    @cached_property
    def building_indexes(self) -> tuple[Index, ...]:
        """Those of `unique_indexes` that are not valid."""
        return tuple(index for index in self.unique_indexes if not index.valid)

    @cached_property
    def key_columns(self) -> frozenset[int]:
        """Numbers of the columns whose update conflicts with FOR KEY SHARE (conflict classes of P10)."""
        return frozenset(n for index in self.indexes if index.unique and index.plain for n in index.columns)

    @cached_property
    def column_numbers(self) -> dict[str, int]:
        return {column.name: number for number, column in enumerate(self.columns)}

    def with_valid_index(self, name: str) -> Table:
        """This table after the build of index `name` has succeeded."""
        indexes = tuple(
            msgspec.structs.replace(index, valid=True) if index.name == name else index for index in self.indexes
        )
        return msgspec.structs.replace(self, indexes=indexes)

    def without_index(self, name: str) -> Table:
        """This table after DROP INDEX `name`."""
        return msgspec.structs.replace(self, indexes=tuple(i for i in self.indexes if i.name != name))


class CatalogChange(msgspec.Struct, frozen=True, array_like=True):
    """One DDL: `ddl` is replayed on private databases in order of `version`, which counts from 1 without gaps.

    `table` is the table as it is from this version on (CREATE TABLE, a change of its indexes); `dropped` are
    the qualified names of the tables that end with it.
    """

    version: int
    ddl: str
    table: Table | None = None
    dropped: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """The value stored under ``change_key(version)``."""
        return msgspec.msgpack.encode(self)


class Catalog(msgspec.Struct, frozen=True, eq=False):
    """All tables as of one version; version 0 is the empty catalog."""

    version: int = 0
    tables: dict[str, Table] = {}
    """By qualified name."""
    changes: tuple[CatalogChange, ...] = ()
    """Everything since version 1: the DDL that a new private database replays."""

    def apply(self, change: CatalogChange) -> Catalog:
        """The catalog one version later; `change` must be the next one."""
        if change.version != self.version + 1:
            raise ValueError(f"catalog is at version {self.version}, change has version {change.version}")
        tables = {name: table for name, table in self.tables.items() if name not in change.dropped}
        if change.table is not None:
            tables[change.table.qualified_name] = change.table
        return Catalog(change.version, tables, (*self.changes, change))

    def find(self, schema: str | None, name: str) -> Table | None:
        """The table that a statement may mean by this name; a bare name is looked up in ``public``."""
        return self.tables.get(f"{schema or 'public'}.{name}")

    def find_index(self, schema: str | None, name: str) -> tuple[Table, Index] | None:
        """The index of that name and its table."""
        for table in self.tables.values():
            if table.schema == (schema or "public"):
                for index in table.indexes:
                    if index.name == name:
                        return table, index
        return None


def object_id(version: int, ordinal: int) -> int:
    """Identifier of the `ordinal`-th table or index that the DDL of catalog version `version` creates."""
    if not 0 <= ordinal < OBJECTS_PER_VERSION:
        raise ValueError(f"a DDL creates at most {OBJECTS_PER_VERSION} objects, not {ordinal + 1}")
    return version * OBJECTS_PER_VERSION + ordinal


def change_key(version: int) -> Key:
    """Key of the change that led to `version`."""
    return make_key(CATALOG_SPACE, version.to_bytes(8, "big"))


def changes_after(version: int) -> tuple[Key, Key]:
    """The half-open key range of all changes later than `version`."""
    return change_key(version + 1), space_bounds(CATALOG_SPACE)[1]


def decode_change(value: bytes) -> CatalogChange:
    """The inverse of `CatalogChange.encode`."""
    return msgspec.msgpack.decode(value, type=CatalogChange)


def encode_version(version: int) -> bytes:
    """The value of `CATALOG_VERSION_KEY`."""
    return version.to_bytes(8, "big")


def decode_version(value: bytes | None) -> int:
    """The version that `CATALOG_VERSION_KEY` holds; a missing value is version 0."""
    return 0 if value is None else int.from_bytes(value, "big")
