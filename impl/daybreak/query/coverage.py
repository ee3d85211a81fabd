"""Which part of the snapshot the private database holds.

A key is *covered* when the private database shows its true state: its row was loaded, is proven absent, or was
written by the transaction itself. Reads of covered keys are never repeated, and a row is loaded at most once.
"""

from __future__ import annotations

from collections.abc import Iterable

from daybreak.base.keys import Key, space_of
from daybreak.query.catalog import Table
from daybreak.query.statements import AllRows, KeyRange, Keys, Need


class Coverage:
    """What one transaction has read so far; pure bookkeeping, no I/O."""

    def __init__(self) -> None:
        self._keys: set[Key] = set()
        self._ranges: dict[int, list[tuple[Key, Key]]] = {}
        self._whole: set[int] = set()

    def covers(self, key: Key) -> bool:
        """Whether the row or index entry `key` is in its true state in the private database."""
        if key in self._keys:
            return True
        space = space_of(key)
        if space in self._whole:
            return True
        return any(low <= key < high for low, high in self._ranges.get(space, ()))

    def add_keys(self, keys: Iterable[Key]) -> None:
        self._keys.update(keys)

    def add_range(self, table: Table, how: KeyRange) -> None:
        self._ranges.setdefault(table.id, []).append((how.low, how.high))

    def add_whole(self, table: Table) -> None:
        """All rows of `table`, and with them all entries of its unique indexes, unless these are being built."""
        self._whole.add(table.id)
        self._whole.update(index.id for index in table.unique_indexes if index.valid)

    def is_whole(self, table: Table) -> bool:
        return table.id in self._whole

    def missing_keys(self, needs: Iterable[Need]) -> dict[Key, Table]:
        """Single keys to read before a statement with `needs` may run."""
        return {
            key: need.table
            for need in needs
            if isinstance(need.how, Keys)
            for key in need.how.keys
            if not self.covers(key)
        }

    def missing_scans(self, needs: Iterable[Need]) -> list[Need]:
        """Those of `needs` that take a scan."""
        return [need for need in needs if not isinstance(need.how, Keys) and not self._scanned(need.table, need.how)]

    def _scanned(self, table: Table, how: AllRows | KeyRange) -> bool:
        if table.id in self._whole:
            return True
        if isinstance(how, AllRows):
            return False
        return any(low <= how.low and how.high <= high for low, high in self._ranges.get(table.id, ()))
