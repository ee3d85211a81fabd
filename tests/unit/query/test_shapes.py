"""Literals may be exchanged only where the analysis of the new text would be the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.query import classify as classify_module
from daybreak.query.cache import BoundedCache
from daybreak.query.catalog import Catalog, CatalogChange, Column, Index, Table
from daybreak.query.classify import classify
from daybreak.query.grammar import parse
from daybreak.query.needs import needs
from daybreak.query.shapes import literal_slots, split_literals
from daybreak.query.statements import Need

INT8, TEXT, NUMERIC = 20, 25, 1700
COLUMNS = (Column("a", INT8, "bigint", True), Column("b", TEXT, "text", True), Column("c", NUMERIC, "numeric", False))
TABLE = Table(64, "public", "t", COLUMNS, (Index(65, "t_pkey", (0, 1), unique=True, primary=True),))
CATALOG = Catalog().apply(CatalogChange(1, "", TABLE))


@pytest.fixture
def empty_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    forget(monkeypatch)


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classify_module, "_texts", BoundedCache(1_000_000))
    monkeypatch.setattr(classify_module, "_shapes", BoundedCache(1_000_000))


def found(text: str) -> list[Need]:
    (statement,) = classify(text)
    return needs(statement, CATALOG)


@pytest.mark.parametrize(
    ("text", "key", "literals"),
    [
        ("SELECT 1, 'it''s', 2.5e-3", ("SELECT \1, \1, \1", "0'0"), ("1", "'it''s'", "2.5e-3")),
        ('SELECT a1, "x 2", t3.b FROM t3 LIMIT 4', ('SELECT a1, "x 2", t3.b FROM t3 LIMIT \1', "0"), ("4",)),
        ("SELECT $1, 0x1F, 1_000, a$5, é7", ("SELECT $1, 0x1F, 1_000, a$5, é7", ""), ()),
        ("SELECT →5 FROM t", ("SELECT →5 FROM t", ""), ()),  # PostgreSQL takes this for a name
        ("SELECT '→5', -6", ("SELECT \1, -\1", "'0"), ("'→5'", "6")),
    ],
)
def test_literals_are_found(text: str, key: tuple[str, str], literals: tuple[str, ...]) -> None:
    assert split_literals(text) == (key, literals)


@pytest.mark.parametrize(
    "text",
    ["SELECT 1 -- 2", "SELECT /* 1 */ 2", "SELECT $$1$$", r"SELECT E'\'1'", "SELECT N'1'", "SELECT U&'1'",
     "SELECT B'1'", "SELECT 'open", "SELECT \"it's\"", "SELECT '\1'"],
)  # fmt: skip
def test_the_finder_gives_up(text: str) -> None:
    assert split_literals(text) is None


def slots(text: str) -> dict[int, int] | None:
    return literal_slots(text, parse(text)[0].stmt)


def test_slots_are_byte_positions() -> None:
    assert slots("SELECT 'é', 5, - 6, true, NULL") == {7: 0, 13: 1, 16: ~2}


@pytest.mark.parametrize(
    "text",
    [
        "SELECT -0",  # the sign of the next number would be lost
        "SELECT a FROM t WHERE b = 'x'\n'y'",  # one constant, two literals
        "SELECT CAST(1 AS float(3))",  # a literal that is no constant
        "SELECT - - 5",
    ],
)
def test_literals_that_must_not_be_exchanged(text: str) -> None:
    assert slots(text) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("SELECT * FROM t WHERE a = 1 AND b = 'x'", "SELECT * FROM t WHERE a = 27 AND b = 'it''s'"),
        ("SELECT * FROM t WHERE a = -1", "SELECT * FROM t WHERE a = -0"),
        ("SELECT * FROM t WHERE a = -0", "SELECT * FROM t WHERE a = -5"),
        ("SELECT * FROM t WHERE a - 1 = 0 AND a = - 5", "SELECT * FROM t WHERE a - 2 = 3 AND a = - 7"),
        ("SELECT * FROM t WHERE a < 5", "SELECT * FROM t WHERE a < 5.5"),
        ("SELECT * FROM t WHERE a < 5", "SELECT * FROM t WHERE a < 99999999999999999999"),
        ("SELECT * FROM t WHERE a = '5'", "SELECT * FROM t WHERE a = 'five'"),
        ("INSERT INTO t VALUES (1, 'a', 2)", "INSERT INTO t VALUES (3, 'b', 4.5)"),
        (
            "SELECT extract('year' FROM now()), * FROM t WHERE a = 1",
            "SELECT extract('day' FROM now()), * FROM t WHERE a = 2",
        ),
        ("SELECT * FROM t WHERE a = ANY ('{1}')", "SELECT * FROM t WHERE a = ANY ('{2,3}')"),
        ("SELECT * FROM t WHERE a = 0x1F", "SELECT * FROM t WHERE a = 0x2F"),
    ],
)
def test_a_known_shape_means_the_same_as_a_new_text(
    first: str, second: str, monkeypatch: pytest.MonkeyPatch, empty_caches: None
) -> None:
    alone = found(second)
    forget(monkeypatch)
    found(first)
    assert found(second) == alone


tokens = st.one_of(
    st.integers(0, 2**65).map(str),
    st.decimals(0, 100, places=2).map(str),
    st.sampled_from(["1e3", "007", "0", ".5", "0x1f"]),
    st.text("a 'é5", max_size=4).map(lambda text: "'" + text.replace("'", "''") + "'"),
)
templates = st.sampled_from(
    [
        "SELECT * FROM t WHERE a = {} AND b = {}",
        "SELECT * FROM t WHERE a =-{} AND b >= {}",
        "SELECT * FROM t WHERE a IN ({}, - {}) ORDER BY a",
        "SELECT {} FROM t WHERE a BETWEEN {} AND -{}",
        "INSERT INTO t VALUES ({}, {}, 3)",
        "UPDATE t SET c = {}WHERE a={}",
    ]
)


@given(templates, st.lists(tokens, min_size=3, max_size=3), st.lists(tokens, min_size=3, max_size=3))
def test_generated_texts_of_one_shape(template: str, first: list[str], second: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        forget(patch)
        alone = outcome(template.format(*second))
        forget(patch)
        outcome(template.format(*first))
        assert outcome(template.format(*second)) == alone


def outcome(text: str) -> list[Need] | str:
    statement = classify(text)[0]
    return needs(statement, CATALOG) if statement.kind != "INVALID" else "invalid"


def test_statements_of_one_shape_share_it(empty_caches: None) -> None:
    (one,), (other,) = classify("SELECT a FROM t WHERE a = 1"), classify("SELECT a FROM t WHERE a = 2")
    assert one.shape is other.shape
    assert (one.sql, one.literals) == ("SELECT a FROM t WHERE a = 1", ("1",))


def test_ddl_shares_nothing(empty_caches: None) -> None:
    (one,), (other,) = classify("CREATE TABLE t (a varchar(1))"), classify("CREATE TABLE t (a varchar(2))")
    assert one.shape is not other.shape
