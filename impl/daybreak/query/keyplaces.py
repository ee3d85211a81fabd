"""Where in the order of all keys an operator means: by the key itself, or by a table and values of its primary key."""

from __future__ import annotations

import re
from collections.abc import Sequence

from daybreak.base.keys import Key, make_key
from daybreak.base.placed import pivot
from daybreak.errors import RequestError
from daybreak.query.catalog import Catalog, changes_after, decode_change
from daybreak.query.literals import text_key
from daybreak.query.store import Store

_HEXADECIMAL = re.compile(r"([0-9a-f]{2})+")


async def read_catalog(store: Store) -> Catalog:
    """The catalog as of now."""
    snapshot = store.begin()
    try:
        catalog = Catalog()
        for _, value in await snapshot.scan(*changes_after(0)):
            catalog = catalog.apply(decode_change(value))
        return catalog
    finally:
        snapshot.rollback()


def place(catalog: Catalog, words: Sequence[str]) -> bytes:
    """Where a range may begin: ``["pgbench_accounts", "50000"]``, ``["orders"]``, ``["40000000"]``.

    Values are those of the first columns of the primary key, as text. Raises RequestError for what is no place.
    """
    name, *values = words
    schema, _, bare = name.rpartition(".")
    table = catalog.find(schema or None, bare)
    if table is None:
        if not values and _HEXADECIMAL.fullmatch(name):
            return pivot(Key(bytes.fromhex(name)))
        raise RequestError(
            f"{name!r} is neither a table nor a key in hexadecimal digits",
            sqlstate="42P01",
            hint="keys are those of sys.daybreak_ranges",
        )
    columns = table.primary_key.columns if table.primary_key is not None else ()
    if len(values) > len(columns):
        raise RequestError(
            f"{len(values)} values for {table.qualified_name}: its primary key has {len(columns)} columns",
            sqlstate="42601",
        )
    parts = []
    for number, value in zip(columns, values, strict=False):
        column = table.columns[number]
        encoded = text_key(column.type_oid, value)
        if encoded is None:
            raise RequestError(
                f"{value!r} cannot be read as {column.type_name}, the type of {table.name}.{column.name}",
                sqlstate="22P02",
            )
        parts.append(encoded)
    return pivot(make_key(table.id, b"".join(parts)))
