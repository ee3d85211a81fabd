"""Prepared statements and portals of one session, and how a portal hands out its rows.

A statement is prepared in the private database too, under a name of ours. A portal exists here only: its statement is
run to the end at the first Execute (a statement may have to run twice before its rows are final), and the rows wait
here until they are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from daybreak.errors import RequestError
from daybreak.query import pgmessages as pg
from daybreak.query.sqlsession import REMOTE
from daybreak.query.statements import Parameter, Statement

_DATA_ROW = ord("D")
_COMMAND_COMPLETE = ord("C")


class Prepared:
    """A prepared statement. `remote` is its name in the private database, None for a kind that is answered here."""

    def __init__(self, statement: Statement, oids: tuple[int, ...], number: int) -> None:
        self.statement = statement
        self.remote = b"daybreak.%d" % number if statement.kind in REMOTE else None
        self.types = oids
        """Type oids of the parameters as far as they are known; 0 is unknown."""

    def type_of(self, parameter: int) -> int:
        """Type oid of a parameter, 0 where it is unknown."""
        return self.types[parameter] if parameter < len(self.types) else 0


class Portal:
    """A bound statement, before and after it has run."""

    def __init__(self, prepared: Prepared, asked: pg.BindMessage) -> None:
        self.prepared = prepared
        self.name = asked.portal.decode("utf-8", "replace")
        self.values = asked.values
        self.formats = asked.formats
        self.started = False
        self._result_formats = asked.result_formats
        self._rows: list[bytes] = []
        self._at = 0
        self._end: list[bytes] = []

    @property
    def bind(self) -> bytes:
        """The Bind message for the private database, whose portal is always the unnamed one."""
        remote = self.prepared.remote or b""
        return pg.bind(pg.BindMessage(b"", remote, self.formats, self.values, self._result_formats))

    @property
    def parameters(self) -> list[Parameter]:
        """The parameters for the analysis of needs."""
        return [
            Parameter(form, self.prepared.type_of(number), value)
            for number, (form, value) in enumerate(zip(self.formats, self.values, strict=True))
        ]

    def keep(self, replies: Sequence[bytes]) -> list[bytes]:
        """The statement has run: keep its rows and its end, return what precedes them."""
        self.started = True
        first = next((n for n, m in enumerate(replies) if m[0] == _DATA_ROW), len(replies))
        last = next((n for n in range(first, len(replies)) if replies[n][0] != _DATA_ROW), len(replies))
        if first == len(replies):
            ends = [n for n, m in enumerate(replies) if m[0] == _COMMAND_COMPLETE]
            first = last = ends[0] if ends else len(replies)
        self._rows, self._end = list(replies[first:last]), list(replies[last:])
        return list(replies[:first])

    def take(self, limit: int) -> list[bytes]:
        """The next `limit` rows (0: all that are left) and what ends them: PortalSuspended or the end."""
        if self._at > len(self._rows) and not self._returns_rows():
            raise RequestError(f'portal "{self.name}" cannot be run', sqlstate="55000")
        start = self._at
        end = len(self._rows) if limit == 0 else min(start + limit, len(self._rows))
        rows = self._rows[start:end]
        if limit and len(rows) == limit:
            self._at = end
            return [*rows, pg.PORTAL_SUSPENDED]
        self._at = len(self._rows) + 1
        return [*rows, *(self._end if start == 0 else [_recount(m, len(rows)) for m in self._end])]

    def _returns_rows(self) -> bool:
        return any(m[5:12] == b"SELECT " for m in self._end)


def _recount(message: bytes, count: int) -> bytes:
    """A SELECT's CommandComplete counts the rows of the last Execute only."""
    if message[0] == _COMMAND_COMPLETE and message[5:12] == b"SELECT ":
        return pg.command_complete(f"SELECT {count}")
    return message
