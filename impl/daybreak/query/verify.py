"""Whether a statement could have met rows of the snapshot that the private database did not hold.

A read sees what its needs loaded. A write may also meet rows by their unique keys alone: an INSERT that should have
failed or taken its ON CONFLICT path has succeeded because the row in its way was not there. So every key and index
entry that a statement added must be known: absent from the snapshot, or its row loaded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from daybreak.base.keys import PREFIX_BYTES, Key
from daybreak.errors import RequestError
from daybreak.query.catalog import Index, Table
from daybreak.query.grammar import nodes_of
from daybreak.query.statements import Shape
from daybreak.query.workspace import Workspace
from daybreak.query.writeset import Change


async def rows_turned_up(work: Workspace, changes: Sequence[Change]) -> bool:
    """Read every key that `changes` added and that is not covered; True if rows had to be loaded.

    Then the statement must be undone and run again. Otherwise its changes are consistent with the snapshot.
    """
    rows: dict[Key, Table] = {}
    entries: dict[Key, Table] = {}
    covers = work.coverage.covers
    for change in changes:
        key = change.new_key
        if key is not None and not covers(key):
            rows[key] = change.table
        entries.update((entry, change.table) for entry in change.new_entries if not covers(entry))
    if not rows and not entries:
        return False
    owners = await work.look_up(entries)
    return await work.fetch({**rows, **{key: table for key, table in owners.items() if not covers(key)}})


def check_building(work: Workspace, changes: Sequence[Change]) -> None:
    """Enforce unique indexes that are being built: private databases hold them as plain ones until they are valid.

    Raises 23505 as PostgreSQL would.
    """
    for table in {change.table.id: change.table for change in changes}.values():
        for index in table.unique_indexes:
            if not index.valid:
                _check_index(work, index, [change for change in changes if change.table.id == table.id])


def _check_index(work: Workspace, index: Index, changes: Sequence[Change]) -> None:
    added = Counter(entry for change in changes for entry in _of(index, change.new_entries))
    gone = {entry for change in changes if change.old is not None for entry in _of(index, change.old.entries)}
    for entry, times in added.items():
        if times > 1 or (entry not in gone and work.holder(entry) is not None):
            raise RequestError(f'duplicate key value violates unique constraint "{index.name}"', sqlstate="23505")


def _of(index: Index, entries: Iterable[Key]) -> Iterable[Key]:
    return (entry for entry in entries if int.from_bytes(entry[:PREFIX_BYTES], "big") == index.id)


@lru_cache(maxsize=1024)
def may_avoid_errors(shape: Shape) -> bool:
    """Whether rows that were not loaded can turn this statement's success into an error: it has ON CONFLICT.

    A row that should have been updated or skipped may have been inserted instead, and have failed elsewhere.
    """
    return "onConflictClause" in nodes_of(shape.tree)
