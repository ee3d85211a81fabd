"""The zones as a server sees them: processes that it supervises, processes that others run, or roles of its own."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from daybreak import cluster
from daybreak.base.ids import JournalId, NodeId
from daybreak.control.api import ask_soon
from daybreak.control.datadir import DataDirectory
from daybreak.control.places import RunDirectory, make_secret
from daybreak.control.supervisor import Supervisor
from daybreak.errors import OperatorError
from daybreak.journal.quorum import majority
from daybreak.node import make_peers
from daybreak.runtime.chaos import Chaos
from daybreak.runtime.local.chaos import disks_of
from daybreak.runtime.local.disk import LocalDisk
from daybreak.runtime.local.network import LocalNetwork
from daybreak.runtime.remote.network import PeerNetwork
from daybreak.zone import Zone

log = logging.getLogger(__name__)

ZONES, SINGLE, APART = "zones", "single", "apart"
MODES = (ZONES, SINGLE, APART)
ALL_SECONDS = 30.0
"""So long a server that starts waits for all zones; after that a majority will do."""
MAJORITY_SECONDS = 120.0
"""Without a majority of zones after so long, starting has failed."""
ANSWER_SECONDS = 2.0
"""A zone that does not say how it is within this time is shown without its roles."""
Status = dict[str, object]


class Zones(Protocol):
    """What a server needs of its zones, however they run."""

    @property
    def network(self) -> LocalNetwork:
        """Where the server's own roles run."""

    async def open(self, around: cluster.Surroundings) -> None:
        """Let the zones come up; returns when the roles of the region may start."""

    def settle(self) -> None:
        """The server is ready."""

    async def status(self) -> dict[str, Status]:
        """How each zone is: its process, and its roles by node."""

    async def close(self) -> None:
        """Stop them; the network is closed by now."""


def make_zones(mode: str, directory: DataDirectory, trace: Path | None, chaos: Chaos | None = None) -> Zones:
    """The zones of a server, in one of `MODES`; if there is chaos, such as fail by order."""
    secret = make_secret(directory.path)
    if mode == SINGLE:
        return OwnZones(directory, disks_of(chaos))
    return OtherZones(directory, secret, trace, chaos, supervised=mode == ZONES)


class OwnZones:
    """All zones in the server's own process."""

    def __init__(self, directory: DataDirectory, disks: Callable[[Path], LocalDisk]) -> None:
        self.network = LocalNetwork()
        self._disks = disks
        self._directory = directory
        self._zones: list[Zone] = []

    async def open(self, around: cluster.Surroundings) -> None:
        """Open all files before any role starts: damage in one zone changes nothing in another."""
        for name in cluster.ZONES:
            zone = await Zone.open(name, self._directory.zone(name))
            self._zones.append(zone)
            zone.add_to(self.network, around, around.layout.in_zone(name), self._disks)
        for zone in self._zones:
            zone.start()

    def settle(self) -> None:
        """Nothing to do."""

    async def status(self) -> dict[str, Status]:
        """The roles; there are no processes of their own."""
        return {zone.name: {"roles": zone.status()} for zone in self._zones}

    async def close(self) -> None:
        """Close files and locks."""
        for zone in self._zones:
            zone.close()


class OtherZones:
    """Each zone in a process of its own, which this one supervises or not."""

    def __init__(
        self, directory: DataDirectory, secret: bytes, trace: Path | None, chaos: Chaos | None, *, supervised: bool
    ) -> None:
        self.network = PeerNetwork(cluster.REGION, cluster.process_of)
        data = directory.path
        for zone in cluster.ZONES:
            directory.zone(zone)
        self._run = RunDirectory(data)
        self._peers = make_peers(self.network, cluster.REGION, directory.cluster, self._run, secret, chaos)
        options = [] if chaos is None else ["--chaos"]
        commands = {zone: [*_command(zone, data, trace), *options] for zone in cluster.ZONES} if supervised else {}
        self._supervisor = Supervisor(commands, self.network.fail)

    async def open(self, around: cluster.Surroundings) -> None:
        """Start them and wait for all; for a majority, if one takes very long.

        No role here starts before: damage that one zone finds in its files is then found before another one's change.
        """
        self._supervisor.start()
        self.network.join(self._peers)
        try:
            await self._peers.start()
        except OSError as error:
            raise OperatorError(f"no socket can be made: {error.strerror}") from None
        if not await self._wait(lambda: not self._missing(), ALL_SECONDS):
            log.warning("going on without %s, which has not come up yet", ", ".join(self._missing()))
            enough = majority(len(cluster.ZONES))
            if not await self._wait(lambda: len(cluster.ZONES) - len(self._missing()) >= enough, MAJORITY_SECONDS):
                raise OperatorError(f"no majority of zones: {', '.join(self._missing())} have not come up")

    def _missing(self) -> list[str]:
        return [zone for zone in cluster.ZONES if not self._peers.is_up(zone)]

    async def _wait(self, done: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is so; whether it is, after at most `seconds`."""
        deadline = time.monotonic() + seconds
        while not done():
            if self.network.failure.done():
                await self.network.failure
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.005)
        return True

    def settle(self) -> None:
        """From here on a zone that ends is started again, whatever it says."""
        self._supervisor.settle()

    async def status(self) -> dict[str, Status]:
        """Ask every zone at once."""
        answers = await asyncio.gather(*(self._ask(zone) for zone in cluster.ZONES))
        children, peers = self._supervisor.status(), self._peers.status()
        found: dict[str, Status] = {}
        for zone, answer in zip(cluster.ZONES, answers, strict=True):
            said = answer or {}
            life = {"pid": said.get("pid"), "uptime_seconds": said.get("uptime_seconds")} | children.get(zone, {})
            state = "running" if answer else "silent" if life["pid"] is not None else "down"
            found[zone] = {"state": state, **life, "connection": peers[zone], "roles": said.get("roles", {})}
        return found

    async def _ask(self, zone: str) -> Status | None:
        return await ask_soon(str(self._run.path / self._run.control(zone)), ANSWER_SECONDS)

    async def close(self) -> None:
        """End the processes in order."""
        await self._supervisor.stop()
        self._run.close()


def journal_row(journal: JournalId, zone: str, node: NodeId, said: Status) -> Status:
    """What operators see of a journal's replica in `zone`, of which `said` is the status."""
    roles = said["roles"]
    assert isinstance(roles, dict), "a zone tells of its roles by their nodes"
    numbers: Status = roles.get(node, {"failure": f"the zone's process is {said.get('state')}"})
    columns = ("last_index", "synced", "durable", "failure")
    return {"journal": journal, "zone": zone, **{name: numbers.get(name) for name in columns}}


def _command(zone: str, data: Path, trace: Path | None) -> list[str]:
    command = [sys.executable, "-m", "daybreak", "node", "--zone", zone, "--data", str(data), "--with-stdin"]
    return command if trace is None else [*command, "--trace", str(trace)]
