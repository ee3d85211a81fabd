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

from daybreak.base.topology import stands_for
from daybreak.control.chaos.server import KEEPER, socket_name
from daybreak.control.chaos.spoil import spoil_an_entry
from daybreak.control.chaos.words import CORRUPT, SIGNALS, Command
from daybreak.control.places import RunDirectory
from daybreak.errors import OperatorError
from daybreak.runtime.chaos import Disturb, Keep, Order

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
            return ""
        names = stands_for(node, self.processes)
        if isinstance(do, Disturb):
            self._disturb(names, do)
            return ""
        zones = [name for name in names if (self._data / "zones" / name).is_dir()] if do == CORRUPT else []
        return "\n".join(filter(None, (self._do(name, do) for name in zones or names)))

    def _do(self, node: str, do: Order | str) -> str:
        """Do something to one process."""
        match do:
            case Keep():
                self._tell(KEEPER, Keep(node, do.up))
            case str() if do == CORRUPT:
                self.pid(node)
                return spoil_an_entry(self._data / "zones" / node, self._random)
            case str():
                os.kill(self.pid(node), SIGNALS[do])
            case _:
                self._tell(node, do)
        return ""

    def _disturb(self, names: tuple[str, ...], order: Disturb) -> None:
        """Let something go wrong between some processes and others. It is enough to tell one of two, the other of which
        may be down; of a cut both are told, as it is to last when one of them is started again."""
        if order.peer is None and len(names) == 1:
            self._tell(names[0], order)
            return
        peers = [name for name in self.processes if name not in names]
        if order.peer is not None:
            peers = [*stands_for(order.peer, self.processes)]
        for name in names:
            for peer in peers:
                ends = [end for end in ((name, peer), (peer, name)) if self._listens(end[0])] or [(name, peer)]
                for teller, other in ends if order.fault == "cut" else ends[:1]:
                    self._tell(teller, Disturb(other, order.fault, order.amount))

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
