"""The zones as a server sees them: processes that it supervises, processes that others run, or roles of its own."""

from __future__ import annotations

import asyncio
import logging
import math
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from daybreak import cluster
from daybreak.base.ids import JournalId, NodeId
from daybreak.control.datadir import DataDirectory
from daybreak.control.machine import OverTcp
from daybreak.control.places import RunDirectory, make_secret, read_secret
from daybreak.control.questions import Questions, Status
from daybreak.control.supervisor import Supervisor
from daybreak.errors import OperatorError
from daybreak.insight import Told
from daybreak.journal.quorum import majority
from daybreak.node import Peering
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
ANSWER_SECONDS = 1.0
"""A zone that does not say how it is within this time is shown without its roles."""


class Zones(Protocol):
    """What a server needs of its zones, however they run."""

    @property
    def network(self) -> LocalNetwork:
        """Where the server's own roles run."""

    async def open(self, around: cluster.Surroundings) -> None:
        """Let the zones come up; returns when the roles of the region may start."""

    def settle(self) -> None:
        """The server is ready."""

    def ends_with_us(self, zone: str) -> bool:
        """Whether a zone is there, and ends when the server does."""

    async def status(self) -> dict[str, Status]:
        """How each zone is: its process, and its roles by node."""

    async def close(self) -> None:
        """Stop them; the network is closed by now."""


def make_zones(
    mode: str, directory: DataDirectory, trace: Path | None, over_tcp: OverTcp, chaos: Chaos | None = None
) -> Zones:
    """The zones of a server, in one of `MODES`; if there is chaos, such as fail by order.

    OperatorError for addresses where all processes are this server's.
    """
    if mode != APART and over_tcp != OverTcp():
        raise OperatorError("--listen and --peer are for zones that are run by daybreak node; add --processes apart")
    secret = make_secret(directory.path) if over_tcp.certificates is None else read_secret(directory.path)
    if mode == SINGLE:
        return OwnZones(directory, disks_of(chaos))
    run = RunDirectory(directory.path)
    processes = directory.topology.processes
    addresses = over_tcp.listen, over_tcp.peers
    known = directory.cluster, directory.region, run, secret, processes
    peering = Peering(*known, *addresses, chaos, over_tcp.certificates)
    return OtherZones(directory, peering, trace, supervised=mode == ZONES)


class OwnZones:
    """All zones in the server's own process."""

    def __init__(self, directory: DataDirectory, disks: Callable[[Path], LocalDisk]) -> None:
        self.network = LocalNetwork()
        self._disks = disks
        self._directory = directory
        self._zones: list[Zone] = []

    async def open(self, around: cluster.Surroundings) -> None:
        """Open all files before any role starts: damage in one zone changes nothing in another."""
        for name in around.layout.topology.zones:
            zone = await Zone.open(name, self._directory.zone(name))
            self._zones.append(zone)
            zone.prepare(around, around.layout.in_zone(name), self._disks)
        for zone in self._zones:
            zone.start(self.network)

    def settle(self) -> None:
        """Nothing to do."""

    def ends_with_us(self, zone: str) -> bool:
        """They do."""
        return bool(self._zones)

    async def status(self) -> dict[str, Status]:
        """The roles; there are no processes of their own."""
        return {zone.name: {"roles": zone.status()} for zone in self._zones}

    async def close(self) -> None:
        """Close files and locks."""
        for zone in self._zones:
            zone.close()


class OtherZones:
    """Each zone in a process of its own, which this one supervises or not."""

    def __init__(self, directory: DataDirectory, peering: Peering, trace: Path | None, *, supervised: bool) -> None:
        self.network = PeerNetwork(peering.process, cluster.process_of)
        data, zones = directory.path, directory.topology.zones
        self._zones = zones
        for zone in zones if supervised else ():
            directory.zone(zone)
        self._supervised = supervised
        self._patient = len(directory.topology.regions) > 1 or peering.certificates is not None
        self._run, self._peering = peering.run, peering
        self._peers = self._peering.connect(self.network)
        self._questions = Questions(self.network, NodeId(f"{peering.process}/status-0"))
        options = [] if peering.chaos is None else ["--chaos"]
        commands = {zone: [*_command(zone, data, trace), *options] for zone in zones} if supervised else {}
        self._supervisor = Supervisor(commands, self.network.fail)

    async def open(self, around: cluster.Surroundings) -> None:
        """Start them and wait for all; for a majority, if one takes very long. One of several regions, or machines,
        waits for that, however long it takes.

        No role starts before: damage that one zone finds in its files is then found before another one's change.
        """
        self._supervisor.start()
        self.network.join(self._peers)
        await self._peering.start(self._peers)
        if self._patient:
            await self._wait(self._majority, math.inf)
        elif not await self._wait(lambda: not self._missing(), ALL_SECONDS):
            log.warning("going on without %s, which has not come up yet", ", ".join(self._missing()))
            if not await self._wait(self._majority, MAJORITY_SECONDS):
                raise OperatorError(f"no majority of zones: {', '.join(self._missing())} have not come up")
        self._supervisor.go()

    def _majority(self) -> bool:
        return len(self._zones) - len(self._missing()) >= majority(len(self._zones))

    def _missing(self) -> list[str]:
        return [zone for zone in self._zones if not self._peers.is_up(zone)]

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

    def ends_with_us(self, zone: str) -> bool:
        """Those that we supervise."""
        return self._supervised and self._peers.is_up(zone)

    async def status(self) -> dict[str, Status]:
        """Ask every zone at once."""
        answers = await self._questions.ask(
            tuple(zone for zone in self._zones if self._peers.is_up(zone)), ANSWER_SECONDS
        )
        children, peers = self._supervisor.status(), self._peers.status()
        found: dict[str, Status] = {}
        for zone in self._zones:
            answer = answers.get(zone)
            said = answer or {}
            life = {"pid": said.get("pid"), "uptime_seconds": said.get("uptime_seconds")} | children.get(zone, {})
            state = "running" if answer else "silent" if life["pid"] is not None or self._peers.is_up(zone) else "down"
            heard = {"connection": peers[zone], "unheard": said.get("unheard", {})}
            found[zone] = {"state": state, **life, **heard, "roles": said.get("roles", {}), "sent": _kinds(said)}
        return found

    async def close(self) -> None:
        """End the processes in order."""
        await self._supervisor.stop()
        self._run.close()


def _kinds(said: Status) -> Status:
    """What a zone that has `said` its status has sent to each other process: how many letters of each kind."""
    peers = said.get("peers", {})
    assert isinstance(peers, dict), "by name"
    return {name: peer["kinds"] for name, peer in peers.items()}


def told(zones: Mapping[str, Status], node: NodeId, journal: JournalId | None = None) -> Told:
    """What the zones' `status` says of a node."""
    zone = zones[cluster.process_of(node)]
    roles = zone["roles"]
    assert isinstance(roles, dict), "a zone tells of its roles by their nodes"
    return Told(node, journal, roles.get(node), str(zone.get("state")))


def _command(zone: str, data: Path, trace: Path | None) -> list[str]:
    command = [sys.executable, "-m", "daybreak", "node", "--zone", zone, "--data", str(data), "--with-stdin"]
    return command if trace is None else [*command, "--trace", str(trace)]
