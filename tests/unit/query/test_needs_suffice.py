"""What `needs` loads is enough: on these rows alone PostgreSQL gives the result that it gives on all rows."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, event, given, settings
from psycopg.pq import ExecStatus

from daybreak.query.catalog import Catalog, CatalogChange
from daybreak.query.classify import classify
from daybreak.query.introspection import introspection, table_from_introspection
from daybreak.query.needs import needs
from daybreak.query.rows import join_row, row_key
from daybreak.query.statements import AllRows, KeyRange, Keys, Need, Parameter
from tests.support.oracle import Connection, postgres
from tests.support.statement_maker import DDL, ROWS, Made, statements


class World(NamedTuple):
    """A server with all rows in schema `whole`, and their keys and positions there."""

    server: Connection
    catalog: Catalog
    rows: dict[str, list[tuple[bytes, str]]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with postgres(tmp_path_factory.mktemp("pg")) as server:
        server.execute("CREATE SCHEMA whole; SET search_path = whole")
        server.execute(DDL)
        server.execute("SET search_path = public")
        server.execute(DDL)
        catalog = Catalog()
        for version, (name, rows) in enumerate(ROWS.items(), 1):
            for row in rows:
                server.execute(f"INSERT INTO whole.{name} VALUES ({', '.join(['%s'] * len(row))})", row)
            described = server.execute(introspection("public", name)).fetchall()
            table = table_from_introspection(described, version)
            catalog = catalog.apply(CatalogChange(version, "", table))
        yield World(server, catalog, {name: keyed(server, catalog, name) for name in ROWS})


def keyed(server: Connection, catalog: Catalog, name: str) -> list[tuple[bytes, str]]:
    """Key and position of each row; rows of a table without primary key have no key."""
    table = catalog.tables[f"public.{name}"]
    places = [
        place for (place,) in server.execute(f"SELECT ctid::text FROM whole.{name} AS t ORDER BY t.ctid").fetchall()
    ]
    found = server.cursor(binary=True).execute(f"SELECT * FROM whole.{name} AS t ORDER BY t.ctid").pgresult
    assert found is not None
    images = [join_row([found.get_value(n, c) for c in range(found.nfields)]) for n in range(found.ntuples)]
    return [(row_key(table, i) if table.primary_key else b"", p) for i, p in zip(images, places, strict=True)]


def covers(need: Need, key: bytes) -> bool:
    match need.how:
        case AllRows():
            return True
        case Keys(keys):
            return key in keys
        case KeyRange(low, high):
            return low <= key < high


def load(world: World, found: list[Need]) -> int:
    """Put the needed rows into schema `public`; how many were left out."""
    left_out = 0
    for name, rows in world.rows.items():
        mine = [need for need in found if need.table.name == name]
        places = [place for key, place in rows if any(covers(need, key) for need in mine)]
        left_out += len(rows) - len(places) if mine else 0
        world.server.execute(
            f"INSERT INTO public.{name} SELECT * FROM whole.{name} WHERE ctid = ANY(%s::tid[])", [places]
        )
    return left_out


def run(server: Connection, schema: str, made: Made) -> list[tuple[bytes | None, ...]] | str:
    """The statement's rows in some order that does not depend on the plan, or its error."""
    connection = server.pgconn
    connection.exec_(f"SAVEPOINT s; SET LOCAL search_path = {schema}".encode())
    result = connection.exec_params(
        made.sql.encode(),
        [parameter.value for parameter in made.parameters],
        [parameter.type_oid for parameter in made.parameters],
        [parameter.format for parameter in made.parameters],
    )
    failed = result.status != ExecStatus.TUPLES_OK
    message = result.error_message.decode(errors="replace")
    rows = [tuple(result.get_value(n, c) for c in range(result.nfields)) for n in range(result.ntuples)]
    connection.exec_(b"ROLLBACK TO s")
    return message if failed else sorted(rows, key=repr)


def check(world: World, made: Made) -> str:
    """Compare the statement's results; returns what became of it."""
    (statement,) = classify(made.sql)
    found = needs(statement, world.catalog, made.parameters)
    with world.server.transaction(force_rollback=True):
        expected = run(world.server, "whole", made)
        if isinstance(expected, str):
            return f"refused: {expected}"
        left_out = load(world, found)
        assert run(world.server, "public", made) == expected
        return "rows left out" if left_out else "everything loaded"


