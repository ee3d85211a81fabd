"""Whether a statement could have met rows of the snapshot that the private database did not hold.

A read sees what its needs loaded. A write may also meet rows by their unique keys alone: an INSERT that should have
failed or taken its ON CONFLICT path has succeeded because the row in its way was not there. So every key and index
entry that a statement added must be known: absent from the snapshot, or its row loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from daybreak.base.keys import Key
from daybreak.query.building import is_of
from daybreak.query.catalog import Table
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


async def look_up_building(work: Workspace, changes: Sequence[Change]) -> None:
    """Have the holders known of all entries that `changes` move in indexes that are being built (`building`).

    The private database holds these indexes as plain ones, so the rows themselves are not needed.
    """
    entries = {
        entry: change.table
        for change in changes
        for index in change.table.building_indexes
        for entry in change.moved_entries
        if is_of(index, entry) and not work.coverage.covers(entry)
    }
    if entries:
        await work.look_up(entries)


@lru_cache(maxsize=1024)
def may_avoid_errors(shape: Shape) -> bool:
    """Whether rows that were not loaded can turn this statement's success into an error: it has ON CONFLICT.

    A row that should have been updated or skipped may have been inserted instead, and have failed elsewhere.
    """
    return "onConflictClause" in nodes_of(shape.tree)
