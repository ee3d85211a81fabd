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
from daybreak.runtime.local.network import LocalNetwork
from daybreak.storage.replica import Replica

log = logging.getLogger(__name__)


class Zone:
    """See above. `open`, `prepare`, `start`, then `close` when the network is closed."""

    def __init__(self, name: str, directory: Path, lock: ZoneLock) -> None:
        self.name = name
        self.directory = directory
        self._undo: list[Callable[[], object]] = [lock.release]
        self._roles: list[tuple[cluster.ZoneRole, LocalDisk | None]] = []

    @classmethod
    async def open(cls, name: str, directory: Path) -> Zone:
        """Lock the zone's directory; OperatorError if another process keeps it."""
        return cls(name, directory, await ZoneLock.take(directory))

    def prepare(
        self,
        around: cluster.Surroundings,
        nodes: Collection[NodeId],
        disks: Callable[[Path], LocalDisk] = LocalDisk,
    ) -> None:
        """Open the files of `nodes` and make their roles. OperatorError or CorruptionError if files are not usable."""
        for node in nodes:
            place = cluster.directory_of(node)
            disk = disks(self.directory / place) if place is not None else None
            if disk is not None:
                self._undo.append(disk.close)
            role = cluster.zone_role(around, node, disk)
            for note in role.notes if isinstance(role, Journal | Replica) else ():
                log.warning("%s: %s", node, note)
            self._roles.append((role, disk))

    def start(self, network: LocalNetwork) -> None:
        """Set the roles going; before, no message reaches them."""
        for host in [network.add(role, disk) for role, disk in self._roles]:
            network.start(host)

    def status(self) -> dict[str, object]:
        """What an operator may want to know, by node."""
        return {str(role.node): role.status() for role, _ in self._roles}

    def close(self) -> None:
        """Close the files and unlock the zone; the network must be closed before."""
        while self._undo:
            self._undo.pop()()
