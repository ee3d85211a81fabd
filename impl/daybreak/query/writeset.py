"""From changed rows to post-images: which keys a statement wrote (P8).

The images of one statement are resolved to keys first (`resolve`), then verified, then written (`WriteSet.writes`).
The rows of a table without a primary key have a hidden random key that PostgreSQL does not know: of rows that are
equal in every column any one may stand for any other, so such a key is found by the row's image.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from daybreak.base.keys import Key, make_key, space_of
from daybreak.base.writes import Access, Write
from daybreak.errors import InternalError
from daybreak.query import rows
from daybreak.query.building import settled
from daybreak.query.catalog import Table
from daybreak.query.engine import RowChange


class Image(NamedTuple):
    """A row before or after a statement: its bytes, its key (None where hidden), its entries in unique indexes."""

    row: bytes
    key: Key | None
    entries: frozenset[Key]


class Change(NamedTuple):
    """A changed row; `old` is None for an insert, `new` for a delete."""

    table: Table
    old: Image | None
    new: Image | None

    @property
    def new_key(self) -> Key | None:
        """The row's key if it did not have it before the statement."""
        if self.new is None or (self.old is not None and self.old.key == self.new.key):
            return None
        return self.new.key

    @property
    def new_entries(self) -> frozenset[Key]:
        """Entries of unique indexes that the statement added."""
        if self.new is None:
            return frozenset()
        return self.new.entries - self.old.entries if self.old is not None else self.new.entries

    @property
    def moved_entries(self) -> frozenset[Key]:
        """Entries of unique indexes that the statement added, gave up, or handed to the row's new key."""
        old, new = (image.entries if image is not None else frozenset() for image in (self.old, self.new))
        return old | new if self.new_key is not None else old ^ new


def resolve(tables: Iterable[Table], changes: Sequence[RowChange]) -> list[Change]:
    """The changes of one statement with their keys."""
    by_id = {table.id: table for table in tables}
    return [
        Change(table, _image(table, change.old), _image(table, change.new))
        for change in changes
        for table in (by_id[change.table_id],)
    ]


def _image(table: Table, row: bytes | None) -> Image | None:
    if row is None:
        return None
    key = rows.row_key(table, row) if table.primary_key is not None else None
    if not table.unique_indexes:
        return Image(row, key, frozenset())
    entries = rows.index_entries(table, row, key or make_key(table.id, b""))
    return Image(row, key, frozenset(entry for entry, _ in entries))


class WriteSet:
    """What one transaction has written so far, and the hidden keys of the rows that it holds.

    # Invariant: every row of a table without primary key that the private database holds is in `_hidden`.
    """

    def __init__(self, source: random.Random) -> None:
        self.values: dict[Key, bytes | None] = {}
        """Post-image by key, of rows and of index entries; None is a delete."""
        self._entries: dict[Key, bytes] = {}
        self._rows: set[Key] = set()
        self._hidden: dict[int, dict[bytes, list[Key]]] = {}
        self._source = source

    def loaded(self, table: Table, found: Iterable[tuple[Key, bytes]]) -> None:
        """Rows of the snapshot are in the private database now."""
        if table.primary_key is None:
            for key, row in found:
                self._keep(table, row, key)

    def looked_up(self, entries: Mapping[Key, bytes]) -> None:
        """Entries of the snapshot are known now, with the keys of the rows that hold them."""
        self._entries.update(entries)

    def holder(self, entry: Key) -> bytes | None:
        """Key of the row that holds `entry`, which was looked up or written; None if no row does."""
        return self.values[entry] if entry in self.values else self._entries.get(entry)

    def writes(self, changes: Sequence[Change]) -> tuple[list[Write], int]:
        """The post-images of one statement's changes, and how many rows they modify for the first time.

        Raises 23505 for a duplicate in an index that is being built, whose `moved_entries` must have been looked up.
        """
        by_table: dict[int, list[rows.Change]] = {}
        for change in changes:
            by_table.setdefault(change.table.id, []).append(self._with_key(change))
        tables = {change.table.id: change.table for change in changes}
        writes = [w for number, table in tables.items() for w in self._writes_for(table, by_table[number])]
        self.values.update((write.key, write.value) for write in writes)
        return writes, self._count_rows(writes, tables)

    def _writes_for(self, table: Table, changes: Sequence[rows.Change]) -> list[Write]:
        writes = rows.writes_for(table, changes)
        return settled(table, changes, writes, self.holder) if table.building_indexes else writes

    def _count_rows(self, writes: Iterable[Write], tables: dict[int, Table]) -> int:
        before = len(self._rows)
        self._rows.update(w.key for w in writes if space_of(w.key) in tables)
        return len(self._rows) - before

    def keys_of(self, table: Table, found: Iterable[bytes]) -> dict[Key, bytes]:
        """Rows of the private database by their keys; of equal rows with hidden keys those with the lowest ones."""
        if table.primary_key is not None:
            return {rows.row_key(table, row): row for row in found}
        hidden = self._hidden.get(table.id, {})
        return {key: row for row, count in Counter(found).items() for key in sorted(hidden.get(row, ()))[:count]}

    def lock(self, found: dict[Key, bytes]) -> list[Write]:
        """Post-images that say FOR UPDATE: the rows as they are."""
        self.values.update(found)
        return [Write(key, Access.WRITE, row) for key, row in found.items()]

    def _with_key(self, change: Change) -> rows.Change:
        old = change.old.row if change.old is not None else None
        new = change.new.row if change.new is not None else None
        if change.table.primary_key is not None:
            return rows.Change(old, new)
        key = rows.hidden_key(change.table, self._source) if old is None else self._drop(change.table, old)
        if new is not None:
            self._keep(change.table, new, key)
        return rows.Change(old, new, key)

    def _keep(self, table: Table, row: bytes, key: Key) -> None:
        self._hidden.setdefault(table.id, {}).setdefault(row, []).append(key)

    def _drop(self, table: Table, row: bytes) -> Key:
        keys = self._hidden.get(table.id, {}).get(row)
        if not keys:
            raise InternalError(f"a row of {table.qualified_name} has changed that was never loaded")
        return keys.pop()
