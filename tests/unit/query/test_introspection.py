"""Tables as PostgreSQL describes them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from daybreak.errors import RequestError
from daybreak.query import keycodec as k
from daybreak.query.catalog import Column, Index, Table
from daybreak.query.introspection import introspection, table_from_introspection
from tests.support.oracle import Connection, postgres


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with postgres(tmp_path_factory.mktemp("pg")) as connection:
        yield connection


def described(server: Connection, ddl: str, version: int = 1) -> Table:
    with server.transaction(force_rollback=True):
        server.execute(ddl)
        return table_from_introspection(server.execute(introspection("public", "t")).fetchall(), version)


def test_a_table_as_it_is(server: Connection) -> None:
    ddl = """CREATE TABLE t (a int, "b'" varchar(9) NOT NULL, c numeric(9, 2) GENERATED ALWAYS AS (a * 2) STORED,
             d char(3) DEFAULT 'x', PRIMARY KEY ("b'", a) INCLUDE (c), UNIQUE NULLS NOT DISTINCT (d))"""
    assert described(server, ddl, 3) == Table(
        192, "public", "t",
        (
            Column("a", k.INT4, "integer", True), Column("b'", k.VARCHAR, "character varying", True),
            Column("c", k.NUMERIC, "numeric", False, generated=True), Column("d", k.BPCHAR, "character", False),
        ),
        (
            Index(193, "t_pkey", (1, 0), unique=True, primary=True),
            Index(194, "t_d_key", (3,), unique=True, nulls_distinct=False),
        ),
    )  # fmt: skip


def test_dropped_columns_are_gone(server: Connection) -> None:
    table = described(server, "CREATE TABLE t (a int, b int, c int); ALTER TABLE t DROP COLUMN b")
    assert [column.name for column in table.columns] == ["a", "c"]


def test_a_table_without_columns(server: Connection) -> None:
    assert described(server, "CREATE TABLE t ()").columns == ()


def test_there_is_no_such_table(server: Connection) -> None:
    assert server.execute(introspection("public", "it's")).fetchall() == []


def test_a_new_index_leaves_the_others_as_they_were(server: Connection) -> None:
    with server.transaction(force_rollback=True):
        server.execute("CREATE TABLE t (a int PRIMARY KEY, b int, c int)")
        first = table_from_introspection(server.execute(introspection("public", "t")).fetchall(), 1)
        server.execute("CREATE INDEX t_b ON t (b)")
        rows = server.execute(introspection("public", "t")).fetchall()
        second = table_from_introspection(rows, 2, first, building_unique=True)
        server.execute("CREATE INDEX t_a ON t (lower(c::text), a) INCLUDE (b) WHERE b > 1")
        rows = server.execute(introspection("public", "t")).fetchall()
        third = table_from_introspection(rows, 3, second)
    primary = Index(65, "t_pkey", (0,), unique=True, primary=True)
    building = Index(second.indexes[1].id, "t_b", (1,), unique=True, valid=False)
    assert second.indexes == (primary, building)
    assert building.id // 64 == 2
    by_name = {index.name: index for index in third.indexes}
    assert (by_name["t_pkey"], by_name["t_b"]) == (primary, building)
    assert by_name["t_a"] == Index(by_name["t_a"].id, "t_a", (-1, 0), unique=False, plain=False)
    assert by_name["t_a"].id // 64 == 3
    assert third.id == 64


@pytest.mark.parametrize(
    ("ddl", "message"),
    [
        ("CREATE TABLE t (a int[])", "datatype integer[] not supported"),
        ("CREATE TABLE t (a money)", "datatype money not supported"),
        ("CREATE TABLE t (a bit(3))", "datatype bit not supported"),
        ("CREATE TABLE t (LIKE pg_class)", "datatype oid not supported"),
        ("CREATE TABLE t (a bytea PRIMARY KEY)", "datatype bytea is not supported in a key"),
        ("CREATE TABLE t (a int, b interval UNIQUE)", "datatype interval is not supported in a key"),
        ("CREATE TABLE t (a jsonb); CREATE INDEX ON t (a)", "datatype jsonb is not supported in a key"),
        (
            "CREATE TABLE t (a int,b int,c int,d int,e int,f int,g int,h int,i int, PRIMARY KEY (a,b,c,d,e,f,g,h,i))",
            "more than 8 column keys in an index are not supported",
        ),
        ("CREATE TABLE t (" + ", ".join(f"a{n} int" for n in range(256)) + ")", "tables can have at most 255 columns"),
        ("CREATE TABLE t (a int); " + "CREATE INDEX ON t (a);" * 25, "more than 24 indexes"),
    ],
)
def test_what_a_table_must_not_have(server: Connection, ddl: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        described(server, ddl)
    assert message in caught.value.message


def test_every_allowed_type_is_allowed(server: Connection) -> None:
    keys = "bool int2 int4 int8 float4 float8 numeric text varchar(3) char(3) date time timestamp timestamptz uuid"
    others = "bytea interval timetz json jsonb"
    columns = [f"k{n} {name} UNIQUE" for n, name in enumerate(keys.split())]
    columns += [f"c{n} {name}" for n, name in enumerate(others.split())]
    assert len(described(server, f"CREATE TABLE t ({', '.join(columns)})").unique_indexes) == 15
