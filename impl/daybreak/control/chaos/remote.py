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

from daybreak.control.chaos.server import socket_name
from daybreak.control.chaos.spoil import spoil_an_entry
from daybreak.control.chaos.words import CORRUPT, SIGNALS, Command
from daybreak.control.places import RunDirectory
from daybreak.errors import OperatorError

ANSWER_SECONDS = 10.0


class Remote:
    """The processes of the cluster on a data directory, for those who give orders; `close` it."""

    def __init__(self, data: Path, processes: Sequence[str], seed: int | None = None) -> None:
        """`processes` are the names of all of them; `seed` is for what is left to chance."""
        if not data.is_dir():
            raise OperatorError(f"{data}: no such data directory; name another with --data")
        self.processes = tuple(processes)
        self._data = data
        self._run = RunDirectory(data)
        self._random = random.Random(seed)

    def carry_out(self, command: Command) -> str:
        """Do what a command says; what there is to say of it. OperatorError if its process takes no orders."""
        node, do = command
        if node is None:
            self._tell_all(do)
        elif not isinstance(do, str):
            self._tell(node, do)
        elif do == CORRUPT:
            self.pid(node)
            return spoil_an_entry(self._data / "zones" / node, self._random)
        else:
            os.kill(self.pid(node), SIGNALS[do])
        return ""

    def _tell_all(self, order: object) -> None:
        """Tell everybody who listens; somebody must."""
        listening = [name for name in self.processes if self._listens(name)]
        for name in listening or self.processes[:1]:
            self._tell(name, order)

    def _listens(self, process: str) -> bool:
        try:
            self._connect(process).close()
        except OperatorError:
            return False
        return True

    def pid(self, process: str) -> int:
        """The process that listens for orders; paused or not."""
        with self._connect(process) as connection:
            found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", found)[0])

    def _tell(self, process: str, order: object) -> None:
        with self._connect(process) as connection:
            try:
                connection.sendall(msgspec.json.encode(order) + b"\n")
                said = connection.makefile("r").readline()
            except OSError as error:
                raise OperatorError(f"{process}: does not answer: {error.strerror or error}") from None
        if said != "\n":
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
