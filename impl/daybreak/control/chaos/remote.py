"""Gives orders to the processes of a cluster: to fail, to stop, to end.

Orders go to their sockets (`control.chaos.server`), and signals to whoever listens there, so no process is touched that
does not allow it.
"""

from __future__ import annotations

import os
import random
import socket
import struct
from collections.abc import Sequence
from pathlib import Path

import msgspec

from daybreak.control.chaos.orders import Orders
from daybreak.control.chaos.server import socket_name
from daybreak.control.chaos.spoil import spoil_an_entry
from daybreak.control.chaos.words import SIGNALS
from daybreak.control.places import RunDirectory
from daybreak.errors import OperatorError
from daybreak.runtime.chaos import LoseUnsynced, Order

ANSWER_SECONDS = 10.0


class Remote(Orders):
    """The processes of the cluster on a data directory, for those who give orders; `close` it."""

    def __init__(self, data: Path, processes: Sequence[str], seed: int | None = None) -> None:
        """`processes` are the names of all of them; `seed` is for what is left to chance."""
        if not data.is_dir():
            raise OperatorError(f"{data}: no such data directory; name another with --data")
        super().__init__(processes)
        self._data = data
        self._run = RunDirectory(data)
        self._random = random.Random(seed)

    def listens(self, process: str) -> bool:
        """Whether somebody listens at its socket."""
        try:
            self._connect(process).close()
        except OperatorError:
            return False
        return True

    def signal(self, process: str, verb: str) -> None:
        """Send a signal to whoever listens there."""
        os.kill(self.pid(process), SIGNALS[verb])

    def keeps_journals(self, process: str) -> bool:
        """Whether it has a zone's directory here."""
        return (self._data / "zones" / process).is_dir()

    def spoil(self, process: str) -> str:
        """Spoil a file of it, from outside."""
        self.pid(process)
        return spoil_an_entry(self._data / "zones" / process, self._random)

    def pid(self, process: str) -> int:
        """The process that listens for orders; paused or not."""
        with self._connect(process) as connection:
            found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", found)[0])

    def tell(self, process: str, order: Order) -> None:
        """Send an order to its socket, and wait until it is carried out."""
        with self._connect(process) as connection:
            try:
                connection.sendall(msgspec.json.encode(order) + b"\n")
                said = connection.makefile("r").readline()
            except ConnectionError:
                said = ""
            except OSError as error:
                raise OperatorError(f"{process}: does not answer: {error.strerror or error}") from None
        if said != "\n" and not (said == "" and isinstance(order, LoseUnsynced)):
            raise OperatorError(f"{process}: {said.strip() or 'has ended'}")

    def _connect(self, process: str) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(str(self._run.path / socket_name(process)))
        except OSError:
            connection.close()
            raise OperatorError(
                f"{self._data}: process {process} takes no such orders; start the server with --chaos to allow them"
            ) from None
        return connection

    def close(self) -> None:
        """Give no more orders."""
        self._run.close()
