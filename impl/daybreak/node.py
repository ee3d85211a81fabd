"""The process of one zone: its roles, and a connection to each other process."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import msgspec

from daybreak import cluster, wire
from daybreak.base.ids import NodeId
from daybreak.control.chaos.server import ChaosServer
from daybreak.control.datadir import identity
from daybreak.control.leases import give_back
from daybreak.control.places import RunDirectory, read_secret
from daybreak.control.questions import answer_with
from daybreak.errors import OperatorError
from daybreak.runtime.chaos import Chaos
from daybreak.runtime.local.chaos import clock_of, disks_of
from daybreak.runtime.protocols import Clock
from daybreak.runtime.remote.chaos import ChaosPeers
from daybreak.runtime.remote.codec import Registry
from daybreak.runtime.remote.handshake import Identity
from daybreak.runtime.remote.network import PeerNetwork
from daybreak.runtime.remote.peers import Address, Limits, Peers, TcpAddress
from daybreak.runtime.remote.relay import Deliver, Relay
from daybreak.runtime.remote.tls import Tls
from daybreak.trace.directory import TraceDirectory
from daybreak.trace.recorder import NoTrace, Trace
from daybreak.zone import Zone

RELEASE_SECONDS = 1.0
"""An orderly stop waits this long for the leases to be given back: other zones may end at the same time."""


MISSING_SECONDS = 15.0
"""A process of another machine that has not been there for so long is reported."""


class Settings(msgspec.Struct, frozen=True):
    """How to run a zone's process."""

    data: Path
    zone: str
    roles: tuple[str, ...] = cluster.ZONE_ROLES
    """Which of the zone's roles."""
    trace: Path | None = None
    listen: TcpAddress | None = None
    """Where to listen for the other processes; None: on a Unix socket in the data directory."""
    peers: dict[str, TcpAddress] = {}
    """Where those of them listen that do not on a Unix socket there."""
    certificates: Path | None = None
    """The directory with what it shows them (`runtime.remote.tls`); None: nothing, and it believes everybody."""
    chaos: bool = False
    """Whether it takes orders to fail."""


def build(registry: Registry) -> str:
    """What two processes must have in common to talk to each other, besides the protocol."""
    try:
        release = version("daybreak")
    except PackageNotFoundError:
        release = "uninstalled"
    return f"{release}+{registry.fingerprint}"


def make_chaos(process: str, processes: Sequence[str]) -> Chaos:
    """What may go wrong by order in a process that allows it, one of `processes`."""
    return Chaos(tuple(name for name in processes if name != process))


class Peering(NamedTuple):
    """What a process needs to talk to the others of its cluster."""

    cluster: str
    process: str
    run: RunDirectory
    secret: bytes
    processes: Sequence[str]
    """The names of all processes of the cluster."""
    listen: TcpAddress | None = None
    peers: Mapping[str, TcpAddress] = {}
    chaos: Chaos | None = None
    certificates: Path | None = None
    """Where the certificate of this process is; None: TCP without TLS."""

    def connect(self, network: PeerNetwork) -> Relay:
        """The connections, for `network`; OperatorError if this process is named as its own peer."""
        if self.process in self.peers:
            raise OperatorError(f"--peer {self.process}: that is this process; say where it listens with --listen")
        registry = wire.registry()
        me = Identity(self.cluster, self.process, build(registry), self.secret)
        addresses: dict[str, Address] = {name: self.run.socket(name) for name in self.processes} | dict(self.peers)
        if self.listen is not None:
            addresses[self.process] = self.listen
        tls, limits = None, Limits()
        if self.certificates is not None:
            tls = Tls(self.certificates, self.cluster, self.process)
            limits = Limits(missing_seconds=MISSING_SECONDS)

        def connections(deliver: Deliver) -> Peers:
            if self.chaos is not None:
                return ChaosPeers(me, registry, addresses, deliver, limits, tls, chaos=self.chaos)
            return Peers(me, registry, addresses, deliver, limits, tls)

        return Relay(self.process, self.processes, registry, network.receive, connections)

    async def start(self, relay: Relay) -> None:
        """Begin to listen and to dial; OperatorError if it cannot listen."""
        try:
            await relay.start()
        except OSError as error:
            where = self.run.where if self.listen is None else self.listen
            why = os.strerror(error.errno) if error.errno else str(error)  # the loop's own text has the address again
            raise OperatorError(f"{where}: {self.process} cannot listen there: {why}") from None


class NodeProcess:
    """See the module. `start` once, then `stop` once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._started = time.monotonic()
        found = identity(settings.data)
        self._cluster, self._layout = found.cluster, cluster.Layout(found.adjudicators, found.topology)
        zones = found.topology.zones
        if settings.zone not in zones:
            raise OperatorError(f"--zone {settings.zone}: the cluster of {settings.data} has {', '.join(zones)}")
        self._undo: list[Callable[[], object]] = []
        self._traces: TraceDirectory | None = None

    @property
    def nodes(self) -> tuple[NodeId, ...]:
        """The nodes that it runs."""
        chosen = self.settings.roles
        all_nodes = self._layout.in_zone(self.settings.zone)
        return tuple(node for node in all_nodes if cluster.role_of(node) in chosen)

    @property
    def failure(self) -> asyncio.Future[None]:
        """Gets the exception of a role that failed; the process must stop then."""
        return self._network.failure

    async def start(self, may_begin: asyncio.Event | None = None) -> None:
        """Wait for the zone's last process to end, open its files, let peers in, and begin when that is allowed."""
        try:
            await self._open()
            if may_begin is not None:
                await may_begin.wait()
            self._zone.start(self._network)
            self._undo.append(self._release)
        except BaseException:
            await self.stop()
            raise

    async def _open(self) -> None:
        settings, processes = self.settings, self._layout.topology.processes
        chaos = make_chaos(settings.zone, processes) if settings.chaos else None
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
        zone.prepare(cluster.Surroundings(lambda node: clock, self._trace, self._layout), self.nodes, disks_of(chaos))
        secret = read_secret(settings.data)
        peering = Peering(
            self._cluster,
            *(settings.zone, run, secret, processes),
            *(settings.listen, settings.peers, chaos, settings.certificates),
        )
        self._peers = peering.connect(network)
        network.join(self._peers)
        answer_with(network, settings.zone, self.status)
        if chaos is not None:
            orders = ChaosServer(settings.data, settings.zone, chaos)
            self._undo.append(orders.stop)
            await orders.start()
        await peering.start(self._peers)

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
            "unheard": self._peers.unheard(),
        }

    async def _release(self) -> None:
        """Give leases back, so that another zone can take over at once."""
        own = [node for node in self.nodes if cluster.role_of(node) == "adj"]
        await give_back(self._network, self.settings.zone, own, RELEASE_SECONDS)

    async def stop(self) -> None:
        """Stop everything that was started, in reverse order."""
        while self._undo:
            result = self._undo.pop()()
            if asyncio.iscoroutine(result):
                await result
