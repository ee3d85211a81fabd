"""The build of a unique index: entries for the rows that were there before it.

    DDL commits: index declared ──► every later writer keeps its entries (older ones fail with OC001)
    batches of rows, each a transaction: entries written, a duplicate ends the build
    DDL commits: index valid ──► private databases make it a unique one

An entry is written with `Access.WRITE`, so that a writer who deletes or moves the row meanwhile conflicts with the
batch (P10), which is then done again with a new snapshot. While an index is not valid `building` enforces it for new
rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from daybreak.base.keys import Key, space_bounds
from daybreak.base.writes import Access, Write
from daybreak.errors import DaybreakError
from daybreak.query.building import is_of
from daybreak.query.catalog import Catalog, Index, Table
from daybreak.query.rows import index_entries
from daybreak.query.store import StoreTransaction

BATCH_ROWS = 1_000
"""Entries of so many rows stay within the size that one transaction may have (P22)."""

ATTEMPTS = 100
"""Of one batch, or of the last step, against concurrent writers."""


class Build(NamedTuple):
    """An index that was declared and is to be built. Another index may have its name one day, but not its id."""

    table_id: int
    index_id: int

    def find(self, catalog: Catalog) -> tuple[Table, Index] | None:
        """The index and its table; None once either was dropped."""
        for table in catalog.tables.values():
            if table.id == self.table_id:
                return next(((table, index) for index in table.indexes if index.id == self.index_id), None)
        return None


class DuplicateFoundError(DaybreakError):
    """Two rows have the same key: the index can never become valid."""

    sqlstate = "23505"


async def fill(transaction: StoreTransaction, table: Table, index: Index, low: Key) -> Key | None:
    """Write the entries of `index` for one batch of the rows of `table`, from `low` on.

    Returns where the next batch begins, None when there is none. `transaction` validates the catalog in which `table`
    and `index` were found. Raises `DuplicateFoundError`.
    """
    rows = await transaction.scan(low, space_bounds(table.id)[1], limit=BATCH_ROWS)
    wanted = _wanted(table, index, rows)
    present = await transaction.get(list(wanted)) if wanted else {}
    if any(present[entry] != wanted[entry] for entry in present):
        raise _duplicate(index)
    missing = [Write(entry, Access.WRITE, key) for entry, key in wanted.items() if entry not in present]
    transaction.write(missing, rows=0)
    return Key(rows[-1][0] + b"\0") if len(rows) == BATCH_ROWS else None


def _wanted(table: Table, index: Index, rows: Sequence[tuple[Key, bytes]]) -> dict[Key, bytes]:
    wanted: dict[Key, bytes] = {}
    for key, row in rows:
        for entry, value in index_entries(table, row, key):
            if is_of(index, entry) and wanted.setdefault(entry, value) != value:
                raise _duplicate(index)
    return wanted


def _duplicate(index: Index) -> DuplicateFoundError:
    return DuplicateFoundError(f'index "{index.name}" stays invalid: duplicate key found while validating it')
