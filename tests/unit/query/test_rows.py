"""Rows, their keys, and what a changed row writes."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.base.keys import Key, make_key
from daybreak.base.writes import Access, Write
from daybreak.errors import InternalError
from daybreak.query import keycodec as k
from daybreak.query.catalog import Column, Index, Table
from daybreak.query.keycodec import encode_value, integer_key
from daybreak.query.rows import (
    HIDDEN_KEY_BYTES,
    Change,
    hidden_key,
    index_entries,
    join_row,
    row_key,
    split_row,
    writes_for,
)

COLUMNS = (
    Column("id", k.INT4, "integer", True),
    Column("u", k.TEXT, "text", False),
    Column("x", k.INT4, "integer", False),
)
PRIMARY = Index(65, "t_pkey", (0,), unique=True, primary=True)
UNIQUE = Index(66, "t_u_key", (1,), unique=True)
PLAIN = Index(67, "t_x", (2,), unique=False)
TABLE = Table(64, "public", "t", COLUMNS, (PRIMARY, UNIQUE, PLAIN))
HEAP = Table(64, "public", "t", COLUMNS, (UNIQUE,))


def row(number: int, unique: str | None, x: int) -> bytes:
    text = None if unique is None else unique.encode()
    return join_row([number.to_bytes(4, "big"), text, x.to_bytes(4, "big")])


def key(number: int) -> Key:
    return make_key(64, integer_key(number))


def entry(text: str) -> Key:
    return make_key(66, encode_value(k.TEXT, text.encode()))


def written(*changes: Change, table: Table = TABLE) -> dict[Key, Write]:
    writes = writes_for(table, changes)
    assert len({write.key for write in writes}) == len(writes)
    return {write.key: write for write in writes}


def W(at: Key, value: bytes | None) -> Write:  # noqa: N802 (the class of access)
    return Write(at, Access.WRITE, value)


def all_of(*writes: Write) -> dict[Key, Write]:
    return {write.key: write for write in writes}


@given(st.lists(st.none() | st.binary(max_size=9)))
def test_a_row_is_its_fields(fields: list[bytes | None]) -> None:
    assert split_row(join_row(fields)) == fields


def test_keys_and_entries() -> None:
    image = row(7, "a", 1)
    assert row_key(TABLE, image) == key(7)
    assert index_entries(TABLE, image) == [(entry("a"), key(7))]
    assert index_entries(TABLE, row(7, None, 1)) == []


def test_nulls_that_are_not_distinct_have_an_entry() -> None:
    index = Index(66, "u", (1,), unique=True, nulls_distinct=False)
    table = Table(64, "public", "t", COLUMNS, (PRIMARY, index))
    (null, value), (some, _) = index_entries(table, row(7, None, 1)) + index_entries(table, row(7, "\U0010ffff", 1))
    assert value == key(7)
    assert null > some


def test_an_insert_writes_row_and_entries() -> None:
    new = row(1, "a", 5)
    assert written(Change(None, new)) == all_of(W(key(1), new), W(entry("a"), key(1)))


def test_a_delete_removes_row_and_entries() -> None:
    assert written(Change(row(1, "a", 5), None)) == all_of(W(key(1), None), W(entry("a"), None))


def test_an_update_of_other_columns_is_the_weaker_access() -> None:
    new = row(1, "a", 6)
    assert written(Change(row(1, "a", 5), new)) == {key(1): Write(key(1), Access.UPDATE, new)}


def test_an_update_that_changes_nothing_is_still_a_write() -> None:
    same = row(1, "a", 5)
    assert written(Change(same, row(1, "a", 5))) == {key(1): Write(key(1), Access.UPDATE, same)}


def test_an_update_of_a_unique_column_moves_its_entry() -> None:
    new = row(1, "b", 5)
    assert written(Change(row(1, "a", 5), new)) == all_of(W(key(1), new), W(entry("a"), None), W(entry("b"), key(1)))


def test_an_update_of_the_primary_key_is_a_delete_and_an_insert() -> None:
    new = row(2, "a", 5)
    assert written(Change(row(1, "a", 5), new)) == all_of(W(key(1), None), W(key(2), new), W(entry("a"), key(2)))


def test_rows_of_one_statement_may_exchange_their_keys() -> None:
    first, second = row(1, "b", 5), row(2, "a", 6)
    assert written(Change(row(1, "a", 5), first), Change(row(2, "b", 6), second)) == all_of(
        W(key(1), first), W(key(2), second), W(entry("a"), key(2)), W(entry("b"), key(1))
    )
    up = [Change(row(n, None, n), row(n + 1, None, n)) for n in (1, 2)]
    for order in (up, up[::-1]):
        assert written(*order) == all_of(W(key(1), None), W(key(2), row(2, None, 1)), W(key(3), row(3, None, 2)))


def test_a_key_that_is_given_up_and_taken_is_written_strongly() -> None:
    old, new = row(1, None, 5), row(1, None, 6)
    assert written(Change(old, None), Change(None, new)) == all_of(W(key(1), new))


def test_rows_without_primary_key_need_a_hidden_one() -> None:
    source = random.Random(7)
    first, second = hidden_key(HEAP, source), hidden_key(HEAP, source)
    assert first != second
    assert len(first) == 4 + HIDDEN_KEY_BYTES
    image = row(1, "a", 5)
    assert written(Change(None, image, first), table=HEAP) == all_of(W(first, image), W(entry("a"), first))
    changed = row(9, "a", 5)
    assert written(Change(image, changed, first), table=HEAP) == {first: Write(first, Access.UPDATE, changed)}
    with pytest.raises(InternalError):
        row_key(HEAP, image)


def test_a_null_in_a_primary_key_is_a_bug() -> None:
    with pytest.raises(InternalError):
        row_key(TABLE, join_row([None, None, None]))
