"""The extended protocol: Parse, Bind, Describe, Execute, Close, Sync.

Parse, Bind and Describe are put off until an Execute, Sync or Flush needs their answers, so that the usual series
costs the private server one round trip:

    client    Parse  Bind  Describe  Execute  Sync
    pending   P      PB    PBD       ─► needs(parameters) ─► engine.run([P, B, D, E])    commit

Replies keep the client's order, because whatever is answered here first flushes what is pending.
"""

from __future__ import annotations

from collections.abc import Sequence

from daybreak.errors import DaybreakError, RequestError
from daybreak.query import pgmessages as pg
from daybreak.query.client import Client
from daybreak.query.outcomes import StatementError, checked
from daybreak.query.portals import Portal, Prepared
from daybreak.query.sqlsession import SqlSession
from daybreak.query.statements import DdlKind, Kind, Statement

_PARSE_COMPLETE, _BIND_COMPLETE, _CLOSE_COMPLETE = b"123"
_ROW_DESCRIPTION, _PARAMETER_DESCRIPTION = b"Tt"
_TEXT_OID = 25


class Extended:
    """The prepared statements and portals of one session, and the messages that wait for an answer."""

    def __init__(self, sql: SqlSession, client: Client) -> None:
        self._sql = sql
        self._client = client
        self._statements: dict[bytes, Prepared] = {}
        self._portals: dict[bytes, Portal] = {}
        self._pending: list[bytes] = []
        self._unconfirmed: list[bytes] = []
        self._described: list[Prepared] = []
        self._bound: Portal | None = None
        self._rebound = False
        self._closes: list[bytes] = []
        self._numbers = 0
        self._result = self._end = 0  # where in the held replies the last Execute's rows begin and end
        sql.on_deallocate = self._deallocate_all

    # -- messages

    async def parse(self, asked: pg.ParseMessage, out: list[bytes]) -> None:
        """Prepare a statement."""
        statements = self._sql.classify(asked.sql)
        if len(statements) > 1:
            raise RequestError("cannot insert multiple commands into a prepared statement", sqlstate="42601")
        statement = statements[0]
        self._sql.admit(statement)
        if asked.name in self._statements:
            if asked.name:
                raise RequestError(f'prepared statement "{_text(asked.name)}" already exists', sqlstate="42P05")
            self._forget(b"")
        if statement.kind is Kind.INVALID:
            await self.flush(out)
            await self._sql.local(statement, self._client)
        self._numbers += 1
        prepared = self._statements[asked.name] = Prepared(statement, asked.oids, self._numbers)
        if prepared.remote is None:
            await self.flush(out)
            out.append(pg.PARSE_COMPLETE)
        else:
            # Closed first because the whole series may be sent a second time, when its statement has to run again.
            self._pending.append(pg.close(b"S", prepared.remote))
            self._pending.append(pg.parse(prepared.remote, statement.sql.encode(), asked.oids))
            self._unconfirmed.append(asked.name)

    async def bind(self, asked: pg.BindMessage, out: list[bytes]) -> None:
        """Make a portal."""
        prepared = self._statement(asked.statement)
        self._sql.admit(prepared.statement)
        if asked.portal and asked.portal in self._portals:
            raise RequestError(f'cursor "{_text(asked.portal)}" already exists', sqlstate="42P03")
        portal = Portal(prepared, asked)
        if prepared.remote is None:
            await self.flush(out)
            out.append(pg.BIND_COMPLETE)
        else:
            self._pending.append(portal.bind)
            self._bound = portal
        self._portals[asked.portal] = portal

    async def describe(self, kind: bytes, name: bytes, out: list[bytes]) -> None:
        """Describe a statement (``S``) or a portal (``P``)."""
        portal = self._portal(name) if kind == b"P" else None
        prepared = portal.prepared if portal is not None else self._statement(name)
        if prepared.remote is None:
            await self.flush(out)
            if portal is None:
                out.append(pg.NO_PARAMETERS)
            out.append(_local_description(prepared.statement))
        elif portal is not None:
            await self._rebind(portal, out)
            self._pending.append(pg.describe(b"P", b""))
        else:
            self._pending.append(pg.describe(b"S", prepared.remote))
            self._described.append(prepared)

    async def execute(self, name: bytes, limit: int, out: list[bytes]) -> None:
        """Run a portal, or hand out more of its rows; `limit` 0 is all."""
        portal = self._portal(name)
        statement = portal.prepared.statement
        self._sql.admit(statement)
        if portal.prepared.remote is None:
            await self._execute_local(statement, out)
        else:
            if portal.started:
                await self.flush(out)
            else:
                await self._run(portal, out)
            self._result = len(out)
            out += portal.take(limit)
        self._end = len(out)

    async def close(self, kind: bytes, name: bytes, out: list[bytes]) -> None:
        """Drop a statement or a portal; it need not exist."""
        await self.flush(out)
        if kind == b"S":
            self._forget(name)
        else:
            self._portals.pop(name, None)
        out.append(pg.CLOSE_COMPLETE)

    async def flush(self, out: list[bytes]) -> None:
        """Get the answers to everything pending."""
        if self._pending:
            await self._sql.work.snapshot()
            replies = await self._sql.engine.direct([*self._closes, *self._pending])
            try:
                checked(replies)
            except StatementError as error:
                error.said = self._kept(error.said)
                raise
            out += self._settle(replies)

    async def sync(self, out: list[bytes]) -> None:
        """End of a series: commit unless in a block. When that fails the last Execute has not happened."""
        await self.flush(out)
        try:
            await self._sql.finish_implicit()
        except DaybreakError:
            if self._end == len(out):
                del out[self._result :]
            raise
        self.transaction_may_have_ended()

    async def before_simple_query(self, out: list[bytes]) -> None:
        """A Query message comes: it ends the unnamed statement and portal."""
        await self.flush(out)
        self._forget(b"")
        self._portals.pop(b"", None)

    def transaction_may_have_ended(self) -> None:
        """Portals do not outlive their transaction."""
        if self._sql.status != b"T":
            self._portals.clear()

    def failed(self, error: DaybreakError) -> None:
        """The series ends with `error`: statements whose Parse was not answered do not exist."""
        parsed = error.said.count(pg.PARSE_COMPLETE) if isinstance(error, StatementError) else 0
        for name in self._unconfirmed[parsed:]:
            self._forget(name)
        self._reset()
        self.transaction_may_have_ended()

    # --

    async def _execute_local(self, statement: Statement, out: list[bytes]) -> None:
        await self.flush(out)
        if statement.kind is Kind.COPY_IN and out:
            self._client.send(b"".join(out))
            out.clear()
        replies = await self._sql.local(statement, self._client)
        out += [m for m in replies if m[0] != _ROW_DESCRIPTION]
        self.transaction_may_have_ended()

    async def _run(self, portal: Portal, out: list[bytes]) -> None:
        """Run the portal's statement behind everything pending, in one round trip."""
        await self._rebind(portal, out)
        series = [*self._closes, *self._pending, pg.execute(b"")]
        try:
            replies = await self._sql.remote(portal.prepared.statement, portal.parameters, series)
        except StatementError as error:
            error.said = self._kept(error.said)
            raise
        out += portal.keep(self._settle(replies))

    async def _rebind(self, portal: Portal, out: list[bytes]) -> None:
        """Have `portal` bound in the messages that go out next: what was bound before sees no later rows."""
        if self._bound is not portal:
            await self.flush(out)
            self._pending.append(portal.bind)
            self._bound = portal
            self._rebound = True

    def _settle(self, replies: Sequence[bytes]) -> list[bytes]:
        """Everything pending was answered: the replies that the client waits for."""
        types = [m for m in replies if m[0] == _PARAMETER_DESCRIPTION]
        for prepared, m in zip(self._described, types, strict=True):
            prepared.types = pg.read_parameter_types(m[5:])
        kept = self._kept(replies)
        self._closes.clear()
        self._reset()
        return kept

    def _kept(self, replies: Sequence[bytes]) -> list[bytes]:
        """`replies` less those to messages of ours."""
        kept = [m for m in replies if m[0] != _CLOSE_COMPLETE]
        if self._rebound and pg.BIND_COMPLETE in kept:
            kept.remove(pg.BIND_COMPLETE)
        return kept

    def _reset(self) -> None:
        self._pending.clear()
        self._unconfirmed.clear()
        self._described.clear()
        self._bound = None
        self._rebound = False

    def _statement(self, name: bytes) -> Prepared:
        prepared = self._statements.get(name)
        if prepared is None:
            what = f'prepared statement "{_text(name)}"' if name else "unnamed prepared statement"
            raise RequestError(f"{what} does not exist", sqlstate="26000")
        return prepared

    def _portal(self, name: bytes) -> Portal:
        portal = self._portals.get(name)
        if portal is None:
            raise RequestError(f'portal "{_text(name)}" does not exist', sqlstate="34000")
        return portal

    def _forget(self, name: bytes) -> None:
        prepared = self._statements.pop(name, None)
        if prepared is not None and prepared.remote is not None:
            self._closes.append(pg.close(b"S", prepared.remote))
        self._portals = {n: p for n, p in self._portals.items() if p.prepared is not prepared}

    def _deallocate_all(self) -> None:
        for name in list(self._statements):
            self._forget(name)


def _local_description(statement: Statement) -> bytes:
    ddl = statement.shape.ddl
    if ddl is not None and ddl.kind is DdlKind.CREATE_INDEX:
        return pg.row_description("job_id", _TEXT_OID)
    return pg.NO_DATA


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
