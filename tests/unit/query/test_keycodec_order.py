"""The key form against PostgreSQL's own comparison operators."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.query import keycodec as k
from daybreak.query.literals import numeric_binary
from tests.support.oracle import Connection, postgres

SPECIAL = {
    "boolean": ["false", "true"],
    "smallint": ["-32768", "-1", "0", "1", "32767"],
    "integer": ["-2147483648", "-1", "0", "1", "256", "2147483647"],
    "bigint": ["-9223372036854775808", "-1", "0", "255", "256", "9223372036854775807"],
    "real": ["-Infinity", "-1.5", "-0", "0", "1e-40", "0.1", "3e38", "Infinity", "NaN"],
    "double precision": ["-Infinity", "-1e300", "-1.5", "-0", "0", "5e-324", "0.1", "Infinity", "NaN"],
    "numeric": [
        "-Infinity", "-123456789.1", "-10000", "-9999.5", "-1", "-0.00001", "0", "0.00", "0.0000000001", "0.1",
        "1", "1.0", "1.000", "9999", "9999.9999", "10000", "10000.0001", "1e20", "123456789012345678901234567890",
        "Infinity", "NaN",
    ],
    "text": ["", " ", "a", "a ", "ab", "b", "é", "z\x01", "z\x7f", "\U0001f600", "\uffff"],
    "character varying": ["", "a", "a ", "ab"],
    "character": ["", " ", "a", "a ", "a\t", "ab"],
    "bpchar": ["", " ", "a", "a ", "a  ", "a\t", "ab", "b"],
    '"char"': ["a", "b", "~"],
    "bytea": ["", "\\x00", "\\x0000", "\\x0001", "\\x01", "\\x00ff", "\\xff", "\\xff00"],
    "uuid": ["00000000-0000-0000-0000-000000000000", "7fffffff-ffff-ffff-ffff-ffffffffffff",
             "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    "date": ["-infinity", "4713-01-01 BC", "1999-12-31", "2000-01-01", "9999-12-31", "infinity"],
    "time": ["00:00", "00:00:00.000001", "23:59:59", "24:00"],
    "timetz": ["00:00+00", "00:00+01", "01:00+01", "23:00-02", "12:00-12", "12:00+12"],
    "timestamp": ["-infinity", "1999-12-31 23:59:59.999999", "2000-01-01", "2026-11-23 12:00", "infinity"],
    "timestamptz": ["-infinity", "2000-01-01 00:00+00", "2000-01-01 00:00+01", "2000-01-01 01:00+01", "infinity"],
    "interval": [
        "-infinity", "-1 month", "-30 days", "-1 day", "0", "1 microsecond", "24 hours", "1 day", "30 days",
        "1 month", "720 hours", "1 year", "360 days", "infinity",
    ],
    "oid": ["0", "1", "2147483648", "4294967295"],
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with postgres(tmp_path_factory.mktemp("pg")) as connection:
        yield connection


def encoded(server: Connection, type_name: str, values: list[str]) -> list[bytes]:
    """The key forms of values that PostgreSQL reads from text."""
    query = f"SELECT v::{type_name} FROM unnest(%s::text[]) WITH ORDINALITY AS u(v, n) ORDER BY n"
    result = server.cursor(binary=True).execute(query, [values]).pgresult
    assert result is not None
    found = [result.get_value(row, 0) for row in range(result.ntuples)]
    return [k.encode_value(result.ftype(0), value) for value in found if value is not None]


def agrees(server: Connection, type_name: str, values: list[str]) -> None:
    """Check order, equality and prefix-freedom of the key forms of all pairs of `values`."""
    pairs = list(itertools.product(zip(values, encoded(server, type_name, values), strict=True), repeat=2))
    query = f"SELECT l::{type_name} < r::{type_name}, l::{type_name} = r::{type_name}"
    sides = [[x for (x, _), _ in pairs], [y for _, (y, _) in pairs]]
    truth = server.execute(query + " FROM unnest(%s::text[], %s::text[]) AS u(l, r)", sides).fetchall()
    for ((x, a), (y, b)), (less, equal) in zip(pairs, truth, strict=True):
        assert (a < b, a == b) == (less, equal), (type_name, x, y)
        assert a == b or not b.startswith(a), (type_name, x, y)


@pytest.mark.parametrize("type_name", SPECIAL)
def test_special_values_sort_as_in_postgresql(server: Connection, type_name: str) -> None:
    agrees(server, type_name, SPECIAL[type_name])


@pytest.mark.parametrize(("one", "other"), [("bigint", "smallint"), ("bigint", "integer"), ("float8", "real")])
def test_one_family_has_one_form(server: Connection, one: str, other: str) -> None:
    values = ["-3", "-1", "0", "1", "2", "17", "100"]
    assert encoded(server, one, values) == encoded(server, other, values)


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6)
numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**25), max_value=10**25)


@given(st.data())
def test_generated_values_sort_as_in_postgresql(server: Connection, data: st.DataObject) -> None:
    type_name, values = data.draw(
        st.sampled_from(
            [
                ("bigint", st.integers(-(2**63), 2**63 - 1)),
                ("numeric", numbers),
                ("double precision", st.floats()),
                ("text", texts),
                ("bpchar", texts.map(lambda text: text + " ")),
                ("uuid", st.uuids()),
                ("timestamp", st.datetimes()),
                ("interval", st.integers(-(10**7), 10**7).map(lambda n: f"{n // 1000} days {n} seconds")),
            ]
        )
    )
    agrees(server, type_name, [str(value) for value in data.draw(st.lists(values, min_size=2, max_size=6))])


@given(numbers)
def test_numeric_binary_is_postgresqls(server: Connection, value: Decimal) -> None:
    assert [k.encode_value(k.NUMERIC, numeric_binary(value))] == encoded(server, "numeric", [str(value)])
