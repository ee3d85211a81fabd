"""One running server: a cluster's roles in this process, the private PostgreSQL, and the router before them."""

from __future__ import annotations

import asyncio
import heapq
import logging
import math
import os
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from daybreak import cluster
from daybreak.base.ids import JournalId, NodeId
from daybreak.base.limits import MAX_AGE_US
from daybreak.base.time import Timestamp
from daybreak.control.api import ControlServer
from daybreak.control.balancer import SPLIT_ABOVE
from daybreak.control.balancer import Settings as BalancerSettings
from daybreak.control.chaos.server import ChaosServer
from daybreak.control.datadir import DataDirectory, ServerFile
from daybreak.control.leading import LEAD_SHARE
from daybreak.control.leading import Settings as LeadingSettings
from daybreak.control.leases import give_back
from daybreak.control.machine import OverTcp
from daybreak.endpoint import Endpoint
from daybreak.errors import InternalError, OperatorError
from daybreak.insight import SERVING, Cluster, ClusterInsight, Parts, Range
from daybreak.node import make_chaos
from daybreak.orders import Orders
from daybreak.query.factory import SqlSessions
from daybreak.query.gateway import Gateway
from daybreak.query.keyplaces import place, read_catalog
from daybreak.query.leaders import Leaders
from daybreak.query.pool import EnginePool
from daybreak.query.private_server import PrivateServer
from daybreak.query.processor import QueryProcessor
from daybreak.replicas import Replicas
from daybreak.router.server import Router
from daybreak.runtime.local.chaos import clock_of
from daybreak.runtime.local.network import Host
from daybreak.runtime.protocols import Clock, Message
from daybreak.trace.directory import TraceDirectory
from daybreak.trace.recorder import NoTrace, Trace
from daybreak.zones import SINGLE, ZONES, Zones, make_zones, told

log = logging.getLogger(__name__)

RECOVERY_SECONDS = 120.0
"""After this long without working adjudicators and a complete storage replica, starting has failed."""
RELEASE_SECONDS = 2.0
"""An orderly stop waits this long for the leases to be given back."""


