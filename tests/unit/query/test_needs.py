"""Which rows are loaded: no more than the statement's shape allows to tell. That they suffice is tested elsewhere."""

from __future__ import annotations

import struct

import pytest

from daybreak.base.keys import Key, make_key, space_bounds
from daybreak.query import keycodec as k
from daybreak.query.catalog import Catalog, CatalogChange, Column, Index, Table
from daybreak.query.classify import classify
from daybreak.query.keycodec import after_prefix, encode_value, integer_key
from daybreak.query.needs import needs
from daybreak.query.statements import AllRows, KeyRange, Keys, Need, Parameter

A = Column("a", k.INT4, "integer", True)
B = Column("b", k.TEXT, "text", True)
X = Column("x", k.INT8, "bigint", False)


def table(number: int, name: str, *columns: Column, key: tuple[int, ...]) -> Table:
    indexes = (Index(number + 1, f"{name}_pkey", key, unique=True, primary=True),) if key else ()
    return Table(number, "public", name, columns, indexes)


ONE = table(64, "one", A, X, key=(0,))
TWO = table(128, "two", X, B, A, key=(2, 1))
HEAP = table(192, "heap", A, X, key=())
STAMPED = table(
    256, "stamped",
    Column("d", k.DATE, "date", True), Column("u", k.UUID, "uuid", True),
    Column("t", k.TIMESTAMPTZ, "timestamptz", True), Column("n", k.NUMERIC, "numeric", True),
    key=(0, 1, 2, 3),
)  # fmt: skip
CATALOG = Catalog()
for _version, _table in enumerate([ONE, TWO, HEAP, STAMPED], 1):
    CATALOG = CATALOG.apply(CatalogChange(_version, "", _table))


def found(sql: str, *parameters: Parameter) -> list[Need]:
    (statement,) = classify(sql)
    return needs(statement, CATALOG, parameters)


def one(*numbers: int) -> Need:
    return Need(ONE, Keys(tuple(make_key(64, integer_key(number)) for number in numbers)))


def two_key(a: int, b: str = "") -> bytes:
    return make_key(128, integer_key(a)) + (encode_value(k.TEXT, b.encode()) if b else b"")


def span(of: Table, low: bytes, high: bytes) -> Need:
    return Need(of, KeyRange(Key(low), Key(high)))


def same(actual: list[Need], *expected: Need) -> None:
    assert sorted(map(repr, actual)) == sorted(map(repr, expected))


@pytest.mark.parametrize(
    "condition",
    [
        "a = 5",
        "5 = a",
        "a IN (5)",
        "one.a = '5'",
        "a = 5::bigint AND x > 3",
        "a = ANY ('{5}')",
        "a = ANY (ARRAY[5, NULL])",
        "a BETWEEN 5 AND 9 AND a IN (3, 5)",
        "a = 5 AND a > 4 AND now() > '2026-01-01'",
        "a OPERATOR(pg_catalog.=) 5",
        "(a = 5 OR a = 5) AND x IS NULL",
        "a = 5 AND EXISTS (SELECT 1)",
        "(a, x) = (5, 1)",
        "a = CAST('5' AS smallint)",
    ],
)
def test_one_row(condition: str) -> None:
    for sql in ("SELECT * FROM one WHERE {}", "UPDATE one SET x = 1 WHERE {}", "DELETE FROM one WHERE {}"):
        assert found(sql.format(condition)) == [one(5)]


@pytest.mark.parametrize(
    "parameter",
    [
        Parameter(0, 0, b"5"),
        Parameter(0, k.INT8, b" 5"),
        Parameter(1, k.INT2, b"\0\5"),
        Parameter(1, 0, struct.pack(">i", 5)[-4:]),
        Parameter(1, k.INT8, struct.pack(">q", 5)),
    ],
)
def test_one_row_by_parameter(parameter: Parameter) -> None:
    assert found("SELECT * FROM one WHERE a = $1", parameter) == [one(5)]
    assert found("SELECT * FROM one AS o WHERE o.a = $1 AND o.x < 7", parameter) == [one(5)]


@pytest.mark.parametrize(
    "parameter", [Parameter(0, 1016, b"{5,6,NULL}"), Parameter(0, 0, b'{"5","6"}'), Parameter(1, 1007, bytes.fromhex(
        "00000001 00000001 00000017 00000003 00000001 00000004 00000005 00000004 00000006 ffffffff"
    ))],
)  # fmt: skip
def test_several_rows_by_an_array(parameter: Parameter) -> None:
    same(found("SELECT * FROM one WHERE a = ANY ($1)", parameter), one(5, 6))


