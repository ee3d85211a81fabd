"""One client session: from the first packet to the end, message by message.

    connection ──► startup ──► loop: one message ──► query.sqlsession / query.extended ──► replies
                                │
                                └─ an error in the extended protocol skips everything up to Sync

Replies of the extended protocol are kept back until Sync or Flush, as PostgreSQL does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from daybreak.errors import DaybreakError, InternalError, RequestError, UnavailableError
from daybreak.query import pgmessages as pg
from daybreak.query.extended import Extended
from daybreak.query.outcomes import StatementError, cancelled, error_message
from daybreak.query.sqlsession import SqlSession
from daybreak.router.connection import Connection

_SYNC, _TERMINATE = b"SX"
_STEPS = b"PBDEC"
_ENDS = b"QSF"
"""Messages that are answered with ReadyForQuery even when they fail."""


class ShutdownError(DaybreakError):
    """The server is stopping."""

    sqlstate = "57P01"

    def __init__(self) -> None:
        super().__init__("terminating connection due to administrator command")


class ClientSession:
    """The message loop of a session that has passed startup."""

    def __init__(self, connection: Connection, sql: SqlSession) -> None:
        self._connection = connection
        self._sql = sql
        self._extended = Extended(sql, connection)
        self._held: list[bytes] = []
        self._skipping = False
        self._handlers: dict[int, Callable[[bytes], Awaitable[None]]] = {
            ord("Q"): self._query,
            ord("P"): self._parse,
            ord("B"): self._bind,
            ord("D"): self._describe,
            ord("E"): self._execute,
            ord("C"): self._close,
            ord("H"): self._flush,
            ord("S"): self._sync,
            ord("F"): self._function_call,
        }

    async def serve(self) -> None:
        """Answer messages until the client says goodbye; raises what ends the session otherwise."""
        connection = self._connection
        while True:
            kind, body = await connection.receive()
            if kind == _TERMINATE:
                return
            handler = self._handlers.get(kind)
            if handler is None or (self._skipping and kind != _SYNC):
                continue  # copy data after a failed COPY, or the rest of a failed series up to Sync
            try:
                await handler(body)
            except (pg.ProtocolViolationError, UnavailableError):
                raise
            except InternalError:
                if not self._sql.cancellation.requested:
                    raise
                await self._fail(cancelled(), ended=kind in _ENDS)  # it has hit a command of ours
            except DaybreakError as error:
                await self._fail(await self._earlier(error, kind), ended=kind in _ENDS)
            if connection.congested:
                await connection.drain()

    async def _earlier(self, error: DaybreakError, kind: int) -> DaybreakError:
        """What fails first: an error of ours may come before steps that were put off have been tried."""
        if kind in _STEPS and not isinstance(error, StatementError):
            try:
                await self._extended.flush(self._held)
            except DaybreakError as earlier:
                return earlier
        return error

    async def _fail(self, error: DaybreakError, *, ended: bool) -> None:
        """Tell the client of `error` and end what it ends; up to Sync everything else is skipped."""
        self._extended.failed(error)
        await self._sql.fail()
        self._held.append(error_message(error))
        if ended:
            self._ready()
        else:
            self._skipping = True

    def _ready(self) -> None:
        self._held += self._sql.closing_words()
        self._held.append(pg.ready_for_query(self._sql.status))
        self._send()

    def _send(self) -> None:
        if self._held:
            self._connection.send(b"".join(self._held))
            self._held.clear()

    async def _query(self, body: bytes) -> None:
        await self._extended.before_simple_query(self._held)
        await self._sql.query(pg.read_query(body), self._held, self._connection)
        self._extended.transaction_may_have_ended()
        self._ready()

    async def _parse(self, body: bytes) -> None:
        await self._extended.parse(pg.read_parse(body), self._held)

    async def _bind(self, body: bytes) -> None:
        await self._extended.bind(pg.read_bind(body), self._held)

    async def _describe(self, body: bytes) -> None:
        await self._extended.describe(*pg.read_target(body), self._held)

    async def _execute(self, body: bytes) -> None:
        await self._extended.execute(*pg.read_execute(body), self._held)

    async def _close(self, body: bytes) -> None:
        await self._extended.close(*pg.read_target(body), self._held)

    async def _flush(self, body: bytes) -> None:
        await self._extended.flush(self._held)
        self._send()

    async def _sync(self, body: bytes) -> None:
        """End of a series: commits what was not in an explicit transaction block."""
        if self._skipping:
            self._skipping = False
        else:
            await self._extended.sync(self._held)
        self._ready()

    async def _function_call(self, body: bytes) -> None:
        raise RequestError("function call protocol is not supported")
