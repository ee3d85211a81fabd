"""The control socket: answers every connection with one JSON document.

Who sends nothing, and says so, gets the server's status; who sends a line with an order, what became of it.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import shutil
import socket
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from daybreak.errors import OperatorError

Status = dict[str, object]
CONTROL = "control.sock"
LINE_SECONDS = 10.0
"""Who asks must have said what within this time."""
MAX_PATH_BYTES = 100
"""A Unix socket's path must stay below the 108 bytes that the kernel has for it."""


class ControlServer:
    """Serves `status()` on a Unix socket in `directory`, or in a temporary one where that path is too long.

    `orders` answers lines of JSON; without it, there is nothing to be ordered.
    """

    def __init__(
        self,
        directory: Path,
        status: Callable[[], Status | Awaitable[Status]],
        name: str = CONTROL,
        orders: Callable[[bytes], Awaitable[Status]] | None = None,
    ) -> None:
        self._status = status
        self._orders = orders
        self._temporary: Path | None = None
        self.path = directory.absolute() / name
        if len(os.fsencode(self.path)) > MAX_PATH_BYTES:
            self._temporary = Path(tempfile.mkdtemp(prefix="daybreak-"))
            self.path = self._temporary / name
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; a socket file left by a killed server is replaced."""
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._answer, str(self.path))
        self.path.chmod(0o600)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(LINE_SECONDS):
                line = await reader.readline()
            writer.write(msgspec.json.encode(await self._said(line)))
            await writer.drain()
        except (ConnectionError, TimeoutError, ValueError):
            pass  # it is gone, or says nothing, or too much
        finally:
            writer.close()

    async def _said(self, line: bytes) -> Status:
        """The answer to a line; the empty one asks for the status."""
        if line and self._orders is None:
            return {"error": "this process takes no orders"}
        if line and self._orders is not None:
            return await self._orders(line)
        status = self._status()
        return await status if inspect.isawaitable(status) else status

    async def stop(self) -> None:
        """Stop listening and remove the socket."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        self.path.unlink(missing_ok=True)
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)


def ask(path: str) -> Status:
    """The status of the server behind a control socket."""
    return _talk(path, b"")


def order(path: str, what: Status) -> Status:
    """What became of an order that was given to the server behind a control socket."""
    return _talk(path, msgspec.json.encode(what) + b"\n")


def _talk(path: str, line: bytes) -> Status:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        try:
            connection.connect(path)
            connection.sendall(line)
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        except OSError as error:
            raise OperatorError(f"{path}: the server does not answer: {error.strerror or error}") from None
    try:
        return msgspec.json.decode(answer, type=dict[str, object])
    except msgspec.MsgspecError as error:
        raise OperatorError(f"{path}: the server does not answer as expected: {error}") from None