class Settings(msgspec.Struct, frozen=True):
    """How to run a server."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 5432
    trace: Path | None = None
    adjudicators: int | None = None
    """How many a new data directory is made for; of an old one, how many it must have. None: as it is."""
    max_sessions: int = 100
    warm: int = 4
    """Private databases kept ready for new sessions."""
    split_above: int = SPLIT_ABOVE
    """Transactions per second above which a key range is split; 0: none ever is by itself."""
    lead_share: int = LEAD_SHARE
    """`control.leading.Settings.share`."""
    processes: str = ZONES
    """How the zones run: one of `zones.MODES`."""
    over_tcp: OverTcp = OverTcp()
    chaos: bool = False
    """Whether its processes take orders to fail."""


class Instance:
    """A server on a data directory. `start` once, then `stop` once."""

    def __init__(self, settings: Settings, directory: DataDirectory | None = None) -> None:
        """`directory` is that of one of several regions; None: this server has all of `Settings.data`."""
        self.settings = settings
        self.started_at = time.time()
        self._directory = directory or DataDirectory.open(settings.data, settings.adjudicators, regions=1)
        self.region = self._directory.region
        self._asker, self._operator = (NodeId(f"{self.region}/{name}-0") for name in ("insight", "operator"))
        self._stride = len(self._directory.topology.regions)
        self._several = self._stride > 1
        self._layout = cluster.Layout(self._directory.adjudicators, self._directory.topology)
        self._leaders = Leaders(self._layout.candidates)
        self._chaos = make_chaos(self.region, self._processes()) if settings.chaos else None
        self._clock = clock_of(self._chaos)
        self._traces: TraceDirectory | None = None
        self._free: list[int] = []
        self._processors: list[Host] = []
        self._replicas = Replicas(self._layout.storages, partial(self._say_as, self._asker))
        self._insight = ClusterInsight(self._parts(), self._clock, self._replicas)
        self._endpoint = Endpoint(self._can_read if self._several else None)
        self._router = Router(
            sessions=self._endpoint, host=settings.host, port=settings.port, max_sessions=settings.max_sessions
        )
        self._undo: list[Callable[[], object]] = [self._directory.close]

    def _processes(self) -> tuple[str, ...]:
        """The names of the processes that talk to each other."""
        return () if self.settings.processes == SINGLE else self._layout.topology.processes

    @property
    def port(self) -> int:
        """The port that clients connect to."""
        return self._router.port

    @property
    def ports(self) -> dict[str, int]:
        """The same, by the name of the region."""
        return {self.region: self.port}

    @property
    def failure(self) -> asyncio.Future[None]:
        """Gets the exception of a role that failed; the server must stop then."""
        return self._network.failure

    async def start(self) -> None:
        """Recover from the journal, then accept clients. Raises `OperatorError` when the surroundings forbid it."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        settings = self.settings
        zones = self._zones = make_zones(
            settings.processes, self._directory, settings.trace, settings.over_tcp, self._chaos
        )
        self._undo.append(zones.close)
        self._network = zones.network
        if settings.trace is not None:
            self._traces = TraceDirectory(
                settings.trace,
                self._directory.cluster,
                self._network.fail,
                adjudicators=self._directory.adjudicators,
            )
        self._undo.append(self._network.close)
        if self._several:  # those who come too early are told so, and go to another endpoint
            await self._router.start()
            self._undo.append(self._router.stop)
        around = self._around = cluster.Surroundings(self._node_clock, self._node_trace, self._layout)
        # The zones come up, and the journals are recovered, while PostgreSQL starts.
        opening = asyncio.get_running_loop().create_task(self._open(zones, around))
        self._undo.append(partial(_abandon, opening))
        server = await PrivateServer.start(self._directory.home / "engine")
        self._undo.append(server.stop)
        watch = asyncio.get_running_loop().create_task(self._watch(server))
        self._undo.append(watch.cancel)
        pool = await EnginePool.start(server, warm=settings.warm)
        self._undo.append(pool.stop)
        await opening
        self._undo.append(self._release)
        await self._or_failure(self._recovered())
        zones.settle()
        self._endpoint.begin(SqlSessions(pool, self._open_store, self._insight))
        if not self._several:
            await self._router.start()
        self._undo.append(self._router.stop)
        orders = Orders(self._balancer, self._locate, partial(self._say_as, self._operator))
        self._network.listen(self._operator, orders.on_message)
        control = ControlServer(self._directory.home, self.status, orders=orders.answer)
        await control.start()
        self._undo.append(control.stop)
        if self._chaos is not None:
            chaos = ChaosServer(settings.data, self.region, self._chaos)
            self._undo.append(chaos.stop)
            await chaos.start()
        self._directory.announce(ServerFile(os.getpid(), settings.host, self._router.port, str(control.path)))

    async def _open(self, zones: Zones, around: cluster.Surroundings) -> None:
        await zones.open(around)
        self._network.listen(self._asker, self._replicas.on_message)
        self._start_roles()

    async def _watch(self, server: PrivateServer) -> None:
        """Without the private PostgreSQL no statement can be run: the server stops with it."""
        code = await server.wait()
        log_file = self._directory.home / "engine" / "postgres.log"
        self._network.fail(OperatorError(f"the private PostgreSQL has ended (exit code {code}); see {log_file}"))

    def _start_roles(self) -> None:
        """Those of the region that serve no session."""
        settings = self.settings
        leading = LeadingSettings(share=settings.lead_share)
        balance = BalancerSettings(split_above=settings.split_above, leading=leading)
        self._balancer = cluster.balancer(self._around, balance, region=self.region)
        self._network.start(self._network.add(self._balancer))

    def _node_clock(self, node: NodeId) -> Clock:
        return self._clock

    def _node_trace(self, node: NodeId, clock: Clock) -> Trace:
        if self._traces is None:
            return NoTrace()
        return self._traces.recorder(node, clock, slice_name=cluster.slice_of(node))

    async def _recovered(self) -> None:
        """Wait until all adjudicators may commit and a storage replica has everything up to now; it forgets what no
        session can ask for any more."""
        patience = math.inf if self._several else RECOVERY_SECONDS  # the other region may go on for days without us
        begun, deadline = self._clock.now().latest, time.monotonic() + patience
        # Complete up to now are only replicas to whom every adjudicator has promised it, so all have a lease.
        complete = await self._replicas.complete(begun, patience)
        while complete and time.monotonic() < deadline:
            floor = await self._insight.floor()
            old = begun - MAX_AGE_US if self._several else begun  # sessions of another region go on
            if floor is not None and await self._replicas.forget(Timestamp(min(old, floor)), RECOVERY_SECONDS):
                return
        raise InternalError(f"the cluster has not recovered within {RECOVERY_SECONDS:.0f} s")

    async def _or_failure(self, work: Coroutine[None, None, None]) -> None:
        """Do some work, unless a role fails before it is done."""
        task = asyncio.get_running_loop().create_task(work)
        await asyncio.wait((task, self.failure), return_when=asyncio.FIRST_COMPLETED)
        if self.failure.done():
            await _abandon(task)
            await self.failure
        await task

    async def _can_read(self, seconds: float) -> bool:
        """Whether a snapshot of now can be read within `seconds`."""
        return await self._replicas.complete(self._clock.now().latest, seconds)

    # --- sessions -----------------------------------------------------------------------------------------------

    def _open_store(self) -> Gateway:
        """A query processor for a new session."""
        number = heapq.heappop(self._free) if self._free else self._new_processor()
        host = self._processors[number // self._stride]
        role = host.role
        assert isinstance(role, QueryProcessor), "the numbers are those of query processors"
        session = cluster.session_node(number, self.region)

        def close() -> None:
            self._network.unlisten(session)
            heapq.heappush(self._free, number)

        gateway = Gateway(
            role,
            perform=partial(self._network.perform, host),
            new_future=asyncio.get_running_loop().create_future,
            on_close=close,
            on_abort=self._insight.aborted,
        )
        self._network.listen(session, gateway.on_message)
        return gateway

    def _new_processor(self) -> int:
        number = len(self._processors) * self._stride + self._layout.topology.regions.index(self.region)
        role = cluster.query_processor(self._around, number, leaders=self._leaders, region=self.region)
        host = self._network.add(role)
        self._processors.append(host)
        self._network.start(host)
        return number

    # --- what sessions may ask ----------------------------------------------------------------------------------

    def _parts(self) -> Parts:
        """What views and outcomes are made of."""
        return Parts(
            ranges=self._ranges,
            cluster=self._told,
            processors=lambda: [role for host in self._processors if isinstance(role := host.role, QueryProcessor)],
        )

    def _ranges(self) -> list[Range]:
        balancer = self._balancer
        return [
            Range(k.low, k.high or None, k.owner, balancer.per_second(k), balancer.kept(k))
            for k in balancer.map.listed()
        ]

    async def _locate(self, words: Sequence[str]) -> bytes:
        """Where in the order of keys an operator means."""
        store = self._open_store()
        try:
            return place(await read_catalog(store), words)
        finally:
            store.close()

    async def _told(self) -> Cluster:
        """What the zones tell of their roles."""
        zones = await self._zones.status()
        layout = self._layout
        return Cluster(
            adjudicators=[told(zones, node, journal) for journal, nodes in layout.candidates.items() for node in nodes],
            journals=[told(zones, node, journal) for journal, nodes in layout.replicas.items() for node in nodes],
            replicas=[told(zones, node) for node in self._layout.storages],
        )

    def _say_as(self, source: NodeId, to: NodeId, message: Message) -> None:
        self._network.post(to, message, source)

    # --- status and stop ----------------------------------------------------------------------------------------

    async def status(self) -> dict[str, object]:
        """What `daybreak status` shows."""
        settings, zones = self.settings, await self._zones.status()
        return {
            "pid": os.getpid(),
            "host": settings.host,
            "port": self._router.port,
            "region": self.region,
            "data": str(settings.data),
            "trace": str(settings.trace) if settings.trace else None,
            "cluster": self._directory.cluster,
            "uptime_seconds": round(time.time() - self.started_at, 3),
            "sessions": self._router.session_count,
            "clock": self._clock.status(),
            "adjudicators": {journal: self._leader(zones, journal) for journal in self._layout.journals},
            "zones": zones,
            "storage": {node.partition("/")[0]: told(zones, node).status for node in self._layout.storages},
        }

    def _leader(self, zones: Mapping[str, dict[str, object]], journal: JournalId) -> dict[str, object]:
        """The status of whoever decides on transactions for a journal; of nobody, only that."""
        for node in self._layout.candidates[journal]:
            status = told(zones, node, journal).status
            if status is not None and status["stage"] == SERVING:
                return {"node": node, **status}
        return {"node": None}

    async def _release(self) -> None:
        """Have the leases given back, so that the next start need not wait for them to expire."""
        zones = [zone for zone in self._layout.topology.zones if self._zones.ends_with_us(zone)]
        nodes = (node for zone in zones for node in self._layout.in_zone(zone))
        own = [node for node in nodes if cluster.role_of(node) == "adj"]
        await give_back(self._network, self.region, own, RELEASE_SECONDS)

    async def stop(self) -> None:
        """End sessions, give the leases back, stop everything that was started, in reverse order."""
        while self._undo:
            result = self._undo.pop()()
            if asyncio.iscoroutine(result):
                await result


async def _abandon(task: asyncio.Task[None]) -> None:
    """End a task whose outcome is of no interest any more."""
    task.cancel()
    await asyncio.wait((task,))
    if not task.cancelled():
        task.exception()
