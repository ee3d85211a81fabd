"""From changed rows to post-images."""

from __future__ import annotations

import random
import struct

import pytest

from daybreak.base.writes import Access
from daybreak.errors import InternalError
from daybreak.query.capture import RowChange
from daybreak.query.catalog import Column, Index, Table
from daybreak.query.rows import join_row, row_key
from daybreak.query.writeset import WriteSet, resolve

COLUMNS = (Column("id", 23, "integer", True), Column("v", 23, "integer", False))
KEYED = Table(
    64,
    "public",
    "t",
    COLUMNS,
    (Index(65, "t_pkey", (0,), unique=True, primary=True), Index(66, "t_v", (1,), unique=True)),
)
KEYLESS = Table(128, "public", "h", COLUMNS)


def row(*numbers: int | None) -> bytes:
    return join_row([None if n is None else struct.pack("!i", n) for n in numbers])


def change(table: Table, old: bytes | None, new: bytes | None) -> RowChange:
    return RowChange(table.id, "I" if old is None else "D" if new is None else "U", old, new)


def test_new_keys_and_entries_are_those_the_row_did_not_have() -> None:
    [insert, same, moved, gone] = resolve(
        [KEYED],
        [
            change(KEYED, None, row(1, 1)),
            change(KEYED, row(2, 2), row(2, 2)),
            change(KEYED, row(3, 3), row(4, 3)),
            change(KEYED, row(5, 5), None),
        ],
    )
    assert insert.new_key == row_key(KEYED, row(1, 1))
    assert len(insert.new_entries) == 1
    assert (same.new_key, same.new_entries) == (None, frozenset())
    assert moved.new_key == row_key(KEYED, row(4, 0))
    assert moved.new_entries == frozenset()
    assert (gone.new_key, gone.new_entries) == (None, frozenset())


def test_a_row_counts_once_however_often_it_is_modified() -> None:
    writes = WriteSet(random.Random(1))
    _, first = writes.writes(resolve([KEYED], [change(KEYED, None, row(1, 1)), change(KEYED, None, row(2, 2))]))
    _, second = writes.writes(resolve([KEYED], [change(KEYED, row(1, 1), row(1, 5)), change(KEYED, row(3, 3), None)]))
    assert (first, second) == (2, 1)


def test_rows_without_key_keep_their_hidden_key() -> None:
    writes = WriteSet(random.Random(1))
    [insert], _ = writes.writes(resolve([KEYLESS], [change(KEYLESS, None, row(1, 1))]))
    [update], _ = writes.writes(resolve([KEYLESS], [change(KEYLESS, row(1, 1), row(1, 2))]))
    [delete], _ = writes.writes(resolve([KEYLESS], [change(KEYLESS, row(1, 2), None)]))
    assert insert.key == update.key == delete.key
    assert [insert.access, update.access, delete.access] == [Access.WRITE, Access.UPDATE, Access.WRITE]
    assert delete.value is None


def test_equal_rows_without_key_stand_for_each_other_but_each_once() -> None:
    writes = WriteSet(random.Random(1))
    stored = [(row_key(KEYED, row(n, 0)), row(7, 7)) for n in (1, 2)]
    writes.loaded(KEYLESS, stored)
    deletes = [change(KEYLESS, row(7, 7), None)] * 2
    gone, _count = writes.writes(resolve([KEYLESS], deletes))
    assert {write.key for write in gone} == {key for key, _ in stored}
    with pytest.raises(InternalError, match="never loaded"):
        writes.writes(resolve([KEYLESS], deletes[:1]))


def test_locked_rows_are_written_as_they_are() -> None:
    writes = WriteSet(random.Random(1))
    found = writes.keys_of(KEYED, [row(1, 1)])
    assert [(w.access, w.value) for w in writes.lock(found)] == [(Access.WRITE, row(1, 1))]
    assert writes.keys_of(KEYLESS, [row(1, 1)]) == {}
