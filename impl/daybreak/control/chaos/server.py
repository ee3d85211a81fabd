"""Where a process takes orders to fail: a socket of its own, DIR/run/A2.chaos.sock.

Only a process that was started with ``--chaos`` has one; the others are left alone.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

import msgspec

from daybreak.control.places import RunDirectory
from daybreak.errors import DaybreakError
from daybreak.runtime.chaos import Order

_orders = msgspec.json.Decoder(Order)


def socket_name(process: str) -> str:
    """The name of a process's socket in the directory of sockets."""
    return f"{process}.chaos.sock"


class Obeys(Protocol):
    """Whoever carries orders out."""

    def obey(self, order: Order) -> None:
        """Carry out an order; RequestError if that is not possible."""


class ChaosServer:
    """Takes orders for `chaos`: a line of JSON each, answered by an empty line, or one that says what is wrong."""

    def __init__(self, data: Path, process: str, chaos: Obeys) -> None:
        self._run = RunDirectory(data)
        self._path = self._run.path / socket_name(process)
        self._chaos = chaos
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; a socket that a killed process has left is replaced."""
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._answer, str(self._path))
        self._path.chmod(0o600)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = ""
        try:
            self._chaos.obey(_orders.decode(await reader.readline()))
        except DaybreakError as error:
            said = error.message
        except (ValueError, msgspec.MsgspecError) as error:
            said = f"what came is no order: {error}"
        try:
            writer.write(said.encode() + b"\n")
            await writer.drain()
        except ConnectionError:
            pass  # whoever gave the order did not wait for the answer
        finally:
            writer.close()

    async def stop(self) -> None:
        """Take no more orders."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        self._path.unlink(missing_ok=True)
        self._run.close()
