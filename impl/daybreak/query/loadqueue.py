"""Rows that wait to be loaded with the next run, and the commands that load them."""

from __future__ import annotations

from collections.abc import Sequence

from daybreak.query import commands, load
from daybreak.query.catalog import Table


class LoadQueue:
    """The loads of one session; knows which COPY statements its backend has prepared."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[Table, list[bytes]]] = {}
        self._values: dict[str, str] = {}
        self._prepared: dict[int, Table] = {}
        self._unchecked: set[int] = set()

    def add(self, table: Table, rows: Sequence[bytes]) -> None:
        """Queue rows (COPY BINARY tuples, all columns) behind those that wait."""
        if rows:
            self._rows.setdefault(table.id, (table, []))[1].extend(rows)

    def set(self, parameter: str, value: str) -> None:
        """Queue the value of a parameter of the private session, for the rest of the transaction."""
        self._values[parameter] = value

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._rows or self._values)

    @property
    def copies(self) -> int:
        """Tables that rows wait for: as many COPY streams will be sent."""
        return len(self._rows)

    def take(self) -> list[tuple[Table, int]]:
        """The loads have succeeded: empty the queue; tables and how many rows each has got."""
        taken = [(table, len(rows)) for table, rows in self._rows.values()]
        self.clear()
        return taken

    def clear(self) -> None:
        """Drop what waits."""
        self._rows.clear()
        self._values.clear()

    def forget_prepared(self) -> None:
        """The backend, its statements or the tables are new: prepare each COPY again."""
        self._prepared.clear()

    def suspend_checks(self) -> bool:
        """From now on load the waiting tables without their CHECK constraints; False if that is so already."""
        waiting = self._rows.keys()
        is_new = not waiting <= self._unchecked
        self._unchecked |= waiting
        return is_new

    def commands(self, client_encoding: str) -> list[bytes]:
        """The commands that load what waits; stored text is UTF-8, whatever the client speaks."""
        parts = [commands.once(_set_local(*item)) for item in self._values.items()]
        if self._rows:
            parts += self._load_all(client_encoding)
        return parts

    def _load_all(self, client_encoding: str) -> list[bytes]:
        parts = [commands.execute(commands.LOADING)]
        convert = client_encoding != "UTF8"
        if convert:
            parts.append(commands.once("SET LOCAL client_encoding = 'UTF8'"))
        for table, rows in self._rows.values():
            parts += self._load(table, rows)
        if convert:
            parts.append(commands.once(f"SET LOCAL client_encoding = '{client_encoding}'"))
        return [*parts, commands.execute(commands.LOADED)]

    def _load(self, table: Table, rows: Sequence[bytes]) -> list[bytes]:
        name = b"daybreak_load_%d" % table.id
        parts = [commands.execute(name, load.copy_data(table, rows))]
        if table.id in self._unchecked:
            off, on = load.set_checks(table, active=False), load.set_checks(table, active=True)
            parts = [commands.once(off), *parts, commands.once(on)]
        if self._prepared.get(table.id) is not table:
            parts.insert(0, commands.prepare(name, load.copy_statement(table)))
            self._prepared[table.id] = table
        return parts


def _set_local(parameter: str, value: str) -> str:
    return f"SELECT pg_catalog.set_config({load.literal(parameter)}, {load.literal(value)}, true)"
