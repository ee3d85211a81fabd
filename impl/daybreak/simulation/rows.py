"""Rows that random transactions read and write, as clients name them and as keys; and what a transaction sees of them.

Registers hold one value, lists hold elements. They lie in four tables each, and with these over the adjudicators.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from daybreak.base.keys import Key, make_key
from daybreak.base.writes import Access, Write
from daybreak.query.catalog import CATALOG_VERSION_KEY
from daybreak.simulation.bank import ACCOUNTS, RECEIPTS
from daybreak.simulation.witness import WatchedTransaction
from historycheck import model

Kind = Literal["r", "l"]
"""A register, a list."""
TABLES = len(ACCOUNTS)


class Row(NamedTuple):
    """A row of a table."""

    kind: Kind
    table: int
    number: int

    @property
    def key(self) -> Key:
        """Where it is stored."""
        spaces = ACCOUNTS if self.kind == "r" else RECEIPTS
        return make_key(spaces[self.table], self.number.to_bytes(4, "big"))

    @property
    def name(self) -> str:
        """What histories call it; names are in the order of keys within a table."""
        return f"{self.kind}{self.table}.{self.number:03}"

    def shown(self, value: bytes | None) -> model.Value:
        """A stored value as histories have it; of a list, all elements."""
        if value is None:
            return None
        return value.decode() if self.kind == "r" else tuple(value.decode().split())


def numbered(kind: Kind, number: int) -> Row:
    """One row of all those of a kind."""
    return Row(kind, number % TABLES, number)


class View:
    """What a transaction sees, its own writes too, as the SQL layer has it; everything is noted for the history.

    Like the SQL layer's every transaction commits only if the catalog is as it was at its snapshot (P21).
    """

    def __init__(self, transaction: WatchedTransaction) -> None:
        self.transaction = transaction
        self._ops = transaction.attempt.ops
        self._own: dict[Key, bytes | None] = {}
        transaction.validate(CATALOG_VERSION_KEY)

    async def read(self, *rows: Row) -> list[bytes | None]:
        """The values of rows; None where there is none."""
        found = await self.transaction.get([row.key for row in rows])
        values = [self._own.get(row.key, found.get(row.key)) for row in rows]
        self._ops.extend(model.Read(row.name, row.shown(value)) for row, value in zip(rows, values, strict=True))
        return values

    async def scan(self, low: Row, high: Row) -> None:
        """Look at all rows from `low` up to `high`, of one table."""
        found = dict(await self.transaction.scan(low.key, high.key))
        found |= {key: value for key, value in self._own.items() if low.key <= key < high.key and value is not None}
        gone = {key for key, value in self._own.items() if value is None}
        rows = [low._replace(number=int.from_bytes(key[4:], "big")) for key in sorted(found.keys() - gone)]
        seen = tuple((row.name, row.shown(found[row.key])) for row in rows)
        self._ops.append(model.Scan(low.name, high.name, seen))

    def write(self, row: Row, value: str | None, access: Access) -> None:
        """Set a register, or delete it."""
        self._put(row, value.encode() if value is not None else None, access)
        self._ops.append(model.Write(row.name, value))

    async def append(self, row: Row, element: str) -> None:
        """Add an element to the end of a list, which is made if need be."""
        (before,) = await self.read(row)
        access = Access.WRITE if before is None else Access.UPDATE
        self._put(row, element.encode() if before is None else before + b" " + element.encode(), access)
        self._ops.append(model.Append(row.name, element))

    async def lock(self, row: Row) -> None:
        """SELECT FOR UPDATE: the row is written as it is."""
        (value,) = await self.read(row)
        if value is not None:
            self.transaction.write([Write(row.key, Access.WRITE, value)], rows=0)

    async def share(self, row: Row) -> None:
        """SELECT FOR KEY SHARE."""
        (value,) = await self.read(row)
        if value is not None:
            self.transaction.share([row.key])

    def _put(self, row: Row, value: bytes | None, access: Access) -> None:
        self.transaction.write([Write(row.key, access, value)], rows=1)
        self._own[row.key] = value


def bounds(table: int, numbers: Sequence[int]) -> tuple[Row, Row]:
    """The part of a table of registers that has all these rows."""
    return Row("r", table, min(numbers)), Row("r", table, max(numbers) + 1)
