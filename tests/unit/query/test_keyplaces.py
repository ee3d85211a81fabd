"""Places in the order of all keys, as an operator names them."""

from __future__ import annotations

import pytest

from daybreak.base.keys import make_key
from daybreak.errors import RequestError
from daybreak.query.catalog import Catalog, CatalogChange, Column, Index, Table
from daybreak.query.keycodec import INT4, TEXT, integer_key
from daybreak.query.keyplaces import place

TABLE = Table(
    64,
    "public",
    "orders",
    (Column("shop", INT4, "integer", True), Column("name", TEXT, "text", True)),
    (Index(64, "orders_pkey", (0, 1), unique=True, primary=True),),
)
BARE = Table(128, "public", "log", (Column("line", TEXT, "text", False),))
CATALOG = Catalog().apply(CatalogChange(1, "", TABLE)).apply(CatalogChange(2, "", BARE))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["orders"], make_key(64, b"")),
        (["public.orders", "7"], make_key(64, integer_key(7))),
        (["orders", "7", "abcdefgh"], make_key(64, integer_key(7) + b"abcdefgh")[:16]),
        (["log"], make_key(128, b"")),
        (["c0ffee"], bytes.fromhex("c0ffee")),
        (["00" * 20], bytes(16)),
    ],
)
def test_a_place_is_a_key_of_sixteen_bytes_at_most(words: list[str], expected: bytes) -> None:
    assert place(CATALOG, words) == expected


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["nothing"], "neither a table nor a key"),
        (["c0ffe"], "neither a table nor a key"),
        (["C0FFEE"], "neither a table nor a key"),
        (["nothing", "7"], "neither a table nor a key"),
        (["orders", "seven"], "'seven' cannot be read as integer, the type of orders.shop"),
        (["orders", "7", "a", "b"], "3 values for public.orders: its primary key has 2 columns"),
        (["log", "x"], "1 values for public.log: its primary key has 0 columns"),
    ],
)
def test_what_is_no_place_is_said(words: list[str], why: str) -> None:
    with pytest.raises(RequestError, match=why):
        place(CATALOG, words)