@pytest.mark.parametrize(
    "sql", ["a = NULL", "a IN (NULL)", "a > NULL", "a = 1 AND a = 2", "a = ANY (NULL)", "a = ANY ('{}')"]
)
def test_no_row(sql: str) -> None:
    assert found(f"SELECT * FROM one WHERE {sql}") == []


@pytest.mark.parametrize(
    ("condition", "low", "high"),
    [
        ("a = 1", two_key(1), two_key(2)),
        ("a = 1 AND b >= 'x'", two_key(1, "x"), two_key(2)),
        ("a = 1 AND b > 'x' AND b <= 'y'", after_prefix(two_key(1, "x")), after_prefix(two_key(1, "y"))),
        ("a BETWEEN 1 AND 3", two_key(1), two_key(4)),
        ("a >= 1 AND a < 3 AND b = 'x'", two_key(1), two_key(3)),
        ("a > 7", two_key(8), space_bounds(128)[1]),
        ("7 > a", space_bounds(128)[0], two_key(7)),
        ("a <= 2147483647", space_bounds(128)[0], after_prefix(two_key(2**31 - 1))),
    ],
)
def test_a_range(condition: str, low: bytes, high: bytes) -> None:
    assert found(f"SELECT * FROM two WHERE {condition}") == [span(TWO, low, high)]


def test_an_empty_range_is_nothing() -> None:
    assert found("SELECT * FROM two WHERE a > 5 AND a < 5") == []


def test_full_keys_of_two_columns() -> None:
    expected = Need(TWO, Keys((Key(two_key(1, "x")), Key(two_key(2, "y")))))
    assert found("DELETE FROM two WHERE (b, a) IN (('x', 1), ('y', 2))") == [expected]
    assert len(found("DELETE FROM two WHERE b IN ('x', 'y') AND a IN (1, 2, 3)")[0].how.keys) == 6  # type: ignore[union-attr]


def test_several_ranges() -> None:
    same(
        found("SELECT * FROM two WHERE a IN (1, 3) OR a > 8"),
        span(TWO, two_key(1), two_key(2)),
        span(TWO, two_key(3), two_key(4)),
        span(TWO, two_key(9), space_bounds(128)[1]),
    )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM one",
        "SELECT * FROM one WHERE x = 1",
        "SELECT * FROM one WHERE a = 1 OR x = 1",
        "SELECT * FROM one WHERE a + 0 = 1",
        "SELECT * FROM one WHERE a <> 1",
        "SELECT * FROM one WHERE NOT a = 1",
        "SELECT * FROM one WHERE a = 1.0::float8",
        "SELECT * FROM one WHERE a = (SELECT 1)",
        "SELECT * FROM one WHERE a = $1",  # not bound
        "SELECT * FROM one o(x, a) WHERE a = 1",
        "SELECT 1 WHERE 1 IN (SELECT a FROM one)",
        "COPY one TO STDOUT",
        "UPDATE one SET x = 1",
        "WITH one AS (SELECT 1 AS a) SELECT * FROM one",
        "EXPLAIN ANALYZE SELECT * FROM one",
        "INSERT INTO heap SELECT * FROM one",
        "INSERT INTO heap VALUES ((SELECT max(x) FROM one), 1)",
        "SELECT * FROM one AS p, one AS q WHERE p.a = 1",
    ],
)
def test_the_whole_table(sql: str) -> None:
    assert found(sql) == [Need(ONE, AllRows())]


def test_rows_without_primary_key_are_loaded_together() -> None:
    assert found("SELECT * FROM heap WHERE a = 1") == [Need(HEAP, AllRows())]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "EXPLAIN SELECT * FROM one",
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT * FROM nowhere WHERE a = 1",
        "SELECT * FROM other.one",
        "BEGIN",
        "COPY one FROM STDIN",
        "INSERT INTO one SELECT 1, 2",
        "INSERT INTO one (x) VALUES (1)",
        "INSERT INTO one VALUES (DEFAULT, 1)",
        "INSERT INTO one VALUES (1 + 1, 1)",
        "INSERT INTO one DEFAULT VALUES",
        "INSERT INTO heap VALUES (1, 2)",
        "CREATE TABLE one (a int)",
    ],
)
def test_nothing(sql: str) -> None:
    assert found(sql) == []