TRICKY = [
    # Outer joins keep rows that their ON does not hold for; WHERE and inner joins do not.
    "SELECT * FROM i LEFT JOIN n ON i.id = 1",
    "SELECT * FROM i RIGHT JOIN n ON n.id = 1",
    "SELECT * FROM i FULL JOIN n ON i.id = n.id AND n.id = 1 AND i.id = 1",
    "SELECT * FROM i LEFT JOIN (n LEFT JOIN s ON n.id = 1) ON s.k = 'a'",
    "SELECT * FROM i FULL JOIN n ON i.id = n.id WHERE n.id = 1",
    # Names: of the query around it, of other columns, of the other table.
    "SELECT * FROM i WHERE EXISTS (SELECT 1 FROM n WHERE i.id = 7)",
    "SELECT * FROM i WHERE EXISTS (SELECT 1 FROM n AS i(x, id) WHERE i.id = 1)",
    "SELECT * FROM i AS p WHERE EXISTS (SELECT 1 FROM (n AS p JOIN h ON true) AS j WHERE p.id = 7)",
    "SELECT * FROM i AS p WHERE EXISTS (SELECT 1 FROM n AS p, (h JOIN s ON p.id = 7) WHERE h.x = 1)",
    "SELECT * FROM n AS i(x, id) WHERE i.id = 0",
    "SELECT * FROM i JOIN (SELECT 9007199254740992::float8 AS id) AS z USING (id) WHERE id = '9007199254740993'",
    "SELECT * FROM c AS n, n AS c(a, b) WHERE c.a = 1 AND n.a = 2",
    "WITH i AS (SELECT 99 AS id FROM i WHERE id = 1) SELECT * FROM i WHERE id = 99",
    "WITH p AS (SELECT * FROM i), q AS (DELETE FROM i WHERE id = 1 RETURNING *) SELECT * FROM p, q",
    "UPDATE i SET x = n.x FROM i AS p JOIN n ON p.id = n.id WHERE i.id = p.x RETURNING i.*",
    # OR, NOT, negated IN, a subquery in the place of a value.
    "SELECT * FROM c WHERE a = 1 OR x + 0 = 0",
    "SELECT * FROM i WHERE id = 1 OR EXISTS (SELECT 1 FROM n WHERE n.id = i.id)",
    "SELECT * FROM i WHERE NOT id = 1",
    "SELECT * FROM i WHERE NOT (NOT id = 1)",
    "SELECT * FROM i WHERE id NOT IN (1, 2) AND id <> ALL ('{3}')",
    "SELECT * FROM i WHERE id = (SELECT max(x) FROM n WHERE id = 1.5)",
    "SELECT * FROM i WHERE id = ANY (SELECT x FROM n WHERE id > 0)",
    # Values of another type than the column.
    "SELECT * FROM i WHERE id < 1.5",
    "SELECT * FROM i WHERE id >= 1.5 AND id <= 1e1",
    "SELECT * FROM i WHERE id = 9007199254740992::float8",
    "SELECT * FROM i WHERE id = ANY (ARRAY[9007199254740992::float8])",
    "SELECT * FROM i WHERE id IN (9007199254740993, 1::float8)",
    "SELECT * FROM i WHERE id = '1.6'::numeric::int",
    "SELECT * FROM i WHERE id = CAST(1.6 AS int)",
    "SELECT * FROM n WHERE id = 1.50::float8 OR id = '1.5'::numeric(3, 0)",
    "SELECT * FROM s WHERE k = 'ab'::varchar(1)",
    "SELECT * FROM s WHERE k = 'ab'::char(1)",
    "SELECT * FROM s WHERE k > 'a '::bpchar AND k <= 'ab '::char(4)",
    "SELECT * FROM v WHERE k > 'a '::bpchar AND k < 'ab   '",
    "SELECT * FROM v WHERE k IN ('a ', 'ab '::bpchar)",
    "SELECT * FROM v WHERE k = ANY (ARRAY['a ', 'ab '])",
    "SELECT * FROM s WHERE k = 'a '::bpchar",
    "SELECT * FROM s WHERE k = ANY (ARRAY['a '::bpchar])",
    "SELECT * FROM s WHERE k = '1'::varchar(5)::int::text",
    "SELECT * FROM c WHERE a = 1 AND b = 'a '",
    "SELECT * FROM c WHERE a = 1 AND b < 'a '::text",
    "SELECT * FROM c WHERE a = 1 AND b <= 'a '::varchar",
    "SELECT * FROM c WHERE a = 1 AND b <= ANY (ARRAY['a '])",
    "SELECT * FROM c WHERE a = 1 AND b IN ('a ', 'ab'::text)",
    "SELECT * FROM c WHERE a = 1 AND b = ANY (ARRAY['a', 'ab'])",
    "SELECT * FROM c WHERE (a, b) > (0, 'a')",
    "SELECT * FROM c WHERE (a, b) IN ((1, 'a'), (2, 'zz')) AND a IN (1, 2, NULL)",
    "SELECT * FROM m WHERE d = '2026-01-01'::timestamp AND f",
    "SELECT * FROM m WHERE d >= '2026-01-01 00:00:01'::timestamp",
    "SELECT * FROM m WHERE d = 'January 1, 2026' AND f AND NOT f IS NULL",
    "SELECT * FROM m WHERE d BETWEEN SYMMETRIC '2026-02-01' AND '2026-01-01'",
    # Aggregates, windows and limits see the rows that WHERE leaves.
    "SELECT count(*), max(x) FROM i WHERE id > 0 AND id < 3",
    "SELECT id, row_number() OVER (ORDER BY id DESC) FROM i WHERE id BETWEEN 0 AND 3",
    "SELECT (SELECT count(*) FROM n WHERE n.id = i.id) FROM i WHERE id IN (1, 2)",
    "SELECT * FROM i, LATERAL (SELECT * FROM n WHERE n.id = i.id LIMIT 1) AS l WHERE i.id = 1",
    "SELECT * FROM i TABLE_ALIAS WHERE TABLE_ALIAS.id = 1 UNION SELECT * FROM n WHERE id > 1",
]


