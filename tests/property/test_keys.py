"""Keys and their parts sort as what they stand for."""

from __future__ import annotations

import struct
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.base.keys import GROUP_BITS, Key, key_text, make_key, prefix, space_bounds, space_of
from daybreak.base.placed import MAX_SPLIT_BYTES, pivot
from daybreak.query import keycodec as k
from daybreak.query.literals import numeric_binary

steady = settings(max_examples=200, deadline=None, derandomize=True)

SPACES = st.integers(0, 300) | st.integers(0, (1 << 32) - 2) | st.integers(0, 31).map(lambda bit: 1 << bit)
"""Of the last one of all the keys have no end."""
SUFFIXES = st.binary(max_size=20)
INT8S = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)
GAPS = st.sampled_from([Decimal(text) for text in ("1", "100000001", "1.00000001", "10000", "-1", "-1.00000001")])
"""Between digits of base 10000 that are not zero."""
COLUMNS: dict[int, tuple[st.SearchStrategy[Any], Any]] = {
    k.INT8: (INT8S, lambda v: v.to_bytes(8, "big", signed=True)),
    k.INT2: (st.integers(-(2**15), 2**15 - 1), lambda v: v.to_bytes(2, "big", signed=True)),
    k.TEXT: (st.text(st.sampled_from("\x00ab\xe9\uffff\U0001f600")).map(str.encode), bytes),
    k.BYTEA: (st.binary(max_size=4) | st.lists(st.sampled_from([0, 1, 255])).map(bytes), bytes),
    k.FLOAT8: (st.floats(allow_nan=False), lambda v: struct.pack(">d", v)),
    k.NUMERIC: (st.decimals(allow_nan=False, allow_infinity=False, places=6) | GAPS, numeric_binary),
    k.BOOL: (st.booleans(), lambda v: bytes([v])),
    k.DATE: (st.integers(-(2**31), 2**31 - 1), lambda v: v.to_bytes(4, "big", signed=True)),
}
"""By type: values, and how PostgreSQL has them in binary."""


def binary(oids: list[int], row: list[Any]) -> list[Any]:
    """A row as PostgreSQL sends it."""
    return [None if value is None else COLUMNS[oid][1](value) for oid, value in zip(oids, row, strict=True)]


class _Nullable:
    """A value that sorts before NULL."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Nullable) and self._value == other._value

    def __lt__(self, other: _Nullable) -> bool:
        if self._value is None or other._value is None:
            return other._value is None and self._value is not None
        return bool(self._value < other._value)

    __hash__ = None  # type: ignore[assignment]


@st.composite
def rows(draw: st.DrawFn, *, nulls: bool = False) -> tuple[list[int], list[list[Any]]]:
    """Column types and some rows, many of which share their first columns."""
    oids = draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=3))
    cells = [st.none() | COLUMNS[oid][0] if nulls else COLUMNS[oid][0] for oid in oids]
    pools = [draw(st.lists(cell, min_size=1, max_size=3)) for cell in cells]
    return oids, draw(st.lists(st.tuples(*map(st.sampled_from, pools)).map(list), min_size=2, max_size=6))


@steady
@given(rows())
def test_rows_sort_as_their_keys(drawn: tuple[list[int], list[list[Any]]]) -> None:
    oids, found = drawn
    keyed = sorted((k.encode_values(oids, binary(oids, row)), row) for row in found)
    for (low_key, low), (high_key, high) in pairwise(keyed):
        assert low <= high
        assert (low_key == high_key) == (low == high)
        assert low_key == high_key or not high_key.startswith(low_key), "no key is the beginning of another one"


@steady
@given(rows(nulls=True))
def test_nulls_come_last_and_are_equal(drawn: tuple[list[int], list[list[Any]]]) -> None:
    oids, found = drawn
    keyed = [(k.encode_nullable(oids, binary(oids, row)), [_Nullable(value) for value in row]) for row in found]
    by_value = sorted(keyed, key=lambda pair: pair[1])
    assert [key for key, _ in by_value] == sorted(key for key, _ in keyed)


@steady
@given(rows(), st.integers(1, 3), st.binary(max_size=3))
def test_rows_with_given_first_columns_are_one_range(
    drawn: tuple[list[int], list[list[Any]]], count: int, rest: bytes
) -> None:
    oids, found = drawn
    space = prefix(70)
    first = space + k.encode_values(oids[:count], binary(oids, found[0])[:count])
    end = k.after_prefix(first)
    for row in found:
        key = space + k.encode_values(oids, binary(oids, row))
        assert (first <= key < end) == (row[:count] == found[0][:count])
    assert first <= first + rest + b"\xff" * 9 < end


@steady
@given(SPACES, SPACES, SUFFIXES, SUFFIXES)
def test_a_key_lies_in_the_range_of_its_space_alone(space: int, other: int, suffix: bytes, another: bytes) -> None:
    key, different = make_key(space, suffix), make_key(other, another)
    assert space_of(key) == space
    for one in (space, other):
        low, high = space_bounds(one)
        assert (low <= key < high) == (one == space)
    assert (key_text(key) < key_text(different)) == (key < different)
    if space >> GROUP_BITS == other >> GROUP_BITS:
        assert (prefix(space) < prefix(other)) == (space < other), "what one DDL makes lies together, in order"


@steady
@given(st.lists(SUFFIXES, min_size=1, max_size=8), SUFFIXES)
def test_a_range_that_begins_at_a_pivot_has_the_key(suffixes: list[bytes], suffix: bytes) -> None:
    key = make_key(70, suffix)
    at = pivot(key)
    assert at <= key and len(at) <= MAX_SPLIT_BYTES
    for other in map(Key, suffixes):
        assert other < at or other >= key or other[:MAX_SPLIT_BYTES] == at


@steady
@given(st.decimals(allow_nan=False, allow_infinity=False, places=3), st.integers(0, 6))
def test_trailing_zeros_of_a_numeric_do_not_matter(value: Decimal, zeros: int) -> None:
    longer = value.quantize(Decimal(1).scaleb(-3 - zeros)) if abs(value) < 10**15 else value
    assert k.encode_value(k.NUMERIC, numeric_binary(value)) == k.encode_value(k.NUMERIC, numeric_binary(longer))