def test_inserted_keys_may_be_there_already() -> None:
    assert found(
        "INSERT INTO one VALUES (7, 1), ($1, 2), (1 + 1, 3) ON CONFLICT DO NOTHING", Parameter(0, 0, b"8")
    ) == [one(7, 8)]
    assert found("INSERT INTO two (b, x, a) VALUES ('y', 0, 3)") == [Need(TWO, Keys((Key(two_key(3, "y")),)))]
    assert found("WITH i AS (INSERT INTO one VALUES (4) RETURNING 1) SELECT * FROM i") == [one(4)]


def test_each_table_gets_what_the_joins_leave() -> None:
    same(
        found("SELECT * FROM one JOIN two ON one.a = 3 AND two.a = one.a LEFT JOIN heap ON heap.a = 1 WHERE two.a < 4"),
        one(3),
        span(TWO, space_bounds(128)[0], two_key(4)),
        Need(HEAP, AllRows()),
    )


def test_places_of_one_table_add_up() -> None:
    same(
        found("SELECT * FROM one WHERE a = 1 UNION ALL SELECT * FROM one AS o WHERE o.a IN (1, 2) UNION SELECT 1, 2"),
        one(1, 2),
    )
    same(
        found("SELECT (SELECT x FROM one WHERE a = 9), * FROM one WHERE a > 3 AND a < 5"),
        one(9),
        span(ONE, make_key(64, integer_key(4)), make_key(64, integer_key(5))),
    )


def test_dates_uuids_times_and_numbers() -> None:
    (need,) = found(
        "SELECT * FROM stamped WHERE d = '2000-01-02' AND u = 'A0000000-0000-0000-0000-00000000000B' "
        "AND t = '2000-01-01 01:00:00+01' AND n = -12.50"
    )
    expected = (
        encode_value(k.DATE, struct.pack(">i", 1))
        + bytes.fromhex("a000000000000000000000000000000b")
        + encode_value(k.TIMESTAMPTZ, struct.pack(">q", 0))
        + encode_value(k.NUMERIC, struct.pack(">hhHH2H", 2, 0, 0x4000, 2, 12, 5000))
    )
    assert need == Need(STAMPED, Keys((make_key(256, expected),)))


@pytest.mark.parametrize(
    "condition",
    [
        "d = 'tomorrow'", "d = '2026-02-30'", "d = '1/2/2026'", "d = '2026-01-01'::timestamp", "u = '{a}'::uuid",
        "n = 1::float8",
    ],
)  # fmt: skip
def test_values_that_are_left_to_postgresql(condition: str) -> None:
    assert found(f"SELECT * FROM stamped WHERE {condition}") == [Need(STAMPED, AllRows())]


def test_a_time_without_zone_depends_on_the_session() -> None:
    prefix = "d = '2000-01-02' AND u = 'a0000000-0000-0000-0000-00000000000b'"
    (need,) = found(f"SELECT * FROM stamped WHERE {prefix} AND t = '2000-01-01 01:00:00'")
    assert isinstance(need.how, KeyRange)


def test_too_many_keys_become_fewer_columns() -> None:
    numbers = ", ".join(map(str, range(200)))
    texts = ", ".join(f"'t{n}'" for n in range(200))
    sql = f"SELECT * FROM two WHERE a IN ({numbers}) AND b IN ({texts})"
    assert len(found(sql)) == 200
    assert all(isinstance(need.how, KeyRange) for need in found(sql))
    many = ", ".join(map(str, range(10_001)))
    assert found(f"SELECT * FROM one WHERE a IN ({many})") == [
        span(ONE, make_key(64, integer_key(0)), make_key(64, integer_key(10_001)))
    ]


def test_a_plan_follows_the_catalog() -> None:
    sql = "SELECT * FROM one WHERE a = 5 AND x = 6"
    assert found(sql) == [one(5)]
    moved = table(640, "one", A, X, key=(1,))
    later = CATALOG.apply(CatalogChange(5, "", moved))
    (statement,) = classify(sql)
    assert needs(statement, later) == [Need(moved, Keys((make_key(640, integer_key(6)),)))]
    assert needs(statement, Catalog()) == []
    assert found(sql) == [one(5)]
