"""The control socket: answers every connection with one JSON document, the server's status."""

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
MAX_PATH_BYTES = 100
"""A Unix socket's path must stay below the 108 bytes that the kernel has for it."""


class ControlServer:
    """Serves `status()` on a Unix socket in `directory`, or in a temporary one where that path is too long."""

    def __init__(self, directory: Path, status: Callable[[], Status | Awaitable[Status]], name: str = CONTROL) -> None:
        self._status = status
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
            status = self._status()
            writer.write(msgspec.json.encode(await status if inspect.isawaitable(status) else status))
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

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
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        try:
            connection.connect(path)
            answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        except OSError as error:
            raise OperatorError(f"{path}: the server does not answer: {error.strerror or error}") from None
    try:
        return msgspec.json.decode(answer, type=dict[str, object])
    except msgspec.MsgspecError as error:
        raise OperatorError(f"{path}: the server does not answer as expected: {error}") from None
