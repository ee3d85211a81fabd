"""Entries of unique indexes that are being built, when rows change; of valid ones `rows.writes_for` knows enough.

Private databases hold an index as a plain one until it is valid, and it may never become so: rows of before it may
have one value. At most one of them has the entry, and the others may go while it stays:

    rows 1 and 4 have one value ──► a batch gives row 1 the entry ──► row 4 is deleted ──► the build can succeed

So the holder of every entry that a statement moves is looked up first (`verify.look_up_building`). An entry that is
another row's is written as it is, with `Access.WRITE`: all who change rows of one value, the build's batches among
them, meet there (P10). One that no row has yet is still removed, to meet the batch that is about to make it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from daybreak.base.keys import Key, space_of
from daybreak.base.writes import Access, Write
from daybreak.errors import RequestError
from daybreak.query.catalog import Index, Table
from daybreak.query.rows import Change, index_entries

Holder = Callable[[Key], bytes | None]
"""The key of the row that holds an entry before the statement; None if no row does."""


@dataclass
class _Move:
    """What one statement does with an entry: keys of rows that give it up, and of rows that take it."""

    index: Index
    given: set[bytes] = field(default_factory=set)
    taken: list[bytes] = field(default_factory=list)


def settled(table: Table, changes: Iterable[Change], writes: Sequence[Write], holder: Holder) -> list[Write]:
    """`writes`, which `changes` ask for, with the entries of other rows left to these.

    Raises 23505 as PostgreSQL would: for a row that takes what another has, or another takes, or moves to a new
    primary key while another has its entry.
    """
    kept: dict[Key, Write] = {}
    for entry, move in _moves(table, changes).items():
        before = holder(entry)
        is_others = before is not None and before not in move.given
        if len(move.taken) > 1 or (move.taken and is_others):
            raise RequestError(f'duplicate key value violates unique constraint "{move.index.name}"', sqlstate="23505")
        if is_others:
            kept[entry] = Write(entry, Access.WRITE, before)
    return [kept.get(write.key, write) for write in writes]


def _moves(table: Table, changes: Iterable[Change]) -> dict[Key, _Move]:
    indexes = {index.id: index for index in table.building_indexes}
    moves: dict[Key, _Move] = {}

    def move(entry: Key) -> _Move:
        return moves.setdefault(entry, _Move(indexes[space_of(entry)]))

    for change in changes:
        old, new = (_entries(table, row, change.key) for row in (change.old, change.new))
        for entry, row in old - new:
            move(entry).given.add(row)
        for entry, row in new - old:
            move(entry).taken.append(row)
    return moves


def _entries(table: Table, row: bytes | None, key: Key | None) -> set[tuple[Key, bytes]]:
    """The row's entries in the indexes that are being built."""
    if row is None:
        return set()
    pairs = index_entries(table, row, key)
    return {pair for pair in pairs if any(is_of(index, pair[0]) for index in table.building_indexes)}


def is_of(index: Index, entry: Key) -> bool:
    """Whether `entry` is one of `index`."""
    return space_of(entry) == index.id
