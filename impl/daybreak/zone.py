"""The roles of one zone in this process: its own process, or that of a server which runs everything itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from pathlib import Path

from daybreak import cluster
from daybreak.base.ids import NodeId
from daybreak.control.places import ZoneLock
from daybreak.journal.replica import Journal
from daybreak.runtime.local.disk import LocalDisk
from daybreak.runtime.local.network import Host, LocalNetwork

log = logging.getLogger(__name__)


class Zone:
    """See above. `open`, `start`, then `close` when the network is closed."""

    def __init__(self, name: str, directory: Path, lock: ZoneLock) -> None:
        self.name = name
        self.directory = directory
        self._undo: list[Callable[[], object]] = [lock.release]
        self._hosts: list[Host] = []
        self._journals: dict[NodeId, Journal] = {}

    @classmethod
    async def open(cls, name: str, directory: Path) -> Zone:
        """Lock the zone's directory; OperatorError if another process keeps it."""
        return cls(name, directory, await ZoneLock.take(directory))

    def add_to(
        self,
        network: LocalNetwork,
        around: cluster.Surroundings,
        nodes: Collection[NodeId],
        disks: Callable[[Path], LocalDisk] = LocalDisk,
    ) -> None:
        """Open the files of `nodes` and give each a host. OperatorError or CorruptionError if files are not usable."""
        for node in nodes:
            disk = disks(self.directory / node.partition("/")[2])
            self._undo.append(disk.close)
            replica = self._journals[node] = cluster.journal(around, node, disk)
            for note in replica.notes:
                log.warning("%s: %s", node, note)
            self._hosts.append(network.add(replica, disk))
        self._network = network

    def start(self) -> None:
        """Set the roles going."""
        for host in self._hosts:
            self._network.start(host)

    def status(self) -> dict[str, object]:
        """What an operator may want to know, by node."""
        return {str(node): journal.status() for node, journal in self._journals.items()}

    def close(self) -> None:
        """Close the files and unlock the zone; the network must be closed before."""
        while self._undo:
            self._undo.pop()()
