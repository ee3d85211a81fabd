"""Loading rows of the snapshot into the private transaction: COPY BINARY of bytes already at hand.

The insert trigger stays silent while ``daybreak.loading`` is on (`template`); `session_replication_role` would do as
well, but each change of it makes PostgreSQL plan every cached statement anew, which costs more than the load.
Generated columns are left out: COPY refuses them and PostgreSQL computes them again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from daybreak.query import pgmessages as pg
from daybreak.query.catalog import Table

CHUNK_BYTES = 1 << 16

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_LENGTH = struct.Struct("!i")
_COLUMNS = struct.Struct("!h")


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as an SQL string; with backslashes as they are."""
    return "'" + text.replace("'", "''") + "'"


def sql_name(table: Table) -> str:
    """The table's name in SQL, with its schema."""
    return f"{quoted(table.schema)}.{quoted(table.name)}"


def copy_statement(table: Table) -> str:
    """The COPY that takes `copy_data`."""
    columns = [quoted(column.name) for column in table.columns if not column.generated]
    # A table without any column to name takes its empty rows without a list.
    names = f" ({', '.join(columns)})" if columns else ""
    return f"COPY {sql_name(table)}{names} FROM STDIN (FORMAT binary)"


def copy_data(table: Table, rows: Sequence[bytes]) -> Iterator[bytes]:
    """CopyData messages with `rows` (tuples with all columns of `table`), and CopyDone."""
    given = [not column.generated for column in table.columns]
    chunk, size = [_HEADER], 0
    for row in rows if all(given) else (_pick(row, given) for row in rows):
        chunk.append(row)
        size += len(row)
        if size >= CHUNK_BYTES:
            yield pg.message(b"d", b"".join(chunk))
            chunk, size = [], 0
    yield pg.message(b"d", b"".join((*chunk, _TRAILER)))
    yield pg.COPY_DONE


def _pick(row: bytes, wanted: Sequence[bool]) -> bytes:
    """`row` with only the fields that are `wanted`."""
    parts = [_COLUMNS.pack(sum(wanted))]
    at = 2
    for is_wanted in wanted:
        start = at
        at += 4 + max(_LENGTH.unpack_from(row, at)[0], 0)
        if is_wanted:
            parts.append(row[start:at])
    return b"".join(parts)


def set_checks(table: Table, *, active: bool) -> str:
    """The statement that suspends or restores the CHECK constraints of `table` (`template`)."""
    literal = sql_name(table).replace("'", "''")
    return f"SELECT pg_catalog.daybreak_set_checks('{literal}'::pg_catalog.regclass, {str(active).lower()})"
