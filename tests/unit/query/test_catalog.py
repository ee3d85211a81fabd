"""Versions of the catalog."""

from __future__ import annotations

import pytest

from daybreak.query.catalog import (
    CATALOG_VERSION_KEY,
    Catalog,
    CatalogChange,
    Column,
    Index,
    Table,
    change_key,
    changes_after,
    decode_change,
    decode_version,
    encode_version,
    object_id,
)

COLUMNS = (Column("a", 23, "integer", True), Column("b", 25, "text", False), Column("c", 25, "text", False))
INDEXES = (
    Index(65, "t_pkey", (0,), unique=True, primary=True),
    Index(66, "t_b", (1,), unique=True, valid=False),
    Index(67, "t_c", (-1, 2), unique=True, plain=False),
)
TABLE = Table(64, "public", "t", COLUMNS, INDEXES)


def test_a_table_knows_its_keys() -> None:
    assert TABLE.primary_key == INDEXES[0]
    assert TABLE.unique_indexes == (INDEXES[1],)
    assert TABLE.key_columns == {0, 1}
    assert Table(64, "public", "t", COLUMNS).primary_key is None


def test_changes_are_applied_in_order() -> None:
    created = CatalogChange(1, "CREATE TABLE t", TABLE)
    dropped = CatalogChange(2, "DROP TABLE t", dropped=("public.t",))
    one = Catalog().apply(created)
    two = one.apply(dropped)
    assert (one.find(None, "t"), one.find("public", "t"), one.find("s", "t")) == (TABLE, TABLE, None)
    assert (two.version, two.find(None, "t"), two.changes) == (2, None, (created, dropped))
    assert one.find(None, "t") == TABLE
    with pytest.raises(ValueError, match="catalog is at version 1, change has version 3"):
        one.apply(CatalogChange(3, ""))


def test_indexes_are_found_by_name() -> None:
    catalog = Catalog().apply(CatalogChange(1, "", TABLE))
    assert catalog.find_index(None, "t_b") == (TABLE, INDEXES[1])
    assert catalog.find_index("s", "t_b") is None
    assert catalog.find_index(None, "nothing") is None


def test_a_built_index_becomes_valid_and_a_dropped_one_goes() -> None:
    assert [index.valid for index in TABLE.with_valid_index("t_b").indexes] == [True, True, True]
    assert TABLE.without_index("t_b").unique_indexes == ()


def test_a_change_survives_storage() -> None:
    change = CatalogChange(7, "CREATE TABLE t ()", TABLE, ("public.u",))
    assert decode_change(change.encode()) == change
    assert decode_version(encode_version(7)) == 7
    assert decode_version(None) == 0


def test_keys_of_changes_sort_by_version() -> None:
    low, high = changes_after(255)
    assert change_key(255) < low == change_key(256) < change_key(2**40) < high
    assert not low <= CATALOG_VERSION_KEY < high


def test_identifiers_never_meet() -> None:
    assert object_id(1, 63) < object_id(2, 0)
    assert object_id(1, 0) > 1
    with pytest.raises(ValueError, match="at most 64 objects"):
        object_id(1, 64)
