from __future__ import annotations

import pytest

from daybreak.query import pgmessages as pg
from daybreak.query.catalog import Column, Table
from daybreak.query.load import CHUNK_BYTES, copy_data, copy_statement, set_checks, sql_name
from tests.support.engines import row

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)


def table(*generated: bool) -> Table:
    columns = tuple(Column(f"c{n}", 17, "bytea", False, made) for n, made in enumerate(generated))
    return Table(64, "public", "t", columns)


def body(messages: list[bytes]) -> bytes:
    assert messages[-1] == pg.COPY_DONE
    assert {m[:1] for m in messages[:-1]} == {b"d"}
    return b"".join(m[5:] for m in messages[:-1])


def test_names_are_quoted() -> None:
    odd = Table(1, "My Schema", "a\"b'c", (Column("Order", 23, "integer", False),))
    assert sql_name(odd) == '"My Schema"."a""b\'c"'
    assert copy_statement(odd) == """COPY "My Schema"."a""b'c" ("Order") FROM STDIN (FORMAT binary)"""
    assert '\'"My Schema"."a""b\'\'c"\'::pg_catalog.regclass, true' in set_checks(odd, active=True)


def test_rows_go_as_they_are() -> None:
    given = [row(b"a", None), row(None, b"b")]
    assert body(list(copy_data(table(False, False), given))) == HEADER + b"".join(given) + b"\xff\xff"


@pytest.mark.parametrize("generated", [(True, False, False), (False, True, False), (False, False, True)])
def test_generated_columns_are_left_out(generated: tuple[bool, ...]) -> None:
    fields = [b"a", None, b"ccc"]
    kept = [field for field, made in zip(fields, generated, strict=True) if not made]
    assert body(list(copy_data(table(*generated), [row(*fields)]))) == HEADER + row(*kept) + b"\xff\xff"
    left_out = generated.index(True)
    assert f'"c{left_out}"' not in copy_statement(table(*generated))


def test_many_rows_go_in_pieces() -> None:
    given = [row(bytes(1000)) for _ in range(300)]
    messages = list(copy_data(table(False), given))
    assert len(messages) == 300_000 // CHUNK_BYTES + 2
    assert body(messages) == HEADER + b"".join(given) + b"\xff\xff"
