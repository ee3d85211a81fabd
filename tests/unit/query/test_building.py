"""Entries of an index that is being built: whose they are before a statement decides what it writes."""

from __future__ import annotations

import random

import pytest

from daybreak.base.keys import Key, make_key
from daybreak.base.writes import Access, Write
from daybreak.errors import RequestError
from daybreak.query import keycodec as k
from daybreak.query.building import settled
from daybreak.query.capture import RowChange
from daybreak.query.catalog import Column, Index, Table
from daybreak.query.keycodec import integer_key
from daybreak.query.rows import Change, join_row, writes_for
from daybreak.query.writeset import WriteSet, resolve

COLUMNS = tuple(Column(name, k.INT4, "integer", False) for name in ("id", "v", "x"))
PRIMARY = Index(65, "t_pkey", (0,), unique=True, primary=True)
VALID = Index(66, "t_x", (2,), unique=True)
BUILDING = Index(67, "t_v", (1,), unique=True, valid=False)
TABLE = Table(64, "public", "t", COLUMNS, (PRIMARY, VALID, BUILDING))
HEAP = Table(64, "public", "t", COLUMNS, (BUILDING,))


def row(number: int, v: int | None) -> bytes:
    """A row whose x is its id."""
    return join_row([None if n is None else n.to_bytes(4, "big") for n in (number, v, number)])


def key(number: int) -> Key:
    return make_key(64, integer_key(number))


def entry(v: int) -> Key:
    return make_key(67, integer_key(v))


def entries(changes: list[Change], holders: dict[int, int], table: Table = TABLE) -> dict[Key, bytes | None]:
    """What changes write of the index that is being built; `holders` maps values to the rows that have the entries."""
    before: dict[Key, bytes] = {entry(v): key(number) for v, number in holders.items()}
    asked = writes_for(table, changes)
    writes = settled(table, changes, asked, before.get)
    assert [write.key for write in writes] == [write.key for write in asked]
    assert [write for write in writes if write.key[:4] != entry(0)[:4]] == [
        write for write in asked if write.key[:4] != entry(0)[:4]
    ]
    found = [write for write in writes if write.key[:4] == entry(0)[:4]]
    assert all(write.access is Access.WRITE for write in found)
    return {write.key: write.value for write in found}


def test_of_the_rows_of_one_value_only_the_holder_gives_the_entry_up() -> None:
    delete = Change(row(4, 1), None)
    assert entries([delete], {1: 4}) == {entry(1): None}
    assert entries([delete], {1: 2}) == {entry(1): key(2)}
    assert entries([delete], {}) == {entry(1): None}, "a batch that is about to make it must meet this"
    assert entries([delete, Change(row(2, 1), None)], {1: 2}) == {entry(1): None}
    assert entries([Change(row(4, 1), row(4, None))], {1: 2}) == {entry(1): key(2)}
    assert entries([Change(row(4, 1), row(4, 5))], {1: 2}) == {entry(1): key(2), entry(5): key(4)}


def test_an_entry_is_taken_from_those_that_give_it_up_only() -> None:
    exchange = [Change(row(3, 3), row(3, 1)), Change(row(4, 1), row(4, 3))]
    assert entries(exchange, {1: 4, 3: 3}) == {entry(1): key(3), entry(3): key(4)}
    assert entries(exchange, {}) == {entry(1): key(3), entry(3): key(4)}
    for holders in ({1: 2, 3: 3}, {1: 4, 3: 2}):
        with pytest.raises(RequestError, match='"t_v"') as refusal:
            entries(exchange, holders)
        assert refusal.value.sqlstate == "23505"


def test_two_rows_cannot_take_one_entry() -> None:
    for changes in (
        [Change(None, row(5, 1)), Change(None, row(6, 1))],
        [Change(row(5, 1), row(7, 1)), Change(row(6, 1), row(8, 1))],
    ):
        with pytest.raises(RequestError, match="duplicate key"):
            entries(changes, {})


def test_a_row_takes_its_own_entry_to_its_new_primary_key() -> None:
    move = [Change(row(4, 1), row(5, 1))]
    assert entries(move, {1: 4}) == entries(move, {}) == {entry(1): key(5)}
    with pytest.raises(RequestError, match="duplicate key"):
        entries(move, {1: 2})


def test_a_row_that_keeps_its_value_leaves_the_entry_to_the_build() -> None:
    assert entries([Change(row(4, 1), join_row([b"\0\0\0\4", b"\0\0\0\1", b"\0\0\0\7"]))], {1: 2}) == {}


def test_rows_with_hidden_keys() -> None:
    assert entries([Change(row(4, 1), None, key(4))], {1: 2}, HEAP) == {entry(1): key(2)}
    assert entries([Change(row(4, 1), None, key(4))], {1: 4}, HEAP) == {entry(1): None}


def test_a_transaction_remembers_what_it_did_with_an_entry() -> None:
    writes = WriteSet(random.Random(1))
    writes.looked_up({entry(1): key(2)})
    [gone] = resolve([TABLE], [RowChange(64, "D", row(4, 1), None)])
    assert Write(entry(1), Access.WRITE, key(2)) in writes.writes([gone])[0]
    assert writes.holder(entry(1)) == key(2)
    [holder] = resolve([TABLE], [RowChange(64, "D", row(2, 1), None)])
    assert Write(entry(1), Access.WRITE, None) in writes.writes([holder])[0]
    assert writes.holder(entry(1)) is None
    [new] = resolve([TABLE], [RowChange(64, "I", None, row(7, 1))])
    assert Write(entry(1), Access.WRITE, key(7)) in writes.writes([new])[0]


def test_the_entries_to_look_up_are_those_that_move() -> None:
    changes = [
        RowChange(64, "U", row(4, 1), row(4, 1)),
        RowChange(64, "U", row(4, 1), row(4, 2)),
        RowChange(64, "U", row(4, 1), row(5, 1)),
        RowChange(64, "D", row(4, 1), None),
        RowChange(64, "I", None, row(4, 1)),
    ]
    moved = [change.moved_entries for change in resolve([TABLE], changes)]
    of_index = [{found for found in entries if found[:4] == entry(0)[:4]} for entries in moved]
    assert of_index == [set(), {entry(1), entry(2)}, {entry(1)}, {entry(1)}, {entry(1)}]
    [hidden] = resolve([HEAP], [RowChange(64, "U", row(4, 1), row(4, 2))])
    assert hidden.moved_entries == {entry(1), entry(2)}
