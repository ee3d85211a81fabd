"""From PostgreSQL's catalogs to our `Table`: run once, right after a DDL, on the private database that executed it.

PostgreSQL has resolved names, types, LIKE and defaults of index names by then; what a table must not contain is
therefore checked here and not in the text of the statement.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from daybreak.errors import RequestError
from daybreak.query import keycodec
from daybreak.query.catalog import Column, Index, Table, object_id

MAX_COLUMNS = 255
MAX_INDEXES = 24
MAX_KEY_COLUMNS = 8

JSON, JSONB = 114, 3802
KEY_TYPES = frozenset({
    keycodec.BOOL, keycodec.INT2, keycodec.INT4, keycodec.INT8, keycodec.FLOAT4, keycodec.FLOAT8, keycodec.NUMERIC,
    keycodec.TEXT, keycodec.VARCHAR, keycodec.BPCHAR, keycodec.DATE, keycodec.TIME, keycodec.TIMESTAMP,
    keycodec.TIMESTAMPTZ, keycodec.UUID,
})  # fmt: skip
"""Types of key columns; a part of what `keycodec` can do, because the service allows no more."""

COLUMN_TYPES = KEY_TYPES | {keycodec.BYTEA, keycodec.INTERVAL, keycodec.TIMETZ, JSON, JSONB}

_QUERY = """
SELECT json_build_object(
  'schema', n.nspname, 'name', c.relname,
  'columns', (
    SELECT json_agg(json_build_array(a.attname, coalesce(nullif(t.typbasetype, 0), t.oid)::int8,
                    pg_catalog.format_type(a.atttypid, NULL), a.attnotnull, a.attgenerated <> '') ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'indexes', coalesce((
    SELECT json_agg(json_build_array(i.relname, x.indkey::int2[], x.indnkeyatts, x.indisunique,
                    NOT x.indnullsnotdistinct, x.indisprimary, x.indpred IS NULL AND x.indexprs IS NULL)
                    ORDER BY x.indisprimary DESC, i.relname)
    FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid), '[]')
  )::text
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = {schema} AND c.relname = {name}
"""


class _Described(msgspec.Struct):
    schema: str
    name: str
    columns: list[tuple[str, int, str, bool, bool]] | None
    indexes: list[tuple[str, list[int], int, bool, bool, bool, bool]]


def introspection(schema: str, name: str) -> str:
    """The SQL text that describes a table: one row of one text column, or no row when there is no such table."""
    return _QUERY.format(schema=_quoted(schema), name=_quoted(name))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def table_from_introspection(
    rows: Sequence[Sequence[str | None]],
    version: int,
    previous: Table | None = None,
    *,
    building_unique: bool = False,
) -> Table:
    """The table that `introspection` describes, as the DDL of catalog version `version` leaves it.

    `previous` is the table before, whose identifiers and index states stay. An index that `previous` lacks is new:
    with `building_unique` it stands for a unique one (`Ddl.declaration`) that is not valid before its entries exist.
    Raises `RequestError` for types and sizes that the service does not allow.
    """
    described = msgspec.json.decode(rows[0][0] or "", type=_Described)
    columns = tuple(Column(*column) for column in described.columns or ())
    _check_columns(columns)
    known = {index.name: index for index in previous.indexes} if previous is not None else {}
    first = 0 if previous is not None else 1
    indexes: list[Index] = []
    for ordinal, (name, numbers, key_count, unique, nulls_distinct, primary, plain) in enumerate(described.indexes):
        keys = tuple(number - 1 for number in numbers[:key_count])
        _check_key(columns, keys)
        new = Index(
            object_id(version, first + ordinal),
            name,
            keys,
            unique=unique or building_unique,
            nulls_distinct=nulls_distinct,
            primary=primary,
            valid=not building_unique,
            plain=plain,
        )
        indexes.append(known.get(name, new))
    if len(indexes) > MAX_INDEXES:
        raise RequestError(f"more than {MAX_INDEXES} indexes per table are not allowed", sqlstate="54000")
    table_id = previous.id if previous is not None else object_id(version, 0)
    return Table(table_id, described.schema, described.name, columns, tuple(indexes))


def _check_columns(columns: tuple[Column, ...]) -> None:
    if len(columns) > MAX_COLUMNS:
        raise RequestError(f"tables can have at most {MAX_COLUMNS} columns", sqlstate="54011")
    for column in columns:
        if column.type_oid not in COLUMN_TYPES:
            raise RequestError(f"datatype {column.type_name} not supported")


def _check_key(columns: tuple[Column, ...], keys: tuple[int, ...]) -> None:
    if len(keys) > MAX_KEY_COLUMNS:
        raise RequestError(f"more than {MAX_KEY_COLUMNS} column keys in an index are not supported", sqlstate="54011")
    for number in keys:
        if number >= 0 and columns[number].type_oid not in KEY_TYPES:
            raise RequestError(f"datatype {columns[number].type_name} is not supported in a key")
