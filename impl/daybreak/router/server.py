"""The router: listens, accepts clients, and gives each one a query session."""

from __future__ import annotations

import asyncio
import errno
import itertools
import logging
import secrets
from collections.abc import Sequence
from typing import Protocol

from daybreak.errors import DaybreakError, InternalError, OperatorError, RequestError
from daybreak.query import pgmessages as pg
from daybreak.query.outcomes import error_message
from daybreak.query.sqlsession import SqlSession
from daybreak.router.connection import Connection, ConnectionClosedError
from daybreak.router.session import ClientSession, ShutdownError
from daybreak.router.startup import Cancel, negotiate

log = logging.getLogger(__name__)

STARTUP_SECONDS = 60.0
"""A client that has not finished its startup by then is disconnected."""

LINGER_SECONDS = 2.0
"""Time that a client has to read its last message when the server stops."""


class SessionFactory(Protocol):
    """Makes the SQL side of a session; `query.factory` implements it."""

    async def open(self, settings: dict[str, str], connection: Connection) -> SqlSession:
        """A session with a private engine of its own and the client's startup `settings` applied."""


class Router:
    """The server's front door.

    `port` 0 takes a free port; the `port` property tells which. A client beyond `max_sessions` gets 53300.
    """

    def __init__(self, *, sessions: SessionFactory, host: str, port: int, max_sessions: int = 100) -> None:
        self._factory = sessions
        self._host = host
        self._port = port
        self._max_sessions = max_sessions
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._active: dict[tuple[int, int], SqlSession] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._open = 0
        self._processes = itertools.count(1)
        self._stopping = False

    @property
    def port(self) -> int:
        """The port listened on."""
        if self._server is None:
            return self._port
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def session_count(self) -> int:
        """Clients past startup."""
        return self._open

    @property
    def sessions(self) -> Sequence[SqlSession]:
        """The SQL side of every client past startup."""
        return list(self._active.values())

    async def start(self) -> None:
        """Listen. Raises `OperatorError` when the address cannot be had."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: Connection(self._serve), self._host, self._port)
        except OSError as error:
            reason = "the port is in use" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
            raise OperatorError(
                f"cannot listen on {self._host}:{self._port}: {reason}; choose another with --port"
            ) from None

    async def stop(self) -> None:
        """Refuse new clients, end every session with 57P01, and wait until their transactions are rolled back."""
        self._stopping = True
        if self._server is not None:
            self._server.close()
        tasks = []
        connections = list(self._connections)
        for connection in connections:
            connection.end(ShutdownError())
            if connection.task is not None:
                tasks.append(connection.task)
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self._wait_closed(connections)

    async def _wait_closed(self, connections: Sequence[Connection]) -> None:
        if self._server is None:
            return
        try:
            await asyncio.wait_for(self._server.wait_closed(), LINGER_SECONDS)
        except TimeoutError:
            for connection in connections:
                connection.abort()

    async def _serve(self, connection: Connection) -> None:
        """The whole life of one connection; never raises."""
        self._connections.add(connection)
        try:
            await self._converse(connection)
        except ConnectionClosedError:
            pass
        except asyncio.CancelledError:
            if self._stopping:
                connection.send(error_message(ShutdownError(), severity="FATAL"))
        except DaybreakError as error:
            if isinstance(error, InternalError):
                log.exception("session ended by an error of ours")
            connection.send(error_message(error, severity="FATAL"))
        except Exception:
            log.exception("session ended by an error of ours")
            connection.send(error_message(InternalError("internal error; see the log"), severity="FATAL"))
        finally:
            self._connections.discard(connection)
            connection.close()

    async def _converse(self, connection: Connection) -> None:
        timeout = asyncio.get_running_loop().call_later(STARTUP_SECONDS, connection.abort)
        try:
            request = await negotiate(connection)
        finally:
            timeout.cancel()
        if isinstance(request, Cancel):
            await self._cancel(request)
            return
        if self._stopping:
            raise ShutdownError
        if self._open >= self._max_sessions:
            raise RequestError("Unable to accept connection, too many open connections.", sqlstate="53300")
        self._open += 1
        try:
            await self._session(connection, request.settings)
        finally:
            self._open -= 1

    async def _session(self, connection: Connection, settings: dict[str, str]) -> None:
        connection.startup_over()
        sql = await self._factory.open(settings, connection)
        key = (next(self._processes) & 0x7FFFFFFF, secrets.randbits(32))
        self._active[key] = sql
        try:
            greeting = [pg.AUTHENTICATION_OK, *sql.reports(), pg.backend_key_data(*key)]
            connection.send(b"".join([*greeting, pg.ready_for_query(sql.status)]))
            await ClientSession(connection, sql).serve()
        finally:
            del self._active[key]
            # A task of its own: this one may be cancelled again, and the engine must go back whatever happens.
            closing = asyncio.get_running_loop().create_task(sql.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _cancel(self, request: Cancel) -> None:
        """A CancelRequest is never answered; an unknown key does nothing."""
        sql = self._active.get(request.key) if request.key is not None else None
        if sql is not None:
            await sql.cancellation.cancel()
