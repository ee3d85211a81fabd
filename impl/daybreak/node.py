"""The process of one zone: its roles, a connection to the other processes, a socket that answers questions."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from daybreak import cluster, wire
from daybreak.base.ids import NodeId
from daybreak.control.api import ControlServer
from daybreak.control.chaos.server import ChaosServer
from daybreak.control.datadir import identity
from daybreak.control.places import RunDirectory, read_secret
from daybreak.errors import OperatorError
from daybreak.runtime.chaos import Chaos
from daybreak.runtime.local.chaos import clock_of, disks_of
from daybreak.runtime.protocols import Clock
from daybreak.runtime.remote.chaos import ChaosPeers
from daybreak.runtime.remote.codec import Registry
from daybreak.runtime.remote.handshake import Identity
from daybreak.runtime.remote.network import PeerNetwork
from daybreak.runtime.remote.peers import Address, Peers
from daybreak.trace.directory import TraceDirectory
from daybreak.trace.recorder import NoTrace, Trace
from daybreak.zone import Zone

PROCESSES = (cluster.REGION, *cluster.ZONES)


class Settings(msgspec.Struct, frozen=True):
    """How to run a zone's process."""

    data: Path
    zone: str
    roles: tuple[str, ...] = cluster.ZONE_ROLES
    """Which of the zone's roles."""
    trace: Path | None = None
    chaos: bool = False
    """Whether it takes orders to fail."""


def build(registry: Registry) -> str:
    """What two processes must have in common to talk to each other, besides the protocol."""
    try:
        release = version("daybreak")
    except PackageNotFoundError:
        release = "uninstalled"
    return f"{release}+{registry.fingerprint}"


def make_chaos(process: str, *, alone: bool = False) -> Chaos:
    """What may go wrong by order in a process that allows it; one that is `alone` has no others to talk to."""
    return Chaos(() if alone else tuple(name for name in PROCESSES if name != process))


def make_peers(
    network: PeerNetwork,
    process: str,
    cluster_name: str,
    run: RunDirectory,
    secret: bytes,
    chaos: Chaos | None = None,
) -> Peers:
    """The connections of `process` to all others of the cluster; such as fail by order if there is chaos."""
    registry = wire.registry()
    me = Identity(cluster_name, process, build(registry), secret)
    addresses: dict[str, Address] = {name: run.socket(name) for name in PROCESSES}
    if chaos is not None:
        return ChaosPeers(me, registry, addresses, network.receive, chaos=chaos)
    return Peers(me, registry, addresses, network.receive)


class NodeProcess:
    """See the module. `start` once, then `stop` once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._started = time.monotonic()
        found = identity(settings.data)
        self._cluster, self._layout = found.cluster, cluster.Layout(found.adjudicators)
        self._undo: list[Callable[[], object]] = []
        self._traces: TraceDirectory | None = None

    @property
    def nodes(self) -> tuple[NodeId, ...]:
        """The nodes that it runs."""
        chosen = self.settings.roles
        all_nodes = self._layout.in_zone(self.settings.zone)
        return tuple(node for node in all_nodes if node.partition("/")[2].rpartition("-")[0] in chosen)

    @property
    def failure(self) -> asyncio.Future[None]:
        """Gets the exception of a role that failed; the process must stop then."""
        return self._network.failure

    async def start(self) -> None:
        """Wait for the zone's last process to end, open its files, and let peers in."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        settings = self.settings
        chaos = make_chaos(settings.zone) if settings.chaos else None
        clock = clock_of(chaos)
        zone = self._zone = await Zone.open(settings.zone, settings.data / "zones" / settings.zone)
        self._undo.append(zone.close)
        run = RunDirectory(settings.data)
        self._undo.append(run.close)
        network = self._network = PeerNetwork(settings.zone, cluster.process_of)
        self._undo.append(network.close)
        if settings.trace is not None:
            adjudicators = len(self._layout.journals)
            self._traces = TraceDirectory(settings.trace, self._cluster, network.fail, adjudicators=adjudicators)
        around = cluster.Surroundings(lambda node: clock, self._trace, self._layout)
        zone.add_to(network, around, self.nodes, disks_of(chaos))
        self._peers = make_peers(network, settings.zone, self._cluster, run, read_secret(settings.data), chaos)
        network.join(self._peers)
        control = ControlServer(run.path, self.status, run.control(settings.zone))
        await control.start()
        self._undo.append(control.stop)
        if chaos is not None:
            orders = ChaosServer(settings.data, settings.zone, chaos)
            self._undo.append(orders.stop)
            await orders.start()
        zone.start()
        try:
            await self._peers.start()
        except OSError as error:
            raise OperatorError(f"{settings.data}/run: no socket can be made there: {error.strerror}") from None

    def _trace(self, node: NodeId, clock: Clock) -> Trace:
        if self._traces is None:
            return NoTrace()
        return self._traces.recorder(node, clock, slice_name=cluster.slice_of(node))

    def status(self) -> dict[str, object]:
        """What `daybreak status` shows of it."""
        return {
            "pid": os.getpid(),
            "uptime_seconds": round(time.monotonic() - self._started, 3),
            "roles": self._zone.status(),
            "peers": self._peers.status(),
        }

    async def stop(self) -> None:
        """Stop everything that was started, in reverse order."""
        while self._undo:
            result = self._undo.pop()()
            if asyncio.iscoroutine(result):
                await result
