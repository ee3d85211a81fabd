"""The build of a unique index: entries for the rows that were there before it.

    DDL commits: index declared ──► every later writer keeps its entries (older ones fail with OC001)
    batches of rows, each a transaction: entries written, a duplicate ends the build
    DDL commits: index valid ──► private databases make it a unique one

An entry is written with `Access.WRITE`, so that a writer who deletes or moves the row meanwhile conflicts with the
batch (P10), which is then done again with a new snapshot. While an index is not valid `verify.check_building`
enforces it for new rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from daybreak.base.keys import PREFIX_BYTES, Key, space_bounds
from daybreak.base.writes import Access, Write
from daybreak.errors import DaybreakError, RetryError
from daybreak.query.catalog import Index, Table
from daybreak.query.rows import index_entries
from daybreak.query.store import Store

BATCH_ROWS = 1_000
"""Entries of so many rows stay within the size that one transaction may have (P22)."""

ATTEMPTS = 100
"""Of one batch, or of the last step, against concurrent writers."""


class Build(NamedTuple):
    """An index that was declared and is to be built."""

    table_id: int
    index_name: str


class DuplicateFoundError(DaybreakError):
    """Two rows have the same key: the index can never become valid."""

    sqlstate = "23505"


async def fill(store: Store, table: Table, index: Index) -> None:
    """Write the entries of `index` for all rows of `table`. Raises `DuplicateFoundError`."""
    low, high = space_bounds(table.id)
    while True:
        rows = await _fill_batch(store, table, index, low, high)
        if len(rows) < BATCH_ROWS:
            return
        low = Key(rows[-1][0] + b"\0")


async def _fill_batch(store: Store, table: Table, index: Index, low: Key, high: Key) -> Sequence[tuple[Key, bytes]]:
    for attempt in range(ATTEMPTS):
        transaction = store.begin()
        try:
            rows = await transaction.scan(low, high, limit=BATCH_ROWS)
            wanted = _wanted(table, index, rows)
            present = await transaction.get(list(wanted)) if wanted else {}
            if any(present[entry] != wanted[entry] for entry in present):
                raise _duplicate(index)
            missing = [Write(entry, Access.WRITE, key) for entry, key in wanted.items() if entry not in present]
            transaction.write(missing, rows=0)
            await transaction.commit()
            return rows
        except RetryError:
            if attempt + 1 == ATTEMPTS:
                raise
        except BaseException:
            transaction.rollback()
            raise
    return ()


def _wanted(table: Table, index: Index, rows: Sequence[tuple[Key, bytes]]) -> dict[Key, bytes]:
    wanted: dict[Key, bytes] = {}
    for key, row in rows:
        for entry, value in index_entries(table, row, key):
            if int.from_bytes(entry[:PREFIX_BYTES], "big") == index.id and wanted.setdefault(entry, value) != value:
                raise _duplicate(index)
    return wanted


def _duplicate(index: Index) -> DuplicateFoundError:
    return DuplicateFoundError(f'index "{index.name}" stays invalid: duplicate key found while validating it')
