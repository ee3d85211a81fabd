"""Dead rows of private transactions, and when to remove them.

Every loaded and changed row of a private transaction is dead after its rollback. PostgreSQL reuses most of the space
by itself; VACUUM of a table after every thousand rows or so keeps scans short at less than a microsecond a row.
(TRUNCATE takes several times as long for small tables: it makes new files.)
"""

from __future__ import annotations

from collections.abc import Sequence

from daybreak.query.catalog import Table
from daybreak.query.commands import once
from daybreak.query.load import sql_name

DEAD_ROWS = 1_000
"""Dead rows of one table after which it is cleaned."""

FAILED_ROWS = 100
"""What a failed statement counts for: it may have written any number of rows."""


class Cleaning:
    """The dead rows of one private database, by table."""

    def __init__(self) -> None:
        self._dead: dict[str, int] = {}

    def count(self, table: Table, rows: int) -> None:
        """The open private transaction has written `rows` rows into `table`."""
        name = sql_name(table)
        self._dead[name] = self._dead.get(name, 0) + rows

    def count_failed(self, tables: Sequence[Table]) -> None:
        """A statement that may write `tables` has failed."""
        for table in tables:
            self.count(table, FAILED_ROWS)

    def due(self) -> list[bytes]:
        """Commands that clean the tables that need it, each to be followed by a Sync of its own."""
        names = [name for name, rows in self._dead.items() if rows >= DEAD_ROWS]
        for name in names:
            del self._dead[name]
        return [once(f"VACUUM {name}") for name in names]
