"""A table whose unique index is built, dropped and built again while others change its rows.

The steps are those of the SQL layer (`query.ddl`, `query.jobs`, `query.building`), and most of its code; only
PostgreSQL is missing. Every client has a catalog of its own, as a private database has, and reads what it lacks.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

import msgspec

from daybreak.base.keys import Key, make_key, space_bounds
from daybreak.base.writes import Access, Write
from daybreak.query.building import settled
from daybreak.query.catalog import (
    CATALOG_VERSION_KEY,
    Catalog,
    CatalogChange,
    Column,
    Index,
    Table,
    change_key,
    changes_after,
    decode_change,
    decode_version,
    encode_version,
    object_id,
)
from daybreak.query.indexbuild import Build, fill
from daybreak.query.keycodec import INT8, TEXT, encode_values
from daybreak.query.rows import Change, index_entries, join_row, split_row, writes_for
from daybreak.simulation.rows import View
from daybreak.simulation.verdict import FoundError
from daybreak.simulation.witness import WatchedTransaction
from historycheck import model

FIRST = 20
"""Tables and indexes get their identifiers from this version on: the spaces of others lie before."""
CODES = 60
"""How many codes people may have; a unique index on these is violated now and then."""
COLUMNS = (
    Column("id", INT8, "bigint", True),
    Column("code", INT8, "bigint", False),
    Column("note", TEXT, "text", False),
)
PRIMARY = Index(object_id(FIRST, 1), "people_pkey", (0,), unique=True, primary=True)
PEOPLE = Table(object_id(FIRST, 0), "public", "people", COLUMNS, (PRIMARY,))
INDEX = "people_code"


class TakenError(Exception):
    """Another row has the code already, and an index says that no two may."""


class Building(NamedTuple):
    """An index whose build goes on, from one transaction to the next."""

    build: Build
    low: Key | None
    """Of the rows from here on the entries are to be written; None: of none."""


def person(number: int) -> bytes:
    """An identifier as PostgreSQL stores it."""
    return number.to_bytes(8, "big", signed=True)


class Schema:
    """The catalog, as each client knows it."""

    def __init__(self) -> None:
        self._known: dict[int, Catalog] = {}

    async def catalog(self, transaction: WatchedTransaction) -> Catalog:
        """The catalog at the snapshot."""
        client = transaction.attempt.client
        catalog = self._known.get(client, Catalog())
        version = decode_version((await transaction.get([CATALOG_VERSION_KEY])).get(CATALOG_VERSION_KEY))
        if version != catalog.version:
            for _, value in await transaction.scan(*changes_after(catalog.version)):
                catalog = catalog.apply(decode_change(value))
            self._known[client] = catalog
        if version != catalog.version:
            raise FoundError("history", f"the catalog has version {version}, and changes up to {catalog.version}")
        return catalog

    async def people(self, view: View) -> Table:
        """The table; it is made with the first snapshot."""
        found = (await self.catalog(view.transaction)).find(None, PEOPLE.name)
        assert found is not None, "it is made when the run begins"
        return found

    def change(self, transaction: WatchedTransaction, catalog: Catalog, table: Table) -> None:
        """DDL: from the commit on the table is this (P21)."""
        change = CatalogChange(catalog.version + 1, "", table)
        version = Write(CATALOG_VERSION_KEY, Access.WRITE, encode_version(change.version))
        transaction.write([Write(change_key(change.version), Access.WRITE, change.encode()), version], rows=0)

    async def create(self, transaction: WatchedTransaction) -> None:
        """Make the table."""
        self.change(transaction, await self.catalog(transaction), PEOPLE)

    # --- rows -----------------------------------------------------------------------------------------------------

    async def edit(self, view: View, number: int, note: str, rng: Random) -> None:
        """Make a person, or change it, or delete it. Raises TakenError, or RequestError where an index is being
        built."""
        table = await self.people(view)
        key, name = make_key(table.id, encode_values([INT8], [person(number)])), f"p.{number:03}"
        old = (await view.transaction.get([key])).get(key)
        view.transaction.attempt.ops.append(model.Read(name, _note(old)))
        new = _edited(old, number, note, rng)
        change = Change(old, new)
        writes = writes_for(table, [change])
        entries = [entry for row in (old, new) if row is not None for entry, _ in index_entries(table, row)]
        held = await view.transaction.get(sorted(set(entries)))
        if new is not None:
            valid = {index.id for index in table.unique_indexes if index.valid}
            for entry, row in index_entries(table, new):
                if held.get(entry, row) != row and _space(table, entry) in valid:
                    raise TakenError
        view.transaction.write(settled(table, [change], writes, held.get), rows=1)
        view.transaction.attempt.ops.append(model.Write(name, None if new is None else note))

    # --- the index ------------------------------------------------------------------------------------------------

    async def build(self, building: Building | None, view: View) -> Building | None:
        """The next transaction of a build, or the first one; what is left to be done once it has committed.

        The first one drops the index, if there is one, and leaves nothing to be done. Raises DuplicateFoundError.
        """
        transaction, catalog = view.transaction, await self.catalog(view.transaction)
        if building is None:
            return self._declare(transaction, catalog, await self.people(view))
        found = building.build.find(catalog)
        if found is None:
            return None
        if building.low is None:
            self.change(transaction, catalog, found[0].with_valid_index(INDEX))
            return None
        return Building(building.build, await fill(transaction, *found, building.low))

    def _declare(self, transaction: WatchedTransaction, catalog: Catalog, table: Table) -> Building | None:
        """Drop the index, or, if there is none, have it built from now on."""
        if any(index.name == INDEX for index in table.indexes):
            self.change(transaction, catalog, table.without_index(INDEX))
            return None
        index = Index(object_id(FIRST + catalog.version + 1, 0), INDEX, (1,), unique=True, valid=False)
        self.change(transaction, catalog, msgspec.structs.replace(table, indexes=(*table.indexes, index)))
        return Building(Build(table.id, index.id), space_bounds(table.id)[0])

    async def settle(self, view: View) -> None:
        """Raise FoundError if an index that is valid does not agree with the table."""
        table = await self.people(view)
        rows = await view.transaction.scan(*space_bounds(table.id))
        for index in (index for index in table.unique_indexes if index.valid):
            wanted = [
                pair for _, row in rows for pair in index_entries(table, row) if _space(table, pair[0]) == index.id
            ]
            found = await view.transaction.scan(*space_bounds(index.id))
            if sorted(wanted) != found:
                lacking, beyond = len({*wanted} - {*found}), len({*found} - {*wanted})
                raise FoundError(
                    "history", f"index {index.name} lacks {lacking} entries, and has {beyond} that no row asks for"
                )


def _space(table: Table, entry: Key) -> int:
    """Which index an entry is of."""
    return next(index.id for index in table.unique_indexes if entry[:4] == make_key(index.id, b""))


def _note(row: bytes | None) -> str | None:
    fields = split_row(row) if row is not None else None
    return None if fields is None else (fields[2] or b"").decode()


def _edited(old: bytes | None, number: int, note: str, rng: Random) -> bytes | None:
    """What becomes of a row."""
    if old is not None and rng.random() < 0.25:
        return None
    keep = old is not None and rng.random() < 0.3
    code = split_row(old)[1] if keep and old is not None else person(rng.randrange(CODES))
    return join_row([person(number), code, note.encode()])
