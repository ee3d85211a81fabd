"""What of the snapshot is known."""

from __future__ import annotations

from daybreak.base.keys import Key, make_key
from daybreak.query.catalog import Column, Index, Table
from daybreak.query.coverage import Coverage
from daybreak.query.statements import AllRows, KeyRange, Keys, Need

ID = Column("id", 23, "integer", True)
TABLE = Table(
    64,
    "public",
    "t",
    (ID, Column("u", 23, "integer", False)),
    (
        Index(65, "t_pkey", (0,), unique=True, primary=True),
        Index(66, "t_u", (1,), unique=True),
        Index(67, "t_building", (1,), unique=True, valid=False),
    ),
)


def key(number: int, space: int = TABLE.id) -> Key:
    return make_key(space, bytes([number]))


def keys(*numbers: int) -> Need:
    return Need(TABLE, Keys(tuple(key(n) for n in numbers)))


def between(low: int, high: int) -> Need:
    return Need(TABLE, KeyRange(key(low), key(high)))


ALL = Need(TABLE, AllRows())


def test_single_keys() -> None:
    coverage = Coverage()
    assert coverage.missing_keys([keys(1, 2), keys(2)]) == {key(1): TABLE, key(2): TABLE}
    coverage.add_keys([key(1)])
    assert coverage.missing_keys([keys(1, 2)]) == {key(2): TABLE}
    assert coverage.covers(key(1))
    assert not coverage.covers(key(2))
    assert coverage.missing_scans([keys(1, 2)]) == []


def test_a_range_covers_its_keys_and_ranges_within() -> None:
    coverage = Coverage()
    coverage.add_range(TABLE, KeyRange(key(10), key(20)))
    assert [coverage.covers(key(n)) for n in (9, 10, 19, 20)] == [False, True, True, False]
    assert not coverage.covers(key(15, space=TABLE.id + 1))
    assert coverage.missing_keys([keys(9, 15)]) == {key(9): TABLE}
    wider, within = between(10, 21), between(12, 20)
    assert coverage.missing_scans([wider, within, ALL]) == [wider, ALL]


def test_a_whole_table_covers_its_rows_and_the_entries_of_its_valid_indexes() -> None:
    coverage = Coverage()
    coverage.add_whole(TABLE)
    assert coverage.is_whole(TABLE)
    assert coverage.missing_scans([ALL, between(1, 9)]) == []
    assert coverage.missing_keys([keys(1)]) == {}
    assert coverage.covers(key(1, space=66))
    assert not coverage.covers(key(1, space=67))  # its entries are not those of all rows