@pytest.mark.parametrize("sql", TRICKY)
def test_tricky_statements_get_what_they_need(world: World, sql: str) -> None:
    assert not check(world, Made(sql, ())).startswith("refused")


UNTYPED = [
    # PostgreSQL infers a parameter's type where it first stands.
    ("SELECT * FROM i, n WHERE n.id = $1 AND i.id < $1", Parameter(0, 0, b"1.5")),
    ("SELECT * FROM i WHERE $1::float8 > 0 AND id = $1", Parameter(0, 0, b"9007199254740992")),
    ("SELECT * FROM i WHERE id::float8 = $1 AND id = $1", Parameter(1, 0, struct.pack(">d", 2.0**53))),
    ("SELECT * FROM i WHERE id = $1", Parameter(1, 700, struct.pack(">f", 3.0))),
    ("SELECT * FROM i WHERE id = $1::int", Parameter(0, 701, b"1.6")),
    ("SELECT * FROM i WHERE id = $1", Parameter(1, 0, struct.pack(">q", 7))),
    ("SELECT * FROM i WHERE id = $1", Parameter(0, 21, None)),
    ("SELECT * FROM i WHERE id = ANY ($1)", Parameter(0, 1022, b"{9007199254740992}")),
    ("SELECT * FROM i WHERE id = ANY ($1)", Parameter(0, 0, b"{1,NULL,3}")),
    ("SELECT * FROM s WHERE k = ANY ($1)", Parameter(0, 1009, b'{"a ",b,"it\'s",null,"1"}')),
    ("SELECT * FROM s WHERE k = $1", Parameter(0, 1042, b"a ")),
    ("SELECT * FROM c WHERE a = 1 AND b >= $1 AND b < 'b'", Parameter(0, 25, b"a ")),
]


@pytest.mark.parametrize(("sql", "parameter"), UNTYPED)
def test_parameters_get_what_they_need(world: World, sql: str, parameter: Parameter) -> None:
    assert not check(world, Made(sql, (parameter,))).startswith("refused")


@given(statements())
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_generated_statements_get_what_they_need(world: World, made: Made) -> None:
    event(check(world, made).partition(":")[0])
